"""The ledger's writes as SQL functions: a sender's role needs no more than to execute them.

Each guard is in the WHERE of the statement that moves, so that compare and set are one. An exchange is one call, and so one round trip.
"""

from __future__ import annotations

FENCED, OTHER_SESSION, MOVED, OUT_OF_ORDER, CLOSED, MOVED_AWAY = "SS001", "SS002", "SS003", "SS004", "SS005", "SS006"
"""The SQLSTATEs that the functions raise: the run was taken for dead; the session isn't the one that holds its lock; messages were moved by
somebody else; an exchange was repeated that isn't the last one; the ledger is being copied or migrated; it was copied, and its copy sends."""

BASELINE = "baseline"
CLAIMED_AT_EVERY = 60
"""Seconds between two notes of when a send has claimed, as each is a row that all its runs write."""
RESTART_GRACE = "60 seconds"
"""How long after a restart of the server its runs may take to come back before they count as dead."""
LOST_OWNER = "the run that was sending it ended without an answer"

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

PURGE = f"""CREATE FUNCTION purge_messages(_run integer, _before float8) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _purged bigint;
BEGIN
    PERFORM check_run(_run);
    UPDATE message SET masked = '', receiver = decode(repeat('00', 16), 'hex'), reference = NULL,
        evidence = CASE WHEN state = 'skipped' AND evidence = '{BASELINE}' THEN evidence END
        WHERE state IN ('accepted', 'refused', 'skipped') AND updated_at < _before AND masked <> '';
    GET DIAGNOSTICS _purged = ROW_COUNT;
    UPDATE event SET evidence = NULL
        WHERE evidence IS NOT NULL AND message IN (SELECT number FROM message WHERE masked = '');
    RETURN _purged;
END $$"""

FUNCTIONS = (
    LOCK_KEY,
    CHECK_OPEN,
    CHECK_RUN,
    NEXT_RUN,
    RELOCK_RUN,
    BEGIN_RUN,
    REJOIN,
    EXCHANGE,
    IMPORT_RESULT,
    MOVE,
    NOTE_ABSENT,
    NOTE_APPROVAL,
    NOTE_CLOCK,
    END_RUN,
    PLAN_SEND,
    PLAN_BLOCK,
    NOTE_PLAN,
    GIVE_UP,
    PURGE,
)
