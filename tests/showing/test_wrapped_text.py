"""Long lines on a narrow terminal: broken between words and terms, never in a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.position import span_on_line
from sendspec.planning.totals import Totals
from sendspec.showing.account import accounting_line
from sendspec.showing.diagnostics import diagnostics_text
from sendspec.showing.terminal_style import TerminalStyle, cells
from sendspec.showing.wrapped_text import wrapped

ACCOUNT = "120 recipients = 120 accepted + 0 refused + 0 in doubt + 0 not sent + 0 skipped"


def test_the_account_alone_fits_a_line_of_80() -> None:
    line = accounting_line(Totals(accepted=120, skipped={}))
    assert line == wrapped(line, 80) == ACCOUNT


@pytest.mark.parametrize(
    ("line", "columns", "pieces"),
    [
        (f"  {ACCOUNT}", 40, ["  120 recipients = 120 accepted", "      + 0 refused + 0 in doubt", "      + 0 not sent + 0 skipped"]),
        ("    1 skip   28 already accepted · 12 duplicate · 2 filtered", 40, ["    1 skip   28 already accepted ·", "        12 duplicate · 2 filtered"]),
        ("a problem that is said in words of a sentence", 20, ["a problem that is", "    said in words of", "    a sentence"]),
        ("m0123456789  +31••••••78   accepted   x", 24, ["m0123456789  +31••••••78", "    accepted   x"]),
        ("see /a/path/that/is/longer/than/the/line now", 20, ["see", "/a/path/that/is/longer/than/the/line", "    now"]),
        ("Send 1 162 messages to production? [y/N] ", 24, ["Send 1 162 messages to", "    production? [y/N] "]),
        ("\x1b[1;31mtwo words\x1b[0m and more", 13, ["\x1b[1;31mtwo words\x1b[0m and", "    more"]),
        ("漢字漢字 漢字漢字", 10, ["漢字漢字", "  漢字漢字"]),
        (" " * 15 + "recipients", 20, [" " * 10 + "recipients"]),
        ("fix: write `to: a b` or `c`", 17, ["fix: write", "    `to: a b` or", "    `c`"]),
        ("""write "{{ a == 'b' }}" now""", 12, ["write", """"{{ a == 'b' }}\"""", "    now"]),
        ("an odd ` is text", 9, ["an odd `", "    is", "    text"]),
        ("fits", 4, ["fits"]), ("", 4, [""]), ("one\n\ntwo words", 8, ["one", "", "two", "   words"]),
        (f"a\n{' ' * 30}\nb", 20, ["a", "", "b"]),
    ],
)  # fmt: skip
def test_a_line_is_broken_between_words_and_best_between_terms(line: str, columns: int, pieces: list[str]) -> None:
    assert wrapped(line, columns).split("\n") == pieces


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "+", "=", "·", "word", "漢", "x" * 12, "y" * 11]), max_size=30).map(" ".join)
    ),
    st.integers(10, 60),
)
def test_no_word_is_lost_or_broken_and_no_line_is_too_long(lines: list[str], columns: int) -> None:
    """The words stay the same, and a piece is longer than the terminal only if its one word is."""
    text = "\n".join(lines)
    shown = wrapped(text, columns)
    assert shown.split() == text.split()
    assert all(cells(line) <= columns or cells(line.strip()) > columns for line in shown.split("\n"))


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("column", [1, 60, 140])
def test_the_lines_of_an_error_fit_with_the_caret_under_its_place(columns: int, column: int) -> None:
    excerpt = "x" * (column - 1) + "HERE" + "y" * (160 - column)
    diagnostic = Diagnostic(
        code="c", path="a.yaml", span=span_on_line(7, column, 4), problem="p", fix="f", excerpt=excerpt
    )
    _, line, carets, _ = diagnostics_text([diagnostic], TerminalStyle(False, columns), ending="").split("\n")[:4]
    assert cells(line) <= columns
    assert line[carets.index("^") : carets.rindex("^") + 1] == "HERE"
