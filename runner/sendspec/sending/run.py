"""What a run takes and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.record import Claim
from sendspec.planning.decision import Skip
from sendspec.provider.outcome import Outcome
from sendspec.sending.ending import Ending


@dataclass(frozen=True, slots=True)
class Sendable:
    """A message ready for the wire. An acceptance has to echo `reference` and `receiver`; `claim` is what the ledger has planned.

    `receivers` are the addresses of all its contacts, where the run checks suppression lists or opt-outs.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`concurrency` and `per_second` count requests; `per_second` None is no limit of ours. Times are in seconds.

    `expected` is the largest possible number of messages. `batch` is how many of them one request to the batch endpoint may carry;
    None sends each in a request of its own. `patience` is how long the API may be unreachable before the run ends. From `not_after`
    on (Unix seconds by this machine's clock), nothing is claimed.
    """

    concurrency: int
    per_second: float | None
    timeout: float
    trust_503: bool
    failure_rate: float | None
    expected: int
    batch: int | None = None
    patience: float = 120.0
    not_after: float | None = None


class StopStage(Enum):
    NO = auto()
    GRACEFUL = auto()
    FAST = auto()


class Stop:
    """A request to stop, made from a signal handler. Asked once, the run finishes what is in flight; twice, it leaves that in doubt."""

    def __init__(self) -> None:
        self.stage = StopStage.NO
        self.signal: int | None = None
        self._wake: Callable[[], None] = lambda: None

    def ask(self, signal: int) -> None:
        self.stage = StopStage.GRACEFUL if self.stage is StopStage.NO else StopStage.FAST
        self.signal = self.signal or signal
        self._wake()

    def wakes(self, wake: Callable[[], None]) -> None:
        """Calls `wake` on each request to stop. It has to be safe in a signal handler."""
        self._wake = wake


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing goes out at present, and for how many seconds from now; None: that depends on others."""

    why: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class RecentReason:
    """A reason of refusals or doubts, and how many messages of the run have it. `what` is `refused` or `in doubt`."""

    what: str
    text: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Outcomes so far, of which the ledger has every one. `unclaimed` counts messages that this run leaves alone.

    `in_flight` counts messages whose answers are awaited. `stopping`: the run was asked to stop, so nothing follows them. `reasons` are
    the last ones that there were, in the order in which they first came.
    """

    accepted: int
    refused: int
    in_doubt: int
    unclaimed: int
    in_flight: int
    pause: Pause | None
    stopping: bool
    reasons: tuple[RecentReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """The text of a refusal or doubt, how many messages have it, and the id of the first."""

    text: str
    count: int
    first: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Counts of messages. `unclaimed` counts, by reason, those that could not or must not be claimed.

    `requests` are POSTs of which a byte left; `seconds` run from the first claim to the last settlement.
    """

    accepted: int
    refused: int
    in_doubt: int
    unclaimed: Mapping[Skip, int]
    requests: int
    seconds: float
    ending: Ending
    refusals: tuple[Cause, ...]
    doubts: tuple[Cause, ...]
    watch_error: str | None


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of one attempt to send one message."""

    message: Sendable
    attempt: int
    outcome: Outcome
