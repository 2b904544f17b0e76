"""A small send into an old ledger: what the ledger's history costs a command that has little to do."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.fast_server import fast_server
from benchmarks.figure import Figure, Findings, at_most, line, ratios
from benchmarks.material import FAST, Project, write_table
from benchmarks.measure import Usage, measured, spread
from benchmarks.sending import said

FEW = 20
FIRST_NUMBER = 50_000_000
"""Recipients from this one on: a ledger that was filled knows none of them."""


def small_sends(bench: Bench) -> Findings:
    """N1: every send has 20 recipients of its own, and the ledger grows by them alone."""
    young, old = bench.scale_rows[0], bench.ledger_rows
    with fast_server(bench.folder / "nginx") as server:
        projects = {held: _filled(bench, held, server.url) for held in (0, young, old)}
        found: dict[int, list[Usage]] = {held: [] for held in projects}
        for turn in range(bench.rounds + 1):
            for held, project in projects.items():
                usage = _send_few(bench, project, turn)
                if turn:  # the first one may verify the whole of a ledger that another program filled
                    found[held].append(usage)
    cpu = {held: [usage.cpu for usage in usages] for held, usages in found.items()}
    return Findings(
        [
            Figure(name="N1", what=f"CPU of a send of {FEW} into a ledger of {old} messages", found=spread(cpu[old]), unit="s", reach=at_most(0.35)),
            Figure(name="N1", what=f"the same, against a ledger of {young}", found=ratios(cpu[old], cpu[young]), unit="times", reach=at_most(1.1)),
            Figure(name="N1", what="the same, against an empty ledger", found=ratios(cpu[old], cpu[0]), unit="times"),
        ],
        [line("N1", f"sendspec send, {held} in the ledger", FEW, usages) for held, usages in found.items()],
    )  # fmt: skip


def _filled(bench: Bench, held: int, url: str) -> Project:
    project = bench.second_project(f"old-{held}")
    project.point_to(url)
    project.with_fresh_ledger(FAST)
    if held:
        bench.drive("fill", project, project.folder / "few.csv", "--held", str(held))
    return project


def _send_few(bench: Bench, project: Project, turn: int) -> Usage:
    table: Path = project.folder / f"turn-{turn}.csv"
    write_table(table, FEW, 0, first=FIRST_NUMBER + turn * FEW)
    command = [bench.sendspec, "send", "order.yaml", "--env", FAST, "--recipients", str(table), "--yes"]
    usage = measured([*command, "--format", "json"], project.folder)
    said(usage, FEW)
    return usage
