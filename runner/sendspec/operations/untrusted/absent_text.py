"""What the messages of a spec say whose recipients aren't in the repository."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.compiled_spec import CompiledSpec, compile_spec
from sendspec.composing.message import Message
from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.platforms.sms_segments import Measure, measure
from sendspec.composing.possible_way import possible_ways
from sendspec.composing.taken_path import TakenPath, taken_path
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.absent_audience import AbsentAudience, AbsentText
from sendspec.operations.example import examples_of
from sendspec.operations.plan_sample import SampleSource, template_of_text, text_of_columns
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
    found: dict[TakenPath, None] = {}
    for _, composed in examples_of(program, context, problems):
        if isinstance(composed, Message) and composed.text is not None:
            path = taken_path(program, composed.alternatives)
            if path not in found:
                found[path] = None
                yield AbsentText(text=composed.text, source=SampleSource.EXAMPLES, path=path, measure=composed.measure)
    template = template_of_text(program)
    if template is None:
        text = text_of(program.spec.message)
        if text is not None and not found:
            size = _measured(text, program, channel)
            yield AbsentText(text=text, source=SampleSource.COLUMNS, path=TakenPath(), measure=size)
        return
    for way in possible_ways(template.template.source, MOST_TEXTS + 1):
        alternatives = way << template.first_bit
        path = taken_path(program, alternatives)
        text = text_of_columns(program, alternatives)
        if path not in found and text is not None:
            found[path] = None
            yield AbsentText(text=text, source=SampleSource.COLUMNS, path=path)


def _measured(text: str, program: CompiledSpec, channel: Channel | None) -> Measure | None:
    """The size of a text that all get alike."""
    platform = PLATFORMS[DEFAULT_PLATFORM if channel is None else channel.platform]
    return measure(text) if program.spec.message["body"]["type"] in platform.sms_measured else None
