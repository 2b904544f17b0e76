"""Creates ledgers on a server: whole or not at all, once, and usable only once their identity is noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.filling import Filling
from sendspec.ledger.folder_lock import folder_locked
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.delivery_tables import DELIVERY_TABLE_NAMES
from sendspec.ledger.postgres.functions import FUNCTIONS
from sendspec.ledger.postgres.ledger import PostgresLedger
from sendspec.ledger.postgres.opening import COPYING, UNFINISHED, notes_of, refuse_unsafe, somebody_elses
from sendspec.ledger.postgres.pool import refuse_pool
from sendspec.ledger.postgres.roles import function_name
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.postgres.session import Session
from sendspec.ledger.postgres.tables import TABLES, version

ENTRIES = """SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s))
    + (SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace(%(schema)s))
    + (SELECT count(*) FROM pg_type WHERE typnamespace = to_regnamespace(%(schema)s))"""
"""How many tables, functions and types the schema has."""
OWN_TABLES = (*DELIVERY_TABLE_NAMES, "absence", "event", "message", "plan", "spec", "run", "meta")
OWN_REMOVED = (
    f"DROP TABLE IF EXISTS {', '.join(OWN_TABLES)}",
    "DROP SEQUENCE IF EXISTS run_number",
    *(f"DROP FUNCTION IF EXISTS {function_name(function)}" for function in FUNCTIONS),
)
"""What removes an unfinished ledger, and nothing else that may be in the schema by now."""


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
    next call completes it, or creates it again. Refuses if there is a ledger already.
    """
    session = RunSession(place)
    try:
        refuse_pool(session)
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
    return UNFINISHED in notes and notes.get("id") == ledger_id


def _create(session: Session, identity: LedgerIdentity, *, now: float) -> None:
    """The ledger, in one transaction. What a killed process left unfinished is removed first."""
    refuse_unsafe(session)
    with session.translated(), session.connection.transaction():
        create_schema(session, _notes(identity, now), unless=UNFINISHED)


def create_schema(session: Session, notes: Mapping[str, str], *, unless: str) -> None:
    """Makes the schema, its tables and functions in the caller's transaction. Raises what `refuse_taken` raises."""
    schema = session.place.schema
    session.run("SELECT pg_advisory_xact_lock(hashtextextended('sendspec ' || %(schema)s, 0))", {"schema": schema})
    refuse_taken(session, unless=unless)
    if notes_of(session) is not None:
        session.run("; ".join(OWN_REMOVED))
    if session.rows("SELECT to_regnamespace(%(schema)s) IS NULL", {"schema": schema})[0][0]:
        session.run(
            f"CREATE SCHEMA {schema}"
        )  # with IF NOT EXISTS it takes a right on the database even where there is one
    session.run(";\n".join(schema_statements(schema)))
    for name, value in notes.items():
        session.run("INSERT INTO meta VALUES (%(name)s, %(value)s)", {"name": name, "value": value})


def refuse_taken(session: Session, *, unless: str) -> None:
    """Raises `LedgerTrouble` if there is anything in the schema but a ledger with the note `unless`, which nobody uses yet."""
    schema, shown = session.place.schema, session.place.shown
    notes = notes_of(session) or {}
    if "version" not in notes:
        if session.rows(ENTRIES, {"schema": schema})[0][0]:
            raise somebody_elses(session.place)
    elif unless not in notes:
        raise LedgerTrouble(f"{shown} has {_kind(notes)}, in the schema '{schema}'", _way_on(notes))


def _kind(notes: Mapping[str, str]) -> str:
    if COPYING in notes:
        return "a copy of a ledger that was never finished"
    return "a ledger that was never finished" if UNFINISHED in notes else "a ledger already"


def _way_on(notes: Mapping[str, str]) -> str:
    if COPYING in notes:
        return "finish it: run `sendspec ledger copy` again"
    if UNFINISHED in notes:
        return "finish it: sendspec ledger init"
    return "keep it: it may hold what was sent; if it was just made, commit sendspec.lock"


def schema_statements(schema: str) -> Iterator[str]:
    """What makes a ledger in its schema. Its functions run with their owner's rights, and find only the ledger's own tables."""
    yield from TABLES
    yield from function_statements(schema)


def function_statements(schema: str) -> Iterator[str]:
    """What makes the functions. Nobody but their owner may execute them yet."""
    yield from (function_statement(function, schema) for function in FUNCTIONS)
    yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC"


def function_statement(function: str, schema: str) -> str:
    """The text of a function, with whose rights and on which tables it runs."""
    return f"{function} SECURITY DEFINER SET search_path = {schema}, pg_temp"


def _notes(identity: LedgerIdentity, now: float) -> dict[str, str]:
    return {
        "id": identity.ledger,
        "salt_check": identity.salt_check,
        "version": str(version()),
        "created_at": repr(now),
        UNFINISHED: "yes",
    }


def _finish(session: Session) -> None:
    session.rows("DELETE FROM meta WHERE name = %(name)s RETURNING name", {"name": UNFINISHED})
