"""The texts of a command: constants for good, the latest messages within bounds."""

from __future__ import annotations

import json
import threading

from sendspec.provider.folded_text import folded
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.sent_texts import MAX_INDEXED, MAX_UNREAD_BYTES, SentTexts


def body(text: str) -> bytes:
    return json.dumps({"body": {"type": "text", "text": {"text": text}}, "reference": "r" + text}).encode()


def knows(sent: SentTexts, text: str) -> bool:
    """Whether every character of it is found."""
    found = {place for start, end in sent.spans(folded(text)) for place in range(start, end)}
    return found == set(range(len(folded(text))))


def test_constants_and_the_latest_messages_are_known() -> None:
    sent = SentTexts()
    sent.add_constants(["the purple walrus"])
    sent.note([body("seventeen herons"), body("wait outside")])
    assert all(knows(sent, text) for text in ("The PURPLE walrus", "seventeen herons", "wait outside"))
    assert not knows(sent, "eighteen herons")


def test_a_million_messages_take_no_more_room_than_the_latest() -> None:
    sent = SentTexts()
    sent.add_constants(["the purple walrus"])
    for number in range(20_000):
        sent.note([body(f"number {number} of many")])
        if number % 100 == 0:
            assert knows(sent, f"number {number} of many")
            assert sent._latest.size + sent._earlier.size < 2 * MAX_INDEXED + MAX_UNREAD_BYTES
    assert knows(sent, "number 19999 of many")
    assert knows(sent, "number 19500 of many")
    assert knows(sent, "the purple walrus")
    assert not knows(sent, "number 7 of many")
    sent.note([body("x" * MAX_UNREAD_BYTES)])
    assert sent._unread_bytes == 0


def test_senders_note_while_another_looks() -> None:
    sent = SentTexts()

    def note_fifty(n: int) -> None:
        for k in range(50):
            sent.note([body(f"number {n * 50 + k} of all")])

    threads = [threading.Thread(target=note_fifty, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        sent.spans("nothing")
    assert all(knows(sent, f"number {n} of all") for n in range(400))


def test_they_are_redacted_beside_the_message_own() -> None:
    sent = SentTexts()
    sent.note([body("seventeen herons")])
    redaction = Redaction("AccessKey canary-canary", sent).of(["+447700900817"], [body("the purple walrus")])
    assert redaction.redacted("got Seventeen_Herons, THE PURPLE WALRUS!") == "got ••••••, ••••••!"
    assert redaction.redacted("got SE\u0301VENTEEN HERONS\u0301\u0302!") == "got ••••••!"
    assert redaction.repeats(["seventeen-herons"])
    assert "herons" not in repr(redaction)
