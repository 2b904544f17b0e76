"""What a plan file says of one spec, for the people who look at it or approve it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sendspec.composing.message_part import parts_in
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.showing.account import country_words, skipped_words
from sendspec.showing.cost import written_cost_words
from sendspec.showing.message_part import sample_lines
from sendspec.showing.schedule import schedule_lines, written_schedule
from sendspec.showing.segments import segment_words
from sendspec.showing.terminal_style import TerminalStyle

SHAPES_SHOWN = 5
"""Shapes that are listed where the file has no texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """When a plan file is read, and how a moment reads there."""

    now: datetime
    local_time: Callable[[datetime], datetime]


def planned_spec_lines(spec: Mapping[str, Any], style: TerminalStyle, reading: Reading) -> Iterator[str]:
    """How many messages, when, what they look like, where they go and under which promise."""
    generation = f", generation {spec['generation']}" if spec["generation"] > 1 else ""
    totals, target, segments = spec["totals"], spec["target"], spec["segments"]
    yield style.bold(printable(f"  {spec['name']} → {spec['channel']}{generation} ({spec['path']})"))
    sizes = segment_words(total=segments["total"], gsm7=segments["gsm7"], ucs2=segments["ucs2"])
    yield f"    {grouped(totals['send'])} of {counted(totals['recipients'], 'recipient')}{f', {sizes}' if sizes else ''}"
    if spec["skipped"]:
        yield f"    skip     {printable(skipped_words(spec['skipped'], grouped))}"
    if "countries" in spec:
        yield f"    where    {country_words(spec['countries'])}"
    if "cost" in spec and (cost := written_cost_words(spec["cost"])):
        yield f"    cost     {cost}"
    if "schedule" in spec:
        schedule = written_schedule(spec["schedule"], reading.local_time, reading.now)
        lines = schedule_lines(schedule, totals["send"])
        yield from (f"    {'when' if not number else '':<8} {line}" for number, line in enumerate(lines))
    yield from _shape_lines(spec, style)
    yield printable(
        f"    to       {target['api']}, channel {target['channel']}, {target['platform']}{_set_words(target, ('batch',))}"
    )
    yield printable(f"    promise  {_promise(spec)}")


def _shape_lines(spec: Mapping[str, Any], style: TerminalStyle) -> Iterator[str]:
    """The shapes with a sample, or the first without any, and what is not shown."""
    shapes: Sequence[Mapping[str, Any]] = spec.get("shapes", ())
    samples = {each["shape"]: each for each in spec.get("samples", ()) if "shape" in each}
    others = spec.get("other_shapes", {}).get("messages", 0)
    if not shapes:
        return
    yield f"    shapes   {'more than ' if others else ''}{grouped(len(shapes))}"
    shown = [shape for shape in shapes if shape["id"] in samples] or shapes[:SHAPES_SHOWN]
    width = max(len(grouped(shape["messages"])) for shape in shown)
    for shape in shown:
        size = _size(shape)
        yield f"      {grouped(shape['messages']):>{width}} × {size or shape['id']}"
        if shape["id"] in samples:
            sample = samples[shape["id"]]
            lines = sample_lines(sample["text"], parts_in(sample.get("parts", ())), full=True)
            yield from (f"      {' ' * width}   {line}" for line in lines)
    left, listed = len(shapes) - len(shown), sum(shape["messages"] for shape in shapes if shape not in shown)
    if left:
        yield f"      and {grouped(left)} more, of {counted(listed, 'message')}"
    if others:
        yield f"      and {counted(others, 'message')} of further shapes"
    if not samples:
        yield style.dim(
            "      no texts are in the file: `sendspec plan --with-samples --out FILE` adds one for each shape"
        )


def _size(shape: Mapping[str, Any]) -> str:
    if not shape["segments"]:
        return ""
    return f"{counted(shape['segments'] // shape['messages'], 'segment')} {shape.get('encoding', '')}".rstrip()


def _promise(spec: Mapping[str, Any]) -> str:
    """The policy of an approval, its moment with the offset that the spec writes."""
    policy = dict(spec["policy"])
    written = spec.get("schedule", {}).get("not_after")
    if written is not None and "not_after" in policy and _are_same(written, policy["not_after"]):
        policy["not_after"] = written
    return f"in_doubt: {policy['in_doubt']}{_set_words(policy, sorted(policy.keys() - {'in_doubt'}))}"


def _are_same(moment: str, other: str) -> bool:
    """Whether two texts are the same moment; one that is no moment is the same as none."""
    try:
        return datetime.fromisoformat(moment) == datetime.fromisoformat(other)
    except ValueError:
        return False


def _set_words(settings: Mapping[str, Any], names: Iterable[str]) -> str:
    parts = []
    for name in names:
        value = settings.get(name)
        if isinstance(value, Mapping):
            parts += [f"{name}.{inner}: {_written(each)}" for inner, each in value.items()]
        elif value is not None:
            parts.append(f"{name}: {_written(value)}")
    return "".join(f" · {part}" for part in parts)


def _written(value: object) -> str:
    """As a spec writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
