"""One spec of a plan in Markdown: what its messages say, where and when they go, and who gets none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.saving import Shortening
from sendspec.planning.base_change import SpecChange, SpecChangeKind
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan
from sendspec.planning.saved_cost import SavedCost
from sendspec.planning.shape import Shape, most_telling
from sendspec.showing.account import country_words, skip_words
from sendspec.showing.earlier_send import earlier_lines
from sendspec.showing.last_generation import last_generation_words
from sendspec.showing.markdown.base_change import change_blocks
from sendspec.showing.markdown.foreign_text import code, name
from sendspec.showing.markdown.message_part import sample_blocks
from sendspec.showing.markdown.page import GAP, Section, fitted, more_of
from sendspec.showing.markdown.words import amount, cost_words, many, number, segment_words, unfolding
from sendspec.showing.plan_forcing import CAUSES_SHOWN, why
from sendspec.showing.plan_notice import plan_notices
from sendspec.showing.plan_shape import path_words, shape_marks, shape_size, values_words
from sendspec.showing.saving import CUTS_SHOWN, saved_words, saving_words
from sendspec.showing.schedule import schedule_lines

SHAPES_OPEN, SHAPES_SHOWN = 3, 40
COUNTRIES_SHOWN = 30
FACTS_SHARE, MESSAGES_SHARE = 0.25, 0.5
"""The shares of a spec's room that go first to what isn't a message, and then to changed messages."""
_SOURCES = {
    SampleSource.COLUMNS: "with the columns' names",
    SampleSource.EXAMPLES: "from the spec's examples",
    SampleSource.RECIPIENTS: "a recipient's own text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSpec:
    """A spec's plan with all that is told of it. `change` is against the base `ref`, if there is one. `is_stopped`: by a limit."""

    plan: Plan
    detail: PlanDetail
    path: str
    change: SpecChange | None
    ref: str
    is_stopped: bool

    @property
    def urgency(self) -> int:
        """How much a person has to decide about it."""
        changes = self.change is not None and self.change.kind is not SpecChangeKind.SAME
        needs = any(True for _ in plan_notices(self.plan)) or Skip.IN_DOUBT_BEFORE in self.plan.skipped
        return 4 * self.is_stopped + 2 * changes + needs

    @property
    def size(self) -> int:
        """How many messages there are to look at: those that change, or else all."""
        change = self.change
        return self.plan.send if change is None else change.changed + change.added + change.dropped or self.plan.send

    @property
    def is_telling(self) -> bool:
        """Whether its messages are worth a look: those that changed, whatever was sent already; without a base, those that would be sent."""
        return self.plan.send > 0 if self.change is None else self.change.kind is not SpecChangeKind.SAME

    @property
    def has_texts(self) -> bool:
        """Whether there is any message of it to look at."""
        return bool(self.plan.send or self.detail.shapes or (self.change is not None and self.change.texts))


def spec_block(spec: PlannedSpec, room: int, *, unfolds: bool) -> str:
    """All of one spec, in at most `room` characters."""
    plan, target = spec.plan, spec.plan.target
    generation = f", generation {target.generation}" if target.generation > 1 else ""
    if unfolds:
        before, after = unfolding(f"<code>{escape(target.name)}</code>: {many(plan.send, 'message')}")
        head = f"{before}{name(spec.path)} → {name(target.alias)}{generation}"
    else:
        head, after = f"### {code(target.name)} → {name(target.alias)}{generation}{GAP}{name(spec.path)}", ""
    facts = fitted(_facts(spec), int(room * FACTS_SHARE))
    blocks = [head, _counts(plan), *filter(None, [facts])]
    free = room - sum(len(block) + len(GAP) for block in blocks) - len(after)
    if spec.change is not None:
        changed = change_blocks(spec.change, spec.ref, int(free * MESSAGES_SHARE))
        blocks += changed
        free -= sum(len(block) + len(GAP) for block in changed)
    blocks += _shapes(spec, free)
    return GAP.join(filter(None, blocks)) + after


def _counts(plan: Plan) -> str:
    parts = [f"**{number(plan.send)} of {many(plan.recipients, 'recipient')}**", segment_words(plan.segments)]
    return ", ".join(filter(None, [*parts, cost_words(plan.cost)]))


def _facts(spec: PlannedSpec) -> Section:
    items = [
        f"- {fact}" for fact in (*_skipped(spec.plan), *_when_and_where(spec.plan), *_forcing(spec), *_savings(spec))
    ]
    return Section(parts=items, joint="\n", more=more_of("fact"))


def _skipped(plan: Plan) -> Iterator[str]:
    """Who gets nothing, by reason, with the first rows."""
    for skip, count in plan.skipped.items():
        lines = plan.skipped_lines.get(skip, ())
        listed = ", ".join(map(str, lines)) + (", …" if count > len(lines) else "")
        yield f"skipped: {number(count)} {skip_words(skip)}{_rows(count, listed) if lines else ''}"
    if plan.suppression is not None:
        files = ", ".join(map(name, plan.suppression.files[:COUNTRIES_SHOWN]))
        found = number(plan.skipped.get(Skip.SUPPRESSED, 0))
        yield f"suppression lists: {found} found in {files} ({many(plan.suppression.addresses, 'address', 'addresses')})"
    if plan.opted_out is not None:
        yield f"opt-outs: {number(plan.skipped.get(Skip.OPTED_OUT, 0))} opted out ({number(plan.opted_out)} known)"
    yield from earlier_lines(plan, number)


def _rows(count: int, listed: str) -> str:
    return f" ({'row' if count == 1 else 'rows'} {listed})"


def _when_and_where(plan: Plan) -> Iterator[str]:
    if plan.schedule is not None:
        yield from (line.strip() for line in schedule_lines(plan.schedule, plan.send, number))
    if plan.last is not None:
        yield last_generation_words(plan, plan.last, number)
    if plan.countries:
        yield f"countries: {country_words(plan.countries, number)}"
    if plan.cost is not None and len(plan.cost.by_country) > 1:
        shown = [
            f"{each.country} {'unknown' if each.price is None else amount(each.price)}"
            for each in plan.cost.by_country[:COUNTRIES_SHOWN]
        ]
        yield f"cost: {' · '.join(shown)}"
    together = min(plan.send, plan.target.batch or 1)
    if together > 1:
        yield f"up to {together} messages a request: refused together, and in doubt together if the answer is lost"


def _forcing(spec: PlannedSpec) -> Iterator[str]:
    """Why messages need the encoding that makes them dear."""
    causes = spec.detail.forcing
    for cause in causes[:CAUSES_SHOWN]:
        because = why(cause, spec.plan.cost, code, _saved)
        yield f"UCS-2: {many(cause.messages, 'message')} because of {because}"
    if len(causes) > CAUSES_SHOWN:
        yield f"UCS-2: and {many(len(causes) - CAUSES_SHOWN, 'more cause')}"


def _savings(spec: PlannedSpec) -> Iterator[str]:
    """What else would save segments: characters replaced together, and texts cut."""
    left = CUTS_SHOWN
    for saving in spec.detail.savings:
        if isinstance(saving, Shortening):
            left -= 1
        if left >= 0 if isinstance(saving, Shortening) else saving.cause is None:
            yield f"{saving_words(saving, code)} saves {_saved(saving.segments, saving.cost)}"


def _saved(segments: int, cost: SavedCost | None) -> str:
    return saved_words(segments, cost, number, amount)


def _shapes(spec: PlannedSpec, room: int) -> list[str]:
    """What the messages say: the most frequent open, the others to be unfolded."""
    plan, shapes = spec.plan, spec.detail.shapes
    shown = most_telling(shapes, SHAPES_SHOWN) if shapes else ()
    marks = shape_marks(shapes)
    parts = [_shape(shape, spec.detail, marks.get(shape.id, "")) for shape in shown]
    if not parts:
        return []
    is_last = len(parts) <= SHAPES_OPEN
    if len(parts) == 1 and _is_shown(spec, shapes[0]):
        return []
    title = "#### The message\n\n" if len(parts) == 1 else f"#### {many(len(shapes), 'kind')} of messages\n\n"
    opened = Section(head=title, parts=parts[:SHAPES_OPEN], more=more_of("kind"), tail=_others(plan) if is_last else "")
    blocks = [fitted(opened, room)]
    if not is_last:
        before, after = unfolding(f"{many(len(shapes) - SHAPES_OPEN, 'more kind')} of messages")
        unseen = len(shapes) - len(shown)

        def more(left: Sequence[int]) -> str:
            return f"and {many(len(left) + unseen, 'more kind')}"

        rest = Section(head=before, parts=parts[SHAPES_OPEN:], more=more, tail=_others(plan) + after, is_cut=unseen > 0)
        blocks.append(fitted(rest, room - len(blocks[0]) - len(GAP)))
    return blocks


def _is_shown(spec: PlannedSpec, shape: Shape) -> bool:
    """Whether the one kind of messages that there is stands above as what a text was changed to, for all of them."""
    sample = spec.detail.samples.get(shape.id)
    texts = () if spec.change is None else spec.change.texts
    return sample is not None and any((text.after, text.messages) == (sample.text, shape.messages) for text in texts)


def _others(plan: Plan) -> str:
    others = plan.shapes.other_messages
    return f"{GAP}and {many(others, 'message')} of kinds that were not kept apart" if others else ""


def _shape(shape: Shape, detail: PlanDetail, mark: str) -> str:
    """How many messages are like this, why, and one of them."""
    size = shape_size(shape).removesuffix(", ")
    sample = detail.samples.get(shape.id)
    source = f", {_SOURCES[sample.source]}" if sample is not None else ""
    head = (
        f"**{many(shape.messages, 'message')}**{f' of {size}' if size else ''}, first in row {shape.line}{mark}{source}"
    )
    blocks = [head, "> nothing to read" if sample is None else sample_blocks(sample.text, sample.parts)]
    words = [path_words(shape.path)] if not shape.path.is_plain else []
    words += [values_words(found, named=detail.names_values) for found in detail.values.get(shape.id, ())]
    return GAP.join([*blocks, "\n".join(f"- {name(each, 400)}" for each in words)] if words else blocks)
