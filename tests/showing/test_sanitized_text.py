"""What passes the door to a terminal or a log, and what becomes of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.ledger.record import MessageRecord
from sendspec.operations.status import SpecStatus
from sendspec.planning.message_state import State
from sendspec.planning.totals import Totals
from sendspec.showing.message_list import message_lines
from sendspec.showing.sanitized_text import sanitized
from sendspec.showing.status import status_text
from sendspec.showing.terminal_style import PLAIN, TerminalStyle

ACTS = "a\x1b[2J\r\n::error::b\u202e"
INK = TerminalStyle(colour=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain: a, é, ⚠, 你\n  two lines\n", "plain: a, é, ⚠, 你\n  two lines\n"),
        ("a\x1b[31mb", "a\\u001b[31mb"),
        ("a\x1b[1mb\x1b[0m", "a\\u001b[1mb\\u001b[0m"),
        ("a\rb\tc\x9b\u2028\u202e\u200b", "a\\rb\\tc\\u009b\\u2028\\u202e\\u200b"),
        ("::error::a", "\\u003a:error::a"),
        ("a\n  ::add-mask::a\n", "a\n  \\u003a:add-mask::a\n"),
        ("\u00a0::error::a", "\u00a0\\u003a:error::a"),
        ("a ::error::b", "a ::error::b"),
        ("a##[error]b ##VSO[c] ##teamcity[d] ## [e]", "a\\u0023#[error]b \\u0023#VSO[c] \\u0023#teamcity[d] ## [e]"),
        ("a:b::c", "a:b::c"),
    ],
)
def test_what_acts_is_written_as_an_escape(text: str, shown: str) -> None:
    assert sanitized(text, coloured=False) == shown


def test_our_ink_passes_where_there_is_colour_and_nothing_else_does() -> None:
    ours = f"{INK.bold('a')} {INK.red('b')} {INK.cyan('c')}\n{INK.dim('d')} {INK.green('e')} {INK.yellow('f')}"
    assert sanitized(ours, coloured=True) == ours
    assert "\x1b" not in sanitized(ours, coloured=False)
    assert sanitized("a\x1b[31mb\x1b[1;31;5mc\x1b[2Kd", coloured=True) == "a\\u001b[31mb\\u001b[1;31;5mc\\u001b[2Kd"
    assert sanitized(INK.bold("::error::a"), coloured=True) == "\x1b[1m\\u003a:error::a\x1b[0m"


@given(st.lists(st.sampled_from([*ACTS, "::", "##[", "\n", " ", "\x1b[1m", "x"])).map("".join))
def test_nothing_acts_and_nothing_more_is_to_be_done(text: str) -> None:
    """Law: what came out has no character that acts but line ends, no line that begins with `::`, and passes unchanged."""
    shown = sanitized(text, coloured=False)
    assert shown.replace("\n", "").isprintable()
    assert not any(line.strip().startswith("::") for line in shown.split("\n"))
    assert "##[" not in shown
    assert sanitized(shown, coloured=False) == shown


def test_names_in_somebody_elses_ledger_stay_in_their_line() -> None:
    message = MessageRecord(
        id=bytes(16), name=ACTS, generation=1, state=State.REFUSED, masked=ACTS, attempt=1, remote_id=ACTS,
        evidence=ACTS, http_status=422, updated_at=0.0, reference=ACTS, resends=0,
    )  # fmt: skip
    for shown in (
        *message_lines([message], PLAIN),
        *message_lines([replace(message, evidence=None)], PLAIN),
        status_text([], ACTS, PLAIN),
    ):
        assert shown.isprintable()
    listed = status_text([SpecStatus(name=ACTS, generation=1, account=Totals(skipped={}))], ACTS, PLAIN)
    assert [line.isprintable() for line in listed.split("\n")] == [True, True]
