"""The characters that force messages into UCS-2, and what it saves to replace them, as text and as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.forcing_cause import ForcingCause, ForcingSource
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.saving import Replacement
from sendspec.planning.cost import Cost
from sendspec.planning.plan import Plan
from sendspec.planning.saved_cost import SavedCost, saved_cost
from sendspec.showing.saving import character_words, saved_words, together_words
from sendspec.showing.terminal_style import TerminalStyle

CAUSES_SHOWN, CAUSES_IN_DETAIL, ROWS_SHOWN, ROWS_IN_JSON, COLUMNS_SHOWN = 3, 20, 3, 5, 4


def forcing_lines(plan: Plan, detail: PlanDetail, style: TerminalStyle, *, full: bool) -> Iterator[str]:
    """Why messages are UCS-2: the causes that cost most first. Plain `plan` shows one that costs nothing."""
    causes, total = detail.forcing, plan.segments.ucs2
    if not causes:
        return
    begin = f"{style.yellow('  ⚠ ')}{counted(total, 'message is', 'messages are')} UCS-2"
    if len(causes) == 1 and causes[0].messages == total:
        yield f"{begin} because of {why(causes[0], plan.cost)}"
        return
    costly = sum(cause.segments_saved > 0 for cause in causes)
    shown = causes[: CAUSES_IN_DETAIL if full else min(CAUSES_SHOWN, max(costly, 1))]
    overlaps = sum(cause.messages for cause in causes) > total
    yield f"{begin}{', some for several reasons' if overlaps else ''}:"
    width = max(len(grouped(cause.messages)) for cause in shown)
    yield from (f"    {grouped(cause.messages):>{width}} because of {why(cause, plan.cost)}" for cause in shown)
    left = len(causes) - len(shown)
    if left:
        yield f"    and {counted(left, 'more cause')}{'' if full else ': `--detail`'}"
    for saving in detail.savings:
        if isinstance(saving, Replacement) and saving.cause is None:
            yield f"    {together_words(saving)} saves {saved_words(saving.segments, saving.cost)}"


def why(
    cause: ForcingCause,
    cost: Cost | None,
    quoted: Callable[[str], str] = printable,
    saved: Callable[[int, SavedCost | None], str] = saved_words,
    replacing: str = "replacing it",
) -> str:
    """`’ (U+2019) in column first_name (rows 18, 44, 71, …): replacing it saves 41 segments (EUR 3.28)`.

    `cost` is the plan's; `quoted` shows foreign text, and `saved` what is saved; `replacing` says how.
    """
    places, where = _places(cause, quoted), where_words(cause, quoted)
    what = character_words(cause.character, quoted)
    rows = "" if cause.source is ForcingSource.TEMPLATE else f" ({_rows(cause)})"
    if cause.segments_saved <= 0:
        return f"{what}{where}{rows}"
    money = None if cost is None else saved_cost(cause.saved_by_country, cost.prices)
    there = " in both" if len(places) == 2 else " in all of these" if len(places) > 2 else ""
    return f"{what}{where}{rows}: {replacing}{there} saves {saved(cause.segments_saved, money)}"


def where_words(cause: ForcingCause, quoted: Callable[[str], str] = printable) -> str:
    """` in column first_name and in the spec's own text`; "" if it isn't known."""
    places = _places(cause, quoted)
    return f" in {_listed(places)}" if places else ""


def _places(cause: ForcingCause, quoted: Callable[[str], str]) -> list[str]:
    own = [] if cause.source is ForcingSource.DATA else ["the spec's own text"]
    if len(cause.columns) > COLUMNS_SHOWN:
        return [*own, f"{len(cause.columns)} columns"]
    columns = [f"column {quoted(column)}" for column in cause.columns]
    return [*own, *(columns or (["the data"] if cause.source is ForcingSource.BOTH else []))]


def _listed(places: Sequence[str]) -> str:
    return " and in ".join(places)


def _rows(cause: ForcingCause) -> str:
    """`rows 18, 44, …`"""
    shown = cause.lines[:ROWS_SHOWN]
    more = ", …" if cause.messages > len(shown) else ""
    return f"{'row' if cause.messages == 1 else 'rows'} {', '.join(map(str, shown))}{more}"


def forcing_json(detail: PlanDetail) -> list[dict[str, Any]]:
    return [_forcing_json(cause) for cause in detail.forcing[:CAUSES_IN_DETAIL]]


def _forcing_json(cause: ForcingCause) -> dict[str, Any]:
    character = cause.character
    found: dict[str, Any] = {
        "character": character or None,
        "code_point": f"U+{ord(character):04X}" if character else None,
        "name": unicodedata.name(character, "CONTROL CHARACTER") if character else "non-Latin text",
        "source": cause.source.value,
    }
    if len(cause.columns) == 1:
        found["column"] = cause.columns[0]
    elif cause.columns:
        found["columns"] = list(cause.columns)
    return {
        **found,
        "messages": cause.messages,
        "segments_saved": max(0, cause.segments_saved),
        "rows": list(cause.lines[:ROWS_IN_JSON]),
    }
