"""The records that a ledger takes and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sendspec.composing.identity import resent
from sendspec.planning.message_state import State

PURGED = bytes(16)
"""The receiver hash of a purged message."""
MOVED_EVIDENCE = "accepted under the name "
"""Prefix of the evidence of a message dropped because it was accepted under another name of its spec."""


@dataclass(frozen=True, slots=True)
class SpecIdentity:
    """A send. `path` is relative to the project, and not part of the identity.

    Later runs compare the rest: the templates of `key` and `to` in canonical form, the text digest, the commit that the spec
    was read at, and the spec's former name.
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
    """A send as the ledger knows it. A field that an earlier version's ledger did not note is None.

    `claimed`: some message was claimed. `baselined`: it was sent before the ledger was made. `given_up`: a person's reason for
    giving it up. `messages` counts its rows. `last_claimed_at` is in Unix seconds by the API's clock; the last claim was made then
    or up to a minute later.
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
    last_claimed_at: float | None = None
    given_up: str | None = None

    @property
    def is_used(self) -> bool:
        """Whether this generation is over: some of it was sent, or a person gave it up."""
        return self.claimed or self.baselined or self.given_up is not None


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A message that a run will send. `receiver` is a keyed hash of 16 bytes, `digest` is `identity.payload_digest`.

    `reference` is the user's own, None for the id's text. `line` is the row's in its table. `size` is twice the segments, plus
    one for UCS-2. `scheduled_for` is when the API is to send it (Unix seconds), None for at once.
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
    """A message about to be sent. The claim wins only if the ledger has exactly this planned.

    `reference` is the user's own, None for the id's text, without the suffix of a forced resend.
    """

    id: bytes
    digest: bytes
    reference: str | None


class ClaimLost(StrEnum):
    """Why a claim was lost: another payload is planned, or another run or the API's list moved the message first."""

    ON_HOLD = "on-hold"
    TAKEN_ELSEWHERE = "taken-elsewhere"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The result of an exchange: the attempt number of each claim won, and why each other claim was lost."""

    won: Mapping[bytes, int]
    lost: Mapping[bytes, ClaimLost] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run's number, and how many messages of dead runs it put in doubt."""

    run: int
    recovered: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of one attempt. `remote_id` is the API's id, `evidence` the reason for the outcome."""

    id: bytes
    attempt: int
    to: State
    remote_id: str | None = None
    evidence: str | None = None
    http_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A message to be moved outside of its attempt, by reconciling or by a person. `attempt` is the ledger's.

    `planned` replaces payload and reference of a message that may be sent again; None keeps them. `resend` gives it a new
    reference, as nothing proves that its earlier attempts were not accepted.
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
    """A message as the ledger knows it. `updated_at` is in Unix seconds."""

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
    """The channel that messages went through, and its workspace, as UUIDs."""

    workspace: str
    channel: str


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A planned message of a send. `reference` is the user's own, None for the id's text; `resend` counts forced resends.

    `first_claimed_at` is in Unix seconds by the API's clock, None if it was never claimed or that clock was unknown.
    """

    id: bytes
    name: str
    generation: int
    attempt: int
    reference: str | None
    receiver: bytes
    resend: int = 0
    first_claimed_at: int | None = None


def references_of(waiting: PlannedMessage) -> list[str]:
    """The user's own references under which the message went out before, and the one it goes out under next."""
    own = waiting.reference
    return [] if own is None else [resent(own, times) for times in range(waiting.resend + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message in doubt. `reference` is the one it went out under, `receiver` its receiver's keyed hash.

    `route` is None if an earlier version's ledger did not note it. `own_reference`: the reference is the user's own.
    Times are in Unix seconds. `local_claimed_at` is by this machine's clock, `first_claimed_at` by the API's (None if unknown);
    `clock_offset` is how far the API's clock was ahead in the run that claimed it. `missed_at`: a complete list of the API
    first lacked it then. `scheduled_for`: the API was to send it then. `doubted_at`, by this machine's clock: it was put in
    doubt then, so its attempt was over.
    """

    id: bytes
    name: str
    generation: int
    attempt: int
    reference: str
    receiver: bytes
    route: Route | None
    local_claimed_at: float
    missed_at: float | None
    own_reference: bool = False
    first_claimed_at: int | None = None
    clock_offset: float | None = None
    scheduled_for: int | None = None
    doubted_at: float | None = None


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """An accepted message, which the API's list has to show. `purged`: its receiver is no longer known.

    `times` are its first claim and its acceptance, as far as known, in Unix seconds by the API's clock.
    """

    remote_id: str
    reference: str
    receiver: bytes
    times: tuple[float, ...]
    purged: bool


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """What a sighting is compared with. `receiver` is a keyed hash, `reference` the one of the latest attempt."""

    state: State
    receiver: bytes
    remote_id: str | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOwner:
    """The process of a run, for the run's record and for the error that a second run gets."""

    pid: int
    host: str
    command: str
