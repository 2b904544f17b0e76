"""A plan file that somebody changed and sealed again: the seal finds accidents, and is no proof that sendspec wrote it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from project_dir import CountingServer, ProjectDir
from sendspec.operations.plan_file import _seal

CHANGES: list[tuple[str, Any]] = [
    ("paths", [1]), ("paths", []), ("paths", "hello.yaml"), ("paths", [None]), ("paths", ["\0"]), ("paths", ["\ud800"]), ("paths", [["a"]]),
    ("paths", {"hello.yaml": 1}), ("environment", 1), ("environment", None), ("environment", "\ud800"), ("environment", ["test"]),
    ("paths", ["hello.yaml"] * 2), ("paths", ["x/" * 2_500 + "a.yaml"]), ("specs", 1), ("specs", [{}]),
    ("ledger", 1), ("ledger", "\ud800"), ("digest", 1), ("digest", "\ud800"), ("digest", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"), CHANGES, ids=[f"{key} {value!r}".replace("\0", "NUL") for key, value in CHANGES]
)
def test_a_plan_with_values_that_no_plan_has_is_none(
    ready: ProjectDir, server: CountingServer, key: str, value: Any
) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    changed = json.loads((ready.folder / "plan.json").read_text())
    del changed["seal"]
    changed[key] = value
    ready.write("plan.json", json.dumps({**changed, "seal": _seal(changed)}))
    done = ready.run("send", "--plan", "plan.json", "--yes")
    assert done.code == 1, (done.code, done.err)
    assert "[plan-unreadable]" in done.err
    assert server.posts == []


FORGED: list[tuple[str, Any]] = [
    ("totals", None), ("totals", {"recipients": 1, "send": 1, "skip": 0}), ("totals", {"recipients": 40, "send": 40, "skip": False}),
    ("segments", {"total": 1, "gsm7": 1, "ucs2": 0}), ("left", True), ("left", -1), ("specs", []),
    ("specs", [{"name": "harmless", "generation": 1, "digest": "0" * 64}]),
]  # fmt: skip
"""What people approve a plan by, changed; its digest stays."""


@pytest.mark.parametrize(("key", "value"), FORGED, ids=[f"{key} {value}" for key, value in FORGED])
def test_a_plan_whose_numbers_are_not_those_of_its_digest_is_not_sent(
    ready: ProjectDir, server: CountingServer, key: str, value: Any
) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    changed = json.loads((ready.folder / "plan.json").read_text())
    del changed["seal"]
    changed[key] = value
    ready.write("plan.json", json.dumps({**changed, "seal": _seal(changed)}))
    done = ready.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (8, []), done.err
    assert "its numbers or names are not those of what would be sent" in done.err


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 1_000 + "a.yaml"])
def test_a_plan_that_names_an_impossible_path_names_no_file(
    ready: ProjectDir, server: CountingServer, name: str
) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    changed = json.loads((ready.folder / "plan.json").read_text())
    del changed["seal"]
    changed["paths"] = [name]
    ready.write("plan.json", json.dumps({**changed, "seal": _seal(changed)}))
    done = ready.run("send", "--plan", "plan.json", "--yes")
    assert (done.code, server.posts) == (1, [])
    assert "[file-missing]" in done.err
