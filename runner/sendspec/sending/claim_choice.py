"""Chooses the messages to claim next, within the pace, the breaker and the senders that are ready."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import field
from typing import TypeAlias

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.decision import Skip
from sendspec.sending.circuit_breaker import BreakerState
from sendspec.sending.run import Sendable, Settings
from sendspec.sending.run_state import RunState
from sendspec.sending.sender_pool import SenderPool

MAX_EXPIRED = 1_000
"""Messages that are left as expired in one turn of the loop."""

ClaimGroup: TypeAlias = tuple[Sequence[Sendable], float]
"""The messages of one request, and when it may go out, in monotonic seconds."""


@dataclass(slots=True)
class ClaimChooser:
    """`chosen_at` is when messages were last chosen, in monotonic seconds."""

    state: RunState
    pool: SenderPool
    settings: Settings
    clock: Clock
    chosen_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.chosen_at = self.clock.monotonic()

    def choose(self) -> list[ClaimGroup]:
        """The messages to claim now, by request; none while the breaker is open or once the run ends."""
        state = self.state
        breaker = state.breaker.state
        if state.ending is None and state.check_expiry(self.clock.wall()):
            self._leave_expired()
            return []
        if state.ending is not None or breaker in (BreakerState.OPEN, BreakerState.BROKEN):
            return []
        now = self.chosen_at = self.clock.monotonic()
        probing = breaker is BreakerState.HALF_OPEN
        window = 1 if probing else state.pace.window
        wanted = min(self.pool.ready, window - len(state.in_flight))
        if wanted <= 0:
            self._spawn_if_short(now, window)
            return []
        if now < state.pace.next_slot(now):
            return []
        size = 1 if probing else self.settings.batch or 1
        chosen = self._take(now, wanted * size)
        slots = state.pace.slots(now, -(-len(chosen) // size))
        for message in chosen[len(slots) * size :]:
            state.backlog.put_back(message, 0.0)
        return [(chosen[number * size : (number + 1) * size], due) for number, due in enumerate(slots)]

    def _leave_expired(self) -> None:
        """Counts messages whose turn comes too late, retries too. A part at a time: results and a request to stop are heard between."""
        self.state.tally.unclaimed[Skip.EXPIRED] += len(self._take(math.inf, MAX_EXPIRED))

    def _take(self, now: float, limit: int) -> list[Sendable]:
        """The next messages. If composing them raises, everything in flight is settled before that is raised again."""
        try:
            return self.state.backlog.take(now, limit)
        except Exception as error:
            self.state.fail(error, "the messages could not be read to their end")
            return []

    def _spawn_if_short(self, now: float, window: int) -> None:
        """Starts more senders when slots are due and all senders are busy: the latency exceeds the guess."""
        state = self.state
        wanted = self.settings.per_second is not None and not state.backlog.exhausted
        if wanted and self.pool.size <= len(state.in_flight) < window and state.pace.next_slot(now) <= now:
            self.pool.spawn(max(1, self.pool.size // 2))
