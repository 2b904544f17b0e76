"""The request model against the vendor's definition: nothing that it refuses passes our schemas, and what they refuse more has a reason."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but, long
from openapi import Definition, Instances
from oracles import run_oracle
from project_dir import ProjectDir
from sendspec.reading.schema.location import schema_directory
from sendspec.reading.schema.schema_problem import SchemaProblem
from sendspec.reading.schema.validator import load_schema

PARTS = 4
"""The places are dealt out to so many tests, which run beside each other."""
BODY = {"body": {"type": "text", "text": {"text": "a"}}}
UUID, MOMENT = "123e4567-e89b-12d3-a456-426614174000", "2027-03-01T09:00:00Z"
ANSWER = {
    "id": UUID, "channelId": UUID, "sender": {"connector": {"id": UUID}}, "receiver": {"contacts": []}, "status": "sent",
    "lastStatusAt": MOMENT, "createdAt": MOMENT, "updatedAt": MOMENT,
}  # fmt: skip

TOO_STRICT: dict[str, Callable[[SchemaProblem], bool]] = {
    "a body or a template that is null says nothing that could be sent": lambda fault: (
        fault.at in (("body",), ("template",)) and fault.code == "wrong-type"
    ),
    "the source writes minLength: 1 on these lists, which asks nothing of a list; it means that they aren't empty": lambda fault: (
        fault.code == "too-few" and fault.at[-1] in ("contacts", "parameters", "images", "files")
    ),
    "the source asks for the format locale-bcp47, which is none of OpenAPI's: a tag in another form names no language": lambda fault: (
        fault.code == "wrong-format" and fault.at == ("template", "locale")
    ),
    "no pattern means letters of all scripts in all dialects; ours lists those of most": lambda fault: (
        fault.code == "wrong-format" and fault.at[-1] == "username"
    ),
}
"""What our schema refuses and the source doesn't, on purpose: the reason, and the faults that it explains."""


def request_instances(part: int) -> Iterator[Any]:
    """Each place of the request model with everything that may stand there and that may not, in an otherwise valid request."""
    definition = Definition("channels-send-message.openapi.json")
    instances = Instances(definition)

    def whole(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found = {"receiver": {}, **value}
        return found if "template" in found or "body" in found else {**found, **BODY}

    model = definition.schemas["CreateMessage"]["allOf"][0]
    for place in list(instances.places(model, whole))[part::PARTS]:
        for value in instances.values(place.schema):
            yield place.wrap(value)
    if part == 0:
        yield from (
            {},
            BODY,
            {"receiver": {}},
            {"receiver": {}, **BODY, "template": {}},
            {"receiver": {}, **BODY, "template": None},
        )


def distinct(instances: Iterator[Any]) -> dict[str, Any]:
    return {json.dumps(instance): instance for instance in instances}


def ajv_accepts(schema: str, instances: dict[str, Any]) -> list[bool]:
    file = schema_directory() / f"{schema}.schema.json"
    verdicts = run_oracle("ajv.cjs", "validate", str(file), stdin="".join(f"{line}\n" for line in instances))
    assert len(verdicts) == len(instances)
    return [verdict == "1" for verdict in verdicts]


def held_against(instances: dict[str, Any], every: int) -> set[str]:
    """Holds the schema `message` against the definition and three validators against each other; the reasons for what it refuses more.

    The slowest of the three, `jsonschema`, sees every `every`th instance, and all that are refused beyond the definition.
    """
    definition, schema = Definition("channels-send-message.openapi.json"), load_schema("message")
    model, reasons = definition.schemas["CreateMessage"], set()
    by_ajv = ajv_accepts("message", instances)
    for number, (line, instance) in enumerate(instances.items()):
        accepted, wanted = schema.accepts(instance), definition.accepts(model, instance)
        assert accepted == by_ajv[number], f"jsonschema-rs and ajv differ: {line}"
        assert wanted or not accepted, f"too loose: {line}"
        if wanted != accepted or number % every == 0:
            faults = schema.problems(instance)
            assert accepted == (not faults), f"jsonschema differs: {line}"
            if wanted:
                reasons |= {_reason(fault, line) for fault in faults}
    return reasons


def _reason(fault: SchemaProblem, line: str) -> str:
    found = [reason for reason, explains in TOO_STRICT.items() if explains(fault)]
    assert len(found) == 1, f"refused without a reason: {line}: {fault}"
    return found[0]


@pytest.mark.parametrize("part", all_but([0], range(PARTS)))
def test_nothing_passes_that_the_vendors_definition_refuses(part: int, request: pytest.FixtureRequest) -> None:
    instances = distinct(request_instances(part))
    assert len(instances) > 7_000
    held_against(instances, request.config.getoption("--model-every"))


def test_each_reason_to_refuse_more_is_a_real_one() -> None:
    """What is listed as too strict does occur; a reason that nothing needs any more has to go."""
    listed = [
        {"receiver": {}, "body": None},
        {"receiver": {}, "template": None},
        {"receiver": {"contacts": []}, **BODY},
        {"receiver": {}, "template": {"parameters": []}},
        {"receiver": {}, "body": {"type": "image", "image": {"images": []}}},
        {"receiver": {}, "body": {"type": "file", "file": {"files": []}}},
        {"receiver": {}, "template": {"locale": "en US"}},
        {"receiver": {}, **BODY, "meta": {"email": {"from": {"username": "٣"}}}},
    ]
    assert held_against(distinct(iter(listed)), 1) == set(TOO_STRICT)


@long
def test_several_changes_at_once_are_judged_alike(request: pytest.FixtureRequest) -> None:
    """Requests of two or three generated ones, laid over each other."""
    drawn = random.Random(12)
    pool = [one for part in range(PARTS) for one in request_instances(part) if isinstance(one, dict)]
    count = 20_000 // request.config.getoption("--model-every")
    held_against(distinct(_laid_over(drawn.sample(pool, drawn.choice((2, 3)))) for _ in range(count)), 1)


def _laid_over(requests: list[Any]) -> Any:
    """The keys of all of them at all depths; where two have another value, that of the later one."""
    below, *above = requests
    for value in above:
        if isinstance(below, dict) and isinstance(value, dict):
            below = {
                **below,
                **{key: _laid_over([below[key], child]) if key in below else child for key, child in value.items()},
            }
        else:
            below = value
    return below


@pytest.mark.parametrize(
    "name",
    all_but(["channels-reading.openapi.json"], ["channels-send-message.openapi.json", "channels-reading.openapi.json"]),
)
def test_an_answer_passes_exactly_where_the_definition_lets_it(name: str) -> None:
    definition, schema = Definition(name), load_schema("response")
    instances = Instances(definition)
    model = definition.schemas["Message"]

    def whole(value: Any) -> Any:
        return {**value, **BODY} if isinstance(value, dict) and not {"body", "template"} & value.keys() else value

    found = [
        place.wrap(value)
        for place in instances.places(model["allOf"][0], whole)
        for value in instances.values(place.schema)
    ]
    for key, name in (
        ("body", "Body"),
        ("template", "Template"),
    ):  # what they share with a request is held against it above
        for place in list(instances.places(definition.schemas[name]))[::7]:
            found += [{**ANSWER, key: place.wrap(value)} for value in instances.values(place.schema)]
    bodies = [None, {}, BODY["body"], {"type": "text"}, {"type": "image", "image": {"images": []}}, {"type": "action"}]
    templates: list[dict[str, Any] | None] = [
        None,
        {},
        {"name": 1},
        {"parameters": []},
        {"locale": "en US"},
        {"zzz": 1},
    ]
    found += [{**ANSWER, "body": body, "template": template} for body in bodies for template in templates]
    found += [{**ANSWER, "body": body} for body in bodies] + [
        {**ANSWER, "template": template} for template in templates
    ]
    for line, answer in distinct(iter(found)).items():
        if "٣" not in line.encode().decode("unicode_escape", "ignore"):  # see `TOO_STRICT`
            assert schema.accepts(answer) == definition.accepts(model, answer), line


@pytest.fixture
def post(project: ProjectDir) -> ProjectDir:
    """A project whose environment `test` sends e-mail."""
    file = project.folder / "sendspec.yaml"
    project.write("sendspec.yaml", file.read_text().replace("platform: sms", "platform: email"))
    return project


@pytest.mark.parametrize(("username", "fits"), [("a b", True), ("é", True), ("news.letter", True), ("x@y", True), ("", False),
                                                (" ", False), ("-", False), ("@", False)])  # fmt: skip
def test_a_sender_of_an_email_is_refused_where_the_source_does(post: ProjectDir, username: str, fits: bool) -> None:
    spec = {
        "spec": 1,
        "name": "mail",
        "channel": "sms",
        "recipients": {"list": [{"email": "ann@example.com"}], "to": "{{ email }}"},
        "message": {**BODY, "meta": {"email": {"subject": "Hi", "from": {"username": username}}}},
    }
    post.write("mail.yaml", json.dumps(spec))
    done = post.run("validate", "mail.yaml", "--env", "test", "--format", "json")
    errors = [found["code"] for found in done.json["diagnostics"] if found["severity"] == "error"]
    assert errors == ([] if fits else ["wrong-format"])


def schema_files() -> dict[str, Path]:
    found = {path.name.removesuffix(".schema.json"): path for path in sorted(schema_directory().glob("*.schema.json"))}
    assert len(found) >= 17
    return found


def test_ajv_in_strict_mode_takes_every_schema() -> None:
    files = schema_files()
    verdicts = run_oracle("ajv.cjs", "compile", *map(str, files.values())).splitlines()
    assert dict(zip(files, verdicts, strict=True)) == dict.fromkeys(files, "ok")


@pytest.mark.parametrize("name", schema_files())
def test_every_property_of_every_schema_says_what_it_is(name: str) -> None:
    assert list(undescribed(json.loads(schema_files()[name].read_text(encoding="utf-8")))) == []


def undescribed(schema: Any, at: str = "") -> Iterator[str]:
    """The properties that carry no description. Those of a condition say when something holds, and are described elsewhere."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from undescribed(part, f"{at}/{index}")
    elif isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword in ("if", "not", "enum", "const", "default", "examples", "required"):
                continue
            if keyword in ("properties", "$defs", "definitions"):
                for name, child in value.items():
                    if keyword == "properties" and not child.get("description", "").endswith((".", "?")):
                        yield f"{at}/{name}"
                    yield from undescribed(child, f"{at}/{name}")
            else:
                yield from undescribed(value, f"{at}/{keyword}")


@pytest.mark.parametrize(("name", "fits"), [("a", True), ("0-a", True), ("a" * 63, True), ("a" * 64, False), ("A", False),
                                            ("-a", False), ("", False), ("a_b", False), ("a\n", False), ("é", False)])  # fmt: skip
def test_editors_see_what_a_spec_may_be_called(project_dir: ProjectDir, name: str, fits: bool) -> None:
    spec = {"spec": 1, "name": name, "channel": "sms", "recipients": [{"phone": "+31612345678"}], "message": BODY}
    assert load_schema("spec").accepts(spec) == fits
    assert load_schema("spec").accepts({**spec, "name": "a-new-one", "moved_from": name}) == fits
    project_dir.write("spec.yaml", json.dumps(spec))
    done = project_dir.run("validate", "spec.yaml", "--format", "json")
    codes = [found["code"] for found in done.json["diagnostics"] if found["severity"] == "error"]
    assert codes == ([] if fits else ["bad-name"])
