"""A plan file that somebody changed and sealed again: the seal finds accidents, and is no proof that sendspec wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from plan_files import digested, resealed
from project_dir import CountingServer, ProjectDir

Change = Callable[[dict[str, Any]], object]


def in_spec(key: str, value: Any) -> Change:
    return lambda plan: plan["specs"][0].__setitem__(key, value)


def at_top(key: str, value: Any) -> Change:
    return lambda plan: plan.__setitem__(key, value)


PATHS: list[Any] = [1, None, "\0", "\ud800", ["a"], "/etc/x.yaml", "x/" * 2_500 + "a.yaml"]
ENVIRONMENTS: list[Any] = [1, None, ["test"], "a\0", "\ud800"]
NO_PAIRS: list[Any] = [1, None, [1], ["x"], [None], ["A" * 54 + "*"], {}]
EXPIRIES: list[Any] = [1, "soon", "2026-13-01T00:00:00Z", None]
SPECS: list[Any] = [1, [], [{}], None]
LEDGERS: list[Any] = [1, ["a"]]
ODD: list[tuple[str, Change]] = [
    *((f"path {value!r}", in_spec("path", value)) for value in PATHS),
    *((f"environment {value!r}", at_top("environment", value)) for value in ENVIRONMENTS),
    *((f"ledger {value!r}", at_top("ledger", value)) for value in LEDGERS),
    *((f"specs {value!r}", at_top("specs", value)) for value in SPECS),
    *((f"pairs {value!r}", at_top("pairs", value)) for value in NO_PAIRS),
    *((f"expires {value!r}", at_top("expires", value)) for value in EXPIRIES),
    ("refused_until", lambda plan: plan["specs"][0]["policy"].__setitem__("refused_until", -1)),
    ("totals", at_top("totals", None)),
    ("a key of no plan", at_top("hint", "x")),
    ("a setting of no plan", lambda plan: plan["specs"][0]["policy"].__setitem__("hurry", True)),
]  # fmt: skip


@pytest.mark.parametrize(
    "change", [change for _, change in ODD], ids=[name.replace("\0", "NUL")[:40] for name, _ in ODD]
)
def test_a_plan_with_values_that_no_plan_has_is_none(ready: ProjectDir, server: CountingServer, change: Change) -> None:
    refused_once_changed(ready, server, change)


def more(group: str, *names: str) -> Change:
    def change(plan: dict[str, Any]) -> None:
        for each in (plan, *plan["specs"]):
            for name in names:
                each[group][name] += 1

    return change


FORGED: list[tuple[str, Change]] = [
    ("one more to send", more("totals", "send", "recipients")),
    ("one fewer recipient than rows", lambda plan: plan["totals"].__setitem__("recipients", 1)),
    ("segments", more("segments", "total", "gsm7")),
    ("left", at_top("left", 3)),
    ("another name", in_spec("name", "harmless")),
    ("another target", lambda plan: plan["specs"][0]["target"].__setitem__("api", "http://127.0.0.1:1")),
    ("a message less", lambda plan: plan["pairs"].pop()),
    ("a mark", lambda plan: plan["pairs"].append(plan["pairs"].pop()[:-1] + "-")),
    ("a message that is not sent", lambda plan: plan["pairs"].append("z" * 21 + "w" + "A" * 32 + "-")),
    ("the order", lambda plan: plan["pairs"].reverse()),
    ("a message twice", lambda plan: plan["pairs"].append(plan["pairs"][-1])),
    (
        "bits that no id has",
        lambda plan: plan["pairs"].append((last := plan["pairs"].pop())[:21] + "B" + last[22:]),
    ),
]
"""What people approve a plan by, changed; its digest stays."""


@pytest.mark.parametrize("change", [change for _, change in FORGED], ids=[name for name, _ in FORGED])
def test_a_plan_whose_numbers_are_not_those_of_its_messages_is_none(
    ready: ProjectDir, server: CountingServer, change: Change
) -> None:
    refused_once_changed(ready, server, change)


def refused_once_changed(ready: ProjectDir, server: CountingServer, change: Change) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    plan = json.loads((ready.folder / "plan.json").read_text())
    change(plan)
    ready.write("plan.json", json.dumps(resealed(plan)))
    done = ready.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert done.code == 1, (done.code, done.err)
    assert [each["code"] for each in done.json["diagnostics"]] == ["plan-unreadable"]
    assert server.posts == []


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 1_000 + "a.yaml"])
def test_a_plan_that_names_an_impossible_path_finds_its_spec_by_name(
    ready: ProjectDir, server: CountingServer, name: str
) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    plan = json.loads((ready.folder / "plan.json").read_text())
    plan["specs"][0]["path"] = name
    ready.write("plan.json", json.dumps(resealed(plan)))
    assert ready.run("send", "--plan", "plan.json", "--yes").code == 0
    assert len(server.posts) == plan["totals"]["send"]


def test_whoever_rewrites_all_of_it_has_made_another_plan(ready: ProjectDir, server: CountingServer) -> None:
    """The digest of such a plan is another one: that is what `--digest` and signatures are for."""
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    plan = json.loads((ready.folder / "plan.json").read_text())
    before = plan["digest"]
    plan["specs"][0]["policy"]["in_doubt"] = "resend_if_absent"
    forged = resealed(digested(plan))
    assert forged["digest"] != before
    ready.write("plan.json", json.dumps(forged))
    done = ready.run("send", "--plan", "plan.json", "--yes", "--digest", before)
    assert (done.code, server.posts) == (8, [])
    done = ready.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (8, [])
    assert "`in_doubt` is hold, and was resend_if_absent" in done.err
