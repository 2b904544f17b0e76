"""Opens a ledger on a server: to read, or to write once the server and the ledger were checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerTooNew,
    LedgerTooOld,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.identity import salt_check_of
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.pool import refuse_pool
from sendspec.ledger.postgres.reader import PostgresReader
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.postgres.session import Session
from sendspec.ledger.postgres.tables import version
from sendspec.ledger.server_state import FIT_ENCODING

_Held = TypeVar("_Held", bound=PostgresLedger)
VERSION = lazy_pattern(r"[1-9][0-9]{0,5}", re.ASCII)
NOTE_COLUMNS = """SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(%(table)s) AND attname IN ('name', 'value')
    AND attnum > 0 AND NOT attisdropped"""
UNSAFE = {
    "fsync": "what the ledger was told is lost when the machine stops",
    "synchronous_commit": "what the ledger was told can be lost when the server stops",
    "full_page_writes": "a page that was being written when the machine stops is damaged",
}
"""Server settings that must not be off, and what they would cost."""
TAKES_NO_WRITES = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')"
UNFINISHED, COPYING = "unfinished", "copying"
"""Notes of a ledger that is being made, and of a copy whose source can still send. Neither can be used."""


def open_to_read(place: ServerPlace, expected_id: str | None, salt: bytes | None = None) -> PostgresReader:
    """A ledger to read, also while runs write. `salt` is the environment's; a ledger made with another is refused."""
    session = Session(place)
    with closing_on_trouble(session):
        refuse_pool(session)
        check_identity(session, expected_id, salt)
    return PostgresReader(session)


def open_to_write(place: ServerPlace, expected_id: str, salt: bytes | None = None) -> PostgresLedger:
    """A ledger that can be trusted with claims: on a primary server that keeps what it confirms, in a session of its own."""
    return open_as(PostgresLedger, place, expected_id, salt)


def open_as(kind: type[_Held], place: ServerPlace, expected_id: str, salt: bytes | None) -> _Held:
    """The same, as an object of another class."""
    session = RunSession(place)
    with closing_on_trouble(session):
        refuse_pool(session)
        refuse_unsafe(session)
        check_identity(session, expected_id, salt)
    return kind(session, expected_id)


def ledger_is_there(place: ServerPlace) -> bool:
    """Whether the server has a ledger, or something else, in the schema. One that a killed process was making is none yet."""
    session = Session(place)
    try:
        notes = notes_of(session)
        return notes is not None and UNFINISHED not in notes
    finally:
        session.close()


def notes_of(session: Session) -> dict[str, str] | None:
    """The notes that the ledger holds of itself; None if there is no ledger. Empty for a table of somebody else's."""
    found = session.rows("SELECT to_regclass(%(table)s) IS NOT NULL", {"table": f"{session.place.schema}.meta"})
    if not found[0][0]:
        return None
    is_ours = session.rows(NOTE_COLUMNS, {"table": f"{session.place.schema}.meta"})[0][0] == 2
    return dict(session.rows("SELECT name::text, value::text FROM meta")) if is_ours else {}


def somebody_elses(place: ServerPlace) -> LedgerDamaged:
    """The error for a schema that holds something else than a ledger."""
    return LedgerDamaged(
        f"the schema '{place.schema}' of {place.shown} is in use, and what it holds is no ledger",
        "name another one: `schema: sendspec_ledger` under `ledger:` in sendspec.yaml",
    )


def refuse_unsafe(session: Session) -> None:
    """Raises for a server that takes no writes, for one that can lose what it has confirmed, and for a database that can't hold every text."""
    shown = session.place.shown
    encoding = session.rows("SHOW server_encoding")[0][0]
    if encoding != FIT_ENCODING:
        raise LedgerTrouble(
            f"the database of {shown} has the encoding {encoding}, which lacks characters",
            f"create one with the encoding {FIT_ENCODING}",
        )
    is_standby, read_only = session.rows(TAKES_NO_WRITES)[0]
    if is_standby:
        raise LedgerUnwritable(f"{shown} is a standby, which takes no writes", "connect to the primary server")
    if read_only == "on":
        raise LedgerUnwritable(
            f"{shown} takes no writes: the role, the database or the server is set to read only",
            "turn `default_transaction_read_only` off",
        )
    for name, cost in UNSAFE.items():
        if session.rows(f"SHOW {name}")[0][0] == "off":
            raise LedgerTrouble(f"{shown} has {name} turned off: {cost}", f"turn {name} on at the server")


@contextmanager
def closing_on_trouble(session: Session) -> Iterator[None]:
    """Closes the session if the block raises."""
    try:
        yield
    except BaseException:
        session.close()
        raise


def check_identity(
    session: Session, expected_id: str | None, salt: bytes | None, *, any_age: bool = False
) -> dict[str, str]:
    """The ledger's notes, once it is known to be the right one, whole, and of this version, or with `any_age` of an older one."""
    shown = session.place.shown
    notes = notes_of(session)
    if notes is None:
        raise LedgerMissing(
            f"{shown} has no ledger",
            "make it once with `sendspec ledger init`; if there was one, bring it back: a new one sends everything again",
        )
    if not notes.keys() >= {"id", "version"}:
        raise somebody_elses(session.place)
    if VERSION.fullmatch(notes["version"]) is None:
        raise LedgerDamaged(
            f"the ledger of {shown} is damaged: its note 'version' is '{printable(notes['version'][:40])}', which never existed",
            "restore it from a backup",
        )
    if int(notes["version"]) > version():
        raise LedgerTooNew(
            f"the ledger of {shown} was made by a newer sendspec (its version is {notes['version']})", "update sendspec"
        )
    if UNFINISHED in notes and expected_id is not None:
        raise LedgerMissing(f"the ledger of {shown} was never finished", "finish it: sendspec ledger init")
    if COPYING in notes and expected_id is not None:
        raise LedgerMissing(
            f"the copy of a ledger to {shown} was never finished", "finish it: run `sendspec ledger copy` again"
        )
    if expected_id is not None and notes["id"] != expected_id:
        raise LedgerForeign(
            f"the ledger of {shown} is not the one that sendspec.lock names: it is {notes['id']}, and {expected_id} is named",
            "correct the URL; or restore sendspec.lock from git: it named that one when it was made",
        )
    if salt is not None and notes.get("salt_check") not in (None, salt_check_of(salt)):
        raise LedgerForeign(
            f"the salt in sendspec.lock is not the one that the ledger of {shown} was made with: everything would be sent again",
            "restore sendspec.lock from git",
        )
    if int(notes["version"]) < version() and expected_id is not None and not any_age:
        raise LedgerTooOld(
            f"the ledger of {shown} has version {notes['version']}, and this sendspec works with version {version()}",
            "migrate it once nobody needs the older sendspec any more: sendspec ledger migrate",
        )
    return notes
