"""SQL functions of a run: its lock, its beginning, its return after a lost connection, its notes, its end."""

from __future__ import annotations

from sendspec.ledger.postgres.function_words import CLOSED, FENCED, LOST_OWNER, MOVED_AWAY, OTHER_SESSION, RESTART_GRACE

LOCK_KEY = """CREATE FUNCTION lock_key(_what text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT hashtextextended(current_schema() || '/' || (SELECT value FROM meta WHERE name = 'id') || '/' || _what, 0) $$"""
"""The advisory lock of a run, of a name while it is planned, of what frees messages (`freed`), or of all of it (`ledger`). A ledger and its copy
may be in two schemas of one database."""

CHECK_OPEN = f"""CREATE FUNCTION check_open() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    _to text;
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(lock_key('ledger')) THEN
        RAISE EXCEPTION USING ERRCODE = '{CLOSED}', MESSAGE = 'closed';
    END IF;
    SELECT value INTO _to FROM meta WHERE name = 'moved_to';
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '{MOVED_AWAY}', MESSAGE = _to;
    END IF;
END $$"""
"""Raises unless runs may begin, or come back. It stays so until the transaction ends: whoever copies or migrates the ledger holds this lock
alone, and sees then which runs there are."""

NEXT_RUN = """CREATE FUNCTION next_run() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    _run integer;
BEGIN
    PERFORM check_open();
    _run := nextval('run_number');
    PERFORM pg_advisory_lock(lock_key('run ' || _run));
    RETURN _run;
END $$"""
"""The number of a new run. The session holds its lock before its row can be seen, else a run that begins now would take it for dead."""

RELOCK_RUN = """CREATE FUNCTION relock_run(_run integer) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_lock(lock_key('run ' || _run)) $$"""

BEGIN_RUN = f"""CREATE FUNCTION begin_run(_run integer, _now float8, _pid bigint, _host text, _command text, _server text, _timeline text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _dead integer;
    _moved bigint;
    _recovered bigint := 0;
BEGIN
    PERFORM check_open();
    PERFORM pg_advisory_lock(lock_key('run ' || _run));
    INSERT INTO run (number, started_at, pid, host, command, backend)
        VALUES (_run, _now, _pid, _host, _command, pg_backend_pid());
    FOR _dead IN SELECT number FROM run WHERE on_the_way > 0 AND number <> _run
            AND NOT (seen_at < pg_postmaster_start_time() AND now() < pg_postmaster_start_time() + interval '{RESTART_GRACE}')
            ORDER BY number LOOP
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(lock_key('run ' || _dead));
        UPDATE run SET is_fenced = true, on_the_way = 0 WHERE number = _dead;
        PERFORM pg_advisory_xact_lock(lock_key('freed'));
        WITH moved AS (
            UPDATE message SET state = 'in_doubt', evidence = '{LOST_OWNER}', updated_at = _now
            WHERE run = _dead AND state = 'sending' RETURNING number, attempt)
        INSERT INTO event (message, at, run, attempt, origin, target, evidence)
            SELECT number, _now, _run, attempt, 'sending', 'in_doubt', '{LOST_OWNER}' FROM moved;
        GET DIAGNOSTICS _moved = ROW_COUNT;
        _recovered := _recovered + _moved;
    END LOOP;
    IF (SELECT count(*) FROM meta WHERE (name, value) IN (('server', _server), ('timeline', _timeline))) < 2 THEN
        INSERT INTO meta VALUES ('server', _server), ('timeline', _timeline), ('timeline_since', _now::text)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    END IF;
    RETURN _recovered;
END $$"""
"""The caller's session holds the run's lock already; unless it is another session than the one that got the number. A run whose lock is free is dead, unless the server was just started."""

REJOIN = f"""CREATE FUNCTION rejoin(_run integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_open();
    UPDATE run SET backend = pg_backend_pid(), seen_at = now() WHERE number = _run AND NOT is_fenced;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '{FENCED}', MESSAGE = 'fenced';
    END IF;
END $$"""
"""For a run whose session was lost, from a new session that holds its lock again."""

CHECK_RUN = f"""CREATE FUNCTION check_run(_run integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    _known run;
BEGIN
    SELECT * INTO _known FROM run WHERE number = _run FOR SHARE;
    IF _known IS NULL OR _known.is_fenced THEN
        RAISE EXCEPTION USING ERRCODE = '{FENCED}', MESSAGE = 'fenced';
    ELSIF _known.backend <> pg_backend_pid() THEN
        RAISE EXCEPTION USING ERRCODE = '{OTHER_SESSION}', MESSAGE = 'another session';
    END IF;
END $$"""
"""Raises unless the run may write. It stays so until the transaction ends."""

NOTE_APPROVAL = """CREATE FUNCTION note_approval(_run integer, _digest bytea, _commit text, _claimed text, _verified text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_run(_run);
    UPDATE run SET plan_digest = _digest, commit_id = _commit, approval_claimed = _claimed, approval_verified = _verified
        WHERE number = _run;
END $$"""

NOTE_CLOCK = """CREATE FUNCTION note_clock(_run integer, _offset float8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_run(_run);
    UPDATE run SET clock_offset = _offset WHERE number = _run;
END $$"""

END_RUN = """CREATE FUNCTION end_run(_run integer, _now float8, _ending text, _requests bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE run SET ended_at = _now, ending = _ending, requests = _requests WHERE number = _run $$"""
