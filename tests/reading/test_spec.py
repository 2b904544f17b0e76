"""A spec file becomes a `Spec`, or every reason why not, each in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.limits import Limits
from sendspec.reading.spec import (
    Example,
    FileRecipients,
    InDoubtPolicy,
    InlineRecipients,
    NoRecipients,
    Spec,
    StandardInput,
    read_spec,
)

SMALLEST = """\
spec: 1
name: hello
channel: sms
recipients:
  - {phone: "+31612345678", first_name: Robert}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
REAL = """\
# yaml-language-server: $schema=../schemas/spec.schema.json
spec: 1
name: order-shipped
generation: 2
description: Tells customers that their order is on its way.
channel: sms-nl
recipients:
  file: data/orders.csv
  delimiter: ";"
  country: NL
  key: "{{ order_id }}"
  where: "{{ country in ['NL', 'BE'] }}"
vars: {shop: Acme, open: true, count: 3, rate: 1.5}
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name }}, your {{ shop }} order {{ order_id }} has shipped."
  tags: [shipping]
  validity: "{{ ttl | default('3600') | int }}"
limits: {messages: 5000, segments: 2, encoding: gsm7, failure_rate: 0.1}
in_doubt: resend_if_absent
examples:
  - with: {phone: "+31612345678", first_name: Robert, order_id: A1, country: NL}
    expect: {text: "Hi Robert, your Acme order A1 has shipped.", segments: 1}
"""
HEAD = "spec: 1\nname: hello\nchannel: sms\n"
MESSAGE = 'message:\n  body: {type: text, text: {text: "Hi"}}\n'
ROWS = 'recipients: [{phone: "+31612345678"}]\n'
KEY = "aB3dEfGh1jKlMn0pQrStUvWxYz"


def read(tmp_path: Path, text: str) -> tuple[Spec | None, list[Diagnostic]]:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    problems = Problems()
    return read_spec(str(path), problems), list(problems)


def good(tmp_path: Path, text: str) -> Spec:
    spec, problems = read(tmp_path, text)
    assert not problems
    assert spec is not None
    return spec


def bad(tmp_path: Path, text: str) -> list[Diagnostic]:
    spec, problems = read(tmp_path, text)
    assert spec is None
    assert problems
    for problem in problems:
        assert problem.path == str(tmp_path / "spec.yaml")
        assert problem.fix[0].islower()
    return problems


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    return diagnostic.code, diagnostic.span.start.line, diagnostic.span.start.column


def test_the_smallest_spec_has_every_default(tmp_path: Path) -> None:
    spec = good(tmp_path, SMALLEST)
    assert spec == Spec(
        path=str(tmp_path / "spec.yaml"),
        name="hello",
        generation=1,
        moved_from=None,
        description=None,
        channel="sms",
        recipients=InlineRecipients(rows=({"phone": "+31612345678", "first_name": "Robert"},), at=("recipients",)),
        to=None,
        country=None,
        key=None,
        where=True,
        variables={},
        message={"body": {"type": "text", "text": {"text": "Hi {{ first_name }}"}}},
        limits=Limits(),
        in_doubt=InDoubtPolicy.HOLD,
        examples=(),
        document=spec.document,
    )


def test_everything_that_can_be_written_arrives(tmp_path: Path) -> None:
    spec = good(tmp_path, REAL)
    row = {"phone": "+31612345678", "first_name": "Robert", "order_id": "A1", "country": "NL"}
    text = "Hi {{ first_name }}, your {{ shop }} order {{ order_id }} has shipped."
    assert spec == Spec(
        path=str(tmp_path / "spec.yaml"),
        name="order-shipped",
        generation=2,
        moved_from=None,
        description="Tells customers that their order is on its way.",
        channel="sms-nl",
        recipients=FileRecipients(file="data/orders.csv", delimiter=";", allow_empty=False),
        to=None,
        country="NL",
        key="{{ order_id }}",
        where="{{ country in ['NL', 'BE'] }}",
        variables={"shop": "Acme", "open": True, "count": 3, "rate": 1.5},
        message={
            "body": {"type": "text", "text": {"text": text}},
            "tags": ["shipping"],
            "validity": "{{ ttl | default('3600') | int }}",
        },
        limits=Limits(messages=5000, segments=2, encoding="gsm7", failure_rate=0.1),
        in_doubt=InDoubtPolicy.RESEND_IF_ABSENT,
        examples=(
            Example(
                with_=row,
                expect={"text": "Hi Robert, your Acme order A1 has shipped.", "segments": 1},
                at=("examples", 0),
            ),
        ),
        document=spec.document,
    )
    assert spec.document.span(("message", "validity")).start.line == 20


@pytest.mark.parametrize(
    ("written", "recipients"),
    [
        ("recipients: {file: '-'}\n", StandardInput(delimiter=None, allow_empty=False)),
        (
            "recipients: {file: a.tsv, allow_empty: true}\n",
            FileRecipients(file="a.tsv", delimiter=None, allow_empty=True),
        ),
        ("recipients: {list: [{a: b}]}\n", InlineRecipients(rows=({"a": "b"},), at=("recipients", "list"))),
    ],
)
def test_recipients_come_from_one_of_three_places(tmp_path: Path, written: str, recipients: object) -> None:
    assert good(tmp_path, HEAD + written + MESSAGE).recipients == recipients


def test_a_message_that_names_its_receiver_needs_no_recipients(tmp_path: Path) -> None:
    receiver = "  receiver: {contacts: [{identifierKey: phonenumber, identifierValue: +31612345678}]}\n"
    spec = good(tmp_path, HEAD + MESSAGE + receiver)
    assert spec.recipients == NoRecipients()
    assert spec.message["receiver"]["contacts"][0]["identifierValue"] == "+31612345678"


def test_a_phone_number_with_a_plus_arrives_without_quotes(tmp_path: Path) -> None:
    spec = good(tmp_path, HEAD + "recipients: [{phone: +31612345678, country: NO}]\n" + MESSAGE)
    assert spec.recipients == InlineRecipients(rows=({"phone": "+31612345678", "country": "NO"},), at=("recipients",))


@pytest.mark.parametrize("name", ["a", "0", "order-shipped", "a-", "a" * 63])
def test_names_are_small_letters_digits_and_dashes(tmp_path: Path, name: str) -> None:
    assert good(tmp_path, SMALLEST.replace("hello", f"'{name}'")).name == name


@pytest.mark.parametrize(
    "variables",
    [
        "{price: '9.50'}",
        "{price: 9.5}",
        "{price: 9.50, at: 12.30, many: [1e3]}",
        "{big: 123456789012}",
        "{a: [1, {b: -2}], c: true}",
    ],
)
def test_numbers_that_are_printed_as_they_are_written_pass(tmp_path: Path, variables: str) -> None:
    assert good(tmp_path, SMALLEST + f"vars: {variables}\n")


def test_a_thousand_recipients_may_stand_in_a_spec(tmp_path: Path) -> None:
    rows = "recipients:\n" + '  - {phone: "+31612345678"}\n' * 1_000
    spec = good(tmp_path, HEAD + rows + MESSAGE)
    assert isinstance(spec.recipients, InlineRecipients)
    assert len(spec.recipients.rows) == 1_000


@pytest.mark.parametrize(
    "text", ["Bearer Certificates", "Your AccessKey is in the mail", "Bearer {{ token_from_the_row }}"]
)
def test_words_about_keys_are_no_keys(tmp_path: Path, text: str) -> None:
    assert good(tmp_path, SMALLEST.replace("Hi {{ first_name }}", text))


def test_a_column_may_be_called_like_a_key(tmp_path: Path) -> None:
    assert good(tmp_path, HEAD + "recipients: [{phone: +31612345678, api_key: A1}]\n" + MESSAGE)


def test_a_file_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    problems = Problems()
    assert read_spec(str(tmp_path / "nothing.yaml"), problems) is None
    assert [found.code for found in problems] == ["file-missing"]


@pytest.mark.parametrize(("written", "meant"), [("greeting", "greeting"), ("false", False)])
def test_a_spec_says_what_it_was_called_or_that_it_is_new(tmp_path: Path, written: str, meant: object) -> None:
    spec = good(tmp_path, HEAD + f"moved_from: {written}\n" + ROWS + MESSAGE)
    assert spec.moved_from == meant
    assert type(spec.moved_from) is type(meant)
