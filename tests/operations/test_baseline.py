"""The baseline: messages that went out before their ledger was made are noted as sent, all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.baseline import record_baseline
from sendspec.operations.ledger_access import ledger_to_write
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.system import real_system


def noted(project: Any, *specs: str) -> tuple[int, Problems]:
    """Baselines specs of the project, which has a ledger that holds nothing yet."""
    problems = Problems()
    workspace, jobs = open_jobs(
        [str(project.folder / spec) for spec in specs], "test", None, problems, real_system("test")
    )
    assert workspace is not None
    assert not problems.has_errors
    with ledger_to_write(workspace) as ledger:
        return record_baseline(workspace, jobs, ledger)


@pytest.fixture
def people(project: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    project.write("people.csv", helpers.numbers(20))
    project.write("hello.yaml", helpers.SPEC)
    project.write("bye.yaml", helpers.SPEC.replace("name: hello", "name: bye").replace("Hi", "Bye"))
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("TEST_KEY", helpers.SECRET)
    return project


def sent(project: Any, spec: str = "hello.yaml") -> Any:
    return project.run("send", spec, "--env", "test", "--yes", "--format", "json")


def test_who_is_in_the_baseline_is_sent_nothing_and_who_is_new_is(people: Any, server: Any, helpers: Any) -> None:
    count, problems = noted(people, "hello.yaml", "bye.yaml")
    assert (count, list(problems)) == (40, [])
    assert people.run("ledger", "check", "--env", "test").code == 0
    people.write("people.csv", helpers.numbers(23))
    for spec in ("hello.yaml", "bye.yaml"):
        done = sent(people, spec)
        assert (done.code, done.json["totals"]["accepted"], done.json["skipped"]) == (0, 3, {"baseline": 20}), done.err
    assert len(server.posts) == 6


def test_a_baselined_generation_counts_as_used(people: Any, server: Any, helpers: Any) -> None:
    people.write("hello.yaml", helpers.SPEC.replace("name: hello", "name: hello\ngeneration: 4"))
    assert noted(people, "hello.yaml")[0] == 20
    for generation, code in ((3, "generation-old"), (6, "generation-skipped")):
        people.write("hello.yaml", helpers.SPEC.replace("name: hello", f"name: hello\ngeneration: {generation}"))
        done = sent(people)
        assert (done.code, [d["code"] for d in done.json["diagnostics"]]) == (1, [code])
    assert not server.posts


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("name: hello", "name: greeting", "name-moved"),
        ("{file: people.csv}", "{file: people.csv, key: '{{ order_id }}'}", "key-changed"),
    ],
)
def test_a_baselined_spec_is_known_under_another_name_and_another_key(
    people: Any, server: Any, helpers: Any, old: str, new: str, code: str
) -> None:
    assert noted(people, "hello.yaml")[0] == 20
    people.write("hello.yaml", helpers.SPEC.replace(old, new))
    done = sent(people)
    assert (done.code, [d["code"] for d in done.json["diagnostics"]]) == (1, [code])
    assert not server.posts


def test_a_rejected_row_of_any_spec_leaves_the_ledger_empty(people: Any, helpers: Any) -> None:
    people.write("other.csv", helpers.numbers(3) + "nobody,P,X\n")
    people.write("bye.yaml", (people.folder / "bye.yaml").read_text().replace("people.csv", "other.csv"))
    count, problems = noted(people, "hello.yaml", "bye.yaml")
    assert count == 0
    assert [Path(d.path).name for d in problems] == ["other.csv"]
    done = sent(people)
    assert (done.code, done.json["totals"]["accepted"]) == (0, 20)
