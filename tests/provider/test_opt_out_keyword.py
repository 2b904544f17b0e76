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
from sendspec.provider.opt_out_phrase import PHRASES_BY_LANGUAGE

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
        "STOPP", "Stopp!", "STOP2END", "St0p", "\u0405\u0422\u041e\u0420", "$TOP", "S T O P", "no more", "No more, please.", "Remove me!", "OPT OUT", "opt-out",
        "Please don\u2019t text me", "unsub", "unsubscribe me", "🛑", "🛑🛑", "⛔️ thanks", "BAJA", "darme de baja", "ARRÊTER", "arreter", "Bitte keine SMS",
        "abmelden", "Afmelden a.u.b.", "SAIR", "basta", "Стоп!", "Не пишите мне", "nie wysyłaj", "Rezygnuję",
    ],
    None: [
        "", " ", "!!!", "👍", "help", "INFO", "AYUDA", "stopping", "nonstop", "unstoppable", "START now", "Yes", "S O S", "more", "I know more",
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
    assert keyword_sense("." * (MAX_KEYWORD_TEXT - 4) + "STOP.") is KeywordSense.OUT
    assert keyword_sense("STOP" + "!" * 100_000) is KeywordSense.OUT
    assert keyword_sense("STOP" + "." * MAX_KEYWORD_TEXT + "it") is KeywordSense.CONTAINS
    assert keyword_sense("." * MAX_KEYWORD_TEXT + "STOP") is None
    assert keyword_sense("STOP " + "a\u0300\u0316" * 1_000_000) is KeywordSense.CONTAINS


def test_phrases_are_for_a_person_whatever_their_language() -> None:
    for phrase in (phrase for phrases in PHRASES_BY_LANGUAGE.values() for phrase in phrases):
        assert keyword_sense(phrase) is keyword_sense(f"Hi, {phrase.upper()}.") is KeywordSense.CONTAINS, phrase
