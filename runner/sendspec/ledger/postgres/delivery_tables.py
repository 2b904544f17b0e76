"""The tables of deliveries and opt-outs on a server. They are a part of the ledger."""

from __future__ import annotations

DELIVERY_TABLES = (
    """CREATE TABLE delivery (
        message bytea PRIMARY KEY, at bigint, seen_at bigint NOT NULL, source smallint NOT NULL, changed smallint NOT NULL,
        parts integer, checksum integer NOT NULL, status text NOT NULL, reason text)""",
    """CREATE TABLE interaction (
        id text PRIMARY KEY, message bytea NOT NULL, kind text NOT NULL, at bigint NOT NULL, first smallint NOT NULL,
        bot smallint NOT NULL, checksum integer NOT NULL)""",
    "CREATE INDEX interaction_by_message ON interaction (message)",
    """CREATE TABLE opt_out (
        number bigint PRIMARY KEY, receiver bytea NOT NULL, kind text NOT NULL, ground text NOT NULL, at bigint NOT NULL, channel text,
        evidence text NOT NULL, noted_at bigint NOT NULL, digest bytea NOT NULL UNIQUE)""",
    """CREATE TABLE pending (
        remote_id text NOT NULL, report text NOT NULL, receivers bytea NOT NULL, source smallint NOT NULL, seen_at bigint NOT NULL,
        PRIMARY KEY (remote_id, report))""",
    "CREATE TABLE mark (name text PRIMARY KEY, at bigint NOT NULL)",
)
"""Their columns mean what they mean in a file (`delivery/sqlite/tables.py`). Statuses and reasons are not interned."""
DELIVERY_TABLE_NAMES = ("delivery", "interaction", "opt_out", "pending", "mark")
