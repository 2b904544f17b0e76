"""Notices changes of what the sandbox's page shows, without reading all of it again."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable

from sendspec.sandbox.fault_switch import FaultSwitch
from sendspec.sandbox.incoming import interactions_with
from sendspec.sandbox.life import life_of, replies_to
from sendspec.sandbox.store import Store

TAKEN_AT_ONCE = 1_000
GRAIN = 10
"""Moments are told apart to a tenth of a second."""


class ChangeWatch:
    """Thread-safe. Looks at what is new in the store, and knows when the next step in the life of any message is due."""

    def __init__(
        self, store: Store, faults: FaultSwitch, clock: Callable[[], float], pace: float, mark: Callable[[], object]
    ) -> None:
        """`mark` changes when something outside of the store does that the page shows."""
        self._store, self._faults, self._clock, self._pace, self._mark = store, faults, clock, pace, mark
        self._lock = threading.Lock()
        self._cursor = 0
        self._lost_at = store.lost_at
        self._due: list[int] = []
        self._steps = 0

    def version(self) -> str:
        """Differs as soon as the page would show something else. Raises `SandboxUnwritable`."""
        with self._lock:
            newest, lost_at = self._store.newest_numbers(), self._store.lost_at
            if lost_at != self._lost_at:
                self._cursor, self._lost_at = 0, lost_at
            self._take_in(newest[0])
            now = int(self._clock() * GRAIN)
            while self._due and self._due[0] <= now:
                heapq.heappop(self._due)
                self._steps += 1
            counts = [*self._faults.state().counts.values()]
            return f"{newest} {self._faults.version} {counts} {self._steps} {lost_at} {self._mark()}"

    def _take_in(self, newest: int) -> None:
        """Notes when the steps of new messages are due. Numbers begin again once everything was forgotten."""
        self._cursor = min(self._cursor, newest)
        now = self._clock()
        due = set(self._due)
        while found := self._store.after(self._cursor, TAKEN_AT_ONCE):
            for message in found:
                moments = [reached.at for reached in life_of(message, self._pace)]
                moments += [text.created_at for text in replies_to(message, self._pace)]
                moments += [each.at for each in interactions_with(message, (), self._pace)]
                due.update(int(at * GRAIN) + 1 for at in moments if at > now)
            self._cursor = found[-1].number
        if len(due) > len(self._due):
            self._due = sorted(due)
