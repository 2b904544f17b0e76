"""The questions before a send: what counts as a yes, as a no, and as neither."""

from __future__ import annotations

from io import RawIOBase
from typing import Any

import pytest
from click.testing import CliRunner
from sendspec.cli.question import messages_to, refusal_to_send, says_yes
from sendspec.diagnostics.exceptions import NotAnswered
from sendspec.diagnostics.exit_code import ExitCode


class Interrupted(RawIOBase):
    """A terminal where somebody presses Ctrl-C."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if len(buffer) == 0:  # a try whether this is a file of bytes
            return 0
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("messages", "typed", "refusal"),
    [
        (100, "y\n", ""), (100, " YES \n", ""), (100, "n\n", "the answer was no"), (100, "No\n", "the answer was no"),
        (100, "\n", "the answer was no"), (100, "100\nwhat\ny\n", ""),
        (1_162, "1162\n", ""), (1_162, "1 162\n", ""), (1_162, "1,162\n", ""), (1_162, "y\n", "'y' is not 1162"),
        (1_162, "n\n", "the answer was no"), (1_162, "\n", "the answer was no"), (1_162, "116\n", "'116' is not 1162"),
    ],
)  # fmt: skip
def test_only_a_clear_yes_is_one_and_more_than_a_hundred_are_typed(messages: int, typed: str, refusal: str) -> None:
    with CliRunner().isolation(typed) as (_, err, _):
        assert refusal_to_send(messages, "production") == refusal
        said = err.getvalue().decode()
    count = "100" if messages == 100 else "1 162"
    question = f"Send {count} messages to production? {'[y/N] ' if messages == 100 else 'Type 1162 to agree: '}"
    assert said.startswith(question)
    assert said.count("answer y or n") == typed.count("\n") - 1


@pytest.mark.parametrize("messages", [2, 200])
@pytest.mark.parametrize("stdin", ["", Interrupted()])
def test_a_question_that_is_left_is_an_interruption(stdin: Any, messages: int) -> None:
    with CliRunner().isolation(stdin), pytest.raises(NotAnswered, match="nothing was sent") as raised:
        refusal_to_send(messages, "production")
    assert raised.value.exit_code is ExitCode.INTERRUPTED
    with CliRunner().isolation(stdin), pytest.raises(NotAnswered, match="nothing was signed"):
        says_yes("Sign it?", "nothing was signed")


def test_a_signal_that_nobody_gives_at_the_keyboard_interrupts_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin: Any = Interrupted()
    monkeypatch.setattr("sendspec.cli.question.ends_for_others", lambda: True)
    with CliRunner().isolation(stdin), pytest.raises(KeyboardInterrupt):
        refusal_to_send(2, "production")


@pytest.mark.parametrize(
    ("environment", "words"), [("production", "1 message to production"), ("sandbox", "1 message to the sandbox")]
)
def test_the_question_names_where_it_goes(environment: str, words: str) -> None:
    assert messages_to(1, environment) == words
