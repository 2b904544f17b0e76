"""Replies: what is a keyword, what only contains one, and what is neither."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.opt_out_keyword import (
    MAX_KEYWORD_TEXT,
    OPT_IN_KEYWORDS,
    OPT_OUT_KEYWORDS,
    KeywordSense,
    keyword_sense,
)

SENSE_BY_TEXT = {
    "out": [
        "STOP", "stop", " Stop. ", "stop!!!", "«Stop»", "S.T.O.P.", "\ufeffSTOP\u200b", "ST\u00adOP", "ＳＴＯＰ", "ⓢⓣⓞⓟ", "STOP 🛑", "❌ stop ❌",
        "\r\nSTOP\r\n", "\u00a0STOP\u00a0", "STOPALL", "end", "Quit", "cancel", "unsubscribe", "UNSUBSCRİBE", "ARRET", "Arrêt", "ARRE\u0302T",
        "halt", "Detener", "parar", "ferma", "ОСТАНОВИТЬ", "остановить", "ZATRZYMAJ", "\u202eSTOP",
    ],
    "in": ["START", "begin", "Resume!", "revert", "UNSTOP", "un-stop", "NONARRET", "non-arrêt"],
    "contains": [
        "please stop", "stop the meeting", "un arrêt svp", "please ST\u00adOP", "Please don't stop!", "STOP STOP", "stop all", "I quit smoking", "please-stop", "stop/quit",
        "end\nSent from my phone", "STOP 2", "start stop", "Stop.Now", "stop" + " " * 3_000 + "it",
    ],
    None: [
        "", " ", "!!!", "🛑", "help", "INFO", "AYUDA", "stopp", "stopping", "nonstop", "unstoppable", "STOP2END", "START now", "Yes", "St0p",
        "ten den", "weekend", "bookends", "\ud800", "\x00",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("sense", "text"), [(sense, text) for sense, texts in SENSE_BY_TEXT.items() for text in texts])
def test_a_reply_is_a_keyword_contains_one_or_neither(sense: str | None, text: str) -> None:
    assert keyword_sense(text) == sense


def test_keywords_are_spelled_as_replies_are_compared() -> None:
    assert {keyword_sense(word) for word in OPT_OUT_KEYWORDS} == {KeywordSense.OUT}
    assert {keyword_sense(word) for word in OPT_IN_KEYWORDS} == {KeywordSense.IN}


PIECES = ["stop", "START", "Ｓ", "top", " ", ".", "\u200b", "\u0302", "\n", "x", "unsubscribe", "é", "'", "🛑"]


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_unicode_forms_case_and_spaces_around_make_no_difference(text: str) -> None:
    """Law: a text and its composed, decomposed, capital and padded forms say the same."""
    said = keyword_sense(text)
    assert said == keyword_sense(f" {text}\t")
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert said == keyword_sense(unicodedata.normalize(form, text))
    assert said == keyword_sense(text.upper())


def test_a_text_longer_than_any_reply_is_no_keyword() -> None:
    assert keyword_sense("." * (MAX_KEYWORD_TEXT - 4) + "STOP") is KeywordSense.OUT
    assert keyword_sense("." * (MAX_KEYWORD_TEXT - 4) + "STOP.") is KeywordSense.CONTAINS
    assert keyword_sense("STOP" + "." * MAX_KEYWORD_TEXT) is KeywordSense.CONTAINS
    assert keyword_sense("." * MAX_KEYWORD_TEXT + "STOP") is None
    assert keyword_sense("STOP " + "a\u0300\u0316" * 1_000_000) is KeywordSense.CONTAINS
