"""The ledger's tables in PostgreSQL, in a schema of their own. States are stored as the words of `State`."""

from __future__ import annotations

from sendspec.ledger.postgres.delivery_tables import DELIVERY_TABLES
from sendspec.planning.message_state import State

STEPS: dict[int, tuple[str, ...]] = {1: DELIVERY_TABLES}
"""The statements that migrate the tables of each older version to the next. The functions are created again afterwards."""

_WORDS = ", ".join(f"'{state.value}'" for state in State)


def version() -> int:
    """The version of the tables and functions that this sendspec works with."""
    return max(STEPS, default=0) + 1


TABLES = (
    "CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL)",
    "CREATE SEQUENCE run_number",
    """CREATE TABLE run (
        number integer PRIMARY KEY, started_at float8 NOT NULL, ended_at float8, pid bigint NOT NULL, host text NOT NULL,
        command text NOT NULL, ending text, requests bigint, backend integer NOT NULL, exchange bigint NOT NULL DEFAULT 0,
        answer text, on_the_way bigint NOT NULL DEFAULT 0, seen_at timestamptz NOT NULL DEFAULT now(), is_fenced boolean NOT NULL DEFAULT false, clock_offset float8, plan_digest bytea,
        commit_id text, approval_claimed text, approval_verified text) WITH (fillfactor = 50)""",
    """CREATE TABLE spec (
        number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, generation bigint NOT NULL, path text NOT NULL,
        messages bigint NOT NULL DEFAULT 0, plan_digest bytea NOT NULL, claimed boolean NOT NULL DEFAULT false,
        baselined boolean NOT NULL DEFAULT false, key_tree text, to_tree text, text_digest text, commit_id text, moved_from text,
        claimed_at float8, given_up text, former_trees text, halt text, UNIQUE (name, generation))""",
    """CREATE TABLE plan (
        run integer NOT NULL REFERENCES run (number), spec integer NOT NULL REFERENCES spec (number), messages bigint NOT NULL,
        digest bytea NOT NULL, at float8 NOT NULL, workspace text, channel text, PRIMARY KEY (run, spec))""",
    f"""CREATE TABLE message (
        number bigint GENERATED ALWAYS AS IDENTITY, shape bigint, scheduled_for bigint, line integer,
        spec integer NOT NULL REFERENCES spec (number), size integer, resend integer NOT NULL DEFAULT 0, id bytea NOT NULL CHECK (length(id) = 16),
        digest bytea NOT NULL CHECK (length(digest) = 24), receiver bytea NOT NULL, masked text NOT NULL, reference text,
        updated_at float8 NOT NULL, first_claimed_at bigint, run integer, attempt integer NOT NULL DEFAULT 0, http_status integer,
        state text NOT NULL CHECK (state IN ({_WORDS})), remote_id text, evidence text) WITH (fillfactor = 50)""",
    "CREATE UNIQUE INDEX message_by_id ON message (id)",
    "CREATE INDEX message_by_spec ON message USING brin (spec) WITH (autosummarize = on)",
    """CREATE TABLE event (
        number bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME event_number), message bigint NOT NULL, at float8 NOT NULL,
        run integer, attempt integer NOT NULL, origin text, target text NOT NULL, evidence text)""",
    "CREATE INDEX event_by_number ON event USING brin (number) WITH (autosummarize = on)",
    "CREATE TABLE absence (message bigint PRIMARY KEY, attempt integer NOT NULL, at float8 NOT NULL)",
    *DELIVERY_TABLES,
)
"""`message` has its rows in plan order, half of each page free: a claim and its result then stay on the row's own page and touch no
index. What they change stands at the end of the row, as the server logs a row only from the first to the last changed byte. `event.message` and `absence.message` are its `number`, which needs no index of its own.

Columns that SQLite's ledger has too mean the same (`sqlite/tables.py`). The others:

| column | meaning |
|---|---|
| `run.backend` | the server process of the session that holds the run's lock |
| `run.exchange`, `.answer` | the number of its last exchange, and a letter for each claim in it |
| `run.seen_at` | when that was, by the server's clock |
| `run.on_the_way` | how many messages it has `sending` |
| `run.is_fenced` | a later run found it dead and put those in doubt; it may write nothing more |
| `spec.former_trees` | the earlier templates of key and recipient, as a JSON list |
| `spec.halt` | why no run may claim its messages; NULL if they may |
| `meta`: `id`, `salt_check`, `version`, `created_at` | as in SQLite's ledger |
| `meta`: `unfinished` | the ledger is being made: no `sendspec.lock` names it yet |
| `meta`: `server`, `timeline` | the server's identifier, and its timeline, when a run last began |
| `meta`: `timeline_since` | when a run first saw that timeline; Unix seconds |
| `meta`: `halt` | why no run may claim anything |
| `meta`: `moved_to` | the ledger was copied; where to |
"""
