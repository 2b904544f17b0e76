"""The records that a ledger takes and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from sendspec.composing.identity import resent
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.message_state import State

PURGED = bytes(16)
"""The receiver hash of a purged message, whose own was erased."""
MOVED_EVIDENCE = "accepted under the name "
"""Prefix of the evidence of a message dropped because it was accepted under another name of its spec."""


@dataclass(frozen=True, slots=True)
class SendIdentity:
    """What identifies a send: one spec in one generation. `path` is relative to the project, and may change.

    Later runs compare the rest with the spec: the templates of `key` and `to` in canonical form, the text digest, the commit that the spec
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

    `claimed`: some message was claimed. `baselined`: its messages were sent before the ledger was made. `given_up`: a person's reason
    for giving it up. `messages` counts its rows. `last_claimed_at` is in Unix seconds by the API's clock; the last claim was made then
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


class PlannedRecord(NamedTuple):
    """A message to write to the ledger as planned. `receiver` is a keyed hash of 16 bytes, `digest` is `identity.payload_digest`.

    `reference` is the user's own, None where the message goes out under its id's text. `masked` is the recipient as it may be
    shown. `line` is its row's line in the table. `size` is twice the segments, plus one for UCS-2. `scheduled_for` is when the
    API is to send it (Unix seconds), None for at once. `shape` marks how it looks; None: that is not known.
    """

    id: bytes
    digest: bytes
    reference: str | None
    receiver: bytes
    masked: str
    line: int | None = None
    size: int | None = None
    scheduled_for: int | None = None
    shape: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A message about to be sent. The claim is won only if the ledger has the message planned with this digest and reference.

    `reference` is the user's own, without the suffix of a forced resend; None where the message goes out under its id's text.
    """

    id: bytes
    digest: bytes
    reference: str | None


class ClaimLost(StrEnum):
    """Why a claim was lost: another payload is planned (`ON_HOLD`), or the message is no longer planned (`TAKEN_ELSEWHERE`)."""

    ON_HOLD = "on-hold"
    TAKEN_ELSEWHERE = "taken-elsewhere"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The result of an exchange: the attempt number of each claim won, and why each other claim was lost.

    `halt` is why no run may claim anything for now; None if they may. Under a halt, claims are neither won nor lost.
    """

    won: Mapping[bytes, int]
    lost: Mapping[bytes, ClaimLost] = field(default_factory=lambda: MappingProxyType({}))
    halt: str | None = None


@dataclass(frozen=True, slots=True)
class StartedRun:
    """The number of a run that has begun, and how many messages of dead runs it put in doubt."""

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
    """A move of a message that no attempt makes, but reconciling, the witness or a person.

    `attempt` is the one that the decision was made on: if the ledger has another, the move fails. `planned` replaces payload and
    reference of a message that may be sent again; None keeps them. `resend` makes it a forced resend, under a new reference, as
    nothing proves that its earlier attempts were not accepted.
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
    """A message as the ledger knows it. `updated_at` is in Unix seconds by this machine's clock; `resends` counts forced resends.

    `is_under_way`: another run is sending it, and is known to live.
    """

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
    resends: int
    line: int | None = None
    size: int | None = None
    is_under_way: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """The channel that messages went through, and its workspace, as UUIDs."""

    workspace: str
    channel: str


Send = tuple[str, int]
"""A spec's name and generation."""


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A planned message as the witness compares it with the API's list. `reference` is the user's own, None for the id's text.

    `receiver` is a keyed hash. `resends` counts forced resends. `first_claimed_at` is in Unix seconds by the API's clock, None if the
    message was never claimed or that clock was unknown.
    """

    id: bytes
    name: str
    generation: int
    attempt: int
    reference: str | None
    receiver: bytes
    resends: int = 0
    first_claimed_at: int | None = None


def references_of(message: PlannedMessage) -> list[str]:
    """The user's own references of a message: those that it went out under before, and the next one. Empty without one."""
    own = message.reference
    return [] if own is None else [resent(own, times) for times in range(message.resends + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message in doubt. `reference` is the one it went out under, `receiver` the keyed hash of its recipient.

    `route` is None if an earlier version's ledger did not note it. `own_reference`: the reference is the user's own.
    Times are in Unix seconds. `local_claimed_at` is by this machine's clock, `first_claimed_at` by the API's (None if unknown);
    `clock_offset` is by how many seconds the API's clock was ahead in the run that claimed it. `missed_at` is when a complete list
    of the API first lacked the message, and `doubted_at` when it was put in doubt, so that its attempt was over; both by this
    machine's clock. `scheduled_for` is when the API was to send it.
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
    """An accepted message, which the API's list must show. `purged`: its recipient, and a reference of the user's own, are no longer known.

    `times` are its first claim and its acceptance, as far as known, in Unix seconds by the API's clock.
    """

    remote_id: str
    reference: str
    receiver: bytes
    times: tuple[float, ...]
    purged: bool


@dataclass(frozen=True, slots=True)
class SentMessage:
    """An accepted message of a send, as what became of it is looked up. `remote_id` is the API's id, None if it isn't known.

    `accepted_at` is in Unix seconds by this machine's clock, `clock_offset` by how many seconds the API's was ahead then, None if
    unknown. `scheduled_for` is when the API is to send it. `route` is the channel it went through, None if that was not noted.
    """

    id: bytes
    remote_id: str | None
    accepted_at: float
    route: Route | None
    clock_offset: float | None = None
    scheduled_for: int | None = None


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message of the ledger in any state, as sightings are compared with it.

    `receiver` is a keyed hash, `reference` the one that the message goes out under.
    """

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
