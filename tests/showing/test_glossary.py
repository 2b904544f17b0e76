"""Every word that a command shows for a delivery, a failure or a webhook's request can be looked up."""

from __future__ import annotations

import pytest
from sendspec.ledger.delivery.observation import DELIVERED, UNDELIVERED, UNDER_WAY_RANKS, Fate
from sendspec.ledger.delivery.opt_out import SignalKind
from sendspec.operations.captured_request import LineFault
from sendspec.operations.event_intake import NO_ADDRESS
from sendspec.operations.webhook_receiver import AgeFault
from sendspec.planning.delivery_gate import Verdict
from sendspec.provider.failure_words import FailureKind
from sendspec.provider.webhook_event import EventFault
from sendspec.provider.webhook_signature import SignatureFault
from sendspec.showing.glossary import entries_document, entries_of, entries_text
from sendspec.showing.terminal_style import PLAIN
from sendspec.showing.topics import topic_source

WORDS = [
    *Fate, *Verdict, *FailureKind, *SignatureFault, *LineFault, *EventFault, *AgeFault, NO_ADDRESS, "disk", DELIVERED, *UNDELIVERED,
    *UNDER_WAY_RANKS, "stored", "known", "elsewhere", "other", "changed", "opt-out", "opt-in", SignalKind.MAYBE,
]  # fmt: skip


@pytest.mark.parametrize("word", dict.fromkeys(map(str, WORDS)))
def test_a_word_of_deliveries_is_explained(word: str) -> None:
    found = [entry for entry in entries_of(word) if entry.page == "delivery"]
    assert len(found) == 1
    assert word in found[0].words
    assert entries_of(word.replace("_", "-").upper()) == entries_of(word)


def test_a_word_of_two_pages_says_which_is_meant() -> None:
    text = entries_text(entries_of("skipped"), PLAIN)
    assert text.startswith("skipped: you gave it up")
    assert "\nskipped (statuses of the API): the workspace held it back" in text
    assert text.endswith("next: sendspec help states\n      sendspec help delivery\n")
    assert [one["code"] for one in entries_document(entries_of("skipped"))["codes"]] == ["skipped", "skipped"]


@pytest.mark.parametrize(
    ("code", "words"),
    [("12003", "this sender may not write to this destination; register"), ("11777", "the API found the message wrong after"),
     ("104", "the network doesn't know this sender; register"), ("15005", "a network or another platform reported it"),
     ("14001", "the customer's own doing")],
)  # fmt: skip
def test_a_failures_code_is_explained(code: str, words: str) -> None:
    assert words in entries_text(entries_of(code), PLAIN)


@pytest.mark.parametrize("code", ["99999", "999", "1", "123456", "١٢٣"])
def test_another_number_is_no_failures_code(code: str) -> None:
    assert not [entry for entry in entries_of(code) if entry.page == "delivery"]


def test_the_page_has_no_word_that_nobody_uses() -> None:
    known = {*map(str, WORDS), "unreadable", "undelivered", "stop", "start", "signal", "spool"}
    listed = {
        word
        for line in topic_source("delivery").splitlines()
        if line.startswith("- ")
        for word in line.partition(":")[0].replace("`", "").removeprefix("- ").split(", ")
    }
    assert listed == known
