"""What each status of the API does to a run."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.planning.message_state import State
from sendspec.sending.ending import (
    Finished,
    SpecRefused,
    StoppedByApi,
    TooManyDoubts,
    TooManyRefused,
    UnexpectedAnswer,
)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 408])
def test_a_server_error_is_a_doubt_and_a_storm_of_them_stays_small(helpers: Any, status: int) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(status))) as server:
        result, ledger = helpers.Sending(server.port, count=500).run()
    assert isinstance(result.ending, TooManyDoubts)
    assert result.in_doubt <= 5 + 4 + 1
    assert ledger.count(State.PLANNED) == 500 - result.in_doubt


def test_one_answer_that_makes_no_sense_is_probed_and_the_run_goes_on(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: helpers.http(200, b"<html>") if n == 3 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=50).run()
    assert (result.accepted, result.in_doubt) == (49, 1)
    assert isinstance(result.ending, Finished)


def test_a_second_invalid_acceptance_stops_the_run(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(200, b"<html>"))) as server:
        result, _ = helpers.Sending(server.port, count=50).run()
    assert isinstance(result.ending, TooManyDoubts)
    assert result.in_doubt <= 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_and_stops_the_run(helpers: Any, status: int) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.accepted(request))) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/"
        with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(status, b"", location))) as server:
            result, _ = helpers.Sending(server.port, count=50).run()
        assert elsewhere.connections == 0
    assert isinstance(result.ending, UnexpectedAnswer)
    assert result.accepted == 0


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refusal_of_the_run_stops_it_within_the_open_requests(helpers: Any, status: int) -> None:
    script = helpers.answering(lambda n, request: helpers.http(status) if n > 20 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=200).run()
    assert isinstance(result.ending, StoppedByApi)
    assert result.accepted == 20
    assert result.requests <= 20 + 4
    assert ledger.count(State.PLANNED) == 180


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refused_message_lets_the_others_go_on(helpers: Any, status: int) -> None:
    body = b'{"code": "InvalidPayload", "message": "malformed", "details": {".body": ["too long", "+31612345678"]}}'
    script = helpers.answering(
        lambda n, request: helpers.http(status, body) if n % 3 == 0 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        result, _ledger = helpers.Sending(server.port, count=60).run()
    assert (result.accepted, result.refused) == (40, 20)
    assert result.refusals[0].count == 20
    assert ".body: too long" in result.refusals[0].text
    assert "+31612345678" not in result.refusals[0].text
    assert isinstance(result.ending, Finished)


def test_twenty_refusals_and_nothing_else_stop_the_run(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(422))) as server:
        result, ledger = helpers.Sending(server.port, count=300).run()
    assert isinstance(result.ending, SpecRefused)
    assert 20 <= result.refused <= 24
    assert ledger.count(State.PLANNED) == 300 - result.refused


@pytest.mark.parametrize("status", [405, 410, 415, 501, 505, 599])
def test_an_answer_that_nobody_documents_stops_the_run_within_the_open_requests(helpers: Any, status: int) -> None:
    script = helpers.answering(lambda n, request: helpers.http(status) if n > 20 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, ledger = helpers.Sending(server.port, count=200).run()
    assert isinstance(result.ending, UnexpectedAnswer)
    assert (result.accepted, result.refused) == (20, 0)
    assert 1 <= result.in_doubt <= 4
    assert ledger.count(State.PLANNED) == 180 - result.in_doubt


def test_too_many_refused_stop_the_run_where_a_share_is_set(helpers: Any) -> None:
    script = helpers.answering(lambda n, request: helpers.http(422) if n % 2 else helpers.accepted(request))
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=300, settings={"failure_rate": 0.2}).run()
    assert isinstance(result.ending, TooManyRefused)
    assert result.accepted + result.refused < 40


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "soon", "", None, "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_throttling_is_waited_out_whatever_retry_after_says(helpers: Any, value: str | None) -> None:
    more = () if value is None else (f"Retry-After: {value}", "Date: Thu, 01 Jan 1970 00:00:00 GMT")
    script = helpers.answering(
        lambda n, request: helpers.http(429, b"{}", *more) if n <= 6 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, count=30).run()
    assert (result.accepted, result.in_doubt, result.refused) == (30, 0, 0)
    assert result.requests == 36


def test_a_message_is_tried_eight_times_and_then_left_planned(helpers: Any) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(429, b"{}", "Retry-After: 0"))) as server:
        result, ledger = helpers.Sending(server.port, count=2).run()
    assert result.accepted == result.in_doubt == 0
    assert ledger.count(State.PLANNED) == 2
    assert max(ledger.attempt.values()) == 8


@pytest.mark.parametrize("status", [421, 425])
def test_a_misdirected_message_is_tried_once_more_on_a_new_connection(helpers: Any, status: int) -> None:
    with helpers.raw_server(helpers.answering(lambda n, request: helpers.http(status))) as server:
        result, ledger = helpers.Sending(server.port, settings={"concurrency": 1}).run()
    assert ledger.attempt[(0).to_bytes(16)] == 2
    assert ledger.count(State.PLANNED) == 1
    assert result.requests == 2
    assert server.connections >= 2


@pytest.mark.parametrize(("trust", "bucket"), [(True, "accepted"), (False, "in_doubt")])
def test_a_503_with_retry_after_is_trusted_only_when_asked(helpers: Any, trust: bool, bucket: str) -> None:
    script = helpers.answering(
        lambda n, request: helpers.http(503, b"{}", "Retry-After: 0") if n == 1 else helpers.accepted(request)
    )
    with helpers.raw_server(script) as server:
        result, _ = helpers.Sending(server.port, settings={"trust_503": trust}).run()
    assert getattr(result, bucket) == 1
