"""What planning learns from the ledger about one message."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TypeAlias

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.message_state import State


class PlanningState(Enum):
    """A state that only planning distinguishes.

    `BASELINED`: sent before its ledger was made. The ledger keeps it as `skipped`; a plan skips it as `Skip.BASELINE`.
    `UNDER_WAY`: another run is sending it, and lives. A plan skips it as `Skip.TAKEN_ELSEWHERE`.
    """

    BASELINED = "baseline"
    UNDER_WAY = "under way"


PriorState: TypeAlias = State | PlanningState
"""A message's state before this run. Baselined messages are distinguished from other skipped ones, and what a living run sends from what a dead one left."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A message's state in the ledger, and the payload digest (`identity.payload_digest`) that it was last planned with.

    `resend` is the number of its forced resends, `attempt` the number of its claims. `baselined`: it is `skipped` because it was
    sent before the ledger was made. `under_way`: a living run is sending it.
    """

    state: State
    digest: bytes
    resend: int = 0
    attempt: int = field(default=0, compare=False)
    baselined: bool = False
    under_way: bool = False

    @property
    def prior_state(self) -> PriorState:
        if self.under_way:
            return PlanningState.UNDER_WAY
        return PlanningState.BASELINED if self.baselined else self.state
