"""The runs at work on a shared ledger: in words, and as the reason to leave their specs alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sendspec.diagnostics.exceptions import LedgerBusy
from sendspec.ledger.protocol import Facts
from sendspec.ledger.seen_run import SeenRun


def run_words(run: SeenRun) -> str:
    """What a run is, where, and since when: "`sendspec send` on runner-8, since 2026-11-29 09:31:40+00:00"."""
    since = datetime.fromtimestamp(run.started_at, UTC).isoformat(sep=" ", timespec="seconds")
    return f"`{run.command}` on {run.host}, since {since}"


def refuse_at_work(ledger: Facts, names: Collection[str]) -> None:
    """Raises `LedgerBusy` while another run sends one of these specs. A ledger in a file is locked then."""
    for name in sorted(names):
        for run in ledger.runs_at_work(name):
            raise LedgerBusy(
                f"run {run.number} is sending '{name}': {run_words(run)}",
                "wait until it has ended; nothing was changed",
            )
