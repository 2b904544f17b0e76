"""Templates that name what isn't there, do what no message needs, or make what can't be sent."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

Intake = Any  # the fixture `intake` of this folder's conftest

FORBIDDEN, FILTER, NAME = "template-forbidden hello.yaml", "unknown-filter hello.yaml", "unknown-name hello.yaml"

TEXTS: list[tuple[str, str, list[str]]] = [
    ("a name that no column has", '"Hi {{ first_nmae }}"', [f"{NAME}:9:20"]),
    ("two names that no column has are two errors", '"{{ a }} {{ b }}"', [f"{NAME}:9:17", f"{NAME}:9:25"]),
    ("a variable of the environment is none of a template's", '"{{ env.HOME }}"', [f"{NAME}:9:17"]),
    ("a variable in the shell's spelling under a name is unknown", '"{{ BIRD_ACCESS_KEY }}"', [f"{NAME}:9:17"]),
    ("a name that is opened and not closed", '"Hi {{ first_name"', ["template-syntax hello.yaml:9:17"]),
    ("a condition that is opened and not closed", '"{% if first_name %}Hi"', ["template-syntax hello.yaml:9:17"]),
    ("a filter that nobody knows", '"Hi {{ first_name | uper }}"', [f"{FILTER}:9:33"]),
    ("a test that nobody knows", '"{% if first_name is emtpy %}a{% endif %}b"', ["unknown-test hello.yaml:9:34"]),
    # ways out of the sandbox
    ("a class behind a text", "\"{{ ''.__class__ }}\"", [f"{FORBIDDEN}:9:20"]),
    ("a class behind a column", '"{{ first_name.__class__.__mro__ }}"', [f"{FORBIDDEN}:9:28", f"{FORBIDDEN}:9:38"]),
    ("a class behind a subscript", "\"{{ first_name['__class__'] }}\"", ["no-items hello.yaml:9:17"]),
    ("an attribute by filter", "\"{{ first_name | attr('format') }}\"", [f"{FILTER}:9:30"]),
    ("a format method", "\"{{ '{0.__class__}'.format(first_name) }}\"", [f"{FORBIDDEN}:9:17"]),
    ("a format filter", "\"{{ '%s' | format(first_name) }}\"", [f"{FILTER}:9:22"]),
    ("the globals of lipsum", '"{{ lipsum.__globals__ }}"', [f"{FORBIDDEN}:9:24"]),
    ("the globals of cycler", '"{{ cycler.__init__.__globals__ }}"', [f"{FORBIDDEN}:9:24", f"{FORBIDDEN}:9:33"]),
    ("the template itself", '"{{ self }}"', [f"{FORBIDDEN}:9:17"]),
    ("the template itself behind a subscript", "\"{{ self['_TemplateReference__context'] }}\"", [f"{FORBIDDEN}:9:17"]),
    ("a map over attributes", "\"{{ first_name | map(attribute='__class__') | join }}\"", [f"{FILTER}:9:28"]),
    ("a call of a column's method", '"{{ first_name.upper() }}"', [f"{FORBIDDEN}:9:17"]),
    ("a call of a function", '"{{ dict(a=1) }}"', [f"{FORBIDDEN}:9:17"]),
    # statements
    ("an include", "\"{% include 'a.txt' %}\"", [f"{FORBIDDEN}:9:17"]),
    ("an include that a row names", '"{% include first_name %}"', [f"{FORBIDDEN}:9:17"]),
    ("an import", "\"{% import 'a.txt' as a %}\"", [f"{FORBIDDEN}:9:17"]),
    ("an import of one name", "\"{% from 'a.txt' import a %}\"", [f"{FORBIDDEN}:9:14"]),
    ("an inheritance", "\"{% extends 'a.txt' %}\"", [f"{FORBIDDEN}:9:17"]),
    ("an inheritance that a row names", '"{% extends first_name %}"', [f"{FORBIDDEN}:9:17"]),
    ("a macro", '"{% macro m() %}a{% endmacro %}"', [f"{FORBIDDEN}:9:23"]),
    ("an assignment", '"{% set a = 1 %}{{ a }}"', [f"{FORBIDDEN}:9:14"]),
    ("a call block", '"{% call first_name() %}a{% endcall %}"', [f"{FORBIDDEN}:9:14", f"{FORBIDDEN}:9:22"]),
    ("a block", '"{% block a %}a{% endblock %}"', [f"{FORBIDDEN}:9:23"]),
    ("a filter block", '"{% filter upper %}a{% endfilter %}"', [f"{FORBIDDEN}:9:14"]),
    ("a loop in a loop", '"{% for a in row %}{% for b in row %}{{ b }}{% endfor %}{% endfor %}"', [f"{FORBIDDEN}:9:14"]),
    ("a loop that calls itself", '"{% for a in row recursive %}{{ a }}{% endfor %}"', [f"{FORBIDDEN}:9:17"]),
    # what isn't repeatable
    ("chance", '"{{ [1, 2] | random }}"', [f"{FILTER}:9:26"]),
    ("the time", '"{{ now() }}"', [f"{FORBIDDEN}:9:17"]),
    ("the time as a name", '"{{ now }}"', [f"{NAME}:9:17"]),
    # results
    ("a text of spaces", "\"{{ ' ' }}\"", ["empty-text hello.yaml:9:13"]),
    ("a text of nothing", '"{% if first_name == \'X\' %}Hi{% endif %}"', ["empty-text hello.yaml:9:13"]),
    ("a number that is none", '"{{ first_name | int }}"', ["not-a-number hello.yaml:9:14"]),
    ("a list inside a text", '"Hi {{ [1, 2] }}"', ["not-text hello.yaml:9:17"]),
    ("a template without quotes", "{{ first_name }}", ["unquoted-template hello.yaml:9:13"]),
    ("a number without quotes", "0612345678", ["unquoted-number hello.yaml:9:13"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_a_text_that_can_not_be_filled(intake: Intake, written: str, expected: list[str]) -> None:
    intake.text(written)
    intake.rejects(*expected)


BOMBS: list[tuple[str, str, list[str]]] = [
    ("a text a thousand million times", "\"{{ 'a' * 10**9 }}\"", ["template-forbidden 21"]),
    ("a power of a power", '"{{ 10 ** (10 ** 8) }}"', ["template-forbidden 14"]),
    ("a loop over a range in a loop over a range", '"{% for a in range(99999) %}{% for b in range(99999) %}a{% endfor %}{% endfor %}"', ["template-forbidden 14"] * 2),
    ("a text centred in a thousand million spaces", "\"{{ first_name | center(1000000000) }}\"", ["unknown-filter 30"]),
    ("a number of a thousand million digits by a percent sign", "\"{{ '%01000000000d' % 1 }}\"", ["template-forbidden 33"]),
    ("a number of a thousand million digits by a filter", "\"{{ '%01000000000d' | format(1) }}\"", ["unknown-filter 33"]),
    ("a placeholder text without end", '"{{ lipsum(n=1000000) }}"', ["template-forbidden 17"]),
    ("an indentation without end", "\"{{ first_name | indent(1000000000) }}\"", ["unknown-filter 30"]),
    ("a number of a hundred digits", '"{{ ' + "9" * 100 + ' }}"', ["template-forbidden 14"]),
    ("replacements that feed each other", '"{{ first_name' + (" | replace('n', '" + "n" * 4_000 + "')") * 2 + ' }}"', ["text-too-long 14"]),
    ("more replacements than a text needs", '"{{ first_name' + " | replace('n', 'nn')" * 40 + ' }}"', ["template-too-complex 14"]),
    ("a join of joins", "\"{{ first_name | join('" + "x" * 9_000 + "') | join('" + "y" * 900 + "') }}\"", ["text-too-long 14"]),
    ("three thousand brackets", '"{{ ' + "(" * 3_000 + "first_name" + ")" * 3_000 + ' }}"', ["template-too-complex 14"]),
    ("two thousand negations", '"{{ ' + "not " * 2_000 + 'first_name }}"', ["template-too-complex 14"]),
    ("three hundred conditions", '"' + "{% if first_name %}" * 300 + "{% endif %}" * 300 + '"', ["template-too-complex 14"]),
    ("five hundred concatenations", '"{{ ' + " ~ ".join(["first_name"] * 500) + ' }}"', ["template-too-complex 14"]),
    ("three hundred texts of one name", '"' + "{{ first_name }}" * 300 + '"', ["template-too-complex 14"]),
    ("ten thousand texts of one name", '"' + "{{ first_name }}" * 10_000 + '"', ["template-too-complex 13"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def bombed(prepared: Path, tmp_path_factory: pytest.TempPathFactory, apart: Any) -> dict[str, list[str]]:
    """What one command with little memory and time says of all bombs together."""
    folder = tmp_path_factory.mktemp("bombs")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    text = folder.joinpath("hello.yaml").read_text()
    for number, (_, written, _) in enumerate(BOMBS):
        bomb = text.replace('"Hi {{ first_name }}"', written).replace("name: hello", f"name: bomb-{number}")
        folder.joinpath(f"{number}.yaml").write_text(bomb)
    specs = [f"{number}.yaml" for number in range(len(BOMBS))]
    said = apart(folder, "validate", *specs, "--env", "live", "--format", "json")
    assert said.code == 1, said.err
    return {spec: [found for found in said.found if f" {spec}:" in found] for spec in specs}


@pytest.mark.parametrize("number", range(len(BOMBS)), ids=[row[0] for row in BOMBS])
def test_a_template_that_would_take_the_machine_costs_little(bombed: dict[str, list[str]], number: int) -> None:
    pairs = [expected.split(" ") for expected in BOMBS[number][2]]
    assert bombed[f"{number}.yaml"] == [f"{code} {number}.yaml:9:{column}" for code, column in pairs]


def test_a_misspelt_name_is_offered_the_column_that_was_meant(intake: Intake) -> None:
    intake.text('"Hi {{ first_nmae }}"')
    intake.rejects("unknown-name hello.yaml:9:20")
    assert "first_name" in intake.diagnostics[0]["fix"]


def test_a_value_that_twelve_rows_lack_names_the_rows(intake: Intake) -> None:
    people = [f"+3161234{n:04d},{'' if n % 75 == 0 else 'Ann'}" for n in range(900)]
    intake.write("people.csv", "\n".join(["phone,first_name", *people]) + "\n")
    intake.rejects("empty-value hello.yaml:9:20")
    [diagnostic] = intake.diagnostics
    assert diagnostic["row_count"] == 12
    assert diagnostic["rows"][:3] == [2, 77, 152]
    assert "default" in diagnostic["fix"]
    intake.text("\"Hi {{ first_name | default('there') }}\"")
    assert len(intake.accepts()) == 900


def test_a_text_that_is_empty_for_some_rows_names_them(intake: Intake) -> None:
    intake.write("people.csv", "phone,first_name\n+31612345678,\n+31687654321,Ann\n")
    intake.text("\"{{ first_name | default('') }}\"")
    intake.rejects("empty-text hello.yaml:9:13")
    assert intake.diagnostics[0]["rows"] == [2]


@pytest.mark.parametrize(
    "value",
    [
        "{{ 7*7 }}",
        "{% if 1 %}x{% endif %}",
        "{# note #}",
        "{{ ''.__class__ }}",
        "{{",
        "%}",
        "{% include 'hello.yaml' %}",
    ],
    ids=lambda value: f"{value} is plain text",
)
def test_a_recipients_template_is_sent_as_it_stands(intake: Intake, value: str) -> None:
    intake.write("people.csv", f'phone,first_name\n+31612345678,"{value}"\n')
    [payload] = intake.accepts()
    assert payload["body"]["text"]["text"] == f"Hi {value}"


def test_a_recipients_template_stays_text_where_a_whole_value_is_filled(intake: Intake) -> None:
    intake.write("people.csv", "phone,first_name,tag\n+31612345678,Ann,{{ 7*7 }}\n")
    intake.text('"{{ first_name }}"', 'vars: {greeting: "{{ first_name }}"}\n')
    intake.write(
        "hello.yaml", intake.folder.joinpath("hello.yaml").read_text().replace('first_name }}"\nvars', 'tag }}"\nvars')
    )
    [payload] = intake.accepts()
    assert payload["body"]["text"]["text"] == "{{ 7*7 }}"


def test_line_ends_and_tabs_of_a_recipient_pass(intake: Intake) -> None:
    intake.write("people.csv", 'phone,first_name\n+31612345678,"Ann\tB\nC"\n')
    [payload] = intake.accepts()
    assert payload["body"]["text"]["text"] == "Hi Ann\tB\nC"


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u200f", "\u202e", "\u2066"],
    ids=lambda character: f"U+{ord(character):04X} is refused in its cell",
)
def test_a_recipients_character_that_acts(intake: Intake, character: str) -> None:
    intake.write("people.csv", f"phone,first_name\n+31612345678,Ann\n+31687654321,B{character}b\n")
    intake.rejects("forbidden-character people.csv:3:15")


def test_a_column_with_a_space_is_reached_through_row(intake: Intake) -> None:
    intake.write("people.csv", "phone,First Name\n+31612345678,Ann\n")
    intake.text("'Hi {{ row[\"First Name\"] }}'")
    assert len(intake.accepts()) == 1
    intake.text("'Hi {{ row[\"Frist Name\"] }}'")
    intake.rejects("unknown-name hello.yaml:9:25")


def test_a_missing_name_under_default_is_only_warned_of_when_it_is_nearly_another(intake: Intake) -> None:
    intake.text("\"{{ first_nmae | default('you') }}\"")
    assert len(intake.accepts("unknown-name hello.yaml:9:17")) == 2
    assert intake.diagnostics[0]["severity"] == "warning"
    intake.text("\"{{ quite_different | default('you') }}\"")
    assert len(intake.accepts()) == 2


def test_a_constant_that_is_also_a_column_is_an_error(intake: Intake) -> None:
    intake.text('"Hi {{ first_name }}"', "vars: {first_name: x}\n")
    intake.rejects("name-clash hello.yaml:10:8")


def test_rows_that_are_filtered_out_are_checked_for_their_shape_only(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, where: \"{{ order_id != 'A2' }}\"}")
    intake.write("people.csv", "phone,first_name,order_id\n+31612345678,Bob,A1\nnonsense,,A2\n")
    assert len(intake.accepts()) == 1
    intake.change("{file: people.csv}", '{file: people.csv, where: "{{ order_id }}"}')
    intake.rejects("where-not-boolean hello.yaml:4:39")


LIMITS: list[tuple[str, str, str, str]] = [
    ("a text of two segments where one is the limit", "{segments: 1}", "Hi {{ first_name }}" + "x" * 160, "limit-segments hello.yaml:9:13"),
    ("a text that one letter makes UCS-2 and two segments", "{segments: 1}", "Hi {{ first_name }} ж" + "x" * 69, "limit-segments hello.yaml:9:13"),
    ("a text that one emoji makes UCS-2 and two segments", "{segments: 1}", "Hi {{ first_name }} 😀" + "x" * 69, "limit-segments hello.yaml:9:13"),
    ("a text that one quote makes UCS-2", "{encoding: gsm7}", "Hi {{ first_name }}’s", "limit-encoding hello.yaml:9:13"),
    ("a limit on cost without a price", "{cost: 5}", "Hi {{ first_name }}", "limit-cost hello.yaml:10:16"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "text", "expected"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_a_text_beyond_a_limit(intake: Intake, limits: str, text: str, expected: str) -> None:
    intake.text(f'"{text}"', f"limits: {limits}\n")
    of_the_run = expected.startswith("limit-cost")
    intake.rejects(expected, by_send=not of_the_run)
    if of_the_run:
        assert "[limit-cost]" in intake.send_rejects(code=7).err


def test_a_plan_counts_the_segments_and_the_texts_that_are_ucs_2(intake: Intake) -> None:
    intake.text('"Hi {{ first_name }} 😀' + "x" * 69 + '"')
    intake.accepts()
    plan = json.loads(intake.run("plan", "hello.yaml", "--env", "live", "--format", "json").out)
    assert plan["segments"] == {"total": 4, "gsm7": 0, "ucs2": 2}


MESSAGES: list[tuple[str, str, list[str]]] = [
    ("a body and a template", "{body: {type: text, text: {text: a}}, template: {name: a}}", ["body-and-template hello.yaml:5:48"]),
    ("an unknown key", "{body: {type: text, txt: {text: a}}}", ["unknown-key hello.yaml:5:30"]),
    ("a missing key", "{body: {type: text, text: {}}}", ["missing-key hello.yaml:5:30"]),
    ("an unknown body type", "{body: {type: vidoe}}", ["wrong-value hello.yaml:5:24"]),
    ("a body type that can't be sent", "{body: {type: action}}", ["body-type-unsupported hello.yaml:5:24"]),
    ("a body that SMS can't send", "{body: {type: gif, gif: {mediaUrl: \"https://example.com/a.gif\"}}}", ["body-type-platform hello.yaml:5:24"]),
    ("eleven images", "{body: {type: image, image: {images: [" + ", ".join(["{mediaUrl: \"https://example.com/a.png\"}"] * 11) + "]}}}", ["too-many-images hello.yaml:5:39"]),
    ("two receivers", "{receiver: {contacts: [{identifierValue: \"+447700900001\"}, {identifierValue: \"+447700900002\"}]}, body: {type: text, text: {text: a}}}", ["one-receiver hello.yaml:5:22"]),
    ("a receiver of another kind", "{receiver: {contacts: [{identifierKey: emailaddress, identifierValue: a@b.example}]}, body: {type: text, text: {text: a}}}", ["receiver-kind hello.yaml:5:49"]),
    ("a date in the past", "{body: {type: text, text: {text: a}}, scheduledFor: \"2020-01-01T00:00:00Z\"}", ["scheduled-past hello.yaml:5:62"]),
    ("a date too far ahead", "{body: {type: text, text: {text: a}}, scheduledFor: \"2099-01-01T00:00:00Z\"}", ["scheduled-far hello.yaml:5:62"]),
    ("a wrong kind", "{body: {type: text, text: {text: a}}, validity: soon}", ["wrong-type hello.yaml:5:58"]),
    ("a wrong rendered kind", "{body: {type: text, text: {text: a}}, validity: \"{{ first_name }}\"}", ["wrong-type hello.yaml:5:58"]),
    ("a reference that holds the number", "{body: {type: text, text: {text: a}}, reference: \"x{{ phone }}\"}", ["reference-holds-number hello.yaml:5:59"]),
    ("a reference that repeats", "{body: {type: text, text: {text: a}}, reference: same}", ["reference-repeated people.csv:3:1"]),
    ("a marketing cap without marketing", "{body: {type: text, text: {text: a}}, capFrequency: true}", ["cap-frequency hello.yaml:5:48"]),
    ("tags that are too long and of wrong characters", "{body: {type: text, text: {text: a}}, tags: [\"" + "a" * 51 + "\", \"a!\"]}", ["too-long hello.yaml:5:55", "wrong-format hello.yaml:5:110"]),
    # addresses that the API would fetch
    ("a media address that is not https", "{body: {type: image, image: {images: [{mediaUrl: \"http://example.com/a.png\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address in a private network", "{body: {type: image, image: {images: [{mediaUrl: \"https://10.0.0.1/a.png\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address of a cloud's metadata", "{body: {type: image, image: {images: [{mediaUrl: \"https://169.254.169.254/latest\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address of this machine", "{body: {type: image, image: {images: [{mediaUrl: \"https://localhost/a.png\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address with a user", "{body: {type: image, image: {images: [{mediaUrl: \"https://a:b@example.com/a.png\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address that is data", "{body: {type: image, image: {images: [{mediaUrl: \"data:image/png;base64,AAAA\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address that is a file", "{body: {type: image, image: {images: [{mediaUrl: \"file:///etc/passwd\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address of 3,000 characters", "{body: {type: image, image: {images: [{mediaUrl: \"https://example.com/" + "a" * 3_000 + "\"}]}}}", ["media-url hello.yaml:5:59"]),
    ("a media address that a row makes private", "{body: {type: image, image: {images: [{mediaUrl: \"https://{{ first_name }}.local/a.png\"}]}}}", ["media-url hello.yaml:5:59"]),
    # senders
    ("a sender of more than eleven characters", "{sender: {connector: {identifierValue: Acme Flowers}}, body: {type: text, text: {text: a}}}", ["sender-name hello.yaml:5:49"]),
    ("a sender with a letter that phones can't show", "{sender: {connector: {identifierValue: Acmé}}, body: {type: text, text: {text: a}}}", ["sender-name hello.yaml:5:49"]),
    ("a sender with an emoji", "{sender: {connector: {identifierValue: 😀}}, body: {type: text, text: {text: a}}}", ["sender-name hello.yaml:5:49"]),
]  # fmt: skip


@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_a_message_that_the_api_would_not_take_or_should_not_get(
    intake: Intake, message: str, expected: list[str]
) -> None:
    intake.write("hello.yaml", intake.spec.split("message:")[0] + f"message: {message}\n")
    intake.rejects(*expected)


def test_a_reference_of_ones_own_must_differ_between_generations(intake: Intake) -> None:
    text = intake.spec.replace("name: hello", "name: hello\ngeneration: 2").replace(
        "message:", 'message:\n  reference: "{{ order_id }}"'
    )
    intake.write("hello.yaml", text)
    intake.rejects("reference-generation hello.yaml:7:14")
    intake.write("hello.yaml", text.replace("order_id }}", "order_id }}-{{ generation }}"))
    assert len(intake.accepts()) == 2
