"""Listing every message of a large ledger: memory must not grow with it."""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Findings, at_most, line
from benchmarks.material import FAST
from benchmarks.measure import in_turn, measured, spread


def all_messages(bench: Bench) -> Findings:
    """N2: `status --messages` of a ledger in which every message was accepted."""
    held = bench.ledger_rows
    project = bench.second_project("listed").with_fresh_ledger(FAST)
    bench.drive("fill", project, project.folder / "few.csv", "--held", str(held))
    command = [bench.sendspec, "status", "--env", FAST, "--messages"]
    forms = {"text": command, "JSON": [*command, "--format", "json"]}
    found = in_turn(
        {form: partial(measured, asked, project.folder, quiet=True) for form, asked in forms.items()}, bench.few_rounds
    )
    return Findings(
        [
            Figure(name="N2", what=f"peak memory of `status --messages`, {form}, {held} messages", found=spread([u.memory / 2**20 for u in usages]), unit="MB", reach=at_most(60))
            for form, usages in found.items()
        ],
        [line("N2", f"sendspec status --messages, {form}", held, usages) for form, usages in found.items()],
    )  # fmt: skip
