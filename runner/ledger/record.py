"""What goes into the ledger and comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from runner.planning.fact import State


@dataclass(frozen=True, slots=True)
class SpecIdentity:
    """A send: `path` is relative to the project, and no part of the identity."""

    name: str
    generation: int
    path: str


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A message that a run will send. `reference` None is the id's own text; `receiver` is a keyed hash of 16 bytes."""

    id: bytes
    digest: bytes
    reference: str | None
    receiver: bytes
    masked: str


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


@dataclass(frozen=True, slots=True)
class Route:
    """Where messages went: the workspace and the channel, as UUIDs."""

    workspace: str
    channel: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A planned message. `reference` is the user's own, None for the id's text."""

    id: bytes
    attempt: int
    reference: str | None
    receiver: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message whose fate is not known. `reference` is the one it went out with, `receiver` the keyed hash of who it went to.

    `route` is None where a ledger of an earlier version did not note it. Times are in Unix seconds; `missed_at` is when a
    complete list of the API's first lacked it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOwner:
    """Who runs: for the ledger's record, and for the message to a second run."""

    pid: int
    host: str
    command: str
