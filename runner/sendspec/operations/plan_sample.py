"""Samples of what a plan's messages say, for the people who approve it. They are no part of any digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from jinja2 import nodes

from sendspec.composing.message import Message
from sendspec.composing.payload_text import text_of
from sendspec.composing.template import parsed
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.decided_rows import Decided, messages_to_send
from sendspec.operations.example import composed_examples
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job

MOST_SAMPLES = 5
"""Samples of one spec."""


class SampleSource(StrEnum):
    """Where a sample's values come from. The words are used in JSON, and the last two on the command line."""

    COLUMNS = "columns"
    EXAMPLES = "examples"
    RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`segments` is None where a text can't be measured."""

    text: str
    source: SampleSource
    segments: int | None = None


def samples_of(job: Job, context: ProjectContext, source: SampleSource, decided: Decided) -> list[Sample]:
    """Texts of the spec's messages: of its `examples`, or of recipients.

    Without examples, the one sample is the text with the names of columns in it. A spec whose messages have no text has no samples.
    """
    if source is SampleSource.RECIPIENTS:
        messages = messages_to_send(job, decided)
    else:
        composed = (item for _, item in composed_examples(job.spec, context, Problems()))
        messages = (item for item in composed if isinstance(item, Message))
    found = [
        Sample(text=each.text, source=source, segments=None if each.measure is None else each.measure.segments)
        for each in islice(messages, MOST_SAMPLES)
        if each.text is not None
    ]
    return found if found or source is SampleSource.RECIPIENTS else list(_outlined(job))


def _outlined(job: Job) -> Iterator[Sample]:
    text = text_of(job.spec.message)
    if text is not None:
        yield Sample(text=_outline(text), source=SampleSource.COLUMNS)


def _outline(source: str) -> str:
    """`Hi {{ first_name }}` as `Hi ⟨first_name⟩`. A text with conditions or loops stays as it is written."""
    parts = []
    for node in parsed(source).body:
        if not isinstance(node, nodes.Output):
            return source
        for each in node.nodes:
            name = next(iter(each.find_all(nodes.Name)), None) if not isinstance(each, nodes.Name) else each
            parts.append(each.data if isinstance(each, nodes.TemplateData) else f"⟨{name.name if name else '…'}⟩")
    return "".join(parts)
