"""Moves what was spooled into the delivery store, from a thread, as soon as it arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.wording import os_reason
from sendspec.operations.webhook_spool import Spool

PAUSES = (0.5, 1.0, 2.0)
"""Seconds until the store is tried again, the last of them for good: a STOP must not lie here once it can be stored."""
IDLE_SECONDS = 60.0
"""How often the store is called without lines: what came early may find its message."""

Store = Callable[[Sequence[bytes]], None]


class Drain:
    """`store` makes lines durable elsewhere, or raises `SendspecError` or OSError. It is called by one thread.

    `failed` is called if it raises anything else, which is then `failure`: a bug.
    """

    def __init__(
        self,
        spool: Spool,
        store: Store,
        tell: Callable[[str], None],
        failed: Callable[[], None] = lambda: None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._spool, self._store, self._tell, self._failed = spool, store, tell, failed
        self._pauses = pauses
        self._wake, self._ending = threading.Event(), threading.Event()
        self._told = ""
        self._failures = 0
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Says that something was spooled."""
        self._wake.set()

    def end(self, seconds: float | None = None) -> None:
        """Tries once more to store what is left, and ends the thread. Leaves it alone if that takes longer: then close the spool."""
        self._ending.set()
        self._wake.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while True:
                self._wake.clear()
                if self._ending.is_set():  # looked at after that, as `end` sets it before it wakes
                    break
                if self._try():
                    self._failures = 0
                    self._wake.wait(IDLE_SECONDS)
                else:
                    self._ending.wait(self._pauses[min(self._failures, len(self._pauses) - 1)])
                    self._failures += 1
            self._try()
        except BaseException as error:  # the thread's end would go unnoticed
            self.failure = error
            self._failed()

    def _try(self) -> bool:
        try:
            found = self._spool.read()
            self._store(found.lines)
            while found.lines:
                self._spool.forget(found.end)
                if (found := self._spool.read()).lines:
                    self._store(found.lines)
        except SendspecError as error:
            self._note(f"{error.problem}; {error.fix}")
        except OSError as error:
            self._note(os_reason(error))
        else:
            self._told = ""
            return True
        return False

    def _note(self, problem: str) -> None:
        if problem != self._told:
            self._told = problem
            self._tell(f"what arrives stays in {self._spool.path.name} until it can be stored: {problem}")
