"""What became of one message on the wire, decided by whether a byte left and by what was read."""

from __future__ import annotations

from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """The API accepted the message under this id."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The API documents this response as not accepted. `remote_id` is set where it gave the message an id and rejected it."""

    http_status: int
    text: str
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the message left this machine."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotProcessed:
    """The API documents this response as not processed, so the message may be sent again.

    `retry_after` is in seconds, None where the response has no usable one.
    """

    http_status: int
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class RunRefused:
    """The API refuses the run, not this message: the key, the balance, the permission or the channel."""

    http_status: int
    text: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The message may have been accepted. Only the API or a person can tell.

    `invalid_acceptance`: a 2xx response that proves no acceptance, such as a proxy's page. `stops_run`: a redirect, or a status
    that nobody documents for a message.
    """

    evidence: str
    http_status: int | None = None
    invalid_acceptance: bool = False
    stops_run: bool = False


Outcome: TypeAlias = Accepted | Refused | NotSent | NotProcessed | RunRefused | InDoubt
