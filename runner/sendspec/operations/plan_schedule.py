"""When a job's messages go out, as its spec says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from sendspec.composing.message import Message
from sendspec.composing.template_tree import placeholders_of
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.decided_rows import Decided, messages_to_send
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.schedule import Schedule, row_moments

MOST_ROWS = 1_000
"""Rows that are composed to find one with a message, where all have the same moment."""
MOST_MOMENTS = 20_000
"""Messages that are looked at where each has a moment of its own."""


def schedule_of(job: Job, context: ProjectContext, decided: Decided) -> Schedule:
    """Call it once the rows had no errors. Where moments vary by row, the first messages are composed once more."""
    varies = _varies(job)
    moment = None if varies else _moment(job)
    validity = job.spec.message.get("validity")
    return Schedule(
        scheduled_for=None if moment is None else context.system.local_time(moment),
        ahead=(moment or job.now) - job.now,
        varies=varies,
        moments=row_moments(_moments(job, context, decided), most=MOST_MOMENTS) if varies else None,
        not_after=job.spec.not_after,
        validity_seconds=validity if isinstance(validity, int) else None,
        per_second=job.channel.messages_per_second,
    )


def latest_moment(job: Job) -> datetime | None:
    """When the API is to send the last of the job's messages; None if none is scheduled. Only the first rows are looked at."""
    if "scheduledFor" not in job.spec.message:
        return None
    if not _varies(job):
        return _moment(job)
    composed = islice(job.composed(Problems()), MOST_MOMENTS)
    moments = (_moment_of(job, item) for item in composed if isinstance(item, Message))
    return max((moment for moment in moments if moment is not None), default=None)


def _varies(job: Job) -> bool:
    """Whether the moment depends on the row."""
    return any(
        use.name not in job.spec.variables
        for placeholder in placeholders_of(job.program.content)
        if placeholder.at == ("message", "scheduledFor")
        for use in (*placeholder.template.names, *placeholder.template.columns)
    )


def _moment(job: Job) -> datetime | None:
    """The moment that all messages have in common."""
    if "scheduledFor" not in job.spec.message:
        return None
    composed = islice(job.composed(Problems()), MOST_ROWS)
    first = next((item for item in composed if isinstance(item, Message)), None)
    return None if first is None else _moment_of(job, first)


def _moments(job: Job, context: ProjectContext, decided: Decided) -> Iterator[datetime | None]:
    for message in messages_to_send(job, decided):
        moment = _moment_of(job, message)
        yield None if moment is None else context.system.local_time(moment)


def _moment_of(job: Job, message: Message) -> datetime | None:
    seconds = job.scheduled_for(message)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
