"""What a plan changes against another commit's files, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.base_change import (
    BaseComparison,
    Piece,
    PieceKind,
    SettingChange,
    SpecChange,
    SpecChangeKind,
    TextChange,
)
from sendspec.planning.cost import Cost, price_text
from sendspec.reading.prices import Price
from sendspec.showing.terminal_style import TerminalStyle

CHANGES_SHOWN, CHANGES_IN_DETAIL = 5, 40
ALIKE_SHOWN = 40
"""Characters that are shown of what is the same on both sides of a change."""
CHANGED_SHOWN = 160
"""Characters that are shown of each piece that changes."""
ELLIPSIS = "…"
COMMIT_DIGITS = 7
UNSET = "none"
"""A setting that one side doesn't have."""


def base_words(base: BaseComparison) -> str:
    """`main (1a2b3c4)`."""
    return f"{printable(base.ref[:100])} ({base.commit[:COMMIT_DIGITS]})"


def change_lines(base: BaseComparison, name: str, style: TerminalStyle, *, full: bool) -> Iterator[str]:
    """What changes for the recipients of one spec, and the changes of its texts."""
    change = base.specs.get(name)
    if change is None:
        return
    if change.kind is SpecChangeKind.NOT_COMPARED:
        yield f"  {style.yellow('⚠')} against {base_words(base)}: the base can't be compared: {printable(change.problem)}"
        return
    yield f"  against {base_words(base)}: {', '.join(_summary(change))}"
    shown = change.texts if full else change.texts[:CHANGES_SHOWN]
    for text in shown:
        yield f"    {_head(text)}"
        yield from (f"        {line}" for line in _text_lines(text, style, full=full))
    left = change.texts[len(shown) :]
    messages = sum(text.messages for text in left) + change.other_messages
    if messages:
        changes = counted(sum(text.different for text in left) + change.other_texts, "more change")
        hint = "" if full or not left else ": `--detail`"
        yield f"    and {changes}, in {counted(messages, 'message')}{hint}"
    if change.fields:
        yield f"    changed besides the text: {printable(', '.join(change.fields))}"
    for setting in change.settings:
        yield f"    {printable(setting_words(setting))}"


def setting_words(setting: SettingChange) -> str:
    """`in_doubt: hold → resend_if_absent`."""
    return f"{setting.name}: {setting.before or UNSET} → {setting.after or UNSET}"


def removed_lines(base: BaseComparison) -> Iterator[str]:
    """The specs of the base that are gone."""
    for spec in base.removed:
        yield f"gone since {base_words(base)}: {printable(f'{spec.name} ({spec.path})')}"


def _summary(change: SpecChange) -> Iterator[str]:
    if change.kind is SpecChangeKind.ADDED:
        yield f"a new spec, for {counted(change.added, 'recipient')}"
        return
    if change.name_before is not None:
        yield printable(f"it was called {change.name_before}")
    if change.path_before is not None:
        yield printable(f"it was in {change.path_before}")
    if change.generation_before is not None:
        yield f"it was generation {change.generation_before}"
    texts = sum(text.different for text in change.texts) + change.other_texts
    if texts:
        messages = sum(text.messages for text in change.texts) + change.other_messages
        more = "at least " if any(text.is_more for text in change.texts) else ""
        yield f"{more}{counted(texts, 'text')} changed in {counted(messages, 'message')}"
    if change.changed and not texts:
        yield f"{counted(change.changed, 'message')} changed"
    if change.added:
        yield f"{counted(change.added, 'recipient')} more"
    if change.dropped:
        yield f"{grouped(change.dropped) if change.added else counted(change.dropped, 'recipient')} fewer"
    if not (change.changed or change.added or change.dropped):
        yield f"the same {'messages ' if change.fields or change.settings else ''}for {counted(change.same, 'recipient')}"
    if change.settings:
        yield f"{counted(len(change.settings), 'setting')} changed"
    if change.values_words:
        yield change.values_words
    yield from _size_words(change)


def _size_words(change: SpecChange) -> Iterator[str]:
    before, after = change.segments_before, change.segments_after
    if before != after:
        yield f"{_segments(after - before)} ({grouped(before)} → {grouped(after)})"
    old, new = _prices(change.cost_before), _prices(change.cost_after)
    if old and change.cost_after is None:
        yield f"cost unknown, as there are no prices now (it was {_amounts(change.cost_before)})"
        return
    if new and change.cost_before is None:
        yield f"cost {_amounts(change.cost_after)}, unknown before"
        return
    for currency in sorted(old.keys() | new.keys()):
        nothing = Price(currency, Decimal(), Decimal())
        was, now = old.get(currency, nothing), new.get(currency, nothing)
        if was != now:
            yield _price_change(was, now)


def _amounts(cost: Cost | None) -> str:
    return " and ".join(price_text(price) for price in _prices(cost).values())


def _segments(change: int) -> str:
    """`+180 segments`."""
    return f"{'+' if change > 0 else '-'}{counted(abs(change), 'segment')}"


def _price_change(was: Price, now: Price) -> str:
    """`+13.50 EUR (80.00 → 93.50)`; of ranges, both sides alone."""
    sides = f"{_amount(was)} → {_amount(now)}"
    if was.low != was.high or now.low != now.high:
        return f"{now.currency} {sides}"
    more = now.low - was.low
    return f"{'+' if more > 0 else '-'}{_amount(Price(now.currency, abs(more), abs(more)))} {now.currency} ({sides})"


def _amount(price: Price) -> str:
    return price_text(price).removeprefix(f"{price.currency} ")


def _prices(cost: Cost | None) -> Mapping[str, Price]:
    return {} if cost is None else {total.currency: total for total in cost.totals}


def _head(text: TextChange) -> str:
    words = f"{counted(text.messages, 'message')}, row {text.line}"
    if text.is_more and text.different == 1:
        words = f"{counted(text.messages, 'message')} of further changes, such as row {text.line}"
    elif text.different > 1:
        more = "at least " if text.is_more else ""
        many = f"{more}{grouped(text.different)} different changes in {counted(text.messages, 'message')}"
        words = f"{many}, such as row {text.line}"
    segments = text.segments_after - text.segments_before
    return f"{words}, {_segments(segments)}" if segments else words


def _text_lines(text: TextChange, style: TerminalStyle, *, full: bool) -> Iterator[str]:
    if text.is_of_values_alone:
        yield f"  {_written(text.pieces, PieceKind.SAME, style, full=full)}"
        yield "only recipients' values change"
        return
    yield f"- {_written(text.pieces, PieceKind.REMOVED, style, full=full)}"
    yield f"+ {_written(text.pieces, PieceKind.ADDED, style, full=full)}"


def _written(pieces: Sequence[Piece], side: PieceKind, style: TerminalStyle, *, full: bool) -> str:
    """One side of a change: what is the same is cut unless `full`, what changes is marked."""
    parts = []
    for index, piece in enumerate(pieces):
        if piece.kind is PieceKind.SAME:
            text = piece.text if full else _cut(piece.text, is_first=not index, is_last=index == len(pieces) - 1)
            parts.append(printable(text))
        elif piece.kind is side:
            text = (
                piece.text if full or len(piece.text) <= CHANGED_SHOWN else piece.text[: CHANGED_SHOWN - 1] + ELLIPSIS
            )
            parts.append(_marked(printable(text), side, style))
    return "".join(parts)


def _cut(text: str, *, is_first: bool, is_last: bool) -> str:
    """What is the same, without the middle between two changes, or without what is far from one."""
    if len(text) <= 2 * ALIKE_SHOWN:
        return text
    start = "" if is_first else text[:ALIKE_SHOWN]
    end = "" if is_last and not is_first else text[-ALIKE_SHOWN:]
    return f"{start}{ELLIPSIS}{end}"


def _marked(text: str, side: PieceKind, style: TerminalStyle) -> str:
    """In colour, or as git's word diff writes it."""
    if side is PieceKind.REMOVED:
        return style.red(text) if style.colour else f"[-{text}-]"
    return style.green(text) if style.colour else f"{{+{text}+}}"


def base_json(base: BaseComparison) -> dict[str, Any]:
    """The document's `base`."""
    return {
        "ref": base.ref,
        "commit": base.commit,
        "removed": [{"name": spec.name, "path": spec.path} for spec in base.removed],
    }


def change_json(change: SpecChange) -> dict[str, Any]:
    """A spec's `change`."""
    if change.kind is SpecChangeKind.NOT_COMPARED:
        return {"kind": change.kind.value, "problem": change.problem}
    was = {"name": change.name_before, "path": change.path_before, "generation": change.generation_before}
    was = {key: value for key, value in was.items() if value is not None}
    others = {"changes": change.other_texts, "messages": change.other_messages}
    return {
        "kind": change.kind.value,
        **({"was": was} if was else {}),
        "recipients": {
            "added": change.added,
            "dropped": change.dropped,
            "changed": change.changed,
            "same": change.same,
        },
        "segments": {"before": change.segments_before, "after": change.segments_after},
        **_costs_json(change),
        "texts": [_text_json(text) for text in change.texts],
        **({"other_texts": others} if change.other_messages else {}),
        **({"fields": list(change.fields)} if change.fields else {}),
        **({"settings": [_setting_json(setting) for setting in change.settings]} if change.settings else {}),
        **({} if change.changed_values is None else {"changed_values": change.changed_values}),
    }


def _setting_json(setting: SettingChange) -> dict[str, Any]:
    return {"name": setting.name, "before": setting.before, "after": setting.after}


def _costs_json(change: SpecChange) -> dict[str, Any]:
    costs = {"before": change.cost_before, "after": change.cost_after}
    if not any(costs.values()):
        return {}
    return {"cost": {side: None if cost is None else _cost_json(cost) for side, cost in costs.items()}}


def _cost_json(cost: Cost) -> dict[str, Any]:
    amounts = [
        {"currency": total.currency, "low": f"{total.low:f}", "high": f"{total.high:f}"} for total in cost.totals
    ]
    return {"amounts": amounts, "unknown_messages": cost.unknown_messages}


def _text_json(text: TextChange) -> dict[str, Any]:
    many = {"different": text.different, **({"at_least": True} if text.is_more else {})}
    return {
        "messages": text.messages,
        "line": text.line,
        "segments": {"before": text.segments_before, "after": text.segments_after},
        **(many if text.different > 1 or text.is_more else {}),
        "before": text.before,
        "after": text.after,
        "words": [{"kind": piece.kind.value, "text": piece.text} for piece in text.pieces],
    }
