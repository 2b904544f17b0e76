"""What a send says while it runs."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from sendspec.cli.console import Console, DocumentState
from sendspec.cli.console_listener import ConsoleListener
from sendspec.operations.listener import Preparation
from sendspec.operations.system import real_clock, real_system
from sendspec.sending.run import RunProgress
from sendspec.showing.live_lines import REST_OF_SCREEN
from sendspec.showing.preparation_line import PreparationLine
from sendspec.showing.terminal_style import PLAIN


def progress(**more: Any) -> RunProgress:
    values = {"accepted": 3, "refused": 0, "in_doubt": 0, "unclaimed": 0, "in_flight": 0, "pause": None}
    return RunProgress(**{**values, "stopping": True, **more})


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize(
    ("in_flight", "said"),
    [([32, 31], "interrupted: waiting for 32 answers; Ctrl-C again leaves them in doubt\n"), ([0], ""), ([0, 3], "")],
)
def test_the_first_ctrl_c_is_answered_once_with_the_number_of_answers_to_come(
    capsys: pytest.CaptureFixture[str], quiet: bool, in_flight: list[int], said: str
) -> None:
    console = Console(
        format="text", quiet=quiet, verbose=False, asks=False, out=PLAIN, err=PLAIN, state=DocumentState("send"),
        system=real_system("test", environ=os.environ),
    )  # fmt: skip
    with ConsoleListener(console).progress("", 50, None) as watch:
        for count in in_flight:
            watch(progress(in_flight=count))
    assert capsys.readouterr().err == said


class BrokenTerminal(io.StringIO):
    """A terminal that goes away with the first drawing."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise OSError("the terminal went away")


def test_a_terminal_that_goes_away_is_no_fault_of_the_run() -> None:
    console = Console(
        format="text", quiet=False, verbose=False, asks=False, out=PLAIN, err=PLAIN, state=DocumentState("send"),
        system=real_system("test", environ={"TERM": "xterm"}),
    )  # fmt: skip
    with (
        redirect_stderr(BrokenTerminal()),
        ConsoleListener(console).progress("", 50, None) as watch,
        pytest.raises(OSError, match="the terminal went away"),  # the run drops such a watcher
    ):
        watch(progress(stopping=False))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def prepares(stream: io.StringIO, term: str = "xterm", *, quiet: bool = False) -> None:
    """Reports rows on a clock on which a second passes between two looks."""
    clock = replace(real_clock(), monotonic=map(float, count()).__next__)
    console = Console(
        format="text", quiet=quiet, verbose=False, asks=False, out=PLAIN, err=PLAIN, state=DocumentState("send"),
        system=real_system("test", environ={"TERM": term}, clock=clock),
    )  # fmt: skip
    with redirect_stderr(stream), ConsoleListener(console).preparing() as watch:
        watch(Preparation("hello", 2))
        watch(Preparation("hello", 1_000, 2_000))


def test_long_work_before_the_first_message_has_a_line_that_is_gone_at_its_end() -> None:
    stream = Terminal()
    prepares(stream)
    lines = ["hello: 2 rows checked", "hello: 1 000 of 2 000 messages written into the ledger"]
    assert stream.getvalue() == "".join(f"\r{line}{REST_OF_SCREEN}\r" for line in lines) + f"\r{REST_OF_SCREEN}"


def test_work_before_the_first_message_is_silent_elsewhere() -> None:
    quiet, dumb, pipe = Terminal(), Terminal(), io.StringIO()
    prepares(quiet, quiet=True)
    prepares(dumb, "dumb")
    prepares(pipe)
    assert [each.getvalue() for each in (quiet, dumb, pipe)] == ["", "", ""]


def test_short_work_before_the_first_message_shows_no_line() -> None:
    stream = Terminal()
    PreparationLine(stream, size=lambda: (80, 24), now=1.0).show(Preparation("hello", 2), 1.4)
    assert stream.getvalue() == ""


def test_a_terminal_that_goes_away_is_no_fault_of_the_work_before_the_first_message() -> None:
    prepares(BrokenTerminal())
