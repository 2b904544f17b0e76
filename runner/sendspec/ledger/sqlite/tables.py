"""The ledger's tables in SQLite. States are stored as the words of `State`."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import repeat

from sendspec.planning.message_state import State

APPLICATION_ID = 0x53454E44
"""`SEND`, in the file's header: it marks a SQLite file as a ledger."""
SCHEMA_VERSION = 4
"""2 added routes, forced resends and absences; 3 added keyed digests and rows in plan order; 4 added indexes by spec."""
OLDEST_READABLE = 1

_WORDS = ", ".join(f"'{state.value}'" for state in State)

RUN = """CREATE TABLE run (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE, started_at REAL NOT NULL, ended_at REAL,
    pid INTEGER NOT NULL, host TEXT NOT NULL, command TEXT NOT NULL, ending TEXT, requests INTEGER{more})"""
SPEC = """CREATE TABLE spec (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL, path TEXT NOT NULL,
    messages INTEGER NOT NULL, plan_digest BLOB NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,{more}
    UNIQUE (name, generation))"""
RUN_COLUMNS = (
    "clock_offset REAL",
    "plan_digest BLOB",
    "commit_id TEXT",
    "approval_claimed TEXT",
    "approval_verified TEXT",
)
SPEC_COLUMNS = (
    "baselined INTEGER NOT NULL DEFAULT 0",
    "key_tree TEXT",
    "to_tree TEXT",
    "text_digest TEXT",
    "content_digest BLOB",
    "commit_id TEXT",
    "moved_from TEXT",
    "claimed_at REAL",
    "given_up TEXT",
)
MESSAGE = f"""CREATE TABLE message (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL CHECK (length(id) = 16),
    spec INTEGER NOT NULL REFERENCES spec (number), state TEXT NOT NULL CHECK (state IN ({_WORDS})),
    digest BLOB NOT NULL CHECK (length(digest) = 24), reference TEXT, receiver BLOB NOT NULL, masked TEXT NOT NULL,
    line INTEGER, size INTEGER, shape INTEGER, scheduled_for INTEGER, first_claimed_at INTEGER,
    attempt INTEGER NOT NULL DEFAULT 0, run INTEGER, remote_id TEXT, http_status INTEGER, evidence TEXT,
    updated_at REAL NOT NULL, checksum INTEGER NOT NULL, resend INTEGER NOT NULL DEFAULT 0)"""
MESSAGE_BY_ID = "CREATE UNIQUE INDEX message_by_id ON message (id)"
MESSAGE_BY_SPEC = "CREATE INDEX message_by_spec ON message (spec)"
MESSAGE_REFERENCED = "CREATE INDEX message_referenced ON message (spec) WHERE reference IS NOT NULL"
EVENT = """CREATE TABLE event (
    number INTEGER PRIMARY KEY, message INTEGER NOT NULL, at REAL NOT NULL, run INTEGER, attempt INTEGER NOT NULL,
    origin TEXT, target TEXT NOT NULL, evidence TEXT)"""
ABSENCE = "CREATE TABLE absence (message INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, at REAL NOT NULL)"

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    RUN.format(more="".join(f", {column}" for column in RUN_COLUMNS)),
    SPEC.format(more="".join(f" {column}," for column in SPEC_COLUMNS)),
    """CREATE TABLE plan (
        run INTEGER NOT NULL REFERENCES run (number), spec INTEGER NOT NULL REFERENCES spec (number),
        messages INTEGER NOT NULL, digest BLOB NOT NULL, at REAL NOT NULL, workspace TEXT, channel TEXT,
        PRIMARY KEY (run, spec)) WITHOUT ROWID""",
    MESSAGE,
    MESSAGE_BY_ID,
    MESSAGE_BY_SPEC,
    MESSAGE_REFERENCED,
    EVENT,
    ABSENCE,
)
"""`message` has its rows in plan order, so that consecutive claims write neighbouring pages. `event.message` and
`absence.message` are its `number`.

| column | meaning |
|---|---|
| `spec.messages` | the number of its rows in `message`, which are never deleted |
| `spec.baselined` | its messages were sent before this ledger was made |
| `spec.key_tree`, `.to_tree` | the templates of `recipients.key` and `.to` in canonical form |
| `meta`: `former-trees-N` | the earlier trees of spec N, each with the number of its last message; a JSON list |
| `spec.claimed_at` | its last claim, or up to `CLAIMED_AT_EVERY` seconds before it; Unix seconds by the API's clock |
| `spec.given_up` | why a person gave this generation up; NULL if nobody did |
| `plan` | what each run planned to send, and through which channel |
| `message.digest` | `identity.payload_digest` |
| `message.line` | the row's line in its table |
| `message.size` | twice its segments, plus one for UCS-2; NULL if not measured |
| `message.shape` | a mark of how it looks under its spec's text (`shape_mark`); NULL if not known |
| `message.scheduled_for` | Unix seconds; NULL if it is to be sent at once |
| `message.first_claimed_at` | Unix seconds by the API's clock; NULL if that clock was unknown at the first claim |
| `message.run` | the run of its latest claim |
| `message.resend` | the count of forced resends |
| `run.clock_offset` | how many seconds the API's clock was ahead of this machine's |
| `absence` | when a complete list of the API first lacked a message in doubt |

`message_by_spec` lets a send look at its own messages alone, however many others there are; `message_referenced` has those with
a reference of the user's own. Plans write them, and append: rows are in their order. No claim changes them. There is no index
by state, which each claim and settlement would write; what a run left in `sending` is found by its events.
"""


def row_checksum(
    identity: bytes,
    spec: int,
    state: str,
    digest: bytes,
    reference: str | None,
    receiver: bytes,
    attempt: int,
    remote_id: str | None,
    first_claimed_at: int | None = None,
) -> int:
    """A checksum over a row's meaning, as a damaged page can answer queries without an error."""
    words = _words(spec, state, attempt, reference, remote_id, first_claimed_at)
    return zlib.crc32(b"%b%b%b%b" % (words, identity, digest, receiver))


def planned_checksums(
    spec: int,
    ids: Sequence[bytes],
    digests: Sequence[bytes],
    references: Sequence[str | None],
    receivers: Sequence[bytes],
) -> Sequence[int]:
    """`row_checksum` of each message as it is first planned; the arguments are columns of the plan."""
    joined = map(b"".join, zip(ids, digests, receivers, strict=True))
    begun = zlib.crc32(_words(spec, "planned", 0, None, None, None))
    checksums = list(map(zlib.crc32, joined, repeat(begun)))
    if references.count(None) < len(references):
        for at, reference in enumerate(references):
            if reference is not None:
                checksums[at] = row_checksum(ids[at], spec, "planned", digests[at], reference, receivers[at], 0, None)
    return checksums


def _words(
    spec: int, state: str, attempt: int, reference: str | None, remote_id: str | None, first_claimed_at: int | None
) -> bytes:
    claimed = "" if first_claimed_at is None else f"{first_claimed_at}|"
    return f"{spec}|{state}|{attempt}|{reference}|{remote_id}|{claimed}".encode()
