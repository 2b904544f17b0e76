"""The senders of a run: how many there are, which of them stand ready, and when those without a connection try again."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sendspec.diagnostics.clock import Clock
from sendspec.sending.pace import back_off
from sendspec.sending.sender import Connect, Leave, Order, Sender


@dataclass(slots=True)
class SenderPool:
    """`hire` makes a sender that isn't started; there are `most` at most. Times are in monotonic seconds."""

    hire: Callable[[], Sender]
    most: int
    clock: Clock
    reconnect_at: float = 0.0
    _senders: list[Sender] = field(default_factory=list)
    _ready: deque[Sender] = field(default_factory=deque)
    _down: deque[Sender] = field(default_factory=deque)
    _failures: int = 0
    _contact_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._contact_at = self.clock.monotonic()

    @property
    def size(self) -> int:
        return len(self._senders)

    @property
    def ready(self) -> int:
        return len(self._ready)

    @property
    def down(self) -> int:
        return len(self._down)

    def grow(self, wanted: int) -> None:
        """Starts up to `wanted` more. Raises RuntimeError where not even one thread can be had."""
        for _ in range(min(wanted, self.most - len(self._senders))):
            sender = self.hire()
            try:
                sender.thread.start()
            except RuntimeError:  # no more threads to be had: fewer connections do as well
                if not self._senders:
                    raise
                return
            self._senders.append(sender)

    def stands(self, sender: Sender) -> None:
        """A sender has its connection and waits for a message."""
        self._contact_at = self.clock.monotonic()
        self._failures = 0
        self._ready.append(sender)

    def fell(self, sender: Sender) -> float | None:
        """A sender could not connect. Returns the seconds until all such try again, None where that is settled already."""
        self._down.append(sender)
        now = self.clock.monotonic()
        if now < self.reconnect_at < math.inf:
            return None
        self.reconnect_at = now + back_off(self._failures, self.clock.random())
        self._failures += 1
        return self.reconnect_at - now

    def out_of_contact(self) -> float:
        """Seconds since any sender had a connection."""
        return self.clock.monotonic() - self._contact_at

    def reconnect(self) -> None:
        """Those without a connection try again, once it is time."""
        if self._down and self.clock.monotonic() >= self.reconnect_at:
            self.reconnect_at = math.inf  # until the first of them reports
            for _ in range(len(self._down)):
                self._down.popleft().orders.put(Connect())

    def order(self, order: Order) -> None:
        """To the sender that is ready the longest."""
        self._ready.popleft().orders.put(order)

    def dismiss(self) -> None:
        for sender in self._senders:
            sender.orders.put(Leave())

    def join(self) -> None:
        """Waits for those that have nothing to do: a sender that waits for a connection could take its whole time."""
        for sender in self._ready:
            sender.thread.join()
