"""The tables of `<ledger>.delivery`."""

from __future__ import annotations

from pathlib import Path

APPLICATION_ID = 0x53454E45
"""`SENE`, in the file's header; the ledger has `SEND`."""
SCHEMA_VERSION = 1
ENDING = ".delivery"
CALLED = "the delivery file"
"""What messages call it."""

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    "CREATE TABLE word (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE TABLE delivery (
        message BLOB PRIMARY KEY, status INTEGER NOT NULL, source INTEGER NOT NULL, at INTEGER, seen_at INTEGER NOT NULL,
        changed INTEGER NOT NULL, parts INTEGER, reason INTEGER, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE interaction (
        id TEXT PRIMARY KEY, message BLOB NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL, first INTEGER NOT NULL,
        bot INTEGER NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX interaction_by_message ON interaction (message)",
    """CREATE TABLE opt_out (
        number INTEGER PRIMARY KEY, receiver BLOB NOT NULL, kind TEXT NOT NULL, ground TEXT NOT NULL, at INTEGER NOT NULL,
        channel TEXT, evidence TEXT NOT NULL, noted_at INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE)""",
    """CREATE TABLE pending (
        remote_id TEXT NOT NULL, report TEXT NOT NULL, receivers BLOB NOT NULL, source INTEGER NOT NULL, seen_at INTEGER NOT NULL,
        PRIMARY KEY (remote_id, report)) WITHOUT ROWID""",
    "CREATE TABLE mark (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
)
"""A message takes 80 bytes at most (`benchmarks/delivery_store.py`).

| column | meaning |
|---|---|
| `word` | statuses, reasons and kinds, each stored once; rows have its number |
| `delivery.message` | the message's id; the ledger's own number of it would bind this file to one state of the ledger |
| `delivery.at`, and all times | in milliseconds |
| `delivery.source` | `observation.Source` |
| `delivery.checksum` | over the row with its words, as damage must not make a delivery of a failure |
| `opt_out.number` | counts from 1 without gaps: signals are never deleted, and a missing one is noticed |
| `opt_out.digest` | `signal_digest`: the same signal is kept once, and a damaged one is noticed |
| `pending.report` | the report as JSON |
| `mark` | how far something was read, such as the replies to a channel |
"""


def delivery_path(ledger: Path) -> Path:
    """The file beside the ledger in the file `ledger`, which is free of links."""
    return ledger.with_name(ledger.name + ENDING)
