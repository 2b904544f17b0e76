"""What goes into the ledger and comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sendspec.composing.identity import resent
from sendspec.planning.message_state import State

PURGED = bytes(16)
"""The receiver hash of a purged message."""
MOVED = "accepted under the name "
"""Prefix of the evidence of a message dropped because it was accepted under another name of its spec."""


@dataclass(frozen=True, slots=True)
class SpecIdentity:
    """A send: `path` is relative to the project, and no part of the identity.

    The rest is what later runs compare: the templates of `key` and `to` in a form that is the same for the same meaning, the
    text digest, the commit that the spec was read at, and the name that it had before.
    """

    name: str
    generation: int
    path: str
    key_tree: str | None = None
    to_tree: str | None = None
    text_digest: str | None = None
    commit: str | None = None
    moved_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRecord:
    """A send as the ledger knows it. `claimed`: a message of it was claimed; `baselined`: it went out before the ledger was made;
    `given_up`: why a person gave it up, None where nobody did.

    `messages` counts its rows. `claimed_at`: its last claim was made then or up to a minute later, in Unix
    seconds by the API's clock. What a
    ledger of an earlier version did not note is None.
    """

    name: str
    generation: int
    path: str
    messages: int
    claimed: bool
    baselined: bool = False
    key_tree: str | None = None
    to_tree: str | None = None
    text_digest: str | None = None
    moved_from: str | None = None
    claimed_at: float | None = None
    given_up: str | None = None

    @property
    def is_used(self) -> bool:
        """Whether this generation is behind us: people have its messages, or a person gave it up."""
        return self.claimed or self.baselined or self.given_up is not None


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A message that a run will send. `reference` None is the id's own text; `receiver` is a keyed hash of 16 bytes.

    `digest` is `identity.payload_digest`; `line` the row's in its table; `size` twice the segments, and one more for UCS-2;
    `scheduled_for` when the API is to send it (Unix seconds), None for at once.
    """

    id: bytes
    digest: bytes
    reference: str | None
    receiver: bytes
    masked: str
    line: int | None = None
    size: int | None = None
    scheduled_for: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is about to be sent. It is won only where the ledger has exactly this planned.

    `reference` is the user's own, None for the id's text; without the suffix of a message that is sent again.
    """

    id: bytes
    digest: bytes
    reference: str | None


class Lost(StrEnum):
    """Why a claim was not won: another text is planned, or another run, or the API's list, was faster."""

    ON_HOLD = "on-hold"
    TAKEN_ELSEWHERE = "taken-elsewhere"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What came of an exchange: the attempt's number for each id won, and why each of the others was not."""

    won: Mapping[bytes, int]
    lost: Mapping[bytes, Lost] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Begun:
    """A run's number, and how many messages of dead runs it found in doubt."""

    run: int
    recovered: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one attempt. `remote_id` is the API's id, `evidence` why the outcome is what it is."""

    id: bytes
    attempt: int
    to: State
    remote_id: str | None = None
    evidence: str | None = None
    http_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A message moved outside of its attempt, by reconciling or by a person. `attempt` is the one the ledger has.

    `planned` is what takes the place of payload and reference where the message may be sent again; None keeps them. `resend`
    gives it another reference than its earlier attempts had: nothing proves that those were not accepted.
    """

    id: bytes
    attempt: int
    to: State
    reason: str
    remote_id: str | None = None
    planned: PlannedRecord | None = None
    resend: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """One message as the ledger knows it. `updated_at` is in Unix seconds."""

    id: bytes
    name: str
    generation: int
    state: State
    attempt: int
    masked: str
    reference: str | None
    remote_id: str | None
    http_status: int | None
    evidence: str | None
    updated_at: float
    resend: int
    line: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where messages went: the workspace and the channel, as UUIDs."""

    workspace: str
    channel: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A planned message of a send. `reference` is the user's own, None for the id's text; `resend` how often it was sent again by hand.

    `first_claimed_at` is in Unix seconds by the API's clock, None where it was never claimed or that clock was not known.
    """

    id: bytes
    name: str
    generation: int
    attempt: int
    reference: str | None
    receiver: bytes
    resend: int = 0
    first_claimed_at: int | None = None


def references_of(waiting: Waiting) -> list[str]:
    """The user's own references under which the message went out before, and the one it goes out under next."""
    own = waiting.reference
    return [] if own is None else [resent(own, times) for times in range(waiting.resend + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message whose fate is not known. `reference` is the one it went out with, `receiver` the keyed hash of who it went to.

    `route` is None where a ledger of an earlier version did not note it. Times are in Unix seconds: `claimed_at` by this
    machine's clock, `first_claimed_at` by the API's (None where that was not known), and `clock_offset` is by how much the API's
    was ahead in the run that claimed it. `missed_at` is when a complete list of the API's first lacked it. `own_reference`: the
    reference is the user's own. `scheduled_for`: the API was to send it then. `doubted_at` is when it was noted to be in doubt, by
    this machine's clock: its attempt was over by then.
    """

    id: bytes
    name: str
    generation: int
    attempt: int
    reference: str
    receiver: bytes
    route: Route | None
    claimed_at: float
    missed_at: float | None
    own_reference: bool = False
    first_claimed_at: int | None = None
    clock_offset: float | None = None
    scheduled_for: int | None = None
    doubted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Listable:
    """An accepted message, which the API's list has to show. `times` are in Unix seconds by the API's clock: its first claim and
    its acceptance, as far as they are known. `purged`: who it went to is no longer known.
    """

    remote_id: str
    reference: str
    receiver: bytes
    times: tuple[float, ...]
    purged: bool


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message by its id: its state, the keyed hash of its receiver, the API's id, and the reference of its latest attempt."""

    state: State
    receiver: bytes
    remote_id: str | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOwner:
    """Who runs: for the ledger's record, and for the message to a second run."""

    pid: int
    host: str
    command: str
