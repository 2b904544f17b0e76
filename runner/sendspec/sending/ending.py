"""How a run ends, and the pure functions that conclude it from what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, assert_never

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RunRefused
from sendspec.sending.circuit_breaker import BreakerState

MIN_CERTAIN = 20
"""The share of refusals counts from this many messages with a certain outcome on."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Every message had its turn."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    signal: int


@dataclass(frozen=True, slots=True)
class StoppedByApi:
    refusal: RunRefused


@dataclass(frozen=True, slots=True)
class SpecRefused:
    """The first responses were all refusals, so the spec is wrong, not a row."""

    text: str


@dataclass(frozen=True, slots=True)
class TooManyRefused:
    """The share of refused messages exceeded `failure_rate`."""

    refused: int
    certain: int


@dataclass(frozen=True, slots=True)
class TooManyDoubts:
    evidence: str


@dataclass(frozen=True, slots=True)
class UnexpectedAnswer:
    """A redirect, or a status that nobody documents for a message: the request or a proxy is at fault."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    reason: str


@dataclass(frozen=True, slots=True)
class SuppressLost:
    """A suppression list became unreadable, so nobody knows who was added to it."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class OptOutsUnread:
    """The opt-outs can't be read any more, so nobody knows who said stop. `code` is that of the trouble."""

    problem: str
    fix: str
    code: str


@dataclass(frozen=True, slots=True)
class LockLost:
    """The ledger or its lock file was removed or replaced: another run could hold it, or writes are lost."""


@dataclass(frozen=True, slots=True)
class LedgerLost:
    """The ledger can't be written any more."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class Halted:
    """Somebody halted all sends of the ledger."""

    reason: str


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
    | OptOutsUnread
    | LedgerLost
    | Halted
)


def ending_after(
    outcomes: Iterable[Outcome], *, certain: int, refused: int, failure_rate: float | None, breaker: BreakerState
) -> Ending | None:
    """The ending that a request's outcomes call for, one of each kind; None while the run may go on.

    `certain` counts the messages of the run that were accepted or refused, `refused` those that were refused; both with this
    request's.
    """
    enough = certain >= MIN_CERTAIN
    for outcome in outcomes:
        match outcome:
            case Accepted() | NotSent() | NotProcessed():
                pass
            case Refused(_, text):
                if enough and refused == certain:
                    return SpecRefused(text)
            case InDoubt(evidence):
                if outcome.stops_run:
                    return UnexpectedAnswer(evidence)
                if breaker is BreakerState.BROKEN:
                    return TooManyDoubts(evidence)
            case RunRefused():
                return StoppedByApi(outcome)
            case _:
                assert_never(outcome)
    if failure_rate is not None and enough and refused > failure_rate * certain:
        return TooManyRefused(refused, certain)
    return None


def ending_without_connection(reason: str, *, permanent: bool, seconds: float, patience: float) -> Unreachable | None:
    """The ending where a sender failed to connect and none has been connected for `seconds`; None while another try may help."""
    return Unreachable(reason) if permanent or seconds > patience else None
