"""What became of one message on the wire: decided from whether a byte left, and from what was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Accepted:
    """The API took it, under this id."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The API documents this answer as not accepted. `remote_id` is there where it gave the message an id and rejected it."""

    http_status: int
    text: str
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of it left this machine."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotProcessed:
    """The API documents this answer as not processed: it may be sent again. `retry_after` is in seconds, None where not given."""

    http_status: int
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class RunRefused:
    """The API refuses the run, not this message: key, balance, right or channel."""

    http_status: int
    text: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have been accepted. Only the API or a person can tell.

    `invalid_acceptance`: a 2xx that is no acceptance, as of a proxy's page. `stops_run`: an answer that stops the run, as nobody documents it
    or it leads elsewhere.
    """

    evidence: str
    http_status: int | None = None
    invalid_acceptance: bool = False
    stops_run: bool = False


Outcome: TypeAlias = Accepted | Refused | NotSent | NotProcessed | RunRefused | InDoubt
