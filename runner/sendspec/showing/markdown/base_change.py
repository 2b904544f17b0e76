"""What a plan changes against another commit, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from sendspec.planning.base_change import BaseComparison, Piece, PieceKind, SpecChange, SpecChangeKind, TextChange
from sendspec.planning.cost import Cost
from sendspec.showing.markdown.foreign_text import Mark, code, marked_message, name
from sendspec.showing.markdown.page import GAP, Section, fitted, more_of
from sendspec.showing.markdown.words import change_words, cost_words, many, number, unfolding
from sendspec.showing.plan_base import UNSET

CHANGES_OPEN, CHANGES_SHOWN, FIELDS_SHOWN = 5, 60, 20


def change_cell(change: SpecChange) -> str:
    """`**changed**: 1,200 messages, +2 −1 recipients`: for a table, so no foreign text."""
    words = _kind_words(change.kind)
    parts = [f"{many(change.changed, 'message')}"] if change.changed else []
    moved = [f"+{number(change.added)}"] if change.added and change.kind is not SpecChangeKind.ADDED else []
    moved += [f"−{number(change.dropped)}"] if change.dropped else []
    parts += (
        [f"{' '.join(moved)} {'recipient' if change.added + change.dropped == 1 else 'recipients'}"] if moved else []
    )
    parts += ["reference"] if change.fields and not change.changed else []
    parts += [many(len(change.settings), "setting")] if change.settings else []
    shown = words if change.kind is SpecChangeKind.SAME else f"**{words}**"
    return f"{shown}{': ' if parts else ''}{', '.join(parts)}"


def _kind_words(kind: SpecChangeKind) -> str:
    match kind:
        case SpecChangeKind.ADDED:
            return "new"
        case SpecChangeKind.CHANGED | SpecChangeKind.SAME | SpecChangeKind.RENAMED:
            return kind.value
        case SpecChangeKind.RAISED:
            return "another generation"
        case SpecChangeKind.NOT_COMPARED:
            return "not compared"
        case _:
            assert_never(kind)


def removed_section(base: BaseComparison) -> Section:
    """The specs of the base that are gone."""
    items = [f"- {name(spec.name)} ({name(spec.path)})" for spec in base.removed]
    head = f"### {many(len(items), 'spec')} of {name(base.ref)} {'is' if len(items) == 1 else 'are'} gone\n\nWhat was sent stays sent.\n\n"
    return Section(head=head if items else "", parts=items, joint="\n", more=more_of("spec"), most=5_000)


def change_blocks(change: SpecChange, ref: str, room: int) -> list[str]:
    """Counts, then each kind of change with one message before and after, in at most `room` characters.

    The most messages come first; those behind the first few unfold.
    """
    facts = "\n".join(f"- {fact}" for fact in _facts(change))
    parts = [_text(text) for text in change.texts[:CHANGES_SHOWN]]
    is_last = len(parts) <= CHANGES_OPEN
    head = f"#### Change against {name(ref)}: {_kind_words(change.kind)}{GAP}{facts}{GAP if facts and parts else ''}"

    def more(left: Sequence[int]) -> str:
        return _more(change, left, len(parts))

    opened = Section(head=head, parts=parts[:CHANGES_OPEN], more=more, is_cut=is_last and _has_more(change, len(parts)))
    blocks = [fitted(opened, room)]
    if not is_last:
        before, after = unfolding(f"{many(len(parts) - CHANGES_OPEN, 'more change')} of texts")

        def more_behind(left: Sequence[int]) -> str:
            return _more(change, [at + CHANGES_OPEN for at in left], len(parts))

        rest = Section(
            head=before, parts=parts[CHANGES_OPEN:], more=more_behind, tail=after, is_cut=_has_more(change, len(parts))
        )
        blocks.append(fitted(rest, room - len(blocks[0]) - len(GAP)))
    return blocks


def _has_more(change: SpecChange, shown: int) -> bool:
    return change.other_texts > 0 or len(change.texts) > shown


def _more(change: SpecChange, left: Sequence[int], shown: int) -> str:
    """What is left out of the first `shown` changes, and all behind them."""
    missing = [*(change.texts[at] for at in left), *change.texts[shown:]]
    messages = change.other_messages + sum(each.messages for each in missing)
    texts = len(missing) + change.other_texts
    return f"and {many(texts, 'more change')} of texts, in {many(messages, 'message')}"


def _facts(change: SpecChange) -> Iterator[str]:
    if change.problem:
        yield f"the base can't be compared: {code(change.problem)}"
        return
    if change.name_before is not None:
        yield f"it was called {name(change.name_before)}"
    if change.path_before is not None:
        yield f"it was in {name(change.path_before)}"
    if change.generation_before is not None:
        yield f"it was generation {number(change.generation_before)}"
    counts = [
        (change.changed, "get another message"),
        (change.same, "get the same message"),
        (change.added, "are added"),
        (change.dropped, "are dropped"),
    ]
    told = [f"{number(count)} {what}" for count, what in counts if count]
    if told:
        yield f"recipients: {', '.join(told)}"
    if change.values_words:
        yield f"**{change.values_words}**"
    if change.segments_before != change.segments_after:
        yield f"segments: {change_words(change.segments_before, change.segments_after)}"
    before, after = _cost(change.cost_before), _cost(change.cost_after)
    if before != after:
        yield f"cost: {'none' if change.kind is SpecChangeKind.ADDED else before} → {after}"
    if change.fields:
        listed = ", ".join(map(name, change.fields[:FIELDS_SHOWN])) + (
            ", …" if len(change.fields) > FIELDS_SHOWN else ""
        )
        yield f"besides the text, these parts of the message change: {listed}"
    for setting in change.settings:
        yield f"{code(setting.name)}: {code(setting.before or UNSET)} → {code(setting.after or UNSET)}"


def _cost(cost: Cost | None) -> str:
    return "unknown, without prices" if cost is None else cost_words(cost) or "none"


def _text(change: TextChange) -> str:
    """One kind of change: the same words replaced in so many messages."""
    count = many(change.messages, "message")
    different = f"{'at least ' if change.is_more else ''}{many(change.different, 'text')}"
    alike = f", {different} that differ in recipients' values" if change.different > 1 else ""
    segments = change_words(change.segments_before, change.segments_after)
    sizes = f", segments {segments}" if change.segments_before != change.segments_after else ""
    head = f"**{count}**{alike}, first in row {change.line}{sizes}"
    if change.is_of_values_alone:
        return GAP.join([head, "only recipients' values change:", _version(change.pieces, PieceKind.SAME, Mark.ADDED)])
    before = _version(change.pieces, PieceKind.REMOVED, Mark.REMOVED)
    after = _version(change.pieces, PieceKind.ADDED, Mark.ADDED)
    return GAP.join([head, "before:", before, "after:", after])


def _version(pieces: Sequence[Piece], kind: PieceKind, mark: Mark) -> str:
    own = [piece for piece in pieces if piece.kind in (kind, PieceKind.SAME)]
    return marked_message((piece.text, None if piece.kind is PieceKind.SAME else mark) for piece in own)
