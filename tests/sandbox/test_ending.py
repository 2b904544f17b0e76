"""Numbers by ending: what becomes of messages to them, and how POST answers."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_client import NOW, PATH, Client, conforms, payload, payload_to, sandboxed
from sendspec.diagnostics.redaction import mask_in_place
from sendspec.provider.failure_words import FailureKind, failure_words
from sendspec.provider.message_status import MESSAGE_STATUSES
from sendspec.provider.status_report import status_report
from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.answer_by_number import ThrottledOnce
from sendspec.sandbox.ending import ENDING_BY_DIGITS, ENDINGS, USUAL, ending_of

USUAL_LIFE = ["accepted", "processing", "sent", "delivered"]
UNSENT = ["accepted", "sending_failed"]
UNDELIVERED = ["accepted", "processing", "sent", "delivery_failed"]
LIFE_BY_DIGITS: dict[str, tuple[list[str], Any]] = {
    "000": (UNDELIVERED, (15005, "sms-messagebird", "1", "unknown_subscriber")),
    "001": (UNSENT, (12003, "pre-processing", "12003", "unsupported_destination")),
    "002": (["accepted", "processing", "sent"], None),
    "003": (["accepted", "rejected"], (11002, "pre-processing", "11002", "invalid_input")),
    "004": (USUAL_LIFE, None),
    "005": ([*UNDELIVERED, "delivered"], None),
    "006": (["accepted", "skipped"], None),
    "007": (USUAL_LIFE, None),
    "008": (USUAL_LIFE, None),
    "009": (UNSENT, (14000, "contact", "14000", "contact_opted_out")),
    "010": (USUAL_LIFE, None),
    "020": (UNDELIVERED, (15005, "sms-messagebird", "11", "unknown_subscriber")),
    "021": (UNDELIVERED, (15005, "sms-messagebird", "12", "unknown_subscriber")),
    "022": (UNDELIVERED, (15000, "sms-messagebird", None, "unavailable_subscriber")),
    "023": (UNDELIVERED, (15000, "sms-messagebird", "104", "sender_unregistered")),
    "024": (UNDELIVERED, (15000, "sms-messagebird", "0", "generic_delivery_failure")),
    "025": (UNDELIVERED, (15000, "sms-messagebird", None, "expired")),
    "026": (UNDELIVERED, (15000, "sms-messagebird", None, "dlr_not_received")),
    "034": (UNDELIVERED, (15001, "sms-messagebird", "34", "received_network_error")),
    "422": ([], None),
    "429": (USUAL_LIFE, None),
    "500": (USUAL_LIFE, None),
    "777": (USUAL_LIFE, None),
}
"""The statuses of a message to a number that ends so, and code, source, source code and word of its failure."""


def lived(client: Client) -> tuple[list[str], Any]:
    """The statuses of the only message, and its failure at the end."""
    statuses: list[str] = []
    message: Any = None
    for _ in range(16):
        results = client.ask("GET", f"{PATH}?limit=2").json()["results"]
        if not results:
            return [], None
        (message,) = results
        conforms("response", message)
        if [message["status"]] != statuses[-1:]:
            assert message["lastStatusAt"] == message["updatedAt"] == format_timestamp(client.clock.now)
            statuses.append(message["status"])
        client.clock.now += 0.5
    assert ("failure" in message) == ("reason" in message) == ("details" in message)
    if "failure" not in message:
        return statuses, None
    source = message["failure"]["source"]
    code = source.get("code")
    assert message["reason"].startswith(f"details: {message['failure']['description']}; reason: {message['details']}")
    assert message["reason"].endswith(f"; code: {code}") == (code is not None)
    return statuses, (message["failure"]["code"], source["name"], code, message["details"])


@pytest.mark.parametrize("digits", LIFE_BY_DIGITS)
def test_a_number_s_ending_decides_what_becomes_of_its_messages(client: Client, digits: str) -> None:
    for _ in range(1 + (digits == "429")):
        client.post(payload_to(f"+4477000{'00' + digits}"))
    assert lived(client) == LIFE_BY_DIGITS[digits]


KIND_BY_DIGITS = {
    "000": FailureKind.DEAD_NUMBER, "001": FailureKind.SENDER, "003": FailureKind.CONTENT, "006": FailureKind.WITHHELD,
    "009": FailureKind.OPTED_OUT, "020": FailureKind.LANDLINE, "021": FailureKind.DEAD_NUMBER, "022": FailureKind.UNREACHABLE,
    "023": FailureKind.SENDER, "024": FailureKind.UNKNOWN, "025": FailureKind.EXPIRED, "026": FailureKind.EXPIRED,
    "034": FailureKind.NETWORK,
}  # fmt: skip


@pytest.mark.parametrize("digits", KIND_BY_DIGITS)
def test_each_failure_is_told_from_the_others(client: Client, digits: str) -> None:
    client.post(payload_to(f"+4477000{'00' + digits}"))
    client.clock.now += 60
    report = status_report(client.ask("GET", PATH).json()["results"][0], lambda text: text)
    assert report is not None
    words = failure_words(report.status, report.reason)
    assert (words.kind, bool(words.meaning)) == (KIND_BY_DIGITS[digits], True)


def test_every_ending_is_of_its_own_and_in_the_words_of_the_api() -> None:
    assert set(ENDING_BY_DIGITS) == set(LIFE_BY_DIGITS) - {"777"}
    assert len(ENDING_BY_DIGITS) == len(ENDINGS)
    for ending in (*ENDINGS, USUAL):
        moments = [step.at for step in ending.life]
        assert moments == sorted(set(moments))
        assert moments[0] == 0
        assert {step.status for step in ending.life} <= MESSAGE_STATUSES


@pytest.mark.parametrize(
    ("receivers", "digits"),
    [
        (["+447700000422"], "422"), (["+15550000422"], "422"), (["+10000422"], "422"), (["+447700900422"], ""), (["+447700900000"], ""),
        (["447700000422"], ""), (["+447700000422 "], ""), (["+0447700000422"], ""), (["a+447700000422"], ""), (["+4477000004220"], ""),
        (["+1234567890000422"], ""), (["+123456780000422"], "422"), (["+44770000042२"], ""), (["x@example.com"], ""), ([], ""),
        (["+447700900001", "+447700000422"], ""),
    ],
)  # fmt: skip
def test_only_phone_numbers_with_seven_such_digits_have_an_ending(receivers: list[str], digits: str) -> None:
    assert ending_of(receivers).digits == digits


def test_lives_are_as_long_as_the_pace_says() -> None:
    with sandboxed(pace=10) as client:
        client.post(payload(1))
        client.clock.now += 29.9
        assert client.ask("GET", PATH).json()["results"][0]["status"] == "sent"
        client.clock.now += 0.1
        (message,) = client.ask("GET", PATH).json()["results"]
        assert (message["status"], message["lastStatusAt"]) == ("delivered", format_timestamp(NOW + 30))


@pytest.mark.parametrize(("ahead", "is_scheduled"), [(-60, False), (599, False), (600, True), (86_400, True)])
def test_a_scheduled_message_s_life_begins_at_its_time(client: Client, ahead: int, is_scheduled: bool) -> None:
    written = format_timestamp(NOW + ahead)
    answer = client.post(payload_to("+447700000007", scheduledFor=written)).json()
    conforms("response", answer)
    assert (answer["status"], answer["scheduledFor"]) == ("scheduled" if is_scheduled else "accepted", written)
    begin = NOW + ahead if is_scheduled else NOW
    seen = []
    for client.clock.now in (begin - 0.001, begin, begin + 3):
        (message,) = client.ask("GET", PATH).json()["results"]
        seen.append((message["status"], message["lastStatusAt"]))
    assert seen[0][0] == answer["status"]
    assert seen[1:] == [("accepted", format_timestamp(begin)), ("delivered", format_timestamp(begin + 3))]
    assert client.ask("GET", f"{PATH}/{answer['id']}/interactions").json() == {"results": []}
    client.clock.now = begin + 4
    assert len(client.ask("GET", f"{PATH}/{answer['id']}/interactions").json()["results"]) == 2


def test_a_message_has_its_parts_once_the_network_has_it(client: Client) -> None:
    client.post(payload(1, body={"type": "text", "text": {"text": "ő" * 71}}))
    client.post({"receiver": payload()["receiver"], "template": {"name": "t"}})
    assert all("parts" not in message for message in client.ask("GET", PATH).json()["results"])
    client.clock.now += 60
    template, text = client.ask("GET", PATH).json()["results"]
    assert (len(template["parts"]), len(text["parts"])) == (1, 2)
    assert len({part["platformReference"] for part in (*template["parts"], *text["parts"])}) == 3


REFUSED, THROTTLED, DOUBT = "+447700000422", "+447700000429", "+447700000500"


def test_a_number_is_refused_throttled_once_or_doubtful(client: Client) -> None:
    refused = client.post(payload_to(REFUSED))
    assert refused.status == 422
    conforms("error", refused.json())
    why = "the sandbox refuses numbers that end in four zeros and 422"
    assert refused.json()["details"] == {".receiver.contacts[0].identifierValue": [why]}
    assert mask_in_place(why) == why
    throttled = [client.post(payload_to(THROTTLED)) for _ in range(4)]
    assert [answer.status for answer in throttled] == [429, 202, 429, 202]
    conforms("error", throttled[0].json())
    doubtful = client.post(payload_to(DOUBT))
    assert doubtful.status == 500
    conforms("error", doubtful.json())
    assert [message.payload["reference"] for message in client.sandbox.store.all()] == ["to-429", "to-429", "to-500"]


def test_a_batch_is_answered_for_one_of_its_numbers_as_a_whole(client: Client) -> None:
    usual = [payload(1), payload(2)]
    refused = client.post_batch([*usual, payload_to(REFUSED), payload_to(THROTTLED)])
    assert refused.status == 422
    assert list(refused.json()["details"]) == [".messageRequests[2].receiver.contacts[0].identifierValue"]
    assert client.sandbox.store.all() == []
    assert client.post_batch([*usual, payload_to(THROTTLED), payload_to(DOUBT)]).status == 429
    assert client.sandbox.store.all() == []
    another = payload_to("+447710000429")
    assert client.post_batch([payload_to(THROTTLED), another]).status == 429  # `another` hasn't had its own
    assert client.post_batch([*usual, payload_to(THROTTLED), payload_to(DOUBT)]).status == 500
    assert client.post_batch([another]).status == 202
    assert len(client.sandbox.store.all()) == 5


def test_what_was_throttled_is_remembered_within_bounds() -> None:
    throttled = ThrottledOnce()
    many = [{**payload_to(THROTTLED), "reference": f"m{n}"} for n in range(10_001)]
    assert throttled.strikes(PATH, many)
    assert throttled.strikes("another channel", many[:1])
    forgotten = [throttled.strikes(PATH, [each]) for each in many]
    assert forgotten.count(True) in (2, 3)
