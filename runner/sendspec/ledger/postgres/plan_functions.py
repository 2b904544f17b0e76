"""SQL functions that write plans."""

from __future__ import annotations

from sendspec.ledger.postgres.function_words import BASELINE

PLAN_SEND = """CREATE FUNCTION plan_send(_run integer, _name text, _generation bigint, _path text, _digest bytea, _key text, _to text, _text text,
    _commit text, _moved text, _baselined boolean)
RETURNS TABLE (spec integer, claimed boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    _known spec;
BEGIN
    PERFORM check_run(_run);
    PERFORM pg_advisory_xact_lock(lock_key('plan ' || _name));
    SELECT * INTO _known FROM spec s WHERE s.name = _name AND s.generation = _generation FOR UPDATE;
    IF (_known.claimed OR _known.baselined) AND _known.key_tree IS NOT NULL
            AND (_known.key_tree, _known.to_tree) IS DISTINCT FROM (_key, _to) THEN
        UPDATE spec s SET former_trees = (coalesce(_known.former_trees, '[]')::jsonb || jsonb_build_array(jsonb_build_array(
            _known.key_tree, _known.to_tree, (SELECT coalesce(max(m.number), 0) FROM message m WHERE m.spec = _known.number))))::text
            WHERE s.number = _known.number;
    END IF;
    RETURN QUERY INSERT INTO spec AS s (name, generation, path, plan_digest, key_tree, to_tree, text_digest, commit_id, moved_from, baselined)
        VALUES (_name, _generation, _path, _digest, _key, _to, _text, _commit, _moved, _baselined)
        ON CONFLICT (name, generation) DO UPDATE SET path = excluded.path, plan_digest = excluded.plan_digest,
            key_tree = excluded.key_tree, to_tree = excluded.to_tree, text_digest = excluded.text_digest,
            commit_id = excluded.commit_id, moved_from = coalesce(excluded.moved_from, s.moved_from),
            baselined = s.baselined OR excluded.baselined
        RETURNING s.number, s.claimed;
END $$"""
"""Begins a plan in the caller's transaction: until it ends, no other run plans a spec of this name. When a send's key changes after a claim, it
notes up to which message the former key applied."""

PLAN_BLOCK = f"""CREATE FUNCTION plan_block(_run integer, _spec integer, _now float8, _state text, _replaces boolean, _ids bytea[], _digests bytea[],
    _references text[], _receivers bytea[], _masked text[], _lines integer[], _sizes integer[], _schedules bigint[], _shapes bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _new bigint;
BEGIN
    PERFORM check_run(_run);
    INSERT INTO message (id, spec, state, digest, reference, receiver, masked, updated_at, line, size, scheduled_for, shape, evidence)
        SELECT p.id, _spec, _state, p.digest, p.reference, p.receiver, p.masked, _now, p.line, p.size, p.schedule, p.shape,
            CASE WHEN _state = 'skipped' THEN '{BASELINE}' END
        FROM unnest(_ids, _digests, _references, _receivers, _masked, _lines, _sizes, _schedules, _shapes)
            AS p (id, digest, reference, receiver, masked, line, size, schedule, shape)
        WHERE NOT EXISTS (SELECT FROM message m WHERE m.id = p.id);
    GET DIAGNOSTICS _new = ROW_COUNT;
    UPDATE spec SET messages = messages + _new WHERE number = _spec AND _new > 0;
    IF _state = 'planned' AND _new < cardinality(_ids) THEN
        WITH changed AS (
            SELECT m.id FROM message m JOIN unnest(_ids, _digests, _references, _lines, _shapes)
                AS p (id, digest, reference, line, shape) ON p.id = m.id
            WHERE m.state = 'planned' AND (_replaces OR m.digest = p.digest)
                AND (m.digest <> p.digest OR m.reference IS DISTINCT FROM p.reference
                    OR m.line IS DISTINCT FROM p.line OR m.shape IS DISTINCT FROM p.shape)
            FOR UPDATE OF m SKIP LOCKED)
        UPDATE message m SET digest = p.digest, reference = p.reference, receiver = p.receiver, masked = p.masked,
            updated_at = _now, line = p.line, size = p.size, scheduled_for = p.schedule, shape = p.shape
        FROM unnest(_ids, _digests, _references, _receivers, _masked, _lines, _sizes, _schedules, _shapes)
                AS p (id, digest, reference, receiver, masked, line, size, schedule, shape)
            JOIN changed ON changed.id = p.id
        WHERE m.id = p.id;
    END IF;
    RETURN _new;
END $$"""
"""Writes messages as planned, or as skipped for a baseline; returns how many are new. `_replaces`: another payload may replace the planned one.
`reference` is compared too, as the digest leaves it out, and reconciling asks the API for the one that goes out. What another run is claiming
is left alone: waiting for it could end in a deadlock."""

NOTE_PLAN = """CREATE FUNCTION note_plan(_run integer, _spec integer, _count bigint, _digest bytea, _now float8, _workspace text, _channel text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_run(_run);
    INSERT INTO plan VALUES (_run, _spec, _count, _digest, _now, _workspace, _channel)
        ON CONFLICT (run, spec) DO UPDATE SET messages = excluded.messages, digest = excluded.digest, at = excluded.at,
            workspace = excluded.workspace, channel = excluded.channel;
END $$"""

GIVE_UP = """CREATE FUNCTION give_up(_run integer, _name text, _generation bigint, _path text, _reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_run(_run);
    INSERT INTO spec (name, generation, path, plan_digest, given_up) VALUES (_name, _generation, _path, '', _reason)
        ON CONFLICT (name, generation) DO UPDATE SET given_up = excluded.given_up;
END $$"""
