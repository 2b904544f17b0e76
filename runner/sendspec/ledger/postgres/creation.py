"""Creates ledgers on a server: whole or not at all, once, and usable only once their identity is noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.filling import Filling
from sendspec.ledger.folder_lock import folder_locked
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.functions import FUNCTIONS
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.opening import notes_of, refuse_unsafe
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.postgres.session import Session
from sendspec.ledger.postgres.tables import SCHEMA_VERSION, TABLES


def make_ledger(
    place: ServerPlace,
    identities: Path,
    environment: str,
    fresh: LedgerIdentity,
    *,
    now: float,
    filling: Filling | None = None,
) -> LedgerIdentity:
    """Creates an environment's ledger, once, and notes its identity in the file `identities`. Keeps a salt noted there.

    The ledger is made and marked as unfinished, then its identity is written, then the mark is removed. After a kill in between, the
    next call completes it, or makes it anew. Refuses where there is a ledger already.
    """
    session = RunSession(place)
    try:
        with folder_locked(identities.parent):
            known = read_identities(identities).get(environment)
            if known is not None and is_unfinished(session, known.ledger):
                _finish(session)
                return known
            identity = fresh if known is None else replace(fresh, salt=known.salt)
            _create(session, identity, now=now)
            if filling is not None:
                filling(PostgresLedger(session, identity.ledger), identity)
            write_identity(identities, environment, identity)
            _finish(session)
            return identity
    finally:
        session.close()


def is_half_made(place: ServerPlace, ledger_id: str) -> bool:
    """Whether a killed process left an unfinished ledger of this id, which `make_ledger` would complete."""
    session = Session(place)
    try:
        return is_unfinished(session, ledger_id)
    finally:
        session.close()


def is_unfinished(session: Session, ledger_id: str) -> bool:
    notes = notes_of(session) or {}
    return "unfinished" in notes and notes.get("id") == ledger_id


def _create(session: Session, identity: LedgerIdentity, *, now: float) -> None:
    """The schema, its tables and functions, in one transaction. What a killed process left unfinished is removed first."""
    schema = session.place.schema
    refuse_unsafe(session)
    with session.translated(), session.connection.transaction():
        session.run("SELECT pg_advisory_xact_lock(hashtextextended('sendspec ' || %(schema)s, 0))", {"schema": schema})
        notes = notes_of(session)
        if notes is not None and "unfinished" not in notes:
            raise LedgerTrouble(
                f"{session.place.shown} has a ledger already, in the schema '{schema}'",
                "keep it: it may hold what was sent; if it was just made, commit sendspec.lock",
            )
        if notes is not None:
            session.run(f"DROP SCHEMA {schema} CASCADE")
        session.run(";\n".join(schema_statements(schema)))
        for name, value in _notes(identity, now).items():
            session.run("INSERT INTO meta VALUES (%(name)s, %(value)s)", {"name": name, "value": value})


def schema_statements(schema: str) -> Iterator[str]:
    """What makes the ledger's schema. Its functions run with their owner's rights, and find only the ledger's own tables."""
    yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    yield from TABLES
    yield from (function_statement(function, schema) for function in FUNCTIONS)
    yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC"


def function_statement(function: str, schema: str) -> str:
    """The text of a function, with whose rights and on which tables it runs."""
    return f"{function} SECURITY DEFINER SET search_path = {schema}, pg_temp"


def _notes(identity: LedgerIdentity, now: float) -> dict[str, str]:
    return {
        "id": identity.ledger,
        "salt_check": identity.salt_check,
        "version": str(SCHEMA_VERSION),
        "created_at": repr(now),
        "unfinished": "yes",
    }


def _finish(session: Session) -> None:
    session.rows("DELETE FROM meta WHERE name = 'unfinished' RETURNING name")
