"""The senders of a run: how many there are, which are ready, and when those without a connection retry."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import field

from sendspec.diagnostics.clock import Clock
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.sending.pace import back_off
from sendspec.sending.run import Pause
from sendspec.sending.sender import Order, Quit, Reconnect, Sender


@dataclass(slots=True)
class SenderPool:
    """`new_sender` makes a sender without starting it. Times are in monotonic seconds."""

    new_sender: Callable[[], Sender]
    max_senders: int
    clock: Clock
    reconnect_at: float = 0.0
    _senders: list[Sender] = field(default_factory=list)
    _ready: deque[Sender] = field(default_factory=deque)
    _down: deque[Sender] = field(default_factory=deque)
    _failures: int = 0
    _reason: str = ""
    _connected_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._connected_at = self.clock.monotonic()

    @property
    def size(self) -> int:
        return len(self._senders)

    @property
    def ready(self) -> int:
        return len(self._ready)

    @property
    def down(self) -> int:
        return len(self._down)

    def spawn(self, wanted: int) -> None:
        """Starts up to `wanted` more. Raises RuntimeError where no thread can be started at all."""
        for _ in range(min(wanted, self.max_senders - len(self._senders))):
            sender = self.new_sender()
            try:
                sender.thread.start()
            except RuntimeError:  # out of threads: fewer connections still send everything
                if not self._senders:
                    raise
                return
            self._senders.append(sender)

    def mark_ready(self, sender: Sender) -> None:
        """The sender is connected and waits for a message."""
        self._connected_at = self.clock.monotonic()
        self._failures = 0
        self._ready.append(sender)

    def mark_down(self, sender: Sender, reason: str) -> None:
        """The sender could not connect. All such senders retry together, after a back-off that begins with the first of them."""
        self._down.append(sender)
        self._reason = reason
        now = self.clock.monotonic()
        if now < self.reconnect_at < math.inf:
            return
        self.reconnect_at = now + back_off(self._failures, self.clock.random())
        self._failures += 1

    @property
    def pause(self) -> Pause | None:
        """Until when no message can be handed out because nothing is connected; None while a sender is, or is at work."""
        if len(self._down) < len(self._senders) or not self._down:
            return None
        return Pause(self._reason, max(0.0, self.reconnect_at - self.clock.monotonic()))

    def seconds_without_connection(self) -> float:
        """Seconds since a sender was last connected."""
        return self.clock.monotonic() - self._connected_at

    def reconnect(self) -> None:
        """Has the senders without a connection retry, once it is time."""
        if self._down and self.clock.monotonic() >= self.reconnect_at:
            self.reconnect_at = math.inf  # until the first retry reports
            for _ in range(len(self._down)):
                self._down.popleft().orders.put(Reconnect())

    def dispatch(self, order: Order) -> None:
        """Gives an order to the sender that has been ready longest."""
        self._ready.popleft().orders.put(order)

    def stop(self) -> None:
        for sender in self._senders:
            sender.orders.put(Quit())

    def join(self) -> None:
        """Waits for the idle senders only: one that is connecting could take its full timeout."""
        for sender in self._ready:
            sender.thread.join()
