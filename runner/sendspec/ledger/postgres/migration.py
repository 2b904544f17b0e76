"""Migrates a ledger on a server to this version: by command only, alone, and in one transaction."""

from __future__ import annotations

from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.creation import function_statements
from sendspec.ledger.postgres.exclusive import take_ledger
from sendspec.ledger.postgres.opening import check_identity, refuse_unsafe
from sendspec.ledger.postgres.pool import refuse_pool
from sendspec.ledger.postgres.run_session import RunSession
from sendspec.ledger.postgres.session import Session
from sendspec.ledger.postgres.tables import STEPS, version

GRANTED = """SELECT p.proname, a.grantee::regrole::text FROM pg_proc p CROSS JOIN aclexplode(p.proacl) a
    WHERE p.pronamespace = to_regnamespace(%(schema)s) AND a.grantee NOT IN (0, p.proowner)"""
FUNCTIONS_THERE = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = to_regnamespace(%(schema)s)"


def migrate_ledger(place: ServerPlace, identity: LedgerIdentity) -> tuple[int, int]:
    """The version that the ledger had, and the one that it has now. Raises `LedgerBusy` while a run is under way."""
    session = RunSession(place)
    try:
        refuse_pool(session)
        refuse_unsafe(session)
        was = int(check_identity(session, identity.ledger, identity.salt, any_age=True)["version"])
        if was < version():
            take_ledger(session)
            _migrate(session)
        return was, version()
    finally:
        session.close()


def _migrate(session: RunSession) -> None:
    """A session that is lost ends this: it comes back in no transaction. Another command may have migrated the ledger just before."""
    with session.translated(), session.connection.transaction():
        session.run("SET LOCAL statement_timeout = 0")
        was = session.rows("SELECT value FROM meta WHERE name = 'version'")[0][0]
        for step in range(int(was), version()):
            for statement in STEPS[step]:
                session.run(statement)
        _replace_functions(session)
        session.run("UPDATE meta SET value = %(version)s WHERE name = 'version'", {"version": str(version())})


def _replace_functions(session: Session) -> None:
    """The functions belong to the version. Who could execute one can execute the one of its name."""
    schema = {"schema": session.place.schema}
    granted = session.rows(GRANTED, schema)
    for (function,) in session.rows(FUNCTIONS_THERE, schema):
        session.run(f"DROP FUNCTION {function}")
    for statement in function_statements(session.place.schema):
        session.run(statement)
    there = {
        name
        for (name,) in session.rows(
            "SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(%(schema)s)", schema
        )
    }
    for name, grantee in granted:
        if name in there:
            session.run(f"GRANT EXECUTE ON FUNCTION {name} TO {grantee}")
