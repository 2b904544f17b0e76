"""One row becomes one message: its payload, the types of its values, its digest, its measure."""

from __future__ import annotations

import json
from hashlib import blake2b, sha256

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendspec.composing.identity import id_text, message_id
from sendspec.composing.message import Filtered, Message
from spec_composer import ANN, BODY, SALT, SpecComposer


def test_what_is_omitted_is_gone_with_every_parent_that_held_nothing_else(composer: SpecComposer) -> None:
    omitted = "{{ missing | default(omit) }}"
    payload = composer.payload(
        f"""{BODY}
  sender: {{connector: {{identifierValue: "{omitted}"}}}}
  tags: ["{omitted}", kept, "{omitted}"]
  meta: {{extraInformation: {{a: "{omitted}", b: "{{{{ first_name }}}}"}}}}
  validity: "{omitted}"
"""
    )
    assert set(payload) == {"receiver", "body", "reference", "tags", "meta"}
    assert payload["tags"] == ["kept"]
    assert payload["meta"] == {"extraInformation": {"b": "Ann"}}


def test_an_empty_mapping_that_was_written_empty_stays(composer: SpecComposer) -> None:
    payload = composer.payload(BODY + '\n  meta: {extraInformation: {}}\n  tags: ["{{ first_name }}"]')
    assert payload["meta"] == {"extraInformation": {}}


def test_a_message_of_which_all_is_omitted_is_told_what_it_lacks(composer: SpecComposer) -> None:
    assert composer.codes('body: {type: "{{ omit }}"}') != []
    assert {problem.path for problem in composer.problems} == {str(composer._path)}


def test_a_list_of_which_all_is_omitted_is_gone(composer: SpecComposer) -> None:
    assert "tags" not in composer.payload(BODY + '\n  tags: ["{{ x | default(omit) }}", "{{ omit }}"]')


def test_an_omitted_receiver_is_told_as_missing(composer: SpecComposer) -> None:
    own = 'receiver: {contacts: [{identifierValue: "{{ omit }}"}]}\n  ' + BODY
    for to in ('to: "{{ phone }}"', None):
        assert composer.codes(own, **({} if to is None else {"to": to})) == ["receiver-unnamed"]


def test_an_omitted_reference_is_the_messages_id(composer: SpecComposer) -> None:
    message = composer.one('reference: "{{ omit }}"\n  ' + BODY)
    assert message.reference == id_text(message.id)
    assert orjson.loads(message.body)["reference"] == message.reference


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"{{ n | int }}"', 300), ('"{{ n }}"', "300"), ('" {{ n | int }}"', " 300"), ('"{{ yes }}"', True), ('"{{ half }}"', 1.5),
        ('"{{ 7 }}"', 7), ('"{{ [1, true] }}"', [1, True]), ('"{{ none_here | default(none) }}"', None),
        ('"{{ n | int if yes else omit }}"', 300), ("7", 7), ('"7"', "7"), ("~", None),
    ],
)  # fmt: skip
def test_one_expression_keeps_its_type_and_anything_around_it_makes_it_text(
    composer: SpecComposer, written: str, value: object
) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "n": "300", "yes": True, "half": 1.5}]
    payload = composer.payload(f"{BODY}\n  meta: {{extraInformation: {{found: {written}}}}}", rows=rows)
    found = payload["meta"]["extraInformation"]["found"]
    assert found == value
    assert type(found) is type(value)


def test_the_digest_is_of_everything_but_the_reference(composer: SpecComposer) -> None:
    message = composer.one('reference: "r-{{ message_id }}"\n  ' + BODY)
    payload = orjson.loads(message.body)
    del payload["reference"]
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    keyed = blake2b(sha256(canonical.encode()).digest(), digest_size=24, key=SALT, person=b"payload")
    assert message.digest == keyed.digest() == composer.one().digest
    other = composer.one(BODY.replace("Hi", "Ho"))
    assert other.digest != message.digest
    assert other.id == message.id


def test_the_order_of_keys_changes_no_digest(composer: SpecComposer) -> None:
    one = composer.one("body: {type: text, text: {text: a}}\n  tags: [b]")
    assert composer.one("tags: [b]\n  body: {text: {text: a}, type: text}").digest == one.digest


def test_an_id_and_a_generation_can_be_used_in_the_message(composer: SpecComposer) -> None:
    message = composer.one(f'{BODY}\n  reference: "{{{{ message_id }}}}-{{{{ generation }}}}"', more="generation: 3")
    assert message.reference == f"{id_text(message.id)}-3"


def test_nothing_but_the_text_of_a_text_message_on_sms_is_measured(composer: SpecComposer) -> None:
    image = 'body: {type: image, image: {images: [{mediaUrl: "https://example.com/a.png"}]}}'
    assert composer.one(image).measure is None
    assert composer.one(platform="whatsapp").measure is None
    assert composer.one(BODY.replace("Hi", "ж")).measure is not None


def test_rows_that_fail_for_one_reason_are_one_problem_and_the_others_are_composed(composer: SpecComposer) -> None:
    rows = [{"phone": f"+44770090000{n}", **({"first_name": "A"} if n % 2 else {})} for n in range(6)]
    found = composer(rows=rows)
    assert len(found) == 3
    [problem] = composer.problems
    assert (problem.code, problem.row_count) == ("empty-value", 3)


PIECES = [
    "{{ first_name }}",
    "{{",
    "}}",
    "{% for x in y %}",
    "{# x #}",
    "{{ 7*7 }}",
    "a",
    "'",
    '"',
    "\\",
    "€",
    "😀",
    " ",
    "{",
    "}",
]
DATA = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join).filter(str.strip)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DATA)
def test_what_a_row_holds_stands_in_every_place_as_it_is(composer: SpecComposer, value: str) -> None:
    """The law: a recipient's value is never a template, whatever it is passed through: text, constant, list, key or reference."""
    rows = [{"phone": ANN, "first_name": value}]
    message = composer.one(
        'body: {type: text, text: {text: "{{ first_name }}"}}\n  meta: {extraInformation: {a: "{{ first_name }}", b: ["{{ first_name }}"]}}',
        to='key: "k{{ first_name }}"',
        rows=rows,
    )
    payload = orjson.loads(message.body)
    assert payload["body"]["text"]["text"] == message.text == value
    assert payload["meta"]["extraInformation"] == {"a": value, "b": [value]}
    assert message.id == message_id(SALT, "hello", 1, ("k" + value).strip())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["Ann", "Bob", ""])), max_size=12))
def test_every_row_is_composed_left_out_repeated_or_a_problem(
    composer: SpecComposer, drawn: list[tuple[int, str]]
) -> None:
    """The law: no row is lost unseen."""
    rows = [{"phone": f"+44770090000{n}", "first_name": name} for n, name in drawn]
    if not rows:
        return
    found = composer(to="where: \"{{ first_name | default('-') != 'Bob' }}\"", rows=rows)
    rejected = sum(p.row_count for p in composer.problems if p.severity == "error")
    assert len(found) + rejected == len(rows)
    assert sum(isinstance(item, Filtered) for item in found) == sum(name == "Bob" for _, name in drawn)
    assert len({item.id for item in found if isinstance(item, Message)}) == len(
        [item for item in found if isinstance(item, Message)]
    )
