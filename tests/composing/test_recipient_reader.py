"""The recipient of a row: its address, its key, and whether `where` keeps the row."""

from __future__ import annotations

import orjson
import pytest
from sendspec.composing.identity import id_text, message_id
from sendspec.composing.message import Duplicate, Filtered, Message
from sendspec.composing.platforms.sms_segments import Encoding
from spec_composer import ANN, BOB, BODY, SALT, SpecComposer


def test_without_receiver_and_reference_both_are_made(composer: SpecComposer) -> None:
    message = composer.one()
    identity = message_id(SALT, "hello", 1, ANN)
    assert orjson.loads(message.body) == {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": ANN}]},
        "body": {"type": "text", "text": {"text": "Hi Ann"}},
        "reference": id_text(identity),
    }
    assert (message.id, message.receiver, message.reference, message.text) == (
        identity,
        ANN,
        id_text(identity),
        "Hi Ann",
    )
    assert message.measure is not None
    assert (message.measure.encoding, message.measure.segments) == (Encoding.GSM7, 1)


def test_on_an_email_channel_the_address_is_an_email_address_in_the_column_of_that_name(composer: SpecComposer) -> None:
    html = "body: {type: html, html: {html: '<p>Hi</p>', text: Hi, metadata: {subject: Hi}}}"
    payload = composer.payload(html, rows=[{"email": "Ann@Example.COM"}], platform="email")
    assert payload["receiver"] == {
        "contacts": [{"identifierKey": "emailaddress", "identifierValue": "Ann@example.com"}]
    }
    assert composer.codes(html, rows=[{"phone": ANN}], platform="email") == ["missing-column"]


def test_the_address_is_normalised_before_it_tells_recipients_apart(composer: SpecComposer) -> None:
    rows = [{"phone": written, "first_name": "Ann"} for written in (ANN, "+44 (7700) 900001", " +447700-900001 ")]
    first, *others = composer(rows=rows)
    assert isinstance(first, Message)
    assert [type(other) for other in others] == [Duplicate, Duplicate]


def test_national_numbers_are_read_with_the_country(composer: SpecComposer) -> None:
    assert (
        composer.one(to="country: NL", rows=[{"phone": "0612345678", "first_name": "Ann"}]).receiver == "+31612345678"
    )


def test_any_template_may_give_the_address(composer: SpecComposer) -> None:
    rows = [{"code": "44", "rest": "7700900001", "first_name": "Ann"}]
    assert composer.one(to='to: "+{{ code }}{{ rest }}"', rows=rows).receiver == ANN


def test_an_address_that_is_a_number_is_refused(composer: SpecComposer) -> None:
    assert composer.codes(rows=[{"phone": 447700900001, "first_name": "Ann"}]) == ["unquoted-number"]
    assert composer.codes(to='to: "{{ phone | int }}"', rows=[{"phone": "447700900001", "first_name": "A"}]) == [
        "unquoted-number"
    ]


def test_a_receiver_of_the_messages_own_names_who_it_goes_to(composer: SpecComposer) -> None:
    own = 'receiver: {contacts: [{identifierValue: "{{ mobile }}"}]}\n  ' + BODY
    message = composer.one(own, rows=[{"mobile": BOB, "first_name": "Bob"}])
    assert message.receiver == BOB
    assert message.id == message_id(SALT, "hello", 1, BOB)
    assert orjson.loads(message.body)["receiver"] == {"contacts": [{"identifierValue": BOB}]}
    assert composer.codes(own, rows=[{"mobile": "+44 7700 900002", "first_name": "Bob"}]) == ["phone-spelling"]


def test_a_contact_without_an_address_counts_by_its_id(composer: SpecComposer) -> None:
    own = 'receiver: {contacts: [{id: "123e4567-e89b-12d3-a456-426614174000"}]}\n  ' + BODY
    assert composer.one(own).id == message_id(SALT, "hello", 1, "123e4567-e89b-12d3-a456-426614174000")
    assert composer.codes("receiver: {contacts: [{identifierKey: phonenumber}]}\n  " + BODY) == ["receiver-unnamed"]


def test_with_a_receiver_of_its_own_the_address_is_looked_at_only_where_it_is_written(composer: SpecComposer) -> None:
    own = f"receiver: {{contacts: [{{identifierValue: '{BOB}'}}]}}\n  " + BODY
    assert composer.one(own, rows=[{"phone": "nonsense", "first_name": "Bob"}]).receiver == BOB
    written = composer.one(own, to='to: "{{ phone }}"')
    assert (written.receiver, written.id) == (BOB, message_id(SALT, "hello", 1, ANN))  # who it is, and whom it reaches
    assert composer.codes(own, to='to: "{{ phone }}"', rows=[{"phone": "nonsense", "first_name": "Bob"}]) != []


def test_the_key_and_not_the_address_is_who_somebody_is(composer: SpecComposer) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "order": order} for order in ("A1", "A2")]
    first, second = composer(to='key: "{{ order }}"', rows=rows)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (first.id, second.id) == tuple(message_id(SALT, "hello", 1, order) for order in ("A1", "A2"))
    assert first.digest == second.digest


@pytest.mark.parametrize(("key", "expected"), [("7", "7"), (7, "7"), (0, "0")])
def test_a_key_is_text_or_a_whole_number(composer: SpecComposer, key: object, expected: str) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "n": key}]
    assert composer.one(to='key: "{{ n }}"', rows=rows).id == message_id(SALT, "hello", 1, expected)


@pytest.mark.parametrize("key", [True, 1.5, " "])
def test_any_other_key_is_refused(composer: SpecComposer, key: object) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "n": key}]
    assert composer.codes(to='key: "{{ n }}"', rows=rows) == ["key-not-text"]


def test_the_generation_is_part_of_who_a_message_is(composer: SpecComposer) -> None:
    one, two = composer.one(), composer.one(more="generation: 2")
    assert one.id != two.id
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("true", True),
        ("false", False),
        ("\"{{ first_name == 'Ann' }}\"", True),
        ("\"{{ first_name != 'Ann' }}\"", False),
    ],
)
def test_where_keeps_the_rows_it_is_true_for(composer: SpecComposer, where: str, kept: bool) -> None:
    [found] = composer(to=f"where: {where}")
    assert isinstance(found, Message if kept else Filtered)


@pytest.mark.parametrize("where", ['"{{ first_name }}"', '"{{ 1 }}"', '"yes"', '"{{ omit }}"'])
def test_where_is_true_or_false_and_nothing_like_it(composer: SpecComposer, where: str) -> None:
    assert composer.codes(to=f"where: {where}") == ["where-not-boolean"]
