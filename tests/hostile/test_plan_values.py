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
