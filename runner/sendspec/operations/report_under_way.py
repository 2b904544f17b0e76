"""What living runs are sending while a report is made, told apart from what a dead run has left on its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sendspec.ledger.record import MessageRecord
from sendspec.ledger.send_record import MessageKey
from sendspec.operations.status import SpecStatus
from sendspec.planning.message_state import State


def living_runs(status: SpecStatus) -> frozenset[int]:
    """The numbers of the runs that are sending."""
    if status.under_way is None:
        return frozenset()
    if status.at_work:
        return frozenset(each.number for each in status.at_work)
    return frozenset(each.run for each in status.runs[:1])  # its ledger has room for one


def as_counted(
    messages: Iterable[tuple[MessageKey, MessageRecord]], status: SpecStatus
) -> Iterator[tuple[MessageKey, MessageRecord]]:
    """The messages in the states that the totals have them in: what no living run is sending is in doubt."""
    is_of_the_one = status.under_way is not None and not status.at_work
    for key, message in messages:
        if message.state is not State.SENDING:
            yield key, message
        elif message.is_under_way or is_of_the_one:
            yield key, replace(message, is_under_way=True)
        else:
            yield key, replace(message, state=State.IN_DOUBT)
