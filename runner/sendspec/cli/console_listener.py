"""Writes to the console what an operation reports while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sendspec.cli.console import Console
from sendspec.cli.interrupt import begin_to_send
from sendspec.cli.terminal import size
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.sending.run import RunProgress
from sendspec.showing.preparation_line import PreparationLine
from sendspec.showing.progress import ProgressLine, animates, stopping_words
from sendspec.showing.reconcile import alarm_lines, left_text, reconciled_lines

if TYPE_CHECKING:
    from sendspec.operations.listener import Preparation, Watch
    from sendspec.sending.reconciliation import Reconciled


class ConsoleListener:
    """The `Listener` of one command. Reports each alarm once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._alarms: set[str] = set()
        self._line: ProgressLine | PreparationLine | None = None
        self._is_stopping = False

    def say(self, text: str) -> None:
        self._clear()
        self._console.say(text)

    def warn(self, text: str) -> None:
        self._clear()
        self._console.warn(text)

    def detail(self, text: str) -> None:
        self._clear()
        self._console.detail(text)

    def diagnostics(self, found: Sequence[Diagnostic]) -> None:
        self._clear()
        self._console.diagnostics(found, ending="", as_result=False)

    def reconciled(self, outcome: Reconciled, environment: str) -> None:
        for line in reconciled_lines(outcome):
            self.warn(line)
        if outcome.left:
            self.warn(f"{left_text(outcome.left)}: sendspec reconcile --env {environment}")

    def alarms(self, outcome: Reconciled) -> None:
        for line in alarm_lines(outcome):
            if line not in self._alarms:
                self._alarms.add(line)
                self.warn(line)

    @contextmanager
    def preparing(self) -> Iterator[Watch]:
        system, stream = self._console.system, sys.stderr
        live = animates(system.environ, is_terminal=stream.isatty(), is_ci=system.is_ci)
        if not live or self._console.quiet:
            yield lambda preparation: None
            return
        self._line = line = PreparationLine(stream, size=size, now=system.clock.monotonic())

        def watch(preparation: Preparation) -> None:
            with suppress(Exception):  # a fault of the display never becomes one of the send
                line.show(preparation, system.clock.monotonic())

        try:
            yield watch
        finally:
            with suppress(Exception):
                line.clear()
            self._line = None

    @contextmanager
    def progress(self, name: str, total: int, per_second: float | None) -> Iterator[Callable[[RunProgress], None]]:
        begin_to_send()  # until now, nothing was claimed
        system = self._console.system
        self._line = line = ProgressLine(
            sys.stderr,
            name=name,
            total=total,
            per_second=per_second,
            live=animates(system.environ, is_terminal=sys.stderr.isatty(), is_ci=system.is_ci),
            size=size,
            now=system.clock.monotonic(),
        )

        def watch(progress: RunProgress) -> None:
            if progress.stopping:
                self._say_stopping(progress.in_flight)
            if not self._console.quiet:
                line.show(progress, system.clock.monotonic())

        try:
            yield watch
        finally:
            with suppress(Exception):  # a fault of the display never becomes one of the run
                self._clear()
            self._line = None

    def _say_stopping(self, in_flight: int) -> None:
        """Answers the first Ctrl-C, unless the run ends with it."""
        if in_flight and not self._is_stopping:
            self.warn(stopping_words(in_flight))
        self._is_stopping = True

    def _clear(self) -> None:
        """Makes room for a line where the progress is drawn."""
        if self._line is not None:
            self._line.clear()
