"""The shapes of a plan's messages as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sendspec.composing.message_part import parts_json
from sendspec.composing.taken_path import BranchOutcome, TakenPath
from sendspec.diagnostics.redaction import mask_in_row, printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.plan_detail import PlanDetail
from sendspec.operations.unmatched_value import UnmatchedValues
from sendspec.planning.plan import Plan
from sendspec.planning.shape import Shape, most_telling
from sendspec.showing.message_part import sample_lines
from sendspec.showing.terminal_style import TerminalStyle

SHAPES_SHOWN, SHAPES_IN_DETAIL = 5, 40
VALUES_SHOWN, VALUES_IN_JSON, VALUE_LENGTH = 5, 20, 30
_OUTCOMES = {BranchOutcome.TRUE: "yes", BranchOutcome.FALSE: "no", BranchOutcome.BOTH: "yes and no"}


def shape_lines(plan: Plan, detail: PlanDetail, style: TerminalStyle, *, full: bool) -> Iterator[str]:
    """The shapes, each with its size and a sample: the most frequent, and the longest, the dearest and the rarest."""
    shapes = detail.shapes
    if not any(shape.id in detail.samples or not shape.path.is_plain for shape in shapes):
        return  # one text that nobody can see, such as a template of the provider's
    shown = most_telling(shapes, SHAPES_IN_DETAIL if full else SHAPES_SHOWN)
    messages, more = sum(shape.messages for shape in shown), plan.shapes.other_messages
    total = f"more than {counted(len(shapes), 'shape')}" if more else counted(len(shapes), "shape")
    yield f"  {grouped(len(shown))} of {total}, {grouped(messages)} of {counted(plan.send, 'message')}"
    width = max(len(grouped(shape.messages)) for shape in shown)
    marks = shape_marks(shapes)
    for shape in shown:
        yield f"    {grouped(shape.messages):>{width}} × {shape_size(shape)}row {shape.line}{marks.get(shape.id, '')}"
        indent = " " * (width + 7)
        if shape.id in detail.samples:
            sample = detail.samples[shape.id]
            yield from (indent + line for line in sample_lines(sample.text, sample.parts, full=full))
        if words := path_words(shape.path):
            yield style.dim(indent + printable(words))
        yield from (
            indent + values_words(found, named=detail.names_values) for found in detail.values.get(shape.id, ())
        )
    left = len(shapes) - len(shown)
    if left:
        yield f"    and {grouped(left)} more{'' if full else ': `--detail`'}"
    if more:
        yield f"    and {counted(more, 'message')} of shapes that were not kept apart"


def shape_marks(shapes: tuple[Shape, ...]) -> dict[str, str]:
    """The longest, the dearest and the rarest, where shapes differ in that."""
    if len(shapes) < 2:
        return {}
    marks: dict[str, list[str]] = {}
    longest = max(shapes, key=lambda shape: shape.segments_each)
    dearest = max(shapes, key=lambda shape: shape.segments)
    if longest.segments_each > min(shape.segments_each for shape in shapes):
        marks.setdefault(longest.id, []).append("longest")
    if dearest is not shapes[0]:
        marks.setdefault(dearest.id, []).append("dearest")
    if shapes[-1].messages < shapes[0].messages:
        marks.setdefault(shapes[-1].id, []).append("rarest")
    return {shape: f", the {' and '.join(words)}" for shape, words in marks.items()}


def shape_size(shape: Shape) -> str:
    """`2 segments UCS-2, `; empty where nothing is measured."""
    if shape.encoding is None:
        return ""
    return f"{counted(shape.segments_each, 'segment')} {shape.encoding.value}, "


def path_words(path: TakenPath) -> str:
    """Which conditions held, which defaults were used, and what was left out; not printable yet."""
    words = [f"{each.condition}: {_OUTCOMES[each.outcome]}" for each in path.branches]
    words += [f"{each.replaced} by default" for each in path.defaults]
    words += [f"without {at.removeprefix('message.')}" for at in path.omitted]
    words += [f"language {path.language}"] if path.language else []
    return " · ".join(dict.fromkeys(words))


def values_words(found: UnmatchedValues, *, named: bool) -> str:
    """`Sprache: Deutsch 174 · 'deutsch ' 1 · 3 more`; without the values, their counts."""
    shown = found.counts[:VALUES_SHOWN]
    words = [f"{_value(value)} {grouped(count)}" if named else grouped(count) for value, count in shown]
    left = len(found.counts) - len(shown)
    words += [f"{grouped(left)} more"] if left else []
    kinds = "" if named else f"{counted(len(found.counts), 'value')}, "
    rows = "" if found.looked_at is None else f" (in the first {counted(found.looked_at, 'row')})"
    return f"{printable(found.column)}: {kinds}{' · '.join(words)}{rows}"


def _value(value: str) -> str:
    """A value as a table shows it, in quotes where white space would be overlooked."""
    if not value:
        return "(empty)"
    shown = printable(mask_in_row(value if len(value) <= VALUE_LENGTH else value[: VALUE_LENGTH - 1] + "…"))
    return f"'{shown}'" if value != value.strip() else shown


def _values_json(found: UnmatchedValues, *, named: bool) -> dict[str, Any]:
    listed = found.counts[:VALUES_IN_JSON]
    others = found.counts[VALUES_IN_JSON:]
    return {
        "column": found.column,
        "values": [{**({"value": mask_in_row(value)} if named else {}), "messages": count} for value, count in listed],
        **({"others": sum(count for _, count in others)} if others else {}),
        **({} if found.looked_at is None else {"looked_at": found.looked_at}),
    }


def shapes_json(plan: Plan, detail: PlanDetail) -> dict[str, Any]:
    found: dict[str, Any] = {"shapes": [_shape_json(shape, detail) for shape in detail.shapes]}
    if plan.shapes.other_messages:
        others = plan.shapes
        found["other_shapes"] = {"messages": others.other_messages, "segments": others.other_segments}
    return found


def _shape_json(shape: Shape, detail: PlanDetail) -> dict[str, Any]:
    sample: dict[str, Any] = {"line": shape.line}
    if shape.id in detail.samples:
        text = detail.samples[shape.id]
        sample |= {"text": text.text} if text.text or not text.parts else {}
        sample |= {"from": text.source.value, **parts_json(text.parts)}
    path = shape.path
    unmatched = [_values_json(found, named=detail.names_values) for found in detail.values.get(shape.id, ())]
    return {
        "id": shape.id,
        "messages": shape.messages,
        "segments": shape.segments,
        "encoding": None if shape.encoding is None else shape.encoding.value,
        "branches": [
            {"at": each.at, "condition": each.condition, "outcome": each.outcome.value} for each in path.branches
        ],
        "fallbacks": list(dict.fromkeys(each.replaced for each in path.defaults)),
        "omitted": list(path.omitted),
        **({"language": path.language} if path.language else {}),
        **({"unmatched": unmatched} if unmatched else {}),
        "sample": sample,
    }
