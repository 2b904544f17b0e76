"""`sendspec show`: any plan file, what became of its messages, and what a send of it would do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plan_files import SPEC, resealed
from sendspec.reading.schema.validator import load_schema

PEOPLE = "phone,first_name\n" + "".join(f"+44770090000{n},Ann\n" for n in range(1, 6))
NONE = {"accepted": 0, "refused": 0, "in_doubt": 0, "not_sent": 0, "skipped": 0}


@pytest.fixture
def planned(project: Any) -> Any:
    project.write("hello.yaml", SPEC)
    project.write("people.csv", PEOPLE)
    assert project.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    return project


def shown(project: Any, *more: str) -> Any:
    """The document, which fits its schema; what is printed for people says the same."""
    done = project.run("show", "plan.json", *more, "--format", "json")
    assert done.code == 0, done.err
    assert load_schema("show").problems(done.json) == []
    text = project.run("show", "plan.json", *more)
    assert text.code == 0
    assert done.json["plan"]["digest"] in text.out
    if "note" in done.json:
        assert done.json["note"] in text.out
    return done.json


def test_a_new_plan_says_what_it_is_and_that_nothing_became_of_it(planned: Any) -> None:
    document = shown(planned)
    assert document["became"] == {**NONE, "not_sent": 5}
    assert (document["expired"], document["environment"], "now" in document) == (False, "test", False)
    assert document["plan"] == {
        name: value
        for name, value in json.loads((planned.folder / "plan.json").read_text()).items()
        if name not in ("pairs", "seal")
    }
    out = planned.run("show", "plan.json").out
    assert "5 of 5 recipients, 5 segments" in out
    assert "to       http://127.0.0.1:" in out


def test_it_says_what_became_of_each_message(planned: Any, server: Any, helpers: Any) -> None:
    def decide(number: int, request: Any) -> Any:
        return {2: helpers.Answer(422, b"{}"), 3: helpers.Answer(drop=True), 4: helpers.Answer(401, b"{}")}.get(
            number, helpers.Answer()
        )

    server.decide = decide
    text = (planned.folder / "sendspec.yaml").read_text()
    planned.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 2, concurrency: 1"))
    planned.run("send", "--plan", "plan.json", "--yes")
    became = shown(planned)["became"]
    assert sum(became.values()) == 5
    assert {name: became[name] for name in ("accepted", "refused", "in_doubt")} == {
        "accepted": 1,
        "refused": 1,
        "in_doubt": 1,
    }


def test_against_now_says_what_a_send_would_do(planned: Any) -> None:
    now = shown(planned, "--against-now")["now"]
    assert now == {"send": 5, "not_in_plan": 0, "new": 0, "changed": 0, "causes": []}
    planned.write("people.csv", PEOPLE.replace("Ann", "Bob", 1) + "+447700900009,Cy\n")
    planned.write("hello.yaml", SPEC + "in_doubt: resend_if_absent\n")
    now = shown(planned, "--against-now")["now"]
    assert {name: now[name] for name in ("send", "new", "changed")} == {"send": 4, "new": 1, "changed": 1}
    assert [cause["cause"] for cause in now["causes"]] == ["settings", "messages"]
    out = planned.run("show", "plan.json", "--against-now").out
    assert "stale: hello: `in_doubt` is resend_if_absent, and was hold when it was made" in out
    assert "people.csv:7" in out


def test_after_the_send_nothing_would_be_sent_however_stale_it_is(planned: Any) -> None:
    assert planned.run("send", "--plan", "plan.json", "--yes").code == 0
    planned.write("hello.yaml", SPEC + "in_doubt: resend_if_absent\n")
    document = shown(planned, "--against-now")
    assert document["became"] == {**NONE, "accepted": 5}
    assert document["now"] == {"send": 0, "not_in_plan": 0, "new": 0, "changed": 0, "causes": []}


def test_an_expired_plan_is_shown(planned: Any) -> None:
    plan = json.loads((planned.folder / "plan.json").read_text())
    planned.write("plan.json", json.dumps(resealed({**plan, "expires": "2020-01-01T00:00:00Z"})))
    document = shown(planned, "--against-now")
    assert document["expired"] is True
    assert [cause["cause"] for cause in document["now"]["causes"]] == ["expired"]
    assert "expired on 2020-01-01T00:00:00Z" in planned.run("show", "plan.json").out


def test_a_plan_of_another_ledger_environment_or_project_is_shown(planned: Any, tmp_path_factory: Any) -> None:
    away = type(planned)(tmp_path_factory.mktemp("away"))
    away.write("plan.json", (planned.folder / "plan.json").read_text())
    away.environ = planned.environ
    assert "has no spec 'hello'" in shown(away, "--against-now")["note"]
    (planned.folder / ".sendspec" / "test.db").unlink()
    assert planned.run("ledger", "init", "--env", "test", "--empty").code == 0
    document = shown(planned, "--against-now")
    assert "against another ledger" in document["note"]
    assert (document["became"], "now" in document) == (None, False)
    planned.write("sendspec.yaml", "environments: [")
    assert "has errors" in shown(planned)["note"]


def test_specs_with_errors_are_told_only_when_they_are_asked_for(planned: Any) -> None:
    planned.write("hello.yaml", SPEC.replace("{{ first_name }}", "{{ last_name }}"))
    assert shown(planned)["became"] == {**NONE, "not_sent": 5}
    done = planned.run("show", "plan.json", "--against-now", "--format", "json")
    assert (done.code, done.json["schema"]) == (1, "sendspec.diagnostics/1")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": "sendspec.plan/1"}'])
def test_what_is_no_plan_is_not_shown(project: Any, text: str) -> None:
    project.write("plan.json", text)
    done = project.run("show", "plan.json", "--format", "json")
    assert (done.code, [each["code"] for each in done.json["diagnostics"]]) == (1, ["plan-unreadable"])


def test_a_plan_of_another_format_says_so(planned: Any) -> None:
    plan = json.loads((planned.folder / "plan.json").read_text())
    planned.write("plan.json", json.dumps({**plan, "format": 9}))
    done = planned.run("show", "plan.json")
    assert done.code == 8
    assert "it has format 9, and this sendspec reads format 2" in done.err


def test_it_reads_the_ledger_and_writes_nothing(planned: Any, server: Any) -> None:
    before = {path: path.stat().st_mtime_ns for path in planned.folder.rglob("*") if path.is_file()}
    shown(planned, "--against-now")
    after = {path: path.stat().st_mtime_ns for path in planned.folder.rglob("*") if path.is_file()}
    assert {path.name for path in after.keys() ^ before.keys()} <= {"test.db-shm", "test.db-wal"}
    assert all(after[path] == time for path, time in before.items() if not path.name.endswith(("-shm", "-wal")))
    assert server.requests == []
