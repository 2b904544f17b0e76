"""What a ledger offers to its callers, whatever stores it.

`Facts` reads only, `Claims` is all that the send loop sees, `Ledger` is both and every other write. Rules for each
implementation, which the conformance tests check:

- A claim names digest and reference. It is lost if the ledger has another digest or reference planned; lost claims are returned, not raised.
- A run puts messages in doubt only if the run that was sending them is known to be dead.
- A result is written at most once, however often it is handed in, as it names its attempt and its run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
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
    Send,
    SendIdentity,
    SendRecord,
    SentMessage,
    Settlement,
    StartedRun,
)
from sendspec.ledger.run_note import PlannedRun, RunNote
from sendspec.ledger.seen_run import SeenRun
from sendspec.ledger.send_record import ReportFacts
from sendspec.planning.fact import Fact, PriorState
from sendspec.planning.message_state import Move, State


class MessageFacts(Protocol):
    """What is known of single messages."""

    def facts(self, ids: Sequence[bytes]) -> Mapping[bytes, Fact]:
        """What the ledger has of each of `ids`; unknown ids are left out."""

    def prior_states(self, ids: Sequence[bytes]) -> Mapping[bytes, PriorState]:
        """The state of each of `ids`, by id followed by payload digest (40 bytes); unknown ids are left out."""

    def known_messages(self, ids: Sequence[bytes]) -> Mapping[bytes, KnownMessage]:
        """Each of `ids`, as sightings are compared with it; unknown ids are left out."""

    def planned_under(
        self, ids: Sequence[bytes], references: Collection[str], sends: Collection[Send]
    ) -> Iterator[PlannedMessage]:
        """The planned messages with one of these ids, and those of `sends` with one of these references of the user's own."""

    def credited(self, remote_ids: Collection[str]) -> Mapping[str, bytes]:
        """The messages that these API ids are credited to, by API id; ids credited to none are left out."""

    def messages(self, states: Sequence[State] = ...) -> Iterator[MessageRecord]:
        """The messages in these states, by send and in plan order."""

    def planned_of(self, name: str) -> Iterator[tuple[bytes, int, int]]:
        """Id, generation and attempt of each planned message of a spec, of any generation."""

    def freed_since(self, moves: int, run: int | None) -> set[bytes]:
        """The messages that runs other than `run` have moved to planned since the ledger had recorded `moves` moves."""

    def refused_since(self, moves: int) -> set[bytes]:
        """The messages that the API has refused since the ledger had recorded `moves` moves."""


class SendFacts(Protocol):
    """What is known of sends: a spec's name and generation."""

    def sends(self, name: str | None = None) -> Sequence[SendRecord]:
        """All sends, or those of one name; the newest generation of a name last."""

    def spec_path(self, name: str) -> str | None:
        """The path that the spec's newest generation was read from, relative to the project; None for an unknown spec."""

    def claimed_before(self, name: str, generation: int) -> bool:
        """Whether any message of the send was ever claimed."""

    def has_messages(self, name: str, generation: int) -> bool:
        """Whether the ledger has any message of the send."""

    def states(self, name: str, generation: int) -> dict[State, int]:
        """The count of the send's messages by state; a state without any is left out."""

    def under_way(self, name: str, generation: int) -> int | None:
        """How many of the send's messages its living runs are sending; None if none lives, or the ledger can't tell."""

    def runs_at_work(self, name: str | None = None) -> Sequence[SeenRun]:
        """The living runs that planned messages of a spec, or of any, without the one that asks. Empty if the ledger can't tell."""

    def states_of_run(self, run: int, name: str, generation: int) -> dict[State, int]:
        """The same, of the messages whose latest claim was this run's."""

    def planned_counts(self, name: str) -> Mapping[int, int]:
        """The count of a spec's planned messages by generation."""

    def skips(self, name: str, generation: int) -> Mapping[str, int]:
        """The count of the send's skipped messages by reason."""

    def specs_sent_through(self, route: Route) -> set[str]:
        """The specs that were sent through this channel, or through one that was not noted."""

    def digests_sent(self, names: Collection[str], since: float) -> Iterator[tuple[str, bytes]]:
        """Spec name and payload digest of each message of these specs that was sent, or may have been, since then.

        `since` is in Unix seconds by this machine's clock. Baselined messages count as sent.
        """

    def former_expressions(self, name: str, generation: int) -> Sequence[tuple[str, str, int]]:
        """The earlier key and recipient expressions of a send, oldest first, each with the number of the last message planned under it."""

    def receivers_claimed(
        self, name: str, generation: int, after: int = 0, until: int | None = None
    ) -> Iterator[bytes]:
        """The receiver hashes of the claimed or baselined messages numbered above `after` and up to `until`."""

    def other_references(self, name: str, generation: int) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and own reference of every message of any other send."""

    def has_other_references(self, name: str, generation: int) -> bool:
        """Whether `other_references` would yield any."""

    def masked_receivers(self) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and masked form of each recipient who was not purged, of any send; several times where there are several messages."""

    def shapes_accepted(self, names: Collection[str]) -> set[int]:
        """The marks of the shapes of these specs' accepted messages, of any generation, as far as they were noted."""

    def accepted_of(self, name: str, generation: int) -> Iterator[SentMessage]:
        """The accepted messages of a send, in plan order."""

    def runs_of(self, name: str, generation: int, most: int) -> Sequence[PlannedRun]:
        """The newest `most` runs that planned messages of the send, the latest first."""


class DoubtFacts(Protocol):
    """What reconciling needs."""

    def doubts(self) -> list[Doubt]:
        """Every message in doubt, the oldest claim first."""

    def count_uncertain(self, name: str) -> int:
        """How many of a spec's messages, of any generation, are in doubt, or were left `sending` by a dead run."""

    def accepted_since(self, route: Route, since: float) -> Iterator[AcceptedMessage]:
        """The messages accepted on a channel since then (Unix seconds by this machine's clock) that have an API id."""

    def accepted_before(self, route: Route, moment: float) -> float | None:
        """When the last message before `moment` was accepted on a channel; both in Unix seconds by this machine's clock."""


class Facts(MessageFacts, SendFacts, DoubtFacts, ReportFacts, Protocol):
    """A ledger opened to read. It has no method that writes."""

    @property
    def id(self) -> str: ...

    @property
    def moves(self) -> int:
        """The number of recorded moves. It only grows."""

    @property
    def moved_to(self) -> str | None:
        """Where the ledger was copied to, in words. Nothing may be sent with it since then. None: it was not copied."""

    @property
    def opt_outs_noted(self) -> int:
        """How many opt-out signals there were, as far as the ledger knows. If fewer are found, some were lost."""

    @property
    def halt(self) -> str | None:
        """Why nobody may send for now; None if they may."""

    def find_damage(self) -> list[str]:
        """The damages found by checking everything; empty for a sound ledger."""

    def odd_moves(self) -> list[tuple[str | None, str, int]]:
        """Recorded moves (origin, target, count) that `message_state.MOVES` doesn't permit."""

    def lost_writes(self) -> str | None:
        """What to say of a ledger that lacks its latest writes, after the words "the ledger"; None if it lacks nothing."""

    def one_moment(self) -> AbstractContextManager[None]:
        """Has the block's look-ups tell of one moment, even if other runs write meanwhile. The block must not write."""

    def close(self) -> None:
        """Ends the access. A run's lock is given back."""


class Claims(Protocol):
    """The ledger as the send loop sees it."""

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        """Makes results and claims durable in one commit; `now` is in Unix seconds by this machine's clock.

        Raises `LedgerTrouble` when another run has moved a settled message. Don't repeat an exchange that raised: `spill` its results.
        """

    def still_mine(self) -> bool:
        """Whether this run still owns the ledger. The loop asks before each claim."""

    def spill(self, settlements: Sequence[Settlement]) -> None:
        """Keeps results that `exchange` could not write; the next `begin` imports them. Raises OSError."""


class Ledger(Facts, Claims, Protocol):
    """A ledger opened to write, and checked, by one run: with its lock, unless others may write too."""

    @property
    def is_shared(self) -> bool:
        """Whether other runs may move its messages meanwhile."""

    def begin(self, owner: RunOwner, *, now: float) -> StartedRun:
        """Begins a run: imports spilled results and puts into doubt what dead runs were sending."""

    def check_sends(self, names: Collection[str] | None) -> None:
        """Verifies the messages of specs of these names, or of all; call it before relying on them. Raises `LedgerDamaged`.

        Does nothing where they were verified when the ledger was opened, or where a server does it.
        """

    def note_approval(self, note: RunNote) -> None:
        """Notes with the run what it carries out and who approved it."""

    def note_clock(self, offset: float) -> None:
        """Notes by how many seconds the API's clock is ahead of this machine's; later claims are dated by it."""

    def put_planned(
        self,
        identity: SendIdentity,
        records: Iterable[PlannedRecord],
        plan_digest: bytes,
        *,
        now: float,
        route: Route | None = None,
        continues: bool = False,
    ) -> int:
        """Writes a plan's messages as planned, all or none; returns their count. If `records` raises, nothing is written.

        A message that is planned already takes the new payload, reference, line and size as long as no message of the send was ever
        claimed. Afterwards it does so only if the send `continues` with the present text; else it is on hold.
        """

    def put_baselined(self, identity: SendIdentity, records: Iterable[PlannedRecord], *, now: float) -> int:
        """Writes a send's messages as baselined, all or none; returns their count."""

    def give_up(self, identity: SendIdentity, reason: str) -> None:
        """Notes that a person gave this generation up. Its messages keep their states."""

    def move(self, by: Move, changes: Sequence[Change], *, now: float) -> None:
        """Moves messages other than by an attempt to send them, all or none. Raises `MessagesMoved` when one has moved meanwhile."""

    def note_absent(self, missed: Sequence[tuple[bytes, int]], *, now: float) -> None:
        """Notes that a complete list of the API lacks these messages in doubt (id, attempt). For each attempt, only the first such note is kept."""

    def make_room(self, in_flight: int) -> None:
        """Reserves the space that `spill` would need for so many messages. Raises `LedgerUnwritable`."""

    def purge(self, *, before: float) -> int:
        """Removes the personal data of messages settled before then (Unix seconds); returns their count."""

    def note_opt_outs(self, count: int) -> None:
        """Notes how many opt-out signals there are. The note never shrinks."""

    def end(self, *, now: float, ending: str, requests: int) -> None:
        """Closes the run's record."""
