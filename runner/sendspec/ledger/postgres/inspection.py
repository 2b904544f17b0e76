"""Looks at a server as the place of a ledger, with whatever rights the role has. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.function_words import RESTART_GRACE
from sendspec.ledger.postgres.open_ledger import LIVING, shortened
from sendspec.ledger.postgres.opening import UNSAFE, notes_of
from sendspec.ledger.postgres.pool import pool_of
from sendspec.ledger.postgres.session import TIMELINE, Session
from sendspec.ledger.seen_run import SeenRun
from sendspec.ledger.server_state import Continuity, Encryption, LedgerState, Right, ServerState

RIGHTS = """SELECT pg_has_role(n.nspowner, 'USAGE') OR pg_has_role(m.relowner, 'USAGE'), has_schema_privilege(n.oid, 'USAGE'),
    ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = n.oid AND NOT has_table_privilege(c.oid, 'SELECT')
        AND (c.relkind = 'r' OR c.relname = 'event_number') ORDER BY 1),
    ARRAY(SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = n.oid AND NOT has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1)
    FROM pg_namespace n JOIN pg_class m ON m.relnamespace = n.oid AND m.relname = 'meta' WHERE n.nspname = %(schema)s"""
MAY_MAKE = """SELECT n.oid IS NULL, CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
    ELSE has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE') END
    FROM (SELECT to_regnamespace(%(schema)s) AS oid) n"""
FOR_PLANNING, NOT_FOR_SENDING = "lock_key", "purge_messages"
RUNS = f"""SELECT r.number, r.started_at, r.host, r.command, r.on_the_way, l.number IS NOT NULL FROM run r
    LEFT JOIN ({LIVING}) l ON l.number = r.number
    WHERE l.number IS NOT NULL OR (r.on_the_way > 0 AND NOT (r.seen_at < pg_postmaster_start_time()
        AND now() < pg_postmaster_start_time() + interval '{RESTART_GRACE}')) ORDER BY r.number"""
"""The runs that hold their lock, and the dead ones that left messages."""
SERVER = """SELECT current_setting('server_version'), current_setting('server_encoding'), pg_is_in_recovery(), current_setting('default_transaction_read_only'),
    extract(epoch FROM clock_timestamp())::float8"""
VERIFYING = (b"verify-ca", b"verify-full")


def inspect_server(place: ServerPlace, wall: Callable[[], float]) -> ServerState:
    """The server's state. `wall` is this machine's clock. Raises `LedgerTrouble` if there is no connection."""
    session = Session(place)
    try:
        pool = pool_of(session)
        before = wall()
        [(version, encoding, is_standby, read_only, now)] = session.rows(SERVER)
        skew = now - (before + wall()) / 2
        right, missing = _right(session)
        readable = right in (Right.OWN, Right.SEND, Right.PLAN)
        return ServerState(
            version=version.split()[0],
            encoding=encoding,
            is_standby=is_standby,
            is_read_only=read_only == "on",
            unsafe={name: cost for name, cost in UNSAFE.items() if session.rows(f"SHOW {name}")[0][0] == "off"},
            right=right,
            missing=missing,
            encryption=_encryption(session),
            pool=pool,
            clock_skew=skew,
            ledger=_ledger(session) if readable else None,
        )
    finally:
        session.close()


def _right(session: Session) -> tuple[Right, tuple[str, ...]]:
    """The most that the role may do, and the tables and functions that it may not use although sending does."""
    found = session.rows(RIGHTS, {"schema": session.place.schema})
    if not found:
        [(makes_schema, may_make)] = session.rows(MAY_MAKE, {"schema": session.place.schema})
        return (Right.MAKE if may_make else Right.NOTHING_YET if makes_schema else Right.NO_TABLES), ()
    [(owns, may_look, tables, functions)] = found
    missing = (*tables, *(name for name in functions if name != NOT_FOR_SENDING))
    if owns and may_look and not tables:
        return Right.OWN, ()
    if not may_look or tables or FOR_PLANNING in functions:
        return Right.NOTHING, missing
    return (Right.PLAN, missing) if missing else (Right.SEND, ())


def _encryption(session: Session) -> Encryption:
    connection = session.connection.pgconn
    settings = {option.keyword: option.val for option in connection.info}
    return encryption_of(connection.ssl_in_use, settings.get(b"sslmode"), connection.hostaddr.decode())


def encryption_of(encrypted: bool, mode: bytes | None, address: str) -> Encryption:
    """`mode` is libpq's `sslmode`. `address` is the server's, empty for a socket in the file system."""
    if encrypted:
        return Encryption.VERIFIED if mode in VERIFYING else Encryption.UNVERIFIED
    return Encryption.LOCAL if not address or ip_address(address).is_loopback else Encryption.NONE


def _ledger(session: Session) -> LedgerState:
    notes = notes_of(session) or {}
    rows = session.rows(RUNS)
    return LedgerState(
        version=notes.get("version", ""),
        halt=shortened(notes.get("halt")),
        runs=tuple(
            SeenRun(number=row[0], started_at=row[1], host=row[2], command=row[3], on_the_way=row[4], is_living=row[5])
            for row in rows
        ),
        continuity=_continuity(session, notes.get("server"), notes.get("timeline")),
    )


def _continuity(session: Session, server: str | None, timeline: str | None) -> Continuity | None:
    present_server, present_timeline = session.rows(TIMELINE)[0]
    if present_timeline is None:
        return None
    if server is None:
        return Continuity.NO_RUN
    if server != present_server:
        return Continuity.OTHER_SERVER
    return Continuity.SAME if timeline == present_timeline else Continuity.OTHER_TIMELINE
