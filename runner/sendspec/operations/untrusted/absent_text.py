"""What the messages of a spec say whose recipients aren't in the repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.compiled_spec import CompiledSpec, compile_spec
from sendspec.composing.message import Message
from sendspec.composing.payload_text import text_of, text_path
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.platforms.sms_segments import Measure, measure
from sendspec.composing.possible_way import possible_ways
from sendspec.composing.shape_payload import columns_alone, shape_payload
from sendspec.composing.taken_path import TakenPath, taken_path
from sendspec.composing.template_tree import Placeholder, placeholders_of
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.example import examples_of
from sendspec.operations.plan_sample import SampleSource, ShapeSample, sample_of, spelled_body
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.spec_channel import channel_of_spec
from sendspec.operations.untrusted.present_input import AbsentTable
from sendspec.reading.environment import DEFAULT_PLATFORM, Channel

MOST_TEXTS = 40
"""Texts of one spec, and ways through its template that are looked at."""


def absent_audience(absent: AbsentTable, context: ProjectContext, problems: Problems) -> AbsentAudience | None:
    """The texts that the spec's examples give, then one for each other way through its template. None if it has errors.

    Any name may be a column. Examples that can't be composed are errors: nothing else shows that the spec's messages can be.
    """
    own = Problems()
    channel = channel_of_spec(absent.spec, context, None, own)
    platform = PLATFORMS[DEFAULT_PLATFORM if channel is None else channel.platform]
    program = compile_spec(absent.spec, None, platform, own)
    texts = [] if program is None else list(_texts(program, context, channel, own))
    for diagnostic in own:
        problems.add(diagnostic)
    if own.has_errors:
        return None
    return AbsentAudience(
        name=absent.spec.name,
        path=absent.spec.path,
        channel=absent.spec.channel,
        file=absent.file,
        why=absent.why,
        texts=tuple(texts[:MOST_TEXTS]),
        more=len(texts) > MOST_TEXTS,
    )


def _texts(
    program: CompiledSpec, context: ProjectContext, channel: Channel | None, problems: Problems
) -> Iterator[AbsentText]:
    """An example tells what others get only where values stand as they are: see `samples_without_recipients`."""
    found: dict[TakenPath, None] = {}
    for _, composed in examples_of(program, context, problems):
        if isinstance(composed, Message) and columns_alone(program, composed.alternatives):
            path = taken_path(program, composed.alternatives)
            sample = sample_of(spelled_body(composed), SampleSource.EXAMPLES)
            if path not in found and sample is not None:
                found[path] = None
                yield _absent(sample, path, composed.measure)
    placeholders = tuple(placeholders_of(program.content))
    text_at = ("message", *text_path(program.spec.message))
    is_alike = all(each.at != text_at for each in placeholders)
    for way in _ways(placeholders):
        path = taken_path(program, way)
        sample = sample_of(shape_payload(program, way), SampleSource.COLUMNS)
        if path not in found and sample is not None:
            found[path] = None
            yield _absent(sample, path, _measured(program, channel) if is_alike else None)


def _absent(sample: ShapeSample, path: TakenPath, size: Measure | None) -> AbsentText:
    return AbsentText(text=sample.text, source=sample.source, path=path, measure=size, parts=sample.parts)


def _ways(placeholders: Sequence[Placeholder]) -> list[int]:
    """The ways through all templates, as many as are looked at."""
    found = [0]
    for each in placeholders:
        ways = possible_ways(each.template.source, MOST_TEXTS + 1)
        found = [before | way << each.first_bit for before in found for way in ways][: MOST_TEXTS + 1]
    return found


def _measured(program: CompiledSpec, channel: Channel | None) -> Measure | None:
    """The size of a text that all get alike."""
    platform = PLATFORMS[DEFAULT_PLATFORM if channel is None else channel.platform]
    text = text_of(program.spec.message)
    is_measured = text is not None and program.spec.message["body"]["type"] in platform.sms_measured
    return measure(text) if text is not None and is_measured else None
