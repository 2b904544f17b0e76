"""What a send says while it runs."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr
from typing import Any

import pytest
from sendspec.cli.console import Console, DocumentState
from sendspec.cli.console_listener import ConsoleListener
from sendspec.operations.system import real_system
from sendspec.sending.run import RunProgress
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
