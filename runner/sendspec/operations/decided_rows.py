"""The rows of a job with their decisions, as checks of whole sends read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sendspec.composing.message import Message
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Decision

Decided = Callable[[Job], Iterator[Decision]]
"""Every row of a job with its decision; called only by a check that needs the rows."""


def messages_to_send(job: Job, decided: Decided) -> Iterator[Message]:
    for decision in decided(job):
        if decision.skip is None and isinstance(decision.item, Message):
            yield decision.item
