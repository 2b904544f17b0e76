"""SQL functions for what the send loop writes: results in, claims out, in one call and so in one round trip."""

from __future__ import annotations

from sendspec.ledger.postgres.function_words import FENCED, MOVED, OTHER_SESSION, OUT_OF_ORDER

CLAIMED_AT_EVERY = 60
"""Seconds between two notes of when a send has claimed, as each is a row that all its runs write."""

SETTLE = """WITH settled AS (
        UPDATE message m SET state = s.target, remote_id = s.remote_id, http_status = s.http_status, evidence = s.evidence,
            updated_at = _now
        FROM unnest(s_ids, s_attempts, s_targets, s_remote_ids, s_http, s_evidence)
            AS s (id, attempt, target, remote_id, http_status, evidence)
        WHERE m.id = s.id AND m.state = 'sending' AND m.attempt = s.attempt AND m.run = _run
        RETURNING m.number, m.attempt, m.state, m.evidence)
    INSERT INTO event (message, at, run, attempt, origin, target, evidence)
        SELECT number, _now, _run, attempt, 'sending', state, evidence FROM settled;"""

CLAIM = """WITH won AS (
        UPDATE message m SET state = 'sending', attempt = m.attempt + 1, run = _run, updated_at = _now,
            first_claimed_at = CASE WHEN m.attempt = 0 THEN _claimed_at ELSE m.first_claimed_at END
        FROM unnest(c_ids, c_digests, c_references) AS c (id, digest, reference)
        WHERE m.id = c.id AND m.state = 'planned' AND m.digest = c.digest AND m.reference IS NOT DISTINCT FROM c.reference
        RETURNING m.id, m.number, m.attempt, m.spec),
    noted AS (
        INSERT INTO event (message, at, run, attempt, origin, target)
            SELECT number, _now, _run, attempt, 'planned', 'sending' FROM won)
    SELECT array_agg(id), array_agg(DISTINCT spec) INTO _won, _specs FROM won;"""

ANSWER = """SELECT string_agg(CASE WHEN c.id = ANY (_won) THEN 'w' WHEN _halt IS NOT NULL THEN 'x' WHEN m.state = 'planned' THEN 'h' ELSE 't'
        END, '' ORDER BY c.n) INTO _answer FROM unnest(c_ids) WITH ORDINALITY AS c (id, n) LEFT JOIN message m ON m.id = c.id;"""
"""A letter a claim: won, halted, on hold, or taken elsewhere."""

EXCHANGE = f"""CREATE FUNCTION exchange(_run integer, _exchange bigint, _now float8, _claimed_at bigint, s_ids bytea[], s_attempts integer[],
    s_targets text[], s_remote_ids text[], s_http integer[], s_evidence text[], c_ids bytea[], c_digests bytea[], c_references text[])
RETURNS TABLE (answer text, attempts integer[], halt text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    _known run;
    _won bytea[];
    _specs integer[];
    _settled bigint := 0;
    _answer text;
    _halt text;
BEGIN
    SELECT * INTO _known FROM run WHERE number = _run FOR UPDATE;
    IF _known IS NULL OR _known.is_fenced THEN
        RAISE EXCEPTION USING ERRCODE = '{FENCED}', MESSAGE = 'fenced';
    ELSIF _known.backend <> pg_backend_pid() THEN
        RAISE EXCEPTION USING ERRCODE = '{OTHER_SESSION}', MESSAGE = 'another session';
    ELSIF _exchange NOT IN (_known.exchange, _known.exchange + 1) THEN
        RAISE EXCEPTION USING ERRCODE = '{OUT_OF_ORDER}', MESSAGE = 'exchange ' || _exchange || ' after ' || _known.exchange;
    END IF;
    SELECT value INTO _halt FROM meta WHERE name = 'halt';
    IF _exchange = _known.exchange THEN
        _answer := _known.answer;
    ELSE
        IF s_targets && ARRAY['planned', 'refused'] THEN
            PERFORM pg_advisory_xact_lock(lock_key('freed'));
        END IF;
        {SETTLE}
        GET DIAGNOSTICS _settled = ROW_COUNT;
        IF _settled <> cardinality(s_ids) THEN
            RAISE EXCEPTION USING ERRCODE = '{MOVED}', MESSAGE = cardinality(s_ids) - _settled;
        END IF;
        IF cardinality(c_ids) > 0 THEN
            IF _halt IS NULL THEN
                {CLAIM}
                UPDATE spec SET claimed = true, claimed_at = coalesce(_now + _known.clock_offset, claimed_at)
                    WHERE number = ANY (_specs)
                    AND (NOT claimed OR coalesce(_now + _known.clock_offset - coalesce(claimed_at, 0) >= {CLAIMED_AT_EVERY}, false));
            END IF;
            {ANSWER}
        END IF;
        UPDATE run SET exchange = _exchange, answer = _answer, seen_at = now(),
            on_the_way = on_the_way + coalesce(cardinality(_won), 0) - _settled WHERE number = _run;
    END IF;
    RETURN QUERY SELECT _answer, (SELECT array_agg(m.attempt ORDER BY c.n) FROM unnest(c_ids) WITH ORDINALITY AS c (id, n)
        JOIN message m ON m.id = c.id WHERE substr(_answer, c.n::integer, 1) = 'w'), _halt;
END $$"""
"""Results in, then claims out. Called again with the number of the last exchange, it changes nothing and answers what it answered.

`s_…` are the settlements, `c_…` the claims. `_claimed_at` is by the API's clock. `attempts` are those of the claims won, in their order.
"""

IMPORT_RESULT = """CREATE FUNCTION import_result(_run integer, _now float8, _id bytea, _attempt integer, _target text, _remote_id text, _http integer, _evidence text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    _number bigint;
    _origin text;
BEGIN
    SELECT number, state INTO _number, _origin FROM message WHERE id = _id AND attempt = _attempt AND run = _run
        AND (state = 'sending' OR (state = 'in_doubt' AND _target = 'accepted')) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF _target IN ('planned', 'refused') THEN
        PERFORM pg_advisory_xact_lock(lock_key('freed'));
    END IF;
    UPDATE message SET state = _target, remote_id = _remote_id, http_status = _http, evidence = _evidence, updated_at = _now
        WHERE id = _id;
    INSERT INTO event (message, at, run, attempt, origin, target, evidence)
        VALUES (_number, _now, _run, _attempt, _origin, _target, _evidence);
    IF _origin = 'sending' THEN
        UPDATE run SET on_the_way = on_the_way - 1 WHERE number = _run;
    END IF;
    RETURN true;
END $$"""
"""A result that a run could not hand in. It may come late: a message in doubt since then becomes accepted by it, and no other."""
