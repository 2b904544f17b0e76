"""What planning is told about a message: the state the ledger has it in, and the payload it was last planned with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TypeAlias


class State(StrEnum):
    """The words stand in the ledger and in JSON."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"


class Baselined(Enum):
    """A message that was sent before its ledger was made: `skipped`, and of its own kind for who reads a plan."""

    BASELINED = "baseline"


BASELINED = Baselined.BASELINED
Standing: TypeAlias = State | Baselined
"""How a message stands in the ledger."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`digest` is the payload digest (`identity.payload_digest`). `resend` counts how often a person had it sent again, `attempt`
    how often it was claimed. `baselined`: it was sent before the ledger was made.
    """

    state: State
    digest: bytes
    resend: int = 0
    attempt: int = field(default=0, compare=False)
    baselined: bool = False

    @property
    def standing(self) -> Standing:
        return BASELINED if self.baselined else self.state
