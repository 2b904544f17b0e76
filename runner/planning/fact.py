"""What planning is told about a message: the state the ledger has it in, and the payload it was last planned with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """The words stand in the ledger and in JSON."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Fact:
    """`digest` is the SHA-256 of the payload without `reference`. `resend` counts how often a person had it sent again, `attempt`
    how often it was claimed.
    """

    state: State
    digest: bytes
    resend: int = 0
    attempt: int = field(default=0, compare=False)
