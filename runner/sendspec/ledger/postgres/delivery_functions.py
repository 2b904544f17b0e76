"""SQL functions that write deliveries and opt-outs.

Each is called in a transaction that has called `lock_kept` first: one writer at a time, and none while the ledger is copied or migrated.
"""

from __future__ import annotations

LOCK_KEPT = """CREATE FUNCTION lock_kept() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_open();
    PERFORM pg_advisory_xact_lock(lock_key('kept'));
END $$"""

KEEP_DELIVERIES = """CREATE FUNCTION keep_deliveries(_messages bytea[], _statuses text[], _sources smallint[], _ats bigint[], _seen bigint[],
    _changed smallint[], _parts integer[], _reasons text[], _checksums integer[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO delivery (message, status, source, at, seen_at, changed, parts, reason, checksum)
        SELECT * FROM unnest(_messages, _statuses, _sources, _ats, _seen, _changed, _parts, _reasons, _checksums)
    ON CONFLICT (message) DO UPDATE SET status = excluded.status, source = excluded.source, at = excluded.at,
        seen_at = excluded.seen_at, changed = excluded.changed, parts = excluded.parts, reason = excluded.reason,
        checksum = excluded.checksum $$"""

KEEP_INTERACTIONS = """CREATE FUNCTION keep_interactions(_ids text[], _messages bytea[], _kinds text[], _ats bigint[], _firsts smallint[],
    _bots smallint[], _checksums integer[]) RETURNS bigint LANGUAGE sql AS $$
    WITH added AS (
        INSERT INTO interaction (id, message, kind, at, first, bot, checksum)
            SELECT * FROM unnest(_ids, _messages, _kinds, _ats, _firsts, _bots, _checksums)
        ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*) FROM added $$"""

KEEP_SIGNALS = """CREATE FUNCTION keep_signals(_receivers bytea[], _kinds text[], _grounds text[], _ats bigint[], _channels text[],
    _evidence text[], _noted bigint[], _digests bytea[]) RETURNS bigint LANGUAGE sql AS $$
    WITH fresh AS (
        SELECT DISTINCT ON (s.digest) s.* FROM unnest(_receivers, _kinds, _grounds, _ats, _channels, _evidence, _noted, _digests)
            WITH ORDINALITY AS s (receiver, kind, ground, at, channel, evidence, noted_at, digest, place)
        WHERE NOT EXISTS (SELECT FROM opt_out o WHERE o.digest = s.digest) ORDER BY s.digest, s.place),
    added AS (
        INSERT INTO opt_out (number, receiver, kind, ground, at, channel, evidence, noted_at, digest)
            SELECT (SELECT coalesce(max(number), 0) FROM opt_out) + row_number() OVER (ORDER BY place),
                receiver, kind, ground, at, channel, evidence, noted_at, digest FROM fresh
        RETURNING 1)
    SELECT count(*) FROM added $$"""
"""Numbers count from 1 without gaps, so that a signal that is gone is noticed."""

KEEP_LOST = """CREATE FUNCTION keep_lost(_number bigint, _receiver bytea, _kind text, _ground text, _at bigint, _channel text, _evidence text,
    _noted bigint, _digest bytea) RETURNS void LANGUAGE sql AS $$
    INSERT INTO opt_out (number, receiver, kind, ground, at, channel, evidence, noted_at, digest)
        VALUES (_number, _receiver, _kind, _ground, _at, _channel, _evidence, _noted, _digest) $$"""

KEEP_PENDING = """CREATE FUNCTION keep_pending(_ids text[], _reports text[], _receivers bytea[], _sources smallint[], _seen bigint[])
RETURNS void LANGUAGE sql AS $$
    INSERT INTO pending (remote_id, report, receivers, source, seen_at)
        SELECT * FROM unnest(_ids, _reports, _receivers, _sources, _seen)
    ON CONFLICT DO NOTHING $$"""

DROP_PENDING = """CREATE FUNCTION drop_pending(_ids text[], _before bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM pending WHERE remote_id = ANY (_ids) OR seen_at < _before $$"""

KEEP_MARK = """CREATE FUNCTION keep_mark(_name text, _at bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO mark AS m (name, at) VALUES (_name, _at) ON CONFLICT (name) DO UPDATE SET at = greatest(m.at, excluded.at) $$"""

PURGE_KEPT = """CREATE FUNCTION purge_kept(_before bigint) RETURNS bigint LANGUAGE sql AS $$
    DELETE FROM interaction WHERE at < _before;
    WITH purged AS (DELETE FROM delivery WHERE seen_at < _before RETURNING 1) SELECT count(*) FROM purged $$"""

DELIVERY_FUNCTIONS = (
    LOCK_KEPT,
    KEEP_DELIVERIES,
    KEEP_INTERACTIONS,
    KEEP_SIGNALS,
    KEEP_LOST,
    KEEP_PENDING,
    DROP_PENDING,
    KEEP_MARK,
    PURGE_KEPT,
)
