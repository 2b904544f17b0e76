"""The ledger: its moves are compare-and-set, a run's are fenced, and only a ledger that can be trusted opens to write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claim_factory import claims
from hypothesis import given, settings
from hypothesis import strategies as st
from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerDamaged,
    LedgerForeign,
    LedgerMissing,
    LedgerRolledBack,
    LedgerTooNew,
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.record import PlannedRecord, RunOwner, Settlement, SpecIdentity
from sendspec.ledger.sqlite.epoch import epoch_path, write_epoch
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.lock import take_lock
from sendspec.ledger.sqlite.opening import (
    connect_to_write,
    create_ledger,
    open_to_read,
    open_to_write,
    refuse_network,
    refuse_on_ci,
)
from sendspec.ledger.transitions import ALLOWED, MOVES
from sendspec.planning.message_state import Fact, State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
SEND = SpecIdentity("hello", 1, "hello.yaml")
IDS = [bytes([n]) * 16 for n in range(8)]
DIGEST = b"d" * 24


def record(identity: bytes, digest: bytes = DIGEST) -> PlannedRecord:
    return PlannedRecord(identity, digest, None, b"r" * 16, "+31••••••78")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".sendspec" / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    opened = open_to_write(path, "one")
    yield opened
    opened.close()


@pytest.fixture
def running(ledger: SqliteLedger) -> SqliteLedger:
    """A ledger with a run begun and eight messages planned."""
    ledger.begin(OWNER, now=2.0)
    ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
    return ledger


def claim(ledger: SqliteLedger, *ids: bytes) -> dict[bytes, int]:
    return dict(ledger.exchange(settle=[], claim=claims(ids), now=3.0).won)


def settle(ledger: SqliteLedger, identity: bytes, attempt: int, to: State) -> None:
    ledger.exchange(settle=[Settlement(identity, attempt, to, "id-1", "why", 202)], claim=[], now=4.0)


# ── the moves ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_planned_message_is_claimed_once(running: SqliteLedger) -> None:
    assert claim(running, IDS[0]) == {IDS[0]: 1}
    assert claim(running, IDS[0], IDS[1]) == {IDS[1]: 1}


def test_what_was_never_planned_can_not_be_claimed(running: SqliteLedger) -> None:
    assert claim(running, b"x" * 16) == {}


@pytest.mark.parametrize("to", [State.ACCEPTED, State.REFUSED, State.IN_DOUBT])
def test_a_settled_message_is_never_claimed_again(running: SqliteLedger, to: State) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, to)
    assert claim(running, IDS[0]) == {}
    assert running.facts([IDS[0]]) == {IDS[0]: Fact(to, DIGEST)}


def test_a_released_message_is_claimed_as_the_next_attempt(running: SqliteLedger) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, State.PLANNED)
    assert claim(running, IDS[0]) == {IDS[0]: 2}


@pytest.mark.parametrize("attempt", [0, 2])
def test_the_outcome_of_another_attempt_is_not_taken(running: SqliteLedger, attempt: int) -> None:
    claim(running, IDS[0])
    with pytest.raises(LedgerTrouble, match="moved by somebody else"):
        settle(running, IDS[0], attempt, State.ACCEPTED)
    assert running.facts([IDS[0]])[IDS[0]].state is State.SENDING


def test_a_settlement_that_is_lost_takes_the_whole_exchange_with_it(running: SqliteLedger) -> None:
    claim(running, IDS[0], IDS[1])
    with pytest.raises(LedgerTrouble):
        running.exchange(
            settle=[Settlement(IDS[0], 1, State.ACCEPTED, "a"), Settlement(IDS[1], 9, State.ACCEPTED, "b")],
            claim=claims([IDS[2]]),
            now=5.0,
        )
    assert {fact.state for fact in running.facts(IDS[:2]).values()} == {State.SENDING}
    assert running.facts([IDS[2]])[IDS[2]].state is State.PLANNED


def test_every_move_stands_in_the_history_and_no_other(running: SqliteLedger) -> None:
    claim(running, IDS[0], IDS[1])
    settle(running, IDS[0], 1, State.ACCEPTED)
    settle(running, IDS[1], 1, State.PLANNED)
    events = sqlite3.connect(running.path).execute("SELECT origin, target FROM event ORDER BY number").fetchall()
    assert events == [("planned", "sending"), ("planned", "sending"), ("sending", "accepted"), ("sending", "planned")]
    assert running.odd_moves() == []


def test_a_move_that_no_message_may_make_is_found_in_the_history(running: SqliteLedger) -> None:
    with sqlite3.connect(running.path) as other:
        other.execute(
            "INSERT INTO event (message, at, attempt, origin, target) VALUES (x'00', 1, 1, 'accepted', 'planned')"
        )
    assert running.odd_moves() == [("accepted", "planned", 1)]


def test_nothing_leads_out_of_accepted_and_only_proof_or_a_person_back_to_planned() -> None:
    assert not any(origin is State.ACCEPTED for origin, _ in ALLOWED)
    back = {move.name for move in MOVES if State.PLANNED in move.targets}
    assert back == {"release", "resolve", "absent", "retry"}


def test_a_second_run_fences_the_first_one_off(running: SqliteLedger, path: Path) -> None:
    claim(running, IDS[0])
    second = open_to_write(path, "one")
    second.begin(OWNER, now=5.0)
    with pytest.raises(LedgerTrouble, match="taken over"):
        settle(running, IDS[0], 1, State.ACCEPTED)
    with pytest.raises(LedgerTrouble, match="taken over"):
        claim(running, IDS[1])
    second.close()


def test_what_a_dead_run_was_sending_is_in_doubt_when_the_next_one_begins(running: SqliteLedger, path: Path) -> None:
    claim(running, IDS[0], IDS[1])
    running.close()
    again = open_to_write(path, "one")
    assert again.begin(OWNER, now=9.0).recovered == 2
    assert {fact.state for fact in again.facts(IDS[:2]).values()} == {State.IN_DOUBT}
    assert claim(again, IDS[0]) == {}
    assert again.odd_moves() == []
    again.close()


# ── planning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_payload_replaces_the_planned_one_until_something_was_claimed(running: SqliteLedger) -> None:
    assert not running.claimed_before("hello", 1)
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=3.0)
    assert running.facts([IDS[0]])[IDS[0]].digest == b"n" * 24
    claim(running, IDS[1])
    assert running.claimed_before("hello", 1)
    running.put_planned(SEND, [record(IDS[0], b"o" * 24)], b"p" * 32, now=3.0)
    assert running.facts([IDS[0]])[IDS[0]].digest == b"n" * 24


def test_planning_again_touches_nothing_that_was_settled(running: SqliteLedger) -> None:
    claim(running, IDS[0])
    settle(running, IDS[0], 1, State.REFUSED)
    running.put_planned(SEND, [record(IDS[0], b"n" * 24)], b"p" * 32, now=5.0)
    assert running.facts([IDS[0]]) == {IDS[0]: Fact(State.REFUSED, DIGEST)}


def test_a_plan_is_written_whole_or_not_at_all(running: SqliteLedger) -> None:
    def breaking() -> Iterator[PlannedRecord]:
        yield from (record(os.urandom(16)) for _ in range(100))
        raise RuntimeError("the rows end badly")

    with pytest.raises(RuntimeError):
        running.put_planned(SEND, breaking(), b"q" * 32, now=3.0)
    assert sum(running.states("hello", 1).values()) == len(IDS)


# ── trust ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_is_made_for_its_owner_only(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_commits_wait_for_the_disk(ledger: SqliteLedger) -> None:
    connection: Any = ledger._connection
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_existing_file_is_never_made_into_a_ledger(path: Path) -> None:
    with pytest.raises(LedgerTrouble, match="already"):
        create_ledger(path, "two", now=2.0)


def test_a_missing_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        open_to_write(tmp_path / "none.db", "one")


def test_another_ledger_is_refused_in_both_ways(path: Path) -> None:
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerForeign):
            opening(path, "two")


@pytest.mark.parametrize("content", [b"", b"not a database, just some text that is long enough to be looked at" * 20])
def test_what_is_no_ledger_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    for opening in (open_to_read, open_to_write):
        with pytest.raises(LedgerDamaged):
            opening(path, "one")
    assert path.read_bytes() == content


def test_a_ledger_cut_in_half_is_refused(running: SqliteLedger, path: Path) -> None:
    running.put_planned(SEND, (record(os.urandom(16)) for _ in range(2_000)), b"p" * 32, now=3.0)
    running.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LedgerDamaged):
        open_to_write(path, "one")


def test_a_scribbled_page_is_refused_also_where_counting_rows_still_works(running: SqliteLedger, path: Path) -> None:
    running.put_planned(SEND, [record(bytes([9]) * 16)], b"p" * 32, now=3.0)
    running.close()
    raw = path.read_bytes()
    assert raw.count(bytes([9]) * 16 + b"") >= 1
    path.write_bytes(raw.replace(DIGEST, DIGEST[:16] + b"D" + DIGEST[17:]))
    assert sqlite3.connect(path).execute("SELECT count(*) FROM message").fetchone() == (9,)
    with pytest.raises(LedgerDamaged, match="checksum"):
        open_to_write(path, "one")


def test_a_ledger_that_was_restored_from_before_its_last_run_is_refused(path: Path) -> None:
    backup = path.read_bytes()
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    write_epoch(path, ledger.epoch)
    ledger.close()
    path.write_bytes(backup)
    for leftover in (path.with_name("test.db-wal"), path.with_name("test.db-shm")):
        leftover.unlink(missing_ok=True)
    with pytest.raises(LedgerRolledBack):
        open_to_write(path, "one")
    open_to_read(path, "one").close()


def test_a_missing_mirror_of_the_epoch_is_no_reason_to_refuse(path: Path) -> None:
    epoch_path(path).unlink()
    open_to_write(path, "one").close()


def test_a_newer_schema_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerTooNew):
        open_to_read(path, "one")


def test_a_full_disk_rolls_the_plan_back_and_ends_the_ledger(path: Path) -> None:
    def small(name: str) -> sqlite3.Connection:
        connection = connect_to_write(name)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    ledger = open_to_write(path, "one", connect=small)
    ledger.begin(OWNER, now=2.0)
    with pytest.raises(LedgerUnwritable, match="disk is full"):
        ledger.put_planned(SEND, (record(os.urandom(16)) for _ in range(5_000)), b"p" * 32, now=3.0)
    with pytest.raises(LedgerUnwritable):
        ledger.exchange(settle=[], claim=claims([IDS[0]]), now=4.0)
    ledger.close()
    again = open_to_read(path, "one")
    assert again.states("hello", 1) == {}
    again.close()


def test_a_ledger_in_a_checkout_is_refused_on_ci_unless_it_lasts(tmp_path: Path) -> None:
    inside = tmp_path / "repo" / ".sendspec" / "a.db"
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    with pytest.raises(LedgerTrouble, match="CI"):
        refuse_on_ci(inside, ci=True, durable=False)
    refuse_on_ci(inside, ci=True, durable=True)
    refuse_on_ci(inside, ci=False, durable=False)
    refuse_on_ci(tmp_path / "volume" / "a.db", ci=True, durable=False)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_network_file_system_is_refused(kind: str) -> None:
    mounts = f"/dev/sda / ext4 rw 0 0\nserver:/x /mnt/share\\040one {kind} rw 0 0\n"
    with pytest.raises(LedgerTrouble, match="network"):
        refuse_network(Path("/mnt/share one/ledger.db"), mounts)
    refuse_network(Path("/srv/ledger.db"), mounts)


def test_a_forked_process_may_not_use_the_ledger(running: SqliteLedger) -> None:
    running._pid = os.getpid() + 1
    with pytest.raises(LedgerTrouble, match="belongs to process"):
        claim(running, IDS[0])


# ── lock and identity ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_held_lock_is_refused_naming_its_owner(path: Path) -> None:
    lock = take_lock(path, OWNER, since="2026-01-01T00:00:00+00:00")
    with pytest.raises(LedgerBusy, match="process 1 on here, since 2026"):
        take_lock(path, OWNER, since="later")
    lock.release()
    take_lock(path, OWNER, since="later").release()


def test_a_lock_whose_file_was_removed_is_mine_no_more(path: Path) -> None:
    lock = take_lock(path, OWNER, since="now")
    assert lock.still_mine()
    path.with_name("test.db.lock").unlink()
    assert not lock.still_mine()
    other = take_lock(path, OWNER, since="now")
    assert not lock.still_mine()
    assert other.still_mine()


def test_identities_of_other_environments_stay_when_one_is_added(tmp_path: Path) -> None:
    file = tmp_path / "sendspec.lock"
    write_identity(file, "production", LedgerIdentity("a", b"1" * 32))
    write_identity(file, "staging", LedgerIdentity("b", b"2" * 32))
    assert read_identities(file) == {
        "production": LedgerIdentity("a", b"1" * 32),
        "staging": LedgerIdentity("b", b"2" * 32),
    }


@pytest.mark.parametrize(
    "content", ["", "{", '{"lock": 1}', '{"lock": 1, "environments": {"a": {"ledger": "x", "salt": "00"}}}', "[]"]
)
def test_a_damaged_lock_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "sendspec.lock"
    file.write_text(content)
    with pytest.raises(LedgerTrouble):
        read_identities(file)


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "settle", "crash", "plan"]),
        st.integers(0, 3),
        st.sampled_from([State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED]),
    ),
    max_size=30,
)


@settings(max_examples=40)
@given(STEPS)
def test_no_message_is_accepted_twice_and_none_is_lost(tmp_path_factory: pytest.TempPathFactory, steps: Any) -> None:
    """The law: whatever happens, final states stand, at most one attempt is on its way, and every key stays in the ledger."""
    path = tmp_path_factory.mktemp("law") / "law.db"
    create_ledger(path, "one", now=1.0)
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=1.0)
    ledger.put_planned(SEND, map(record, IDS[:4]), b"p" * 32, now=1.0)
    on_the_way: dict[bytes, int] = {}
    final: dict[bytes, State] = {}
    for what, which, to in steps:
        identity = IDS[which]
        if what == "claim":
            won = claim(ledger, identity)
            assert not (won and (identity in on_the_way or identity in final))
            on_the_way.update(won)
        elif what == "settle" and identity in on_the_way:
            settle(ledger, identity, on_the_way.pop(identity), to)
            if to is not State.PLANNED:
                final[identity] = to
        elif what == "crash":
            ledger.close()
            ledger = open_to_write(path, "one")
            ledger.begin(OWNER, now=2.0)
            final.update(dict.fromkeys(on_the_way, State.IN_DOUBT))
            on_the_way.clear()
        elif what == "plan":
            ledger.put_planned(SEND, map(record, IDS[:4]), b"p" * 32, now=2.0)
        facts = ledger.facts(IDS[:4])
        assert len(facts) == 4
        assert {identity: facts[identity].state for identity in final} == final
    assert ledger.damages() == []
    assert ledger.odd_moves() == []
    ledger.close()
