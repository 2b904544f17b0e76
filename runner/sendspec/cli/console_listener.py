"""Writes to the console what an operation reports while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sendspec.cli.console import Console
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.sending.run import RunProgress
from sendspec.showing.progress import ProgressLine
from sendspec.showing.reconcile import alarm_lines, reconciled_lines

if TYPE_CHECKING:
    from sendspec.sending.reconciliation import Reconciled


class ConsoleListener:
    """The `Listener` of one command. Reports each alarm once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._alarms: set[str] = set()

    def warn(self, text: str) -> None:
        self._console.warn(text)

    def detail(self, text: str) -> None:
        self._console.detail(text)

    def diagnostics(self, found: Sequence[Diagnostic]) -> None:
        self._console.diagnostics(found, ending="", as_result=False)

    def reconciled(self, outcome: Reconciled, environment: str) -> None:
        for line in reconciled_lines(outcome, environment):
            self._console.warn(line)

    def alarms(self, outcome: Reconciled) -> None:
        for line in alarm_lines(outcome):
            if line not in self._alarms:
                self._alarms.add(line)
                self._console.warn(line)

    @contextmanager
    def progress(self, total: int, per_second: float | None) -> Iterator[Callable[[RunProgress], None]]:
        system = self._console.system
        live = sys.stderr.isatty() and not system.is_ci and system.environ.get("TERM") != "dumb"
        rate = "" if per_second is None else f"{per_second:g}/s"
        line = ProgressLine(sys.stderr, total=total, live=live, rate=rate, now=system.clock.monotonic())

        def watch(progress: RunProgress) -> None:
            if not self._console.quiet:
                line.show(progress, system.clock.monotonic())

        try:
            yield watch
        finally:
            line.clear()
