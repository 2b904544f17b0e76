"""What is copied from one ledger to another: its tables, the columns that every kind of store has, and how to tell that all arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass

MOVED_TO, COPY = "moved_to", "copy"
"""Notes in `meta`: where a ledger was copied to, and which copy that was. The copy has the second one too."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """`order` is the column that its rows are read by."""

    name: str
    columns: tuple[str, ...]
    order: str = "number"


RUN = CopiedTable(
    "run",
    (
        "number", "started_at", "ended_at", "pid", "host", "command", "ending", "requests", "clock_offset", "plan_digest", "commit_id",
        "approval_claimed", "approval_verified",
    ),
)  # fmt: skip
SPEC = CopiedTable(
    "spec",
    (
        "number", "name", "generation", "path", "messages", "plan_digest", "claimed", "baselined", "key_tree", "to_tree", "text_digest",
        "commit_id", "moved_from", "claimed_at", "given_up", "former_trees", "halt",
    ),
)  # fmt: skip
PLAN = CopiedTable("plan", ("run", "spec", "messages", "digest", "at", "workspace", "channel"), order="run, spec")
MESSAGE = CopiedTable(
    "message",
    (
        "number", "id", "spec", "state", "digest", "reference", "receiver", "masked", "line", "size", "shape", "scheduled_for",
        "first_claimed_at", "attempt", "run", "remote_id", "http_status", "evidence", "updated_at", "resend",
    ),
)  # fmt: skip
EVENT = CopiedTable("event", ("number", "message", "at", "run", "attempt", "origin", "target", "evidence"))
ABSENCE = CopiedTable("absence", ("message", "attempt", "at"), order="message")
COPIED_TABLES = (RUN, SPEC, PLAN, MESSAGE, EVENT, ABSENCE)
"""In an order in which rows come after those that they refer to."""


@dataclass(frozen=True, slots=True)
class LedgerContent:
    """How many messages a ledger has by state, and how many rows by table."""

    states: Mapping[str, int]
    rows: Mapping[str, int]


def content_of(query: Callable[[str], Sequence[Any]]) -> LedgerContent:
    """What a ledger holds; `query` returns the rows of a query."""
    return LedgerContent(
        states=dict(sorted(query("SELECT state, count(*) FROM message GROUP BY state"))),
        rows={table.name: query(f"SELECT count(*) FROM {table.name}")[0][0] for table in COPIED_TABLES},
    )


def difference(source: LedgerContent, target: LedgerContent) -> str | None:
    """What a copy lacks, or has too much, in words; None: nothing."""
    for what, here, there in (
        ("messages in the state", source.states, target.states),
        ("rows of", source.rows, target.rows),
    ):
        for name in sorted({*here, *there}):
            if here.get(name, 0) != there.get(name, 0):
                return f"it holds {there.get(name, 0)} {what} {name}, not {here.get(name, 0)}"
    return None
