"""What a ledger tells of one whole send, for a report of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.record import MessageRecord
from sendspec.planning.message_state import State

MessageKey: TypeAlias = int | bytes
"""Names a message within one ledger: its number, or its id in a ledger of an early version."""


class RecordedMove(NamedTuple):
    """A recorded move. `at` is in Unix seconds by the clock of the machine that made it. Not a dataclass: a send has millions of them."""

    message: MessageKey
    at: float
    run: int | None
    attempt: int
    origin: str | None
    target: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class SizeCount:
    """How many messages in a state have a size (`PlannedRecord.size`). None: they were not measured."""

    state: State
    size: int | None
    count: int


@dataclass(frozen=True, slots=True)
class EvidenceCount:
    """How many messages have the same evidence, None for those without, and the id of the first."""

    evidence: str | None
    count: int
    first: bytes


@dataclass(frozen=True, slots=True)
class EvidenceCounts:
    """The most frequent evidence, the most frequent first, and how many kinds and messages there are in all."""

    listed: Sequence[EvidenceCount]
    kinds: int
    messages: int


@dataclass(frozen=True, slots=True)
class MeasuredMessage:
    """A message's state and size, None if it was not measured."""

    state: State
    size: int | None


class ReportFacts(Protocol):
    """What is known of one send, whole. Long results are iterators over one scan.

    `run` keeps the messages whose latest claim was that run's; None keeps all.
    """

    def sizes(self, name: str, generation: int, run: int | None = None) -> Sequence[SizeCount]:
        """The count of the send's messages by state and size."""

    def evidence_of(self, name: str, generation: int, states: Sequence[State], most: int) -> EvidenceCounts:
        """The evidence of the send's messages in these states, the `most` frequent kinds of it."""

    def recorded_moves(self, name: str, generation: int) -> Iterator[RecordedMove]:
        """The moves of the send's messages, in the order in which they were recorded."""

    def moves_by_message(self, name: str, generation: int) -> Iterator[RecordedMove]:
        """The same by message, in plan order."""

    def messages_of_send(
        self, name: str, generation: int, states: Sequence[State] = ...
    ) -> Iterator[tuple[MessageKey, MessageRecord]]:
        """The send's messages in these states, in plan order, each with the key that its moves have."""

    def messages_among(self, ids: Sequence[bytes]) -> Sequence[tuple[MessageKey, MessageRecord]]:
        """The messages with these ids, each with the key that its moves have; unknown ids are left out."""

    def messages_under(self, keys: Sequence[MessageKey]) -> Sequence[tuple[MessageKey, MessageRecord]]:
        """The messages with these keys; unknown ones are left out."""

    def measured(self, ids: Sequence[bytes], run: int | None = None) -> dict[bytes, MeasuredMessage]:
        """The state and size of each of `ids`; unknown ids are left out."""
