"""When a job's messages go out, as its spec says."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

from sendspec.composing.message import Message
from sendspec.composing.template_tree import placeholders_of
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.schedule import Schedule

MOST_ROWS = 1_000
"""Rows that are composed to find one with a message, where all have the same moment."""


def schedule_of(job: Job, context: ProjectContext) -> Schedule:
    """Call it once the rows had no errors."""
    moment = None if _varies(job, "scheduledFor") else _moment(job)
    validity = job.spec.message.get("validity")
    return Schedule(
        scheduled_for=None if moment is None else context.system.local_time(moment),
        ahead=(moment or job.now) - job.now,
        varies=_varies(job, "scheduledFor"),
        validity_seconds=validity if isinstance(validity, int) else None,
        per_second=job.channel.messages_per_second,
    )


def _varies(job: Job, key: str) -> bool:
    """Whether the value of this key of the message depends on the row."""
    return any(
        use.name not in job.spec.variables
        for placeholder in placeholders_of(job.program.content)
        if placeholder.at == ("message", key)
        for use in (*placeholder.template.names, *placeholder.template.columns)
    )


def _moment(job: Job) -> datetime | None:
    """The moment that all messages have in common."""
    if "scheduledFor" not in job.spec.message:
        return None
    composed = islice(job.composed(Problems()), MOST_ROWS)
    first = next((item for item in composed if isinstance(item, Message)), None)
    seconds = None if first is None else job.scheduled_for(first)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
