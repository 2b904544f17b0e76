"""One spec of a preview as a page shows it: the four answers of its first screen, then what is behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.edited_message import EditableValue
from sendspec.operations.preview import SpecPreview
from sendspec.operations.saving import Replacement
from sendspec.planning.decision import Skip
from sendspec.showing.account import country_words, skip_words
from sendspec.showing.cost import cost_words, country_lines
from sendspec.showing.pages.advice import MORE_SHOWN, SAVINGS_SHOWN, Advice, next_steps, saving_advice, written_instead
from sendspec.showing.pages.coded import coded
from sendspec.showing.pages.message_text import WHOLE, Room
from sendspec.showing.pages.message_view import MessageView, message_view
from sendspec.showing.pages.parts import Fact, TableRow
from sendspec.showing.plan import suppressed_words
from sendspec.showing.plan_forcing import why
from sendspec.showing.plan_shape import shape_marks
from sendspec.showing.saving import character_words, counting_words
from sendspec.showing.schedule import schedule_lines

IF_UNSENT = "if nothing was sent before; opt-outs at the provider are not looked up"
GLOSS = coded(
    "A segment is a part of a text that is paid by itself: up to 160 characters in the encoding GSM-7; 70 in UCS-2, which a single character, such as `’`, forces."
)
_IN_SHORT = {
    Skip.FILTERED: "left out by the spec’s `where`", Skip.DUPLICATE: "repeated rows, each sent once",
    Skip.SUPPRESSED: "on a suppression list", Skip.ONLY_TO: "not in the environment’s `only_to`",
}  # fmt: skip
_MEANINGS = {
    Skip.DUPLICATE: "the same recipient, with the same message, as an earlier row: each is sent once",
    Skip.ONLY_TO: "the environment’s `only_to` doesn’t name their address",
    Skip.OPTED_OUT: "they have opted out",
}
Values = Mapping[tuple[int, int], tuple[EditableValue, ...]]
"""What can be edited, by the spec's number and the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecView:
    title: str
    id: str
    facts: tuple[Fact, ...]
    gloss: str
    advice: tuple[Advice, ...]
    more_advice: tuple[Advice, ...]
    steps: tuple[str, ...]
    left: str
    most: str
    counting: str
    skipped: tuple[TableRow, ...]
    notes: tuple[str, ...]
    countries: tuple[str, ...]
    shown: str
    not_shown: tuple[str, ...]
    messages: tuple[MessageView, ...]


def spec_view(spec: SpecPreview, number: int, values: Values, room: Room) -> SpecView:
    """The spec with this number on the page, which has `room` for each message; one that was asked for is shown whole."""
    plan = spec.plan
    marks = {} if spec.asked else shape_marks(spec.shapes)
    generation = f", generation {spec.generation}" if spec.generation > 1 else ""
    advice, shown = saving_advice(spec), SAVINGS_SHOWN + MORE_SHOWN
    return SpecView(
        title=printable(f"{spec.name} → {spec.channel} ({spec.environment}){generation}"),
        id=f"spec-{number + 1}",
        facts=tuple(_facts(spec)),
        gloss=GLOSS if plan.segments.total else "",
        advice=tuple(advice[:SAVINGS_SHOWN]),
        more_advice=tuple(advice[SAVINGS_SHOWN:shown]),
        steps=tuple(next_steps(spec)),
        left=f"and {grouped(len(advice) - shown)} more" if len(advice) > shown else "",
        most=_most(spec),
        counting=counting_words(spec.detail.savings[:shown]),
        skipped=tuple(_skipped(spec)),
        notes=tuple(map(coded, _notes(spec))),
        countries=() if plan.cost is None or len(plan.cost.by_country) < 2 else tuple(country_lines(plan.cost)),
        shown=_shown_words(spec),
        not_shown=tuple(map(coded, _not_shown(spec))),
        messages=tuple(
            message_view(
                spec, number, message, at, marks, values.get((number, message.line), ()), WHOLE if spec.asked else room
            )
            for at, message in enumerate(spec.shown)
        ),
    )


def _facts(spec: SpecPreview) -> Iterator[Fact]:
    plan = spec.plan
    yield Fact("Who gets it", grouped(plan.send), f"of {counted(plan.recipients, 'recipient')}, {IF_UNSENT}")
    left = plan.recipients - plan.send
    reasons = (f"{grouped(count)} {_in_short(skip)}" for skip, count in plan.skipped.items() if count)
    yield Fact("Who won’t, and why", grouped(left), coded(" · ".join(reasons)), "warn" if left else "")
    segments = plan.segments
    by_encoding = [f"{grouped(n)} {name}" for name, n in (("GSM-7", segments.gsm7), ("UCS-2", segments.ucs2)) if n]
    sizes = f"{counted(segments.total, 'segment')}; messages: {', '.join(by_encoding)}" if segments.total else ""
    unknown = "not known" if segments.total else "not measured"
    yield Fact(
        "What it costs",
        unknown if plan.cost is None else cost_words(plan.cost) or "nothing",
        coded(_cost_note(spec, sizes)),
    )
    if segments.total:
        yield _dearest(spec)


def _in_short(skip: Skip) -> str:
    """`suppressed (on a suppression list)`."""
    return skip_words(skip) + (f" ({_IN_SHORT[skip]})" if skip in _IN_SHORT else "")


def _cost_note(spec: SpecPreview, sizes: str) -> str:
    words = [sizes] if sizes else []
    if spec.plan.cost is None and sizes:
        words.append("the project file names no `prices`")
    return "; ".join(words)


def _dearest(spec: SpecPreview) -> Fact:
    label = "Which character costs most"
    causes = [each.cause for each in spec.detail.savings if isinstance(each, Replacement) and each.cause is not None]
    if not causes:
        if not spec.plan.segments.ucs2:
            return Fact(label, "none: every text is GSM-7")
        return Fact(label, "none that saves", "without it, no text would take fewer segments")
    what = character_words(causes[0].character)
    words = why(causes[0], spec.plan.cost, replacing=written_instead(causes[0].character))
    return Fact(label, what, coded(words.removeprefix(what).strip()), "warn")


def _skipped(spec: SpecPreview) -> Iterator[TableRow]:
    plan = spec.plan
    for skip, count in plan.skipped.items():
        lines = plan.skipped_lines.get(skip, ())
        rows = ", ".join(map(str, lines)) + (", …" if count > len(lines) else "")
        yield TableRow([skip_words(skip), coded(_meaning(skip, spec)), grouped(count), rows])


def _meaning(skip: Skip, spec: SpecPreview) -> str:
    if skip is Skip.FILTERED:
        return f"the spec’s `where: {printable(spec.where)}` leaves them out"
    if skip is Skip.SUPPRESSED:
        files = () if spec.plan.suppression is None else spec.plan.suppression.files
        return "their address is on a suppression list" + (f": {printable(', '.join(files))}" if files else "")
    return _MEANINGS.get(skip, "")


def _most(spec: SpecPreview) -> str:
    """Above the text that most people get, beside what to do; empty where there is none."""
    if spec.asked or not spec.shown or spec.shown[0].shape is None or not spec.shown[0].text:
        return ""
    messages = spec.shown[0].shape.messages
    if messages == spec.plan.send:
        return "What they will see"
    return f"What {grouped(messages)} of {grouped(spec.plan.send)} will see"


def _notes(spec: SpecPreview) -> Iterator[str]:
    plan = spec.plan
    if spec.sender:
        yield f"from {printable(spec.sender)}"
    if plan.schedule is not None:
        yield from schedule_lines(plan.schedule, plan.send)
    if plan.countries:
        yield f"countries: {country_words(plan.countries)}"
    if plan.suppression is not None:
        yield f"suppress: {suppressed_words(plan, plan.suppression)}"
    if plan.looks_back:
        yield "`only: undelivered` is looked up by `plan` and `send`: every row is taken for one that is kept"
    yield f"spec: {printable(spec.path)}"


def _shown_words(spec: SpecPreview) -> str:
    if not spec.plan.send or spec.asked:
        return ""
    more = "more than " if spec.plan.shapes.other_messages else ""
    shapes = f"{grouped(len(spec.shown))} of {more}{counted(len(spec.shapes), 'shape')}"
    return f"{shapes}, {grouped(spec.shown_messages)} of {counted(spec.plan.send, 'message')}"


def _not_shown(spec: SpecPreview) -> Iterator[str]:
    """The shapes without a message of theirs."""
    left = spec.not_shown
    if left and not spec.asked:
        messages = sum(shape.messages for shape in left)
        yield f"and {counted(len(left), 'more shape')}, {counted(messages, 'message')}: `--row {left[0].line}` shows one"
    if others := spec.plan.shapes.other_messages:
        yield f"and {counted(others, 'message')} of shapes that were not kept apart: `--all` shows them"
