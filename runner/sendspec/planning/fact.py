"""What planning learns from the ledger about one message."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sendspec.planning.message_state import State


class PlanningState(Enum):
    """A state that only planning distinguishes.

    `BASELINED`: sent before its ledger was made. The ledger keeps it as `skipped`; a plan skips it as `Skip.BASELINE`.
    """

    BASELINED = "baseline"


PriorState: TypeAlias = State | PlanningState
"""A message's state before this run. Baselined messages are distinguished from other skipped ones."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A message's state in the ledger, and the payload digest (`identity.payload_digest`) that it was last planned with.

    `resend` is the number of its forced resends, `attempt` the number of its claims. `baselined`: it is `skipped` because it was
    sent before the ledger was made.
    """

    state: State
    digest: bytes
    resend: int = 0
    attempt: int = field(default=0, compare=False)
    baselined: bool = False

    @property
    def prior_state(self) -> PriorState:
        return PlanningState.BASELINED if self.baselined else self.state
