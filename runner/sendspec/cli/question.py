"""Questions to a person at the terminal. Whatever is no clear yes is a no, and a question that is left is neither."""

from __future__ import annotations

import sys

from sendspec.cli.interrupt import end_undisturbed, ends_for_others
from sendspec.diagnostics.exceptions import NotAnswered
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.diagnostics.wording import counted
from sendspec.reading.environment import SANDBOX

TYPED_FROM = 100
"""Up to this many messages, a yes is enough; for more, the user has to type their number."""
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}


def messages_to(messages: int, environment: str) -> str:
    """`1 162 messages to production`."""
    return f"{counted(messages, 'message')} to {'the sandbox' if environment == SANDBOX else environment}"


def refusal_to_send(messages: int, environment: str) -> str:
    """Asks whether to send. Empty if the user agrees; else why not, in words. Raises `NotAnswered`."""
    what = messages_to(messages, environment)
    nothing = "nothing was sent"
    if messages <= TYPED_FROM:
        return "" if says_yes(f"Send {what}?", nothing) else "the answer was no"
    typed = _answer(f"Send {what}? Type {messages} to agree: ", nothing)
    if _ANSWERS.get(typed.lower(), True) is False:
        return "the answer was no"
    digits = typed.translate({ord(mark): None for mark in " ,.'"})
    return "" if digits == str(messages) else f"'{mask_in_place(printable(typed[:40]))}' is not {messages}"


def says_yes(question: str, nothing: str) -> bool:
    """Asks until the answer is yes or no; an empty one is a no. `nothing` says what an end without an answer leaves undone.

    Raises `NotAnswered`.
    """
    while True:
        answer = _ANSWERS.get(_answer(f"{question} [y/N] ", nothing).lower())
        if answer is not None:
            return answer
        sys.stderr.write("answer y or n\n")


def _answer(prompt: str, nothing: str) -> str:
    """What the user types. Raises `NotAnswered` at Ctrl-C, Ctrl-D and the end of the terminal, but lets other signals interrupt the command."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    try:
        typed = sys.stdin.readline()
    except (KeyboardInterrupt, OSError):
        if ends_for_others():
            sys.stderr.write("\n")
            raise
        typed = ""
    if not typed:
        end_undisturbed()
        sys.stderr.write("\n")
        raise NotAnswered(f"the question was not answered: {nothing}", "run it again, or pass --yes to agree")
    return typed.strip()
