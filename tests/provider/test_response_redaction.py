"""What is replaced in an API's words, and which of its ids can be kept."""

from __future__ import annotations

import base64
import json
import random
import re
import time
from collections.abc import Callable
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
from sendspec.provider.response_redaction import MAX_KEPT, MAX_SCANNED, NOTHING_SENT, Redaction

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


def moved(text: str, by: int) -> str:
    return "".join(chr(ord(c) + by) if c.isascii() and c.isalnum() else c for c in text)


def circled(text: str) -> str:
    """Letters and digits in circles, the digits white on black."""
    digits = dict(zip("0123456789", "⓿❶❷❸❹❺❻❼❽❾", strict=True))
    capitals = {chr(65 + n): chr(0x24B6 + n) for n in range(26)}
    small = {chr(97 + n): chr(0x24D0 + n) for n in range(26)}
    return "".join((capitals | small | digits).get(c, c) for c in text)


def mathematical(text: str) -> str:
    capitals = {chr(65 + n): chr(0x1D400 + n) for n in range(26)}
    small = {chr(97 + n): chr(0x1D41A + n) for n in range(26)}
    digits = {chr(48 + n): chr(0x1D7D8 + n) for n in range(10)}
    return "".join((capitals | small | digits).get(c, c) for c in text)


PLAIN_KEY = "Kq7CanaryZx93LmWpT4uVb8Nd2HsYe6R"
RUSSIAN = "Здравствуйте, ваш пароль от банковской ячейки сорок два"
FORMS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "spaces": " ".join,
    "dots": ".".join,
    "hyphens": "-".join,
    "underscores": "_".join,
    "slashes": " / ".join,
    "lines": "\n".join,
    "tabs": "\t".join,
    "invisible spaces": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "wide spaces": (" " * 9).join,
    "quotes and commas": lambda text: str(list(text)),
    "groups": lambda text: "-".join(re.findall(".{1,4}", text)),
    "combining marks": lambda text: "".join(c + "\u0301" for c in text),
    "full width": lambda text: moved(text, 0xFEE0),
    "circles": circled,
    "mathematical letters": mathematical,
    "full width with spaces": lambda text: " ".join(moved(text, 0xFEE0)),
    "Python bytes": lambda text: repr(text.encode()),
    "Latin-1": lambda text: text.encode().decode("latin-1"),
    "Latin-1 in a URL": lambda text: quote(text.encode().decode("latin-1")),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "octal in JSON": lambda text: json.dumps("".join(f"\\{byte:03o}" for byte in text.encode())),
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "braced escapes": lambda text: "".join(f"\\u{{{ord(c):x}}}" for c in text),
    "long escapes": lambda text: "".join(f"\\U{ord(c):08X}" for c in text),
    "old JavaScript": lambda text: "".join(f"%u{ord(c):04X}" for c in text),
    "style sheets": lambda text: "".join(f"\\{ord(c):x} " for c in text),
    "entities without semicolons": lambda text: "".join(f"&#{ord(c)}" for c in text),
    "bytes with colons": lambda text: text.encode().hex(":"),
    "bytes with spaces": lambda text: text.encode().hex(" "),
    "byte values": lambda text: str(list(text.encode())),
    "code values": lambda text: str(list(map(ord, text))),
    "hexadecimal numbers": lambda text: " ".join(hex(ord(c)) for c in text),
}


@pytest.mark.parametrize("ours", [PLAIN_KEY, NUMBER, RUSSIAN], ids=["key", "number", "text"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_ours_is_recognised_in_any_form(ours: str, form: str) -> None:
    body = json.dumps(BODY | {"body": {"text": {"text": RUSSIAN}}}).encode()
    redaction = Redaction(f"AccessKey {PLAIN_KEY}").of([NUMBER], [body])
    said = FORMS[form](ours)
    shown = redaction.redacted(f"we got >{said}< here")
    assert re.fullmatch(r"we got (>(b')?[^a-zA-Z0-9]*•+.{0,3}?<|•+.{0,3}<) here", shown), shown
    assert redaction.repeats([said])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (".c: Kq7Cana, ryZx93L, mWpT4uV!", ".c: ••••••!"),
        (".a: Kq7Cana; .b: ryZx93L; .c: mWpT4uV!", ".a: ••••••; .b: ••••••; .c: ••••••!"),
        ("first Kq7Can, but aryZx9", "first ••••••, but ••••••"),
        ("first aryZx9, then Kq7Can", "first aryZx9, then Kq7Can"),
        ("Kq7Can" + " more" * 20 + " aryZx9", "Kq7Can" + " more" * 20 + " aryZx9"),
        ("only K.q.7.C.a.n.a", "only K.q.7.C.a.n.a"),
        ("already C.a.n.a.r.y.Z.x", "already ••••••"),
        ("a canary", "a canary"),
    ],
)
def test_the_key_is_recognised_in_pieces(text: str, shown: str) -> None:
    assert Redaction(f"AccessKey {PLAIN_KEY}").redacted(text) == shown


def test_ids_that_share_letters_with_a_hexadecimal_key_by_chance_are_none_of_ours() -> None:
    chance = random.Random(7)
    redaction = Redaction(f"AccessKey {chance.randbytes(16).hex()}").of([NUMBER])
    assert not [one for one in (chance.randbytes(32).hex() for _ in range(3_000)) if redaction.repeats([one])]


def test_a_number_of_others_is_recognised_in_any_digits() -> None:
    for said in ("❸❶❻❶❷❸❹❺❻❼❽", "③①⑥①②③④⑤⑥⑦⑧", "３１６１２３４５６７８", "٣١٦١٢٣٤٥٦٧٨", "=33=31=36=31=32=33=34"):
        assert NOTHING_SENT.redacted(f"got {said}") == "got ••••••"


@pytest.mark.parametrize("split", range(2, 40))
def test_a_cut_leaves_no_piece_of_the_key(split: int) -> None:
    """Where many numbers shrink to dots, the end of what is kept is near the start of what is shown."""
    for end in (MAX_KEPT, MAX_SCANNED):
        filler = ("1" * (end - split - 2)) + ": "
        assert REDACTION.redacted(filler + KEY + "x" * MAX_SCANNED).rstrip("x") in ("••••••: ••••••", "••••••")


def test_a_long_text_is_cut() -> None:
    assert REDACTION.redacted("x" * 10 * MAX_SCANNED) == "x" * MAX_KEPT


@pytest.mark.parametrize(
    "said", ["\\", "%25", "\\u005c", "1", "43, ", "2b ", "Ã", "&#", "=3D", "K q", "Kq7", "\u0301", "ⓚ"]
)
def test_a_long_hostile_text_takes_little_time(said: str) -> None:
    redaction = Redaction(f"AccessKey {PLAIN_KEY}").of([NUMBER] * 100, [json.dumps(BODY).encode()])
    begun = time.process_time()
    redaction.redacted(said * (1_000_000 // len(said)))
    assert time.process_time() - begun < 2.0


def test_a_short_key_is_found_as_a_word_and_the_sandboxs_is_no_secret() -> None:
    assert Redaction("Bearer ab1").redacted("ab1 is no cab1n, ab1") == "•••••• is no cab1n, ••••••"
    assert Redaction("AccessKey a.b.c.d.e").redacted("a.b.c.d.e, not abcde") == "••••••, not abcde"
    assert Redaction("AccessKey sandbox").redacted("of the sandbox") == "of the sandbox"
    assert "ab1" not in repr(Redaction("Bearer ab1"))


@pytest.mark.parametrize(
    "identity",
    [
        KEY, KEY.replace("-", ""), f"id-{KEY[1:10]}", NUMBER, NUMBER[1:], "07700900817", "+31612345678", f"x {TEXT}",
        "00000000-0000-4000-8000-447700900817", "44770090-0817-4000-8000-000000000000", quote(KEY, safe=""),
        base64.b64encode(NUMBER.encode()).decode(), "a@example.org", ".".join(KEY), "_".join(KEY[:11]), KEY.lower(),
        re.sub(r"\W", "", KEY).swapcase(), NUMBER.encode().hex("-"), "-".join(str(ord(c)) for c in NUMBER),
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


def test_a_key_that_looks_like_an_id_is_told_in_any_case() -> None:
    key = "5D9A1C0E3F554C398B1E6A0C2F9E7B01"
    assert Redaction(f"AccessKey {key}").repeats([UUID])
    assert not Redaction(f"AccessKey {key}").repeats([UUID.replace("5", "6")])


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
