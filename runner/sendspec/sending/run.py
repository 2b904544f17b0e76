"""What a run is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeAlias

from sendspec.ledger.record import Claim, Exchanged, Settlement
from sendspec.planning.decide import Skip
from sendspec.provider.outcome import Outcome, RefusedAsAWhole


@dataclass(frozen=True, slots=True)
class Sendable:
    """A message ready for the wire. `reference` and `receiver` are what an acceptance has to echo, `claim` what is planned of it.

    `receivers` are the addresses of all its contacts, where somebody may be added to a list of those who get nothing.
    """

    claim: Claim
    reference: str
    receiver: str
    body: bytes
    idempotency_key: str
    receivers: Sequence[str] = ()

    @property
    def id(self) -> bytes:
        return self.claim.id


class Claims(Protocol):
    """The ledger, as the loop needs it."""

    def exchange(self, *, settle: Sequence[Settlement], claim: Sequence[Claim], now: float) -> Exchanged:
        """Makes results and claims durable in one commit."""

    def spill(self, settlements: Sequence[Settlement]) -> None:
        """Keeps results that `exchange` could not make durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`per_second` None is no limit of ours. `expected` is how many messages there are at most. Times are in seconds.

    `batch` is how many messages one request may carry, to the batch endpoint; None sends each in a request of its own.
    `concurrency` and `per_second` count requests.
    """

    concurrency: int
    per_second: float | None
    timeout: float
    trust_503: bool
    failure_rate: float | None
    expected: int
    batch: int | None = None
    patience: float = 120.0


class Stopping(Enum):
    NO = auto()
    GRACEFUL = auto()
    FAST = auto()


class Stop:
    """Asked for from a signal handler: once, finish what is on the wire; twice, leave it in doubt and go."""

    def __init__(self) -> None:
        self.stage = Stopping.NO
        self.signal: int | None = None
        self._wake: Callable[[], None] = lambda: None

    def ask(self, signal: int) -> None:
        self.stage = Stopping.GRACEFUL if self.stage is Stopping.NO else Stopping.FAST
        self.signal = self.signal or signal
        self._wake()

    def wakes(self, wake: Callable[[], None]) -> None:
        """`wake` is called at each asking; it has to be safe in a signal handler."""
        self._wake = wake


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Outcomes known so far. `waiting_until` is wall time in seconds while the pace pauses, `why` the reason."""

    accepted: int
    refused: int
    in_doubt: int
    waiting_seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Every message had its turn."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    signal: int


@dataclass(frozen=True, slots=True)
class StoppedByApi:
    refusal: RefusedAsAWhole


@dataclass(frozen=True, slots=True)
class SpecRefused:
    """The first answers were all refusals: the spec is wrong, not a row."""

    text: str


@dataclass(frozen=True, slots=True)
class TooManyRefused:
    """The share of refused messages went beyond `failure_rate`."""

    refused: int
    answers: int


@dataclass(frozen=True, slots=True)
class TooManyDoubts:
    evidence: str


@dataclass(frozen=True, slots=True)
class UnexpectedAnswer:
    """An answer that nobody documents for a message, or a redirect: the request or a proxy is at fault."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    reason: str


@dataclass(frozen=True, slots=True)
class SuppressLost:
    """A list of those who get nothing can't be read any more: nobody knows who was added to it."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class LockLost:
    """The ledger or its lock file was removed or replaced: another run could hold it, or what is written is lost."""


@dataclass(frozen=True, slots=True)
class LedgerLost:
    """The ledger can't be written any more."""

    problem: str


Ending: TypeAlias = (
    Finished
    | Interrupted
    | StoppedByApi
    | SpecRefused
    | TooManyRefused
    | TooManyDoubts
    | UnexpectedAnswer
    | Unreachable
    | LockLost
    | SuppressLost
    | LedgerLost
)


@dataclass(frozen=True, slots=True)
class Cause:
    """A refusal's or doubt's text, how many messages have it, and the id of the first."""

    text: str
    count: int
    first: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Counts of messages; `requests` are POSTs of which a byte left; `seconds` from the first claim to the last settlement.

    `lost` are messages that could not, or must not, be claimed, by why.
    """

    accepted: int
    refused: int
    in_doubt: int
    lost: Mapping[Skip, int]
    requests: int
    seconds: float
    ending: Ending
    refusals: tuple[Cause, ...]
    doubts: tuple[Cause, ...]
    watch_error: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt of one message, ended."""

    message: Sendable
    attempt: int
    outcome: Outcome
