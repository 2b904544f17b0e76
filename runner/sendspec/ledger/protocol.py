"""What a ledger offers to the rooms after it, whatever stores it.

`Facts` reads only, `Claims` is all that the send loop sees, `Ledger` is both and every other write. Rules for each
implementation, which the conformance tests hold:

- A claim carries digest and reference, and loses when the ledger has others planned; a lost claim is returned.
- A run puts into doubt only what runs known to be dead were sending.
- A result is written at most once, however often it is handed in: it names its attempt and its run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from sendspec.ledger.record import (
    AcceptedMessage,
    Change,
    Claim,
    Doubt,
    Exchanged,
    KnownMessage,
    MessageRecord,
    PlannedMessage,
    PlannedRecord,
    Route,
    RunOwner,
    SendRecord,
    Settlement,
    SpecIdentity,
    StartedRun,
)
from sendspec.planning.fact import Fact, PriorState
from sendspec.planning.message_state import Move, State


class MessageFacts(Protocol):
    """What is known of single messages."""

    def facts(self, ids: Sequence[bytes]) -> Mapping[bytes, Fact]:
        """The known ones of `ids`."""

    def prior_states(self, ids: Sequence[bytes]) -> Mapping[bytes, PriorState]:
        """The states of the known ones of `ids`, each by id followed by payload digest (40 bytes)."""

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]:
        """The known ones of `ids`, as sightings are compared with them."""

    def planned_under(self, ids: Sequence[bytes], references: Collection[str]) -> Iterator[PlannedMessage]:
        """The planned messages with one of these ids, or with one of these references of the user's own."""

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]:
        """The messages that the API's ids are credited to, for those that are credited."""

    def messages(self, states: Sequence[State] = ...) -> Iterator[MessageRecord]:
        """The messages in these states, by send and in plan order."""

    def planned_of(self, name: str) -> Iterator[tuple[bytes, int, int]]:
        """Id, generation and attempt of each planned message of a spec, of any generation."""

    def freed_since(self, moves: int, run: int | None) -> set[bytes]:
        """The messages that runs other than `run` moved to planned after so many moves."""


class SendFacts(Protocol):
    """What is known of sends: a spec's name and generation."""

    def sends(self, name: str | None = None) -> Sequence[SendRecord]:
        """All sends, or those of one name; the newest generation of a name last."""

    def spec_path(self, name: str) -> str | None:
        """The path that the newest generation was read from, relative to the project."""

    def claimed_before(self, name: str, generation: int) -> bool:
        """Whether any message of the send was ever claimed."""

    def has_messages(self, name: str, generation: int) -> bool:
        """Whether the ledger has any message of the send."""

    def states(self, name: str, generation: int) -> dict[State, int]:
        """The count of the send's messages by state."""

    def states_of_run(self, run: int, name: str, generation: int) -> dict[State, int]:
        """The same, of the messages whose latest claim was this run's."""

    def planned_counts(self, name: str) -> Mapping[int, int]:
        """The count of a spec's planned messages by generation."""

    def skips(self, name: str, generation: int) -> Mapping[str, int]:
        """The count of the send's skipped messages by reason."""

    def specs_sent_through(self, route: Route) -> set[str]:
        """The specs that were sent through this channel, or through one that was not noted."""

    def digests_sent(self, names: Collection[str], since: float) -> Iterator[tuple[str, bytes]]:
        """Spec name and payload digest of each message of these specs sent, or maybe sent, since then (Unix seconds)."""

    def former_trees(self, name: str, generation: int) -> Sequence[tuple[str, str, int]]:
        """The earlier key and recipient expressions of a send, oldest first, each with its last message's number."""

    def receivers_claimed(
        self, name: str, generation: int, after: int = 0, until: int | None = None
    ) -> Iterator[bytes]:
        """The receiver hashes of the claimed or baselined messages numbered above `after` and up to `until`."""

    def other_references(self, name: str, generation: int) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and own reference of every message of any other send."""

    def has_other_references(self, name: str, generation: int) -> bool:
        """Whether `other_references` would yield any."""


class DoubtFacts(Protocol):
    """What reconciling needs."""

    def doubts(self) -> list[Doubt]:
        """Every message in doubt, the oldest claim first."""

    def uncertain(self, name: str) -> int:
        """The count of a spec's messages in doubt, of any generation, or left `sending` by a run.

        Messages that another living run is sending are not uncertain.
        """

    def accepted_since(self, route: Route, since: float) -> Iterator[AcceptedMessage]:
        """The messages accepted on a channel since then (Unix seconds by this machine's clock) that have an API id."""

    def accepted_before(self, route: Route, moment: float) -> float | None:
        """When the last message before that moment was accepted on a channel, by this machine's clock."""


class Facts(MessageFacts, SendFacts, DoubtFacts, Protocol):
    """A ledger opened to read. It has no method that writes."""

    @property
    def id(self) -> str: ...

    @property
    def moves(self) -> int:
        """The number of recorded moves. It only grows."""

    def damages(self) -> list[str]:
        """The damages found by checking everything; empty for a sound ledger."""

    def odd_moves(self) -> list[tuple[str | None, str, int]]:
        """Recorded moves (origin, target, count) that the table of moves doesn't permit."""

    def lost_writes(self) -> str | None:
        """What the ledger lost since it was last written: rolled back or cut. None: nothing."""


class Claims(Protocol):
    """The ledger as the send loop sees it."""

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        """Makes results and claims durable in one commit. Raises `LedgerTrouble` when a settled message was moved elsewhere.

        A caller doesn't repeat an exchange that raised: it hands the results to `spill`.
        """

    def still_mine(self) -> bool:
        """Whether this run still owns the ledger; to be asked before each claim."""

    def spill(self, settlements: Sequence[Settlement]) -> None:
        """Keeps results that `exchange` could not write; the next `begin` imports them. Raises OSError."""


class Ledger(Facts, Claims, Protocol):
    """A ledger held by one run: opened to write, checked, and locked."""

    def begin(self, owner: RunOwner, *, now: float) -> StartedRun:
        """Begins a run: imports spilled results and puts into doubt what dead runs were sending."""

    def note_clock(self, offset: float) -> None:
        """Notes by how many seconds the API's clock is ahead of this machine's; later claims are dated by it."""

    def put_planned(
        self,
        identity: SpecIdentity,
        records: Iterable[PlannedRecord],
        plan_digest: bytes,
        *,
        now: float,
        route: Route | None = None,
    ) -> int:
        """Writes a plan's messages as planned, all or none; returns their count. If `records` raises, nothing is written."""

    def put_baselined(self, identity: SpecIdentity, records: Iterable[PlannedRecord], *, now: float) -> int:
        """Writes a send's messages as baselined, all or none; returns their count."""

    def give_up(self, identity: SpecIdentity, reason: str) -> None:
        """Notes that a person gave this generation up. Its messages keep their states."""

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        """Moves messages outside of their attempts, all or none. Raises `LedgerTrouble` when one has moved meanwhile."""

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        """Notes when messages in doubt (id, attempt) were first missing from a complete list of the API."""

    def make_room(self, in_flight: int) -> None:
        """Reserves the space that `spill` would need for so many messages. Raises `LedgerUnwritable`."""

    def purge(self, *, before: float) -> int:
        """Removes the personal data of messages settled before then (Unix seconds); returns their count."""

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record."""
