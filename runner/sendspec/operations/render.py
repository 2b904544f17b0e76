"""The request bodies, exactly as they would be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import message_id
from sendspec.composing.message import Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.send_job import Job


def rendered_bodies(jobs: Sequence[Job], key: str | None, problems: Problems) -> Iterator[bytes]:
    """The JSON bodies of all jobs in file order; with `key`, only those of this recipient. Faults of rows go to `problems`."""
    return (message.body for job in jobs for message in _messages(job, key, problems))


def note_table_changes(jobs: Sequence[Job], problems: Problems) -> None:
    """Adds to `problems` any table that changed since its rows were checked, unless there are errors already."""
    if not problems.has_errors:
        for job in jobs:
            job.table.note_change(problems)


def _messages(job: Job, key: str | None, problems: Problems) -> Iterator[Message]:
    wanted = None if key is None else ids_of(job, key)
    eligibility = Eligibility(suppressed=job.suppressed)
    for item in job.composed(problems):
        if isinstance(item, Message) and not eligibility.exclusion_of(item) and (wanted is None or item.id in wanted):
            yield item


def ids_of(job: Job, key: str) -> set[bytes]:
    """The ids that a key as typed can mean: as it is, and as a normalised address. White space around it is no part of it."""
    key = key.strip()
    spellings = {key, normal if isinstance(normal := job.program.normalise(key), str) else key}
    return {message_id(job.setting.salt, job.spec.name, job.spec.generation, spelling) for spelling in spellings}
