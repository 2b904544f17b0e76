"""Who may get messages at all."""

from __future__ import annotations

import json

import pytest
from sendspec.composing.eligibility import EVERYONE, Eligibility, Exclusion
from sendspec.composing.message import Message

ANN, BOB = "+447700900001", "+447700900002"


def message(*receivers: str) -> Message:
    contacts = [{"identifierKey": "phonenumber", "identifierValue": receiver} for receiver in receivers]
    body = json.dumps({"receiver": {"contacts": contacts}}).encode()
    return Message(b"i" * 16, receivers[0], "r", body, b"d" * 24, None, None, 1)


@pytest.mark.parametrize(
    ("eligibility", "expected"),
    [
        (EVERYONE, Exclusion.NONE),
        (Eligibility(only_to=frozenset({ANN})), Exclusion.NONE),
        (Eligibility(only_to=frozenset()), Exclusion.ONLY_TO),
        (Eligibility(suppressed={BOB}), Exclusion.NONE),
        (Eligibility(suppressed={ANN}), Exclusion.SUPPRESSED),
        (Eligibility(only_to=frozenset({BOB}), suppressed={ANN}), Exclusion.ONLY_TO),
        (Eligibility(opted_out={BOB}), Exclusion.NONE),
        (Eligibility(opted_out={ANN}), Exclusion.OPTED_OUT),
        (Eligibility(suppressed={ANN}, opted_out={ANN}), Exclusion.SUPPRESSED),
        (Eligibility(only_to=frozenset({BOB}), opted_out={ANN}), Exclusion.ONLY_TO),
    ],
)
def test_why_a_message_is_excluded(eligibility: Eligibility, expected: Exclusion) -> None:
    assert eligibility.exclusion_of(message(ANN)) is expected


def test_one_excluded_receiver_is_enough() -> None:
    assert Eligibility(suppressed={BOB}).exclusion_of(message(ANN, BOB)) is Exclusion.SUPPRESSED
    assert Eligibility(only_to=frozenset({ANN})).exclusion_of(message(ANN, BOB)) is Exclusion.ONLY_TO
    assert Eligibility(opted_out={BOB}).exclusion_of(message(ANN, BOB)) is Exclusion.OPTED_OUT
