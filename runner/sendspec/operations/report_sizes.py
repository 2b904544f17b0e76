"""The messages that a report counts, with their states and sizes: those of a whole send today, or of one run when it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Protocol

from sendspec.ledger.record import SendRecord
from sendspec.ledger.send_record import MeasuredMessage, MessageKey, ReportFacts, SizeCount
from sendspec.planning.message_state import State

BLOCK = 5_000


class ReportedSizes(Protocol):
    """`counts` are those of the messages by state and size, `measured` speaks of the same messages in the same states."""

    @property
    def counts(self) -> Sequence[SizeCount]: ...

    def measured(self, ids: Sequence[bytes]) -> Mapping[bytes, MeasuredMessage]:
        """The state and size of each of `ids`; those that aren't counted are left out."""


class SizesOfSend:
    """All messages of a send, as they are now."""

    def __init__(self, ledger: ReportFacts, send: SendRecord) -> None:
        self._ledger = ledger
        self.counts: Sequence[SizeCount] = list(ledger.sizes(send.name, send.generation))

    def measured(self, ids: Sequence[bytes]) -> Mapping[bytes, MeasuredMessage]:
        return self._ledger.measured(ids)


class SizesOfRun:
    """The messages that a run claimed, as it left them.

    `ends` are those that it did not get accepted. All others whose latest claim is this run's, and that are accepted, it got accepted:
    nothing moves them any more.
    """

    def __init__(self, ledger: ReportFacts, send: SendRecord, run: int, ends: Mapping[MessageKey, State]) -> None:
        self._ledger, self._run = ledger, run
        self._found: Counter[tuple[State, int | None]] = Counter()
        self._ends: dict[bytes, MeasuredMessage] = {}
        for each in ledger.sizes(send.name, send.generation, run):
            if each.state is State.ACCEPTED:
                self._found[State.ACCEPTED, each.size] += each.count
        keys = iter(ends)
        while block := list(islice(keys, BLOCK)):
            self._look_up(block, ends)
        self.counts: Sequence[SizeCount] = [
            SizeCount(state, size, count) for (state, size), count in self._found.items() if count
        ]

    def _look_up(self, block: Sequence[MessageKey], ends: Mapping[MessageKey, State]) -> None:
        later = []
        for key, message in self._ledger.messages_under(block):
            self._ends[message.id] = MeasuredMessage(ends[key], message.size)
            self._found[ends[key], message.size] += 1
            later += [message.id] if message.state is State.ACCEPTED else []
        for found in self._ledger.measured(later, self._run).values():
            self._found[State.ACCEPTED, found.size] -= 1  # counted above, and accepted since

    def measured(self, ids: Sequence[bytes]) -> Mapping[bytes, MeasuredMessage]:
        own = self._ledger.measured([each for each in ids if each not in self._ends], self._run)
        found = {each: message for each, message in own.items() if message.state is State.ACCEPTED}
        found.update((each, self._ends[each]) for each in ids if each in self._ends)
        return found
