"""SQL functions for what becomes of messages other than by an attempt to send them."""

from __future__ import annotations

from sendspec.ledger.postgres.function_words import BASELINE, MOVED

MOVE = f"""CREATE FUNCTION move_messages(_run integer, _now float8, _origin text, _ids bytea[], _attempts integer[], _targets text[],
    _reasons text[], _remote_ids text[], _resends integer[], _digests bytea[], _references text[], _receivers bytea[], _masked text[],
    _lines integer[], _sizes integer[], _schedules bigint[], _shapes bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    _moved bigint;
BEGIN
    PERFORM check_run(_run);
    PERFORM pg_advisory_xact_lock(lock_key('freed'));
    WITH moved AS (
        UPDATE message m SET state = c.target, remote_id = c.remote_id, http_status = NULL, evidence = c.reason, updated_at = _now,
            resend = m.resend + c.resend, digest = coalesce(c.digest, m.digest),
            reference = CASE WHEN c.digest IS NULL THEN m.reference ELSE c.reference END,
            receiver = coalesce(c.receiver, m.receiver), masked = coalesce(c.masked, m.masked),
            line = CASE WHEN c.digest IS NULL THEN m.line ELSE c.line END,
            size = CASE WHEN c.digest IS NULL THEN m.size ELSE c.size END,
            scheduled_for = CASE WHEN c.digest IS NULL THEN m.scheduled_for ELSE c.schedule END,
            shape = CASE WHEN c.digest IS NULL THEN m.shape ELSE c.shape END
        FROM unnest(_ids, _attempts, _targets, _reasons, _remote_ids, _resends, _digests, _references, _receivers, _masked, _lines,
            _sizes, _schedules, _shapes) AS c (id, attempt, target, reason, remote_id, resend, digest, reference, receiver, masked,
            line, size, schedule, shape)
        WHERE m.id = c.id AND m.state = _origin AND m.attempt = c.attempt
        RETURNING m.number, m.attempt, m.state, m.evidence)
    INSERT INTO event (message, at, run, attempt, origin, target, evidence)
        SELECT number, _now, _run, attempt, _origin, state, evidence FROM moved;
    GET DIAGNOSTICS _moved = ROW_COUNT;
    IF _moved <> cardinality(_ids) THEN
        RAISE EXCEPTION USING ERRCODE = '{MOVED}', MESSAGE = cardinality(_ids) - _moved;
    END IF;
END $$"""
"""Moves outside of attempts. Where a digest is given, the message takes another payload."""

NOTE_ABSENT = """CREATE FUNCTION note_absent(_run integer, _now float8, _ids bytea[], _attempts integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_run(_run);
    INSERT INTO absence AS a (message, attempt, at)
        SELECT m.number, n.attempt, _now FROM unnest(_ids, _attempts) AS n (id, attempt) JOIN message m ON m.id = n.id
        ON CONFLICT (message) DO UPDATE SET attempt = excluded.attempt, at = excluded.at WHERE a.attempt <> excluded.attempt;
END $$"""

PURGE = f"""CREATE FUNCTION purge_messages(_run integer, _exchange bigint, _before float8) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _purged bigint;
BEGIN
    PERFORM check_run(_run);
    SELECT answer::bigint INTO _purged FROM run WHERE number = _run AND exchange = _exchange;
    IF FOUND THEN
        RETURN _purged;
    END IF;
    UPDATE message SET masked = '', receiver = decode(repeat('00', 16), 'hex'), reference = NULL,
        evidence = CASE WHEN state = 'skipped' AND evidence = '{BASELINE}' THEN evidence END
        WHERE state IN ('accepted', 'refused', 'skipped') AND updated_at < _before AND masked <> '';
    GET DIAGNOSTICS _purged = ROW_COUNT;
    UPDATE event SET evidence = NULL
        WHERE evidence IS NOT NULL AND message IN (SELECT number FROM message WHERE masked = '');
    UPDATE run SET exchange = _exchange, answer = _purged WHERE number = _run;
    RETURN _purged;
END $$"""
"""Numbered as an exchange is: called again, it answers what it answered."""
