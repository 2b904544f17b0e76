"""What would make a send cheaper, as text and as JSON. Every saving is by itself: they are never added."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, assert_never

from sendspec.composing.platforms.gsm7 import REPLACEMENTS
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.forcing_cause import ForcingCause
from sendspec.operations.saving import Replacement, Saving, Shortening
from sendspec.planning.cost import price_text
from sendspec.planning.saved_cost import SavedCost
from sendspec.reading.prices import Price
from sendspec.showing.cost import in_cents

IN_UCS2 = "cuts are counted in the encoding that a text has; one that takes the last character which forces UCS-2 may save more"
CUTS_SHOWN, CUTS_IN_DETAIL, ROWS_IN_JSON = 2, 20, 5


def cut_lines(savings: Sequence[Saving], *, full: bool) -> Iterator[str]:
    """What it saves to shorten the texts, the most first."""
    cuts = [saving for saving in savings if isinstance(saving, Shortening)]
    shown = cuts[: CUTS_IN_DETAIL if full else CUTS_SHOWN]
    yield from (f"{cut_words(cut)} saves {saved_words(cut.segments, cut.cost)}" for cut in shown)
    left = len(cuts) - len(shown)
    if left:
        yield f"  and {counted(left, 'more cut')}{'' if full else ': `--detail`'}"
    if full and (words := counting_words(shown)):
        yield f"  ({words})"


def counting_words(savings: Sequence[Saving]) -> str:
    """What a cut of UCS-2 is counted as; "" without one."""
    return IN_UCS2 if any(isinstance(saving, Shortening) and saving.in_ucs2 for saving in savings) else ""


def cut_words(cut: Shortening, quoted: Callable[[str], str] = printable) -> str:
    """`cutting 7 characters where language == 'Türkisch'`; `quoted` shows foreign text."""
    what = f"cutting {counted(cut.characters, 'character')}"
    conditions = [quoted(condition) for condition in cut.place.conditions]
    if not conditions:
        return f"{what} of the spec's own text" if cut.is_own else f"{what} of each text"
    if cut.place.holds:
        return f"{what} where {conditions[-1]}"
    return f"{what} where {'not' if len(conditions) == 1 else 'none of'} {', '.join(conditions)}"


def together_words(saving: Replacement, quoted: Callable[[str], str] = printable) -> str:
    """`replacing ‘, ’ and … together`; `quoted` shows foreign text."""
    *first, last = [_shown(character, quoted) for character in saving.characters]
    return f"replacing {', '.join(first)} and {last} together"


def _shown(character: str, quoted: Callable[[str], str]) -> str:
    """The character; its code point where there is nothing to see."""
    return quoted(character) if character.isprintable() and character.strip() else f"U+{ord(character):04X}"


def saving_words(saving: Saving, quoted: Callable[[str], str] = printable) -> str:
    """`replacing ’ (U+2019)`, `cutting 7 characters of the spec's own text`: what to do, in short."""
    match saving:
        case Shortening():
            return cut_words(saving, quoted)
        case Replacement(cause=None):
            return together_words(saving, quoted)
        case Replacement():
            return f"replacing {character_words(saving.characters, quoted)}"
    assert_never(saving)


def character_words(character: str, quoted: Callable[[str], str] = printable) -> str:
    """`’ (U+2019)`; "" stands for texts in another script."""
    return f"{quoted(character)} (U+{ord(character):04X})" if character else "non-Latin text"


def saved_words(
    segments: int,
    cost: SavedCost | None,
    shown: Callable[[int], str] = grouped,
    priced: Callable[[Price], str] = price_text,
) -> str:
    """`312 segments (EUR 21.84 + 12 segments of unknown price)`, `1 segment (~ EUR 0.08 to 0.10)`."""
    words = counted(segments, "segment", None, shown)
    money = "" if cost is None else _cost_words(cost, shown, priced)
    return f"{words} ({money})" if money else words


def _cost_words(cost: SavedCost, shown: Callable[[int], str], priced: Callable[[Price], str]) -> str:
    if not cost.amounts:
        return "unknown price" if cost.unknown_segments else ""
    amounts = [in_cents(each, is_saving=True) for each in cost.amounts]
    is_about = any(each.low != each.high for each in cost.amounts) or amounts != list(cost.amounts)
    about, parts = "~ " if is_about else "", [priced(each) for each in amounts]
    if cost.unknown_segments:
        parts.append(f"{counted(cost.unknown_segments, 'segment', None, shown)} of unknown price")
    return about + " + ".join(parts)


def savings_json(savings: Sequence[Saving]) -> list[dict[str, Any]]:
    return [_saving_json(saving) for saving in savings]


def _saving_json(saving: Saving) -> dict[str, Any]:
    match saving:
        case Replacement():
            own = _replacement_json(saving)
        case Shortening():
            own = _shortening_json(saving)
        case _:
            assert_never(saving)
    return {
        **own,
        "messages": saving.messages,
        "segments_saved": saving.segments,
        **({} if saving.cost is None else {"cost_saved": saved_cost_json(saving.cost)}),
    }


def _replacement_json(saving: Replacement) -> dict[str, Any]:
    return {
        "kind": "replace",
        "characters": [
            {"character": each, "code_point": f"U+{ord(each):04X}", "replacement": REPLACEMENTS.get(each)}
            for each in saving.characters
        ],
        **({} if saving.cause is None else cause_json(saving.cause)),
    }


def cause_json(cause: ForcingCause) -> dict[str, Any]:
    """Where it comes from, and the rows of the first messages."""
    columns = {"columns": list(cause.columns)} if cause.columns else {}
    return {"source": cause.source.value, **columns, "rows": list(cause.lines[:ROWS_IN_JSON])}


def _shortening_json(saving: Shortening) -> dict[str, Any]:
    *before, last = saving.place.conditions or (None,)
    branches = [{"condition": each, "outcome": "false"} for each in before]
    if last is not None:
        branches.append({"condition": last, "outcome": "true" if saving.place.holds else "false"})
    return {
        "kind": "shorten",
        "cut": saving.characters,
        "source": "template" if saving.is_own else "data",
        "branches": branches,
        "shapes": list(saving.shapes),
    }


def saved_cost_json(cost: SavedCost) -> dict[str, Any]:
    amounts = [{"currency": each.currency, "low": f"{each.low:f}", "high": f"{each.high:f}"} for each in cost.amounts]
    only = amounts[0] if len(amounts) == 1 else {"currency": None, "low": None, "high": None}
    return {**only, "unknown_segments": cost.unknown_segments, "amounts": amounts}
