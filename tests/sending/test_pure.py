"""The parts of sending that need no socket: what an answer means, how long to wait, when the next message may go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import MAX_BODY, MAX_HEADERS, HttpResponse, UnreadableResponse, read_response
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, Refused, RunRefused
from sendspec.provider.time_headers import clock_skew_seconds, retry_after_seconds
from sendspec.sending.circuit_breaker import BreakerState, CircuitBreaker
from sendspec.sending.pace import MAX_CATCH_UP, TICK, Pace, back_off, senders_needed

SENT = SentMessage("m1", "+31612345678")


def answer(status: int, body: Any = None, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, reusable=True)


def judged(
    status: int, body: Any = None, *, first: bool = False, trust_503: bool = False, extra: bool = False, **headers: str
) -> Any:
    return classify(answer(status, body, **headers), SENT, first=first, trust_503=trust_503, extra=extra)


# ── what an answer means ─────────────────────────────────────────────────────────────────────────────────────────────

ECHO = {"receiver": {"contacts": [{"identifierValue": "+31612345678"}]}}
SENSELESS: dict[str, Any] = {
    "empty": b"",
    "a page": b"<html>log in</html>",
    "a list": [],
    "no id": {"reference": "m1"},
    "an id of null": {"id": None, "reference": "m1"},
    "an id that is a number": {"id": 7, "reference": "m1"},
    "an empty id": {"id": "", "reference": "m1"},
    "another reference": {"id": "1", "reference": "m2"},
    "another reference beside our receiver": {"id": "1", "reference": "m2", **ECHO},
    "neither reference nor receiver": {"id": "1"},
    "another receiver": {"id": "1", "receiver": {"contacts": [{"identifierValue": "+31687654321"}]}},
    "a repeated key": b'{"id": "1", "id": "2", "reference": "m1"}',
    "NaN": b'{"id": "1", "reference": "m1", "x": NaN}',
    "bad UTF-8": b'{"id": "\xff", "reference": "m1"}',
    "depth": b'{"id": "1", "reference": "m1", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a cut object": b'{"id": "1", "reference": "m1"',
}


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_acceptance_needs_an_id_and_our_reference(status: int) -> None:
    assert judged(status, {"id": "1", "reference": "m1"}) == Accepted("1")


def test_a_receiver_is_looked_for_among_contacts_that_are_none() -> None:
    contacts = [None, "+31612345678", {"identifierValue": 7}, {"id": "+31612345678"}]
    assert judged(202, {"id": "1", "receiver": {"contacts": contacts}}) == Accepted("1")
    for receiver in (
        {"contacts": contacts[:3]},
        {"contacts": 7},
        {"contacts": {"id": "+31612345678"}},
        ["+31612345678"],
        "+31612345678",
    ):
        outcome = judged(202, {"id": "1", "receiver": receiver})
        assert isinstance(outcome, InDoubt)
        assert outcome.invalid_acceptance


def test_an_id_has_a_length() -> None:
    assert judged(202, {"id": "i" * 200, "reference": "m1"}) == Accepted("i" * 200)
    assert isinstance(judged(202, {"id": "i" * 201, "reference": "m1"}), InDoubt)


@pytest.mark.parametrize(
    ("details", "text"),
    [
        (None, "422 code words"),
        ({".to": "too short"}, "422 code words; .to: too short"),
        ({".to": ["a", "b", "c", "d"]}, "422 code words; .to: a, b, c"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "422 code words; a: 1; b: 2; c: 3"),
        (["of no kind"], "422 code words"),
    ],
)
def test_a_refusal_says_what_the_api_says(details: Any, text: str) -> None:
    assert judged(422, {"code": "code", "message": "words", "details": details}) == Refused(422, text)


def test_where_the_answer_has_no_reference_our_receiver_is_enough() -> None:
    assert judged(202, {"id": "1", **ECHO}) == Accepted("1")
    assert judged(202, {"id": "1", "reference": None, **ECHO}) == Accepted("1")


@pytest.mark.parametrize("what", SENSELESS)
def test_an_acceptance_that_makes_no_sense_is_a_doubt(what: str) -> None:
    outcome = judged(202, SENSELESS[what])
    assert isinstance(outcome, InDoubt)
    assert outcome.invalid_acceptance


@pytest.mark.parametrize("status", [203, 204, 206, 226])
def test_another_2xx_is_a_doubt(status: int) -> None:
    outcome = judged(status, {"id": "1", "reference": "m1"})
    assert isinstance(outcome, InDoubt)
    assert outcome.invalid_acceptance


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_documented_refusal_is_one_whatever_its_body_is(status: int) -> None:
    for body in (b"<html>", b"", {"code": "x", "message": "y"}):
        assert isinstance(judged(status, body), Refused)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_key_balance_and_rights_concern_the_whole_run(status: int) -> None:
    assert isinstance(judged(status), RunRefused)


def test_a_404_concerns_the_run_when_it_names_the_channel_or_comes_first() -> None:
    assert isinstance(judged(404, first=True), RunRefused)
    named = {"code": "NotFound", "message": "The requested resource does not exist: channel not found"}
    assert isinstance(judged(404, named), RunRefused)
    assert isinstance(judged(404, {"code": "NotFound", "message": "contact not found"}), Refused)


@pytest.mark.parametrize(
    "status", [405, 406, 410, 411, 413, 414, 415, 417, 418, 431, 451, 501, 505, 507, 530, 599, 999]
)
def test_a_status_that_nobody_documents_is_a_doubt_that_stops_the_run(status: int) -> None:
    body = {"code": "Odd", "message": "words"}
    for outcome in (judged(status, body), judged(status, body, first=True, trust_503=True, extra=True)):
        assert outcome == InDoubt(
            f"an answer {status} Odd words, which the API does not document", status, stops_run=True
        )


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_a_redirect_is_a_doubt_that_stops_the_run(status: int) -> None:
    assert judged(status, b"") == InDoubt(f"an answer {status}, which leads elsewhere", status, stops_run=True)


@pytest.mark.parametrize("status", ["REJECTED", " rejected ", ["rejected"], {"value": "rejected"}, 7, False])
def test_a_status_in_another_spelling_proves_nothing(status: Any) -> None:
    found = judged(202, {"id": "1", "reference": "m1", "status": status})
    assert isinstance(found, InDoubt)
    assert found.invalid_acceptance


def test_an_acceptance_that_says_rejected_is_a_refusal_with_the_apis_reason() -> None:
    rejected = {"id": "1", "reference": "m1", "status": "rejected"}
    assert judged(202, rejected) == Refused(202, "202 rejected", "1")
    assert judged(200, {"id": "1", "status": "rejected", **ECHO}) == Refused(200, "200 rejected", "1")
    why = {"reason": "no route", "details": "no_route", "failure": {"code": 1, "description": "for +31612345678"}}
    assert judged(202, {**rejected, **why}) == Refused(202, "202 rejected: no route; no_route; for ••••••", "1")
    assert judged(202, {**rejected, "reason": 7, "details": ["x"], "failure": "x"}) == Refused(202, "202 rejected", "1")
    assert judged(202, {**rejected, "reason": "x", "details": "x", "failure": None}) == Refused(
        202, "202 rejected: x", "1"
    )


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 421, 422, 425, 429])
def test_with_bytes_behind_it_an_answer_without_a_reference_proves_nothing(status: int) -> None:
    outcome = judged(status, retry_after="0", extra=True)
    assert outcome == InDoubt(f"an answer {status} with more bytes behind it", status)
    assert not isinstance(judged(status, retry_after="0"), InDoubt)


def test_with_bytes_behind_it_only_our_reference_proves_an_acceptance() -> None:
    assert judged(202, {"id": "1", "reference": "m1"}, extra=True) == Accepted("1")
    for body in ({"id": "1", **ECHO}, {"id": "1", "reference": "m1", "status": "rejected"}):
        outcome = judged(202, body, extra=True)
        assert isinstance(outcome, InDoubt)
        assert outcome.invalid_acceptance
        assert "more bytes behind it" in outcome.evidence
    assert isinstance(judged(503, trust_503=True, retry_after="1", extra=True), InDoubt)


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": "a\\ud83d", "message": "b\\ude00"}',
        b'{"code": "a", "message": "b", "details": {"c\\ud83d": ["d"], "e": ["\\udfff"], "f": "\\ud800"}}',
    ],
)
def test_half_a_character_in_the_apis_words_is_replaced(body: bytes) -> None:
    outcome = judged(422, body)
    assert isinstance(outcome, Refused)
    assert "\ufffd" in outcome.text
    outcome.text.encode("utf-8")


def test_a_whole_character_in_two_halves_is_none_that_is_replaced() -> None:
    assert judged(422, b'{"code": "a", "message": "\\ud83d\\ude00"}') == Refused(422, "422 a \U0001f600")


@pytest.mark.parametrize("identity", ["a\\ud83d", "\\ude00", "a\\u0000", "a\\n", "\\u202ea"])
def test_what_can_not_be_printed_is_no_id(identity: str) -> None:
    outcome = judged(202, b'{"id": "%b", "reference": "m1"}' % identity.encode())
    assert outcome == InDoubt("an answer 202 without an id", 202, invalid_acceptance=True)


@pytest.mark.parametrize("status", [421, 425, 429])
def test_what_is_documented_as_not_processed_may_be_sent_again(status: int) -> None:
    assert judged(status, retry_after="7") == NotProcessed(status, 7.0)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 529])
def test_an_error_of_the_server_is_a_doubt(status: int) -> None:
    doubt = InDoubt(f"an answer {status}", status)
    assert judged(status, {"id": "1", "reference": "m1"}, retry_after="1") == doubt
    assert judged(status, extra=True) == doubt


def test_a_503_is_trusted_only_on_request_and_with_retry_after() -> None:
    assert judged(503, trust_503=True, retry_after="1") == NotProcessed(503, 1.0)
    assert isinstance(judged(503, trust_503=True), InDoubt)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

BODY = b'{"id": "1", "reference": "m1"}'
WHOLE = b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


def read(data: bytes, size: int = 7, most: int = MAX_BODY) -> HttpResponse:
    chunks = iter([data[at : at + size] for at in range(0, len(data), size)])
    return read_response(lambda: next(chunks, b""), max_body=most)


@given(st.integers(1, 200))
def test_an_answer_reads_the_same_however_it_is_cut_into_packets(size: int) -> None:
    assert read(WHOLE, size).body == BODY


@given(st.integers(0, len(WHOLE) - 1))
def test_no_part_of_an_acceptance_is_taken_for_one(length: int) -> None:
    with pytest.raises(UnreadableResponse):
        read(WHOLE[:length])


PIECES = st.lists(
    st.sampled_from(
        [b"HTTP/1.1 ", b"202", b" OK", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"2", b"Transfer-Encoding: chunked", b"0",
         b"{}", b": ", b"\x00", b"\xff", b"100", b"a", b" ", b"429"]
    ),
    max_size=30,
)  # fmt: skip


@given(PIECES)
def test_whatever_arrives_it_is_an_answer_or_unclear(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    try:
        found = read(data, 16)
    except UnreadableResponse:
        return
    assert found.status >= 200
    assert data.startswith(b"HTTP/1.")


HEAD = b"HTTP/1.1 202 OK\r\n"
UNCLEAR: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "without an answer"),
    "another coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}", "not chunked"),
    "chunks and another coding": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "not chunked"),
    "a chunk without a size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n;x\r\n", "has no size"),
    "a chunk with a long extension": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 2_000 + b"\r\n",
        "the chunk header of the answer is larger than 1 KB",
    ),
    "a chunk header without its end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;x", "inside the chunk header"),
    "a chunk of a negative size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "has no size"),
    "a chunk that is larger than a body": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", "larger than 256 KB"),
    "a chunk without its end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", "longer than it says"),
    "trailers without end": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", "trailer of the answer"
    ),
    "a body without end": (HEAD + b"\r\n" + b" " * (MAX_BODY + 1), "larger than 256 KB"),
    "a length beyond the most": (HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1), "larger than 256 KB"),
    "a length of many digits": (HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", "no number"),
    "a length in other digits": (HEAD + b"Content-Length: \xb2\r\n\r\n", "no number"),
    "too many headers": (HEAD + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", "head of the answer is too large"),
    "too many interim answers": (
        (b"HTTP/1.1 103 Hints\r\nLink: " + b"a" * 30_000 + b"\r\n\r\n") * 3, "head of the answer is too large"
    ),
    "one long header": (HEAD + b"A: " + b"b" * 70_000, "larger than 64 KB"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNCLEAR)
def test_what_is_wrong_with_an_answer_is_said(what: str) -> None:
    data, words = UNCLEAR[what]
    with pytest.raises(UnreadableResponse) as unclear:
        read(data, 1_024)
    assert words in unclear.value.evidence


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_ends_with_its_head_whatever_length_it_states(status: int) -> None:
    found = read(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status)
    assert (found.body, found.reusable) == (b"", True)


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (WHOLE, True),
        (WHOLE + b"H", False),
        (WHOLE.replace(b"1.1", b"1.0"), False),
        (WHOLE.replace(b"\r\n", b"\r\nConnection: Close\r\n", 1), False),
        (WHOLE.replace(b"Content-Length", b"X-Length"), False),
        (
            HEAD + b"Transfer-Encoding: Chunked\r\n\r\n%x;name=value\r\n%b\r\n0\r\nA: b\r\n\r\n" % (len(BODY), BODY),
            True,
        ),
    ],
)
def test_a_connection_is_used_again_only_where_the_answer_surely_ended(data: bytes, reusable: bool) -> None:
    found = read(data, len(data))
    assert found.body == BODY
    assert found.reusable is reusable
    assert found.extra is (data == WHOLE + b"H")


@pytest.mark.parametrize("head", [b"HTTP/1.1 422 X\r\n\r\n", b"HTTP/1.0 429 X\r\n\r\n"])
def test_another_answer_in_a_body_that_ends_with_the_connection_is_seen(head: bytes) -> None:
    assert read(head + b'{"code": "x"}' + WHOLE).extra
    assert not read(head + b'{"code": "x", "message": "over HTTP/1.1 we spoke"}').extra


@pytest.mark.parametrize("most", [10, 29, 30])
def test_a_body_of_the_most_bytes_is_taken_and_none_of_more(most: int) -> None:
    assert len(BODY) == 30
    for data in (
        WHOLE,
        HEAD + b"\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1e\r\n%b\r\n0\r\n\r\n" % BODY,
    ):
        for size in (1, 7, len(data)):
            if most < 30:
                with pytest.raises(UnreadableResponse, match="larger than"):
                    read(data, size, most)
            else:
                assert read(data, size, most).body == BODY


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────────

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0), ("0", 0.0), (" 3 ", 3.0), ("901", 900.0), ("99999999999999999999", 900.0),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0), ("Sun, 06 Nov 1994 08:49:27 GMT", 0.0), ("Sun, 06 Nov 2094 08:49:37 GMT", 900.0),
        ("-5", None), ("1.5", None), ("1e3", None), ("", None), ("soon", None), ("2, 3", None), ("٣", None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_clamped_and_never_raises(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, DATE) == seconds


def test_a_date_without_the_answers_own_date_says_nothing() -> None:
    assert retry_after_seconds("Sun, 06 Nov 1994 08:49:47 GMT", None) is None


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:27 GMT", -10.0),
        ("yesterday", None),
        ("Sun, 99 Nov 1994 08:49:47 GMT", None),
        (None, None),
    ],
)
def test_the_clock_of_who_answered_is_read_off_its_date(date: str | None, seconds: float | None) -> None:
    assert clock_skew_seconds(date, 784_111_777.0) == seconds


@given(st.text(max_size=40), st.none() | st.text(max_size=40))
def test_nonsense_in_retry_after_never_raises(value: str, date: str | None) -> None:
    seconds = retry_after_seconds(value, date)
    assert seconds is None or 0 <= seconds <= 900


@given(st.integers(0, 1_000), st.floats(0, 1, exclude_max=True))
def test_backing_off_stays_within_its_bound(failures: int, random: float) -> None:
    assert 0 <= back_off(failures, random) <= 30


# ── pace ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def drive(pace: Pace, seconds: float, stalls: list[float]) -> list[float]:
    """The slots of a run whose writer looks every tick, except for `stalls` in between."""
    now, taken, pauses = 0.0, [], iter(stalls)
    while now < seconds:
        taken += pace.slots(now, 1_000)
        now += TICK + next(pauses, 0.0)
    return taken


@given(st.integers(1, 600), st.lists(st.floats(0, 0.5), max_size=20))
def test_no_second_ever_has_more_slots_than_the_limit(rate: int, stalls: list[float]) -> None:
    """The law: beyond what a stall of a hundredth of a second may owe, no window of a second holds more than the rate."""
    slots = drive(Pace(float(rate), 64), 5.0, stalls)
    most = rate + rate * MAX_CATCH_UP + 1
    for start, first in enumerate(slots):
        inside = sum(1 for slot in slots[start:] if slot < first + 1.0 - 1e-9)
        assert inside <= most
    assert slots == sorted(slots)


@given(st.integers(1, 600), st.lists(st.floats(0, 0.3), max_size=60))
def test_a_slow_disk_makes_no_second_fuller(rate: int, commits: list[float]) -> None:
    """A slot may only be used once its claim is on the disk; what that took too long is lost, not made up for."""
    pace, now, used = Pace(float(rate), 64), 0.0, []
    for commit in [*commits, *[0.0] * 60]:
        slots = pace.slots(now, 1_000)
        now += commit
        put_off = pace.late(slots[0], now) if slots else 0.0
        used += [max(slot + put_off, now) for slot in slots]
        now += TICK
    for start, first in enumerate(used):
        assert sum(1 for moment in used[start:] if moment < first + 1.0 - 1e-9) <= rate + rate * MAX_CATCH_UP + 1


def test_without_a_limit_nothing_is_put_off() -> None:
    assert Pace(None, 8).late(0.0, 9.0) == 0.0


def test_without_stalls_the_rate_is_reached() -> None:
    assert 2_495 <= len(drive(Pace(500.0, 64), 5.0, [])) <= 2_525


def test_a_pause_gives_no_slot_before_its_end() -> None:
    pace = Pace(100.0, 8)
    pace.pause(1.0)
    assert pace.slots(0.9, 10) == []
    assert all(slot >= 1.0 for slot in pace.slots(1.0, 10))


def test_throttling_lets_one_message_try_and_opens_up_again() -> None:
    pace = Pace(None, 32)
    assert pace.window == 32
    pace.throttled(10.0, sent_at=9.0, retry_after=2.0, random=0.5)
    assert pace.window == 1
    assert pace.slots(11.9, 5) == []
    assert pace.slots(12.0, 1) == [12.0]
    for n in range(31):
        pace.succeeded(13.0 + n)
    assert pace.window == 32


def test_a_burst_of_throttled_answers_counts_once() -> None:
    pace = Pace(None, 32)
    for _ in range(20):
        assert not pace.throttled(10.0, sent_at=9.0, retry_after=None, random=0.99)
    assert pace.paused_until <= 10.5
    assert pace.throttled(11.0, sent_at=10.9, retry_after=None, random=0.99)
    assert pace.paused_until <= 12.0


def test_a_lowered_rate_comes_back_little_by_little() -> None:
    pace = Pace(100.0, 8)
    pace.throttled(0.0, sent_at=-1.0, retry_after=0.0, random=0.0)
    assert 65 <= len([s for s in drive(pace, 1.0, []) if s < 1.0]) <= 75
    for second in range(2, 12):
        pace.succeeded(float(second))
    later = Pace.slots(pace, 20.0, 1_000)
    assert later[1] - later[0] == pytest.approx(0.01)


def test_senders_follow_rate_and_latency() -> None:
    assert senders_needed(None, 0.1, 32) == 32
    assert senders_needed(500.0, 0.15, 256) == 99
    assert senders_needed(500.0, 0.15, 32) == 32
    assert senders_needed(1.0, 0.15, 32) == 2


# ── breaker ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_five_doubts_within_twenty_answers_shut_the_gate_and_a_certain_probe_opens_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(4):
        breaker.record_doubt(invalid_acceptance=False)
    assert breaker.state is BreakerState.CLOSED
    breaker.record_doubt(invalid_acceptance=False)
    assert breaker.state is BreakerState.OPEN
    breaker.drained()
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.record_certain()
    assert breaker.state is BreakerState.CLOSED


def test_doubts_that_are_far_apart_do_not_shut_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(50):
        breaker.record_doubt(invalid_acceptance=False)
        for _ in range(4):
            breaker.record_certain()
    assert breaker.state is BreakerState.CLOSED


def test_what_is_drained_while_the_gate_is_open_changes_nothing() -> None:
    breaker = CircuitBreaker()
    breaker.drained()
    assert breaker.state is BreakerState.CLOSED
    breaker.record_doubt(invalid_acceptance=True)
    breaker.record_doubt(invalid_acceptance=True)
    assert breaker.state is BreakerState.OPEN


def test_after_a_certain_probe_the_doubts_from_before_count_no_more() -> None:
    breaker = CircuitBreaker()
    for _ in range(5):
        breaker.record_doubt(invalid_acceptance=False)
    breaker.drained()
    breaker.record_certain()
    for _ in range(4):
        breaker.record_doubt(invalid_acceptance=False)
        assert breaker.state is BreakerState.CLOSED


def test_a_probe_in_doubt_breaks_it_for_good() -> None:
    breaker = CircuitBreaker()
    breaker.record_doubt(invalid_acceptance=True)
    breaker.drained()
    breaker.record_doubt(invalid_acceptance=False)
    assert breaker.state is BreakerState.BROKEN
    breaker.record_certain()
    assert breaker.state is BreakerState.BROKEN
