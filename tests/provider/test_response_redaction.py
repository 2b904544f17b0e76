"""What is replaced in an API's words, and which of its ids can be kept."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.batch_classification import classify_batch
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.message_list import read_page
from sendspec.provider.outcome import InDoubt
from sendspec.provider.response_redaction import MAX_SCANNED, NOTHING_SENT, Redaction

KEY = "Qz7-kl/Mn+oP9rStUv"
NUMBER = "+447700900817"
TEXT = "Dear Wilhelmina, your parcel waits"
BODY: dict[str, Any] = {
    "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": NUMBER}]},
    "body": {"type": "text", "text": {"text": TEXT}},
    "tags": ["shipping-news", "short", 7, None, True],
    "reference": "reference-of-mine",
}
REDACTION = Redaction(f"AccessKey {KEY}").of([NUMBER], [json.dumps(BODY).encode()])
UUID = "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no such channel", "no such channel"),
        ("", ""),
        (f"got {KEY}.", "got ••••••."),
        (f"got {KEY.upper()} and {KEY[2:12]}", "got •••••• and ••••••"),
        (f"got {KEY[:7]}", f"got {KEY[:7]}"),
        (f"Authorization: AccessKey {KEY} is wrong", "Authorization: •••••• is wrong"),
        ("Bearer abcdefgh, please", "•••••• please"),
        ("a Bearer token is needed", "a Bearer token is needed"),
        ("api_key=abc is old", "api_key=•••••• is old"),
        (f"to {NUMBER}", "to ••••••"),
        ("to 07700 900-817", "to ••••••"),
        ("to 7_7_0_0_9_0 and 1", "to •••••• and 1"),
        ("to 12345", "to 12345"),
        ("id 123456", "id ••••••"),
        (f"trace {UUID} on 2026-01-02", f"trace {UUID} on 2026-01-02"),
        ("ask someone@example.org", "ask ••••••"),
        (f"said '{TEXT}'", "said '••••••'"),
        ("said 'wilhelmina, your parcel w'", "said '••••••'"),
        ("said 'your'", "said 'your'"),
        ("the tag shipping-news is long", "the tag •••••• is long"),
        ("the tag short", "the tag short"),
        ("identifierKey must be phonenumber", "identifierKey must be phonenumber"),
        ("reference-of-mine is taken", "reference-of-mine is taken"),
        (".receiver.contacts[0].identifierValue: too long", ".receiver.contacts[0].identifierValue: too long"),
        (f"got {quote(KEY, safe='')}!", "got ••••••!"),
        (f"got {quote(quote(NUMBER, safe=''), safe='')}!", "got ••••••!"),
        (f"got {quote(TEXT).replace('%20', '+')}", "got ••••••"),
        ("got \\u002b\\u0034\\u0034 \\x37700900817", "got ••••••"),
        ("got:&#52;4&#x37;&#55;00&#57;00817", "got:••••••"),
        ("a " + 16 * "\\" + "n b", "a " + 16 * "\\" + "n b"),
        ("a \\n b &amp; c %zz", "a \\n b &amp; c %zz"),
        (f"got {base64.b64encode(b'x' + NUMBER.encode()).decode()}", "got ••••••"),
        (f"got {base64.urlsafe_b64encode(KEY.encode()).decode()}", "got ••••••"),
        (f"got {KEY.encode().hex()}", "got ••••••"),
        (f"got a{NUMBER.encode().hex()}", "got ••••••"),
        ("got deadbeefdeadbeef", "got deadbeefdeadbeef"),
    ],
)
def test_what_is_ours_is_replaced_and_the_rest_stays(text: str, shown: str) -> None:
    assert re.sub("•+=*", "••••••", REDACTION.redacted(text)) == shown


def test_without_a_message_numbers_and_addresses_go_all_the_same() -> None:
    said = NOTHING_SENT.redacted(f"for {NUMBER} a@example.org: Bearer abcdefgh1, {TEXT}")
    assert said == f"for •••••• ••••••: •••••• {TEXT}"
    assert not NOTHING_SENT.repeats(["1234567", UUID, "abc"])


def test_a_long_text_is_cut() -> None:
    assert len(REDACTION.redacted("x" * 10 * MAX_SCANNED)) == MAX_SCANNED


def test_a_short_key_is_found_as_a_word_and_the_sandboxs_is_no_secret() -> None:
    assert Redaction("Bearer ab1").redacted("ab1 is no cab1n, ab1") == "•••••• is no cab1n, ••••••"
    assert Redaction("AccessKey sandbox").redacted("of the sandbox") == "of the sandbox"
    assert "ab1" not in repr(Redaction("Bearer ab1"))


@pytest.mark.parametrize(
    "identity",
    [
        KEY, KEY.replace("-", ""), f"id-{KEY[1:10]}", NUMBER, NUMBER[1:], "07700900817", "+31612345678", f"x {TEXT}",
        "00000000-0000-4000-8000-447700900817", "44770090-0817-4000-8000-000000000000", quote(KEY, safe=""),
        base64.b64encode(NUMBER.encode()).decode(), "a@example.org",
    ],
)  # fmt: skip
def test_an_id_that_repeats_what_was_sent_is_told(identity: str) -> None:
    assert REDACTION.repeats([identity])
    assert REDACTION.repeats([UUID, identity])


@pytest.mark.parametrize(
    "identity",
    [UUID, UUID.replace("-", ""), "1", "1234567890", "msg_01HZX9Q8", "i" * 200, "reference-of-mine", "447700"],
)
def test_an_ordinary_id_is_none_of_ours(identity: str) -> None:
    assert not REDACTION.repeats([identity])


def test_a_receiver_that_is_too_short_to_be_told_from_chance_makes_no_id_odd() -> None:
    assert not Redaction(f"AccessKey {KEY}").of(["1234", "abc"], ()).repeats(["1234-abc", UUID])
    assert Redaction(f"AccessKey {KEY}").of(["someone@example.org"], ()).repeats(["for-SOMEONE@example.org"])


@given(
    st.lists(
        st.sampled_from(
            [KEY, NUMBER, TEXT, NUMBER[3:], quote(KEY, safe=""), " ", "%", "\\u00", "&#", ";", "a", "+", "4"]
        )
    ).map("".join)
)
def test_nothing_ours_is_left_and_nothing_more_is_found(text: str) -> None:
    """Law: nothing that was sent is left, whatever surrounds it, and a second pass changes nothing."""
    shown = REDACTION.redacted(text)
    assert not [trace for trace in (KEY, NUMBER[1:], NUMBER[3:], TEXT, quote(KEY, safe="")) if trace in shown]


@pytest.mark.parametrize("said", [{}, {"status": "rejected"}])
def test_an_answer_whose_id_repeats_what_was_sent_makes_no_sense(said: dict[str, str]) -> None:
    sent = SentMessage("m1", NUMBER)
    one = {"id": NUMBER[1:], "reference": "m1", **said}
    known: Any = {"first": False, "trust_503": False, "extra": False, "redaction": REDACTION}
    doubt = InDoubt("HTTP 202 with an id that repeats what was sent", 202, invalid_acceptance=True)
    assert classify(HttpResponse(202, {}, json.dumps(one).encode(), reusable=True), sent, **known) == doubt
    two = {"messages": [{"id": UUID, **said}, one]}
    answer = HttpResponse(202, {}, json.dumps(two).encode(), reusable=True)
    assert classify_batch(answer, [SentMessage("m0", "+31612345678"), sent], **known) == [doubt, doubt]


def entry(identity: str) -> dict[str, Any]:
    return {"id": identity, "reference": "m1", "receiver": {"contacts": [{"identifierValue": NUMBER}]}}


def test_a_listed_id_that_can_not_be_kept_goes_by_a_stand_in_or_is_left_out() -> None:
    ids = [UUID, NUMBER, KEY, "a\x1b[31m", "plain"]
    answer = HttpResponse(200, {}, json.dumps({"results": [entry(one) for one in ids]}).encode(), reusable=True)
    key = Redaction(f"AccessKey {KEY}")
    page = read_page(answer, key, lambda shown: f"hidden:{len(shown)}")
    assert page is not None
    assert [one.remote_id for one in page.sightings] == [UUID, "hidden:13", f"hidden:{len(KEY)}", "hidden:6", "plain"]
    assert page.skipped == 0
    without = read_page(answer, key)
    assert without is not None
    assert ([one.remote_id for one in without.sightings], without.skipped) == ([UUID, "plain"], 3)
