"""A server as the place of a ledger: what it is, what a role may do there, and which runs use it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.seen_run import SeenRun

FIT_ENCODING = "UTF8"
"""The encoding of a database that can hold every text."""


class Right(StrEnum):
    """The most that a role may do. The last three are for a server without a ledger; `NO_TABLES`: its schema is there already, and is
    somebody else's."""

    OWN = "own"
    SEND = "send"
    PLAN = "plan"
    NOTHING = "nothing"
    MAKE = "make"
    NOTHING_YET = "nothing_yet"
    NO_TABLES = "no_tables"


class Encryption(StrEnum):
    """How the connection is protected. `LOCAL`: it doesn't leave this machine."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    NONE = "none"
    LOCAL = "local"


class Pool(StrEnum):
    """Whether a connection pool is in between: none, one that gives each client a session, or one where clients share sessions."""

    NONE = "none"
    SESSION = "session"
    SHARED = "shared"


class Continuity(StrEnum):
    """Whether the server is the one that the last run met, with all that it had written."""

    NO_RUN = "no_run"
    SAME = "same"
    OTHER_SERVER = "other_server"
    OTHER_TIMELINE = "other_timeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """What only a role that may read the ledger can see. `halt` is why nobody may send. `continuity` is None on a standby."""

    version: str
    halt: str | None
    runs: tuple[SeenRun, ...]
    continuity: Continuity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """`encoding` is the database's. `is_read_only`: the role, the database or the server is set to write nothing, `default_transaction_read_only`.

    `unsafe` has the settings that are off, each with what that can cost. `missing` is what the role lacks for sending.

    `clock_skew` is by how many seconds the server's clock is ahead of this machine's. `ledger` is None if there is none, or if the
    role may not read it.
    """

    version: str
    encoding: str
    is_standby: bool
    is_read_only: bool
    unsafe: Mapping[str, str]
    right: Right
    missing: tuple[str, ...]
    encryption: Encryption
    pool: Pool
    clock_skew: float
    ledger: LedgerState | None
