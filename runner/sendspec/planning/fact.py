"""What planning is told about a message that the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sendspec.planning.message_state import State


class Baselined(Enum):
    """A message sent before its ledger was made: `skipped` in the ledger, a reason of its own in a plan."""

    BASELINED = "baseline"


BASELINED = Baselined.BASELINED
PriorState: TypeAlias = State | Baselined
"""A message's state before this run; baselined messages are told apart from other skipped ones."""


@dataclass(frozen=True, slots=True)
class Fact:
    """The ledger's state of a message, and the payload digest (`identity.payload_digest`) it was last planned with.

    `resend` counts forced resends, `attempt` claims. `baselined`: sent before the ledger was made.
    """

    state: State
    digest: bytes
    resend: int = 0
    attempt: int = field(default=0, compare=False)
    baselined: bool = False

    @property
    def prior_state(self) -> PriorState:
        return BASELINED if self.baselined else self.state
