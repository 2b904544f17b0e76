"""A preview as text: who gets a message and who doesn't, then one message of each shape, then what could be saved."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.message import Message
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.preview import Preview, SpecPreview
from sendspec.operations.saving import Replacement, Saving
from sendspec.operations.shown_message import ShownMessage
from sendspec.showing.account import skipped_words
from sendspec.showing.bubble import bubble_lines, plain_lines
from sendspec.showing.cost import cost_words, country_lines
from sendspec.showing.plan import countries_line, head_lines, skipped_row_lines, suppressed_words
from sendspec.showing.plan_forcing import forcing_lines, where_words
from sendspec.showing.plan_shape import path_words, shape_marks, values_words
from sendspec.showing.saving import counting_words, saved_words, saving_words
from sendspec.showing.schedule import schedule_lines
from sendspec.showing.terminal_style import TerminalStyle

SAVINGS_SHOWN, ROWS_LISTED = 10, 10
"""Rows that are named of shapes without a message of theirs."""
NOT_ASKED = "as if nothing had been sent before; `sendspec plan` looks that up, and opt-outs"


def preview_text(preview: Preview, style: TerminalStyle) -> str:
    blocks = ["\n".join(_spec_lines(spec, style)) for spec in preview.specs]
    if len(preview.specs) > 1:
        total = f"{counted(len(preview.specs), 'spec')}: {grouped(preview.send)} of {counted(preview.recipients, 'recipient')}"
        parts = [counted(preview.segments, "segment")] if preview.segments else []
        parts += [] if preview.cost is None else [cost_words(preview.cost)]
        blocks.append("   ".join([total, *filter(None, parts)]))
    return "\n\n".join(blocks)


def message_text(message: ShownMessage, style: TerminalStyle) -> str:
    """One message that was asked for, whole."""
    return "\n".join(_message_lines(message, style, _asked_title(message), indent="  ", whole=True))


def row_text(message: Message, spec: str, style: TerminalStyle) -> str:
    """One of all messages, with its line end: without what was filled in. `spec` is its spec's name, if there are several."""
    measured = message.measure
    size = (
        []
        if measured is None
        else [measured.encoding.value, counted(measured.characters, "character"), counted(measured.segments, "segment")]
    )
    title = " · ".join([f"{printable(spec)}, row {message.line}" if spec else f"row {message.line}", *size])
    return "\n".join([title, *plain_lines(message.text or "", style), "\n"])


def _spec_lines(spec: SpecPreview, style: TerminalStyle) -> Iterator[str]:
    plan = spec.plan
    yield from head_lines(plan, style, is_alone=False)
    yield from skipped_row_lines(plan)
    if plan.countries:
        yield f"  {countries_line(plan, style)}"
    if plan.cost is not None and len(plan.cost.by_country) > 1:
        yield from (f"    {line}" for line in country_lines(plan.cost))
    if plan.suppression is not None:
        yield f"  suppress: {suppressed_words(plan, plan.suppression)}"
    if spec.savings:
        first = spec.savings[0]
        saved = saved_words(first.segments, first.cost)
        yield f"  {style.yellow('⚠')} {_placed(first)} saves most: {saved}"
    if spec.sender:
        yield f"  from {printable(spec.sender)}"
    if plan.schedule is not None:
        yield from (f"  {line}" for line in schedule_lines(plan.schedule, plan.send))
    if plan.looks_back:
        yield "  `only: undelivered` is looked up by `plan` and `send`: every row is taken for one that is kept"
    yield style.dim(f"  {NOT_ASKED}")
    if spec.asked:
        for message in spec.shown:
            yield ""
            yield message_text(message, style)
        return
    yield from _shapes(spec, style)
    yield from _ending(spec, style)


def _placed(saving: Saving) -> str:
    """What to do and where: a character may be in the spec and in the data."""
    cause = saving.cause if isinstance(saving, Replacement) else None
    return f"{saving_words(saving)}{'' if cause is None else where_words(cause)}"


def _shapes(spec: SpecPreview, style: TerminalStyle) -> Iterator[str]:
    others = spec.plan.shapes.other_messages
    if not spec.plan.send:
        return
    total = f"more than {counted(len(spec.shapes), 'shape')}" if others else counted(len(spec.shapes), "shape")
    yield ""
    yield style.bold(
        f"{grouped(len(spec.shown))} of {total}, {grouped(spec.shown_messages)} of {counted(spec.plan.send, 'message')}"
    )
    marks = shape_marks(spec.shapes)
    for message in spec.shown:
        yield ""
        yield from _message_lines(message, style, _title(message, marks), indent="  ")
        if message.shape is not None:
            found = spec.detail.values.get(message.shape.id, ())
            yield from (style.dim(f"  {values_words(each, named=spec.detail.names_values)}") for each in found)
    yield from _not_shown(spec)


def _not_shown(spec: SpecPreview) -> Iterator[str]:
    """The shapes without a message of theirs: the rows to ask for."""
    left, others = spec.not_shown, spec.plan.shapes.other_messages
    if left:
        messages = sum(shape.messages for shape in left)
        rows = ", ".join(str(shape.line) for shape in left[:ROWS_LISTED]) + (", …" if len(left) > ROWS_LISTED else "")
        yield ""
        yield f"  and {counted(len(left), 'more shape')}, {counted(messages, 'message')}, such as rows {rows}: `--row N`"
    if others:
        yield f"  and {counted(others, 'message')} of shapes that were not kept apart: `--all`"


def _title(message: ShownMessage, marks: dict[str, str]) -> str:
    shape = message.shape
    if shape is None:
        return _asked_title(message)
    return f"{counted(shape.messages, 'message')} like row {shape.line}{marks.get(shape.id, '')}"


def _asked_title(message: ShownMessage) -> str:
    return f"row {message.line}"


def _message_lines(
    message: ShownMessage, style: TerminalStyle, title: str, *, indent: str, whole: bool = False
) -> Iterator[str]:
    yield f"{indent}{style.bold(title)}{_SOURCES[message.source]}"
    yield from (indent + line for line in bubble_lines(message, style, whole=whole))
    if words := path_words(message.path):
        yield style.dim(indent + printable(words))


_SOURCES = {
    SampleSource.RECIPIENTS: "",
    SampleSource.EXAMPLES: ", as an example of the spec",
    SampleSource.COLUMNS: ", with the columns' names",
}


def _ending(spec: SpecPreview, style: TerminalStyle) -> Iterator[str]:
    """Why messages are UCS-2, what would save most, and the totals once more: the first lines may have scrolled away."""
    plan = spec.plan
    if lines := list(forcing_lines(plan, spec.detail, style, full=True)):
        yield ""
        yield from lines
    if spec.savings:
        yield ""
        yield "  to save, each by itself:"
        for saving in spec.savings[:SAVINGS_SHOWN]:
            yield f"    {_placed(saving)}: {saved_words(saving.segments, saving.cost)}"
        if (left := len(spec.savings) - SAVINGS_SHOWN) > 0:
            yield f"    and {grouped(left)} more: `--format json`"
        if words := counting_words(spec.savings[:SAVINGS_SHOWN]):
            yield style.dim(f"    ({words})")
    if len(spec.shown) > 1:
        yield ""
        sizes = [counted(plan.segments.total, "segment")] if plan.segments.total else []
        sizes += [] if plan.cost is None else [cost_words(plan.cost)]
        yield "  " + " · ".join([counted(plan.send, "message"), *filter(None, sizes)])
        if plan.skipped:
            skipped = skipped_words({skip.value: count for skip, count in plan.skipped.items()}, grouped)
            yield f"  {grouped(plan.recipients - plan.send)} skipped: {skipped}"
