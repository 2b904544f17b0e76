"""Tells a program that sends, by way of `logging`, what the command line would write to stderr."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sendspec.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:
    from sendspec.operations.listener import Watch
    from sendspec.sending.reconciliation import Reconciled
    from sendspec.sending.run import RunProgress


class LoggingListener:
    """Logs under the name `sendspec`. Shows no progress."""

    def __init__(self) -> None:
        self._log = logging.getLogger("sendspec")

    def say(self, text: str) -> None:
        self._log.info("%s", text)

    def warn(self, text: str) -> None:
        self._log.warning("%s", text)

    def detail(self, text: str) -> None:
        self._log.info("%s", text)

    def diagnostics(self, found: Sequence[Diagnostic]) -> None:
        for each in found:
            self._log.warning("%s:%d: %s", each.path, each.span.start.line, each.problem)

    def reconciled(self, outcome: Reconciled, environment: str) -> None:
        found, freed, left = len(outcome.found), len(outcome.freed), outcome.left
        self._log.warning("in doubt before: %d accepted, %d not accepted, %d still in doubt", found, freed, left)
        self.alarms(outcome)

    def alarms(self, outcome: Reconciled) -> None:
        for what in ("twice", "elsewhere", "rejected"):
            if ids := getattr(outcome, what):
                self._log.error("the API lists %d messages as %s: run `sendspec reconcile`", len(ids), what)

    @contextmanager
    def preparing(self) -> Iterator[Watch]:
        yield lambda preparation: None

    @contextmanager
    def progress(self, name: str, total: int, per_second: float | None) -> Iterator[Callable[[RunProgress], None]]:
        yield lambda progress: None
