"""One row becomes one message: who it goes to, what is left out, which type a value has, and what is checked before anything is filled."""

from __future__ import annotations

import json
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendspec.composing.compiled_spec import compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import Composer, compose_rows
from sendspec.composing.duplicates import mark_duplicates
from sendspec.composing.identity import id_text, message_id
from sendspec.composing.message import Composed, Duplicate, Filtered, Message
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.limits import Limits
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import InlineRecipients, read_spec
from sendspec.reading.tables.inline_table import InlineTable

SALT = b"s" * 16
ANN, BOB = "+447700900001", "+447700900002"
BODY = 'body: {type: text, text: {text: "Hi {{ first_name }}"}}'


class Bench:
    """Composes the rows of a spec; `problems` are those of the last time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "spec.yaml"
        self.problems: list[Diagnostic] = []

    def __call__(
        self, message: str = BODY, *, to: str = "", more: str = "", rows: list[dict[str, Any]] | None = None,
        platform: str = "sms", limits: Limits | None = None,
    ) -> list[Composed]:  # fmt: skip
        people = [{"phone": ANN, "first_name": "Ann"}] if rows is None else rows
        self._path.write_text(
            f"spec: 1\nname: hello\nchannel: sms\n{more}\n"
            f"recipients: {{{to}{', ' if to else ''}list: {json.dumps(people, ensure_ascii=False)}}}\n"
            f"message:\n  {message}\n",
            encoding="utf-8",
        )
        problems = Problems()
        spec = read_spec(str(self._path), problems)
        found = [] if spec is None else self._composed(spec, PLATFORMS[platform], limits or Limits(), problems)
        self.problems = list(problems)
        return found

    def _composed(self, spec: Any, platform: Platform, limits: Limits, problems: Problems) -> list[Composed]:
        assert isinstance(spec.recipients, InlineRecipients)
        at = spec.recipients.at
        table = InlineTable(spec.document, [((*at, n), row) for n, row in enumerate(spec.recipients.rows)])
        program = compile_spec(spec, table.columns, platform, problems)
        if program is None:
            return []
        setting = ComposeSettings(platform=platform, salt=SALT, limits=limits)
        composer = Composer(program, table, setting, load_schema("message"), platform.rules, problems)
        rows = compose_rows(composer, table.rows(problems))
        return list(mark_duplicates(rows, table, problems, own_reference=program.own_reference))

    def one(self, *arguments: Any, **more: Any) -> Message:
        found = self(*arguments, **more)
        assert self.problems == []
        [message] = found
        assert isinstance(message, Message)
        return message

    def payload(self, *arguments: Any, **more: Any) -> Any:
        return orjson.loads(self.one(*arguments, **more).body)

    def codes(self, *arguments: Any, **more: Any) -> list[str]:
        self(*arguments, **more)
        return [problem.code for problem in self.problems]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_receiver_and_reference_both_are_made(bench: Bench) -> None:
    message = bench.one()
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


def test_on_an_email_channel_the_address_is_an_email_address_in_the_column_of_that_name(bench: Bench) -> None:
    html = "body: {type: html, html: {html: '<p>Hi</p>', text: Hi}}"
    payload = bench.payload(html, rows=[{"email": "Ann@Example.COM"}], platform="email")
    assert payload["receiver"] == {
        "contacts": [{"identifierKey": "emailaddress", "identifierValue": "Ann@example.com"}]
    }
    assert bench.codes(html, rows=[{"phone": ANN}], platform="email") == ["missing-column"]


def test_the_address_is_normalised_before_it_tells_recipients_apart(bench: Bench) -> None:
    rows = [{"phone": written, "first_name": "Ann"} for written in (ANN, "+44 (7700) 900001", " +447700-900001 ")]
    first, *others = bench(rows=rows)
    assert isinstance(first, Message)
    assert [type(other) for other in others] == [Duplicate, Duplicate]


def test_national_numbers_are_read_with_the_country(bench: Bench) -> None:
    assert bench.one(to="country: NL", rows=[{"phone": "0612345678", "first_name": "Ann"}]).receiver == "+31612345678"


def test_any_template_may_give_the_address(bench: Bench) -> None:
    rows = [{"code": "44", "rest": "7700900001", "first_name": "Ann"}]
    assert bench.one(to='to: "+{{ code }}{{ rest }}"', rows=rows).receiver == ANN


def test_an_address_that_is_a_number_is_refused(bench: Bench) -> None:
    assert bench.codes(rows=[{"phone": 447700900001, "first_name": "Ann"}]) == ["unquoted-number"]
    assert bench.codes(to='to: "{{ phone | int }}"', rows=[{"phone": "447700900001", "first_name": "A"}]) == [
        "unquoted-number"
    ]


def test_a_receiver_of_the_messages_own_names_who_it_goes_to(bench: Bench) -> None:
    own = 'receiver: {contacts: [{identifierValue: "{{ mobile }}"}]}\n  ' + BODY
    message = bench.one(own, rows=[{"mobile": BOB, "first_name": "Bob"}])
    assert message.receiver == BOB
    assert message.id == message_id(SALT, "hello", 1, BOB)
    assert orjson.loads(message.body)["receiver"] == {"contacts": [{"identifierValue": BOB}]}
    assert bench.codes(own, rows=[{"mobile": "+44 7700 900002", "first_name": "Bob"}]) == ["phone-spelling"]


def test_a_contact_without_an_address_counts_by_its_id(bench: Bench) -> None:
    own = 'receiver: {contacts: [{id: "123e4567-e89b-12d3-a456-426614174000"}]}\n  ' + BODY
    assert bench.one(own).id == message_id(SALT, "hello", 1, "123e4567-e89b-12d3-a456-426614174000")
    assert bench.codes("receiver: {contacts: [{identifierKey: phonenumber}]}\n  " + BODY) == ["receiver-unnamed"]


def test_with_a_receiver_of_its_own_the_address_is_looked_at_only_where_it_is_written(bench: Bench) -> None:
    own = f"receiver: {{contacts: [{{identifierValue: '{BOB}'}}]}}\n  " + BODY
    assert bench.one(own, rows=[{"phone": "nonsense", "first_name": "Bob"}]).receiver == BOB
    assert bench.one(own, to='to: "{{ phone }}"').receiver == ANN
    assert bench.codes(own, to='to: "{{ phone }}"', rows=[{"phone": "nonsense", "first_name": "Bob"}]) != []


def test_the_key_and_not_the_address_is_who_somebody_is(bench: Bench) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "order": order} for order in ("A1", "A2")]
    first, second = bench(to='key: "{{ order }}"', rows=rows)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (first.id, second.id) == tuple(message_id(SALT, "hello", 1, order) for order in ("A1", "A2"))
    assert first.digest == second.digest


@pytest.mark.parametrize(("key", "expected"), [("7", "7"), (7, "7"), (0, "0")])
def test_a_key_is_text_or_a_whole_number(bench: Bench, key: object, expected: str) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "n": key}]
    assert bench.one(to='key: "{{ n }}"', rows=rows).id == message_id(SALT, "hello", 1, expected)


@pytest.mark.parametrize("key", [True, 1.5, " "])
def test_any_other_key_is_refused(bench: Bench, key: object) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "n": key}]
    assert bench.codes(to='key: "{{ n }}"', rows=rows) == ["key-not-text"]


def test_the_generation_is_part_of_who_a_message_is(bench: Bench) -> None:
    one, two = bench.one(), bench.one(more="generation: 2")
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
def test_where_keeps_the_rows_it_is_true_for(bench: Bench, where: str, kept: bool) -> None:
    [found] = bench(to=f"where: {where}")
    assert isinstance(found, Message if kept else Filtered)


@pytest.mark.parametrize("where", ['"{{ first_name }}"', '"{{ 1 }}"', '"yes"', '"{{ omit }}"'])
def test_where_is_true_or_false_and_nothing_like_it(bench: Bench, where: str) -> None:
    assert bench.codes(to=f"where: {where}") == ["where-not-boolean"]


# ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_omitted_is_gone_with_every_parent_that_held_nothing_else(bench: Bench) -> None:
    omitted = "{{ missing | default(omit) }}"
    payload = bench.payload(
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


def test_an_empty_mapping_that_was_written_empty_stays(bench: Bench) -> None:
    payload = bench.payload(BODY + '\n  meta: {extraInformation: {}}\n  tags: ["{{ first_name }}"]')
    assert payload["meta"] == {"extraInformation": {}}


def test_a_message_of_which_all_is_omitted_is_told_what_it_lacks(bench: Bench) -> None:
    assert bench.codes('body: {type: "{{ omit }}"}') != []
    assert {problem.path for problem in bench.problems} == {str(bench._path)}


def test_a_list_of_which_all_is_omitted_is_gone(bench: Bench) -> None:
    assert "tags" not in bench.payload(BODY + '\n  tags: ["{{ x | default(omit) }}", "{{ omit }}"]')


def test_an_omitted_receiver_is_told_as_missing(bench: Bench) -> None:
    own = 'receiver: {contacts: [{identifierValue: "{{ omit }}"}]}\n  ' + BODY
    assert bench.codes(own, to='to: "{{ phone }}"') == ["missing-key"]
    assert bench.codes(own) == ["receiver-unnamed"]


def test_an_omitted_reference_is_the_messages_id(bench: Bench) -> None:
    message = bench.one('reference: "{{ omit }}"\n  ' + BODY)
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
    bench: Bench, written: str, value: object
) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "n": "300", "yes": True, "half": 1.5}]
    payload = bench.payload(f"{BODY}\n  meta: {{extraInformation: {{found: {written}}}}}", rows=rows)
    found = payload["meta"]["extraInformation"]["found"]
    assert found == value
    assert type(found) is type(value)


def test_the_digest_is_of_everything_but_the_reference(bench: Bench) -> None:
    message = bench.one('reference: "r-{{ message_id }}"\n  ' + BODY)
    payload = orjson.loads(message.body)
    del payload["reference"]
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    keyed = blake2b(sha256(canonical.encode()).digest(), digest_size=24, key=SALT, person=b"payload")
    assert message.digest == keyed.digest() == bench.one().digest
    other = bench.one(BODY.replace("Hi", "Ho"))
    assert other.digest != message.digest
    assert other.id == message.id


def test_the_order_of_keys_changes_no_digest(bench: Bench) -> None:
    one = bench.one("body: {type: text, text: {text: a}}\n  tags: [b]")
    assert bench.one("tags: [b]\n  body: {text: {text: a}, type: text}").digest == one.digest


def test_an_id_and_a_generation_can_be_used_in_the_message(bench: Bench) -> None:
    message = bench.one(f'{BODY}\n  reference: "{{{{ message_id }}}}-{{{{ generation }}}}"', more="generation: 3")
    assert message.reference == f"{id_text(message.id)}-3"


def test_nothing_but_the_text_of_a_text_message_on_sms_is_measured(bench: Bench) -> None:
    image = 'body: {type: image, image: {images: [{mediaUrl: "https://example.com/a.png"}]}}'
    assert bench.one(image).measure is None
    assert bench.one(platform="whatsapp").measure is None
    assert bench.one(BODY.replace("Hi", "ж")).measure is not None


def test_rows_that_fail_for_one_reason_are_one_problem_and_the_others_are_composed(bench: Bench) -> None:
    rows = [{"phone": f"+44770090000{n}", **({"first_name": "A"} if n % 2 else {})} for n in range(6)]
    found = bench(rows=rows)
    assert len(found) == 3
    [problem] = bench.problems
    assert (problem.code, problem.row_count) == ("empty-value", 3)


# ── before anything is filled ────────────────────────────────────────────────────────────────────────────────────────


def test_every_unknown_name_is_told_without_a_row(bench: Bench) -> None:
    """With no rows nothing is ever filled."""
    columns = [{"phone": ANN, "first_name": "Ann"}]
    found = bench(
        'body: {type: text, text: {text: "{{ a }} {{ first_name }} {% if b %}{{ c }}{% endif %}"}}\n  tags: ["{{ d }}"]',
        to='to: "{{ e }}", key: "{{ f }}", where: "{{ g == 1 }}"',
        rows=columns,
    )
    assert found == []
    named = [problem.problem.split("'")[1] for problem in bench.problems]
    assert sorted(named) == ["a", "b", "c", "d", "e", "f", "g"]
    assert {problem.row_count for problem in bench.problems} == {0}


def test_a_fault_in_a_template_is_told_with_those_of_the_others(bench: Bench) -> None:
    assert bench.codes('body: {type: text, text: {text: "{{ a.b() }} x"}}\n  tags: ["{{ c | nope }}", "{{ d }}"]') == [
        "template-forbidden", "unknown-filter", "unknown-name",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["to", "key", "where"])
def test_the_id_is_not_known_while_it_is_made(bench: Bench, place: str) -> None:
    assert bench.codes(to=f"{place}: \"{{{{ message_id ~ 'x' }}}}\"") == ["unknown-name"]


def test_a_constant_may_be_used_and_may_hide_nothing(bench: Bench) -> None:
    assert (
        bench.payload(BODY.replace("first_name", "shop"), more="vars: {shop: Acme}")["body"]["text"]["text"]
        == "Hi Acme"
    )
    for name in ("first_name", "row", "omit", "message_id", "generation"):
        assert bench.codes(more=f"vars: {{{name}: x}}") == ["name-clash"]


def test_a_column_may_be_called_like_what_is_built_in_and_is_reached_through_row(bench: Bench) -> None:
    rows = [{"phone": ANN, "generation": "7", "first_name": "Ann"}]
    assert bench.codes(BODY.replace("first_name", "generation"), rows=rows) == ["name-clash"]
    assert bench.one(BODY.replace("first_name", "row['generation']"), rows=rows).text == "Hi 7"


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
def test_what_a_row_holds_stands_in_every_place_as_it_is(bench: Bench, value: str) -> None:
    """The law: a recipient's value is never a template, whatever it is passed through: text, constant, list, key or reference."""
    rows = [{"phone": ANN, "first_name": value}]
    message = bench.one(
        'body: {type: text, text: {text: "{{ first_name }}"}}\n  meta: {extraInformation: {a: "{{ first_name }}", b: ["{{ first_name }}"]}}',
        to='key: "k{{ first_name }}"',
        rows=rows,
    )
    payload = orjson.loads(message.body)
    assert payload["body"]["text"]["text"] == message.text == value
    assert payload["meta"]["extraInformation"] == {"a": value, "b": [value]}
    assert message.id == message_id(SALT, "hello", 1, "k" + value)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["Ann", "Bob", ""])), max_size=12))
def test_every_row_is_composed_left_out_repeated_or_a_problem(bench: Bench, drawn: list[tuple[int, str]]) -> None:
    """The law: no row is lost unseen."""
    rows = [{"phone": f"+44770090000{n}", "first_name": name} for n, name in drawn]
    if not rows:
        return
    found = bench(to="where: \"{{ first_name | default('-') != 'Bob' }}\"", rows=rows)
    rejected = sum(p.row_count for p in bench.problems if p.severity == "error")
    assert len(found) + rejected == len(rows)
    assert sum(isinstance(item, Filtered) for item in found) == sum(name == "Bob" for _, name in drawn)
    assert len({item.id for item in found if isinstance(item, Message)}) == len(
        [item for item in found if isinstance(item, Message)]
    )


TWO = [{"phone": ANN, "first_name": "Ann"}, {"phone": BOB, "first_name": "Ann"}]


def test_one_reference_for_two_rows_is_refused_also_on_one_line(bench: Bench) -> None:
    found = bench(f"{BODY}\n  reference: '{{{{ first_name }}}}'", rows=TWO)
    assert [each.code for each in bench.problems] == ["reference-repeated"]
    assert bench.problems[0].problem == "two rows of line 5 have the same reference"
    assert len(found) == 2


def test_a_row_that_repeats_another_does_not_repeat_its_reference(bench: Bench) -> None:
    found = bench(f"{BODY}\n  reference: '{{{{ first_name }}}}'", rows=[TWO[0], TWO[0]])
    assert [each.code for each in bench.problems] == ["duplicate-rows"]
    assert bench.problems[0].problem == "two rows of line 5 name the same recipient, with the same message"
    assert [type(each) for each in found] == [Message, Duplicate]
