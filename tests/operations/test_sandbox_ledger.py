"""What the sandbox's page learns from the project's ledger, whatever state that is in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sendspec.cli.main import run
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.project_context import open_context
from sendspec.operations.sandbox_ledger import NOTHING_PLANNED, SandboxLedger
from sendspec.operations.system import real_system
from sendspec.sandbox.comparison import Difference, Planned, compare
from sendspec.sandbox.store import Store


def test_it_reads_what_was_planned_and_notes_each_change(
    tmp_path: Path, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENDSPEC_SANDBOX_URL", raising=False)
    (tmp_path / "hello.yaml").write_text(helpers.SPEC, encoding="utf-8")
    (tmp_path / "people.csv").write_text(helpers.numbers(3), encoding="utf-8")
    system = real_system("sandbox")
    context = open_context((), "sandbox", Problems(), system)
    ledger = SandboxLedger(context)
    assert ledger.read() == NOTHING_PLANNED
    before = ledger.mark()
    assert run(["send", "hello.yaml", "--yes"]) == 0
    assert ledger.mark() != before
    planned = ledger.read()
    assert isinstance(planned, Planned)
    store = Store(tmp_path / ".sendspec" / "sandbox-api.db")
    arrived = store.all()
    store.close()
    found = compare(planned, arrived, system.clock.wall(), {})
    assert (found.planned, found.same, found.differences) == (3, 3, 0)
    first, second, _ = arrived
    swapped = [replace(first, payload={**second.payload, "reference": first.payload["reference"]}), *arrived[1:]]
    wrong = compare(planned, swapped, system.clock.wall(), {})
    assert {kind: len(rows) for kind, rows in wrong.found.items()} == {Difference.ELSEWHERE: 1}
    (tmp_path / ".sendspec" / "sandbox.db").write_bytes(b"no ledger")
    broken = ledger.read()
    assert isinstance(broken, str)
    assert broken.startswith("the ledger can't be read: ")


def test_without_a_project_there_is_nothing_to_compare_with() -> None:
    ledger = SandboxLedger(None)
    assert ledger.read() == "the project file has errors, so its ledger isn't known"
    assert ledger.mark() == []
