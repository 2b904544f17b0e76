"""`<ledger>.delivery`: made once, opened only if it can be trusted, and read as it was written or not at all."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import (
    DeliveriesBusy,
    LedgerDamaged,
    LedgerForeign,
    LedgerLinked,
    LedgerMoved,
    LedgerTooNew,
    LedgerTrouble,
    LedgerUnwritable,
    OptOutsLost,
)
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.observation import FailureReason, Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery.protocol import DeliveryCounts, PendingReport
from sendspec.ledger.delivery.sqlite.creation import make_file, refuse_taken
from sendspec.ledger.delivery.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.delivery.sqlite.reader import SqliteDeliveryFacts
from sendspec.ledger.delivery.sqlite.store import SqliteDeliveryStore, tries_within
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.sqlite.connection import connect_to_read, connect_to_write

IDENTITY = LedgerIdentity("one", bytes(32))
IDS = [bytes([n]) * 16 for n in range(4)]
FAILED = StatusReport("delivery_failed", 20.0, FailureReason("unknown subscriber", 1, "sms-messagebird", "1"), 2)
STOP = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 50.0, "channel", "reply-1", 51.0)
START = replace(STOP, kind=SignalKind.IN, at=60.0)
OPENINGS = (open_to_read, open_to_write)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The place of a ledger; the file itself is looked at by nobody here."""
    return tmp_path / "test.db"


@pytest.fixture
def kept(ledger: Path) -> Path:
    """The file, with a row of each kind."""
    with closing(open_to_write(ledger, IDENTITY)) as store:
        store.observe([Observation(IDS[0], FAILED, Source.LIST, 30.0)])
        store.put_interactions([Interaction("i-1", IDS[0], "clicked", 40.0)])
        store.put_signals([STOP, START])
        store.put_pending([PendingReport("r-1", (b"r" * 16,), FAILED, Source.WEBHOOK, 10.0)])
    return ledger.with_name("test.db.delivery")


@pytest.fixture
def facts(ledger: Path, kept: Path) -> Iterator[SqliteDeliveryFacts]:
    with closing(opened(ledger)) as found:
        yield found


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def everything(facts: SqliteDeliveryFacts) -> list[object]:
    found = [dict(facts.deliveries(IDS)), list(facts.interactions(IDS)), list(facts.signals()), list(facts.pending())]
    return [*found, facts.marks(), facts.counts()]


def test_it_is_made_whole_for_its_owner_only_and_is_alone(kept: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in kept.parent.iterdir()) == ["test.db.delivery", "test.db.opt-outs"]
    assert (kept.parent / "test.db.opt-outs").stat().st_mode & 0o777 == 0o600
    assert closing_counts(kept) == DeliveryCounts(1, 1, 2, 1)


def opened(ledger: Path) -> SqliteDeliveryFacts:
    found = open_to_read(ledger, IDENTITY)
    assert found is not None
    return found


def closing_counts(kept: Path) -> DeliveryCounts:
    with closing(opened(kept.with_name("test.db"))) as facts:
        return facts.counts()


def test_what_a_killed_process_left_of_it_is_removed(ledger: Path) -> None:
    left = [ledger.with_name(f".test.db.delivery.123{ending}") for ending in ("", "-wal")]
    for path in left:
        path.write_text("half made")
    open_to_write(ledger, IDENTITY).close()
    assert not left[0].exists()
    assert not left[1].exists()


def test_the_second_name_that_a_killed_maker_left_is_no_second_file(kept: Path) -> None:
    other = kept.with_name(".test.db.delivery.123")
    os.link(kept, other)
    assert closing_counts(kept).signals == 2
    open_to_write(kept.with_name("test.db"), IDENTITY).close()
    assert not other.exists()


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("planted", ["link", "hard link", "pipe"])
def test_what_somebody_planted_is_not_followed(ledger: Path, kept: Path, ending: str, planted: str) -> None:
    place, victim = kept.with_name(kept.name + ending), kept.with_name("victim")
    if not ending:
        kept.rename(victim)
    else:
        victim.write_text("precious")
    before = victim.read_bytes()
    if planted == "pipe":
        os.mkfifo(place)
    else:
        (place.symlink_to if planted == "link" else place.hardlink_to)(victim)
    for opening in OPENINGS:
        with pytest.raises((LedgerLinked, LedgerDamaged)):
            opening(ledger, IDENTITY)
    assert victim.read_bytes() == before


def test_another_ledgers_file_and_another_salts_are_refused(ledger: Path, kept: Path) -> None:
    for opening in OPENINGS:
        with pytest.raises(LedgerForeign, match="belongs to another ledger"):
            opening(ledger, replace(IDENTITY, ledger="two"))
        with pytest.raises(LedgerForeign, match="salt"):
            opening(ledger, replace(IDENTITY, salt=b"s" * 32))


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at" * 20])
def test_what_is_no_database_is_refused_and_left_alone(ledger: Path, content: bytes) -> None:
    path = ledger.with_name("test.db.delivery")
    path.write_bytes(content)
    for opening in OPENINGS:
        with pytest.raises(LedgerDamaged):
            opening(ledger, IDENTITY)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("statement", "error", "said"),
    [
        ("PRAGMA user_version = 2", LedgerTooNew, "newer sendspec"),
        ("PRAGMA user_version = 0", LedgerDamaged, "never existed"),
        ("PRAGMA application_id = 1397050948", LedgerDamaged, "holds no deliveries"),
        ("CREATE TABLE more (a)", LedgerDamaged, "which no delivery file has"),
        ("DROP TABLE mark", LedgerDamaged, "lacks the table 'mark'"),
        ("CREATE VIEW word2 AS SELECT 1", LedgerDamaged, "'word2'"),
        ("DELETE FROM meta", LedgerDamaged, "a note is gone"),
    ],
)
def test_a_file_that_is_not_as_this_version_makes_it_is_refused(
    ledger: Path, kept: Path, statement: str, error: type[Exception], said: str
) -> None:
    change(kept, statement)
    for opening in OPENINGS:
        with pytest.raises(error, match=said):
            opening(ledger, IDENTITY)


def test_a_folder_in_its_place_is_refused(ledger: Path) -> None:
    ledger.with_name("test.db.delivery").mkdir()
    for opening in OPENINGS:
        with pytest.raises(LedgerUnwritable, match="is a folder"):
            opening(ledger, IDENTITY)


def test_a_place_that_can_not_be_looked_at_is_not_taken_for_an_empty_one(ledger: Path) -> None:
    ledger.write_text("")
    for opening in OPENINGS:
        for noted in (0, None):
            with pytest.raises(LedgerTrouble):
                opening(ledger / "below.db", IDENTITY, noted)
    with pytest.raises(LedgerUnwritable):
        open_to_write(ledger.with_name("none") / "test.db", IDENTITY)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE word SET text = 'delivered' WHERE text = 'delivery_failed'",
        "UPDATE word SET text = '[1]' WHERE text LIKE '[%'",
        "DELETE FROM word",
        "UPDATE delivery SET changed = 1",
        "UPDATE delivery SET seen_at = 'never'",
        "UPDATE interaction SET bot = 1",
        "UPDATE opt_out SET kind = 'in' WHERE number = 1",
        "UPDATE opt_out SET receiver = x'00' WHERE number = 1",
        "UPDATE opt_out SET noted_at = 1 << 60",
        "DELETE FROM opt_out WHERE number = 1",
        "UPDATE opt_out SET number = 9 WHERE number = 2",
        "UPDATE opt_out SET kind = 'lost' WHERE number = 1",
        "UPDATE pending SET report = '{'",
        "UPDATE pending SET source = 9",
    ],
)
def test_a_damaged_row_is_an_error_and_never_another_answer(
    kept: Path, facts: SqliteDeliveryFacts, damage: str
) -> None:
    change(kept, damage)
    with pytest.raises(LedgerDamaged, match="the delivery file"):
        everything(facts)
    assert len(facts.find_damage()) == 1


def test_damage_of_pages_is_found_and_a_sound_file_has_none(
    ledger: Path, kept: Path, facts: SqliteDeliveryFacts
) -> None:
    assert facts.find_damage() == []
    facts.close()
    change(
        kept,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET rootpage = 3 WHERE name = 'interaction_by_message'",
    )
    with closing(opened(ledger)) as changed:
        assert changed.find_damage() != []


def test_what_a_method_has_returned_for_is_on_disk(ledger: Path) -> None:
    with closing(open_to_write(ledger, IDENTITY)) as store:
        pragmas = ("journal_mode", "synchronous", "fullfsync", "secure_delete", "wal_autocheckpoint")
        found = [store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        assert found == ["wal", 2, 1, 1, 0]


def test_what_is_removed_or_replaced_while_it_is_open_takes_no_more(ledger: Path, kept: Path) -> None:
    """What it took would be lost, and nobody would know."""
    copy = kept.read_bytes()
    with closing(open_to_write(ledger, IDENTITY)) as store:
        kept.unlink()
        with pytest.raises(LedgerTrouble, match="was removed or replaced"):
            store.put_signals([replace(STOP, evidence="more")])
        kept.write_bytes(copy)
        with pytest.raises(LedgerTrouble, match="was removed or replaced"):
            store.put_signals([replace(STOP, evidence="more")])
    assert closing_counts(kept).signals == 2


def test_an_index_that_lacks_a_row_is_damage(ledger: Path, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes().replace(b"i-1", b"i-9", 1))
    with closing(opened(ledger)) as changed:
        assert changed.find_damage()[0].startswith("its pages: ")


def test_a_connection_that_fails_is_told(ledger: Path, kept: Path) -> None:
    def refused(path: str) -> Any:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(LedgerUnwritable, match="permission denied"):
        open_to_read(ledger, IDENTITY, 0, refused)

    class Broken:
        """Each begin fails, and not because others write."""

        def __init__(self, path: str) -> None:
            self.real = connect_to_write(path)

        def execute(self, sql: str, *parameters: Any) -> Any:
            if sql == "BEGIN IMMEDIATE":
                raise sqlite3.OperationalError("disk I/O error")
            return self.real.execute(sql, *parameters)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

    store = open_to_write(ledger, IDENTITY, 0, Broken)
    with closing(store), pytest.raises(LedgerUnwritable, match="disk I/O error"):
        store.put_signals([replace(STOP, evidence="more")])


@pytest.mark.process
def test_another_user_reads_it_without_leaving_a_file_and_writes_nothing() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as name:  # noqa: PTH112 - a constant
        folder = Path(name)
        ledger = folder / "test.db"
        with closing(open_to_write(ledger, IDENTITY)) as store:
            store.put_signals([STOP])
        for path in folder.iterdir():
            path.chmod(0o444)
        before = sorted(path.name for path in folder.iterdir())
        folder.chmod(0o555)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if os.geteuid() == 0:
                    os.setresuid(65_534, 65_534, 65_534)
                with closing(opened(ledger)) as facts:
                    assert list(facts.signals()) == [STOP]
                assert sorted(path.name for path in folder.iterdir()) == before
                with pytest.raises(LedgerUnwritable), closing(open_to_write(ledger, IDENTITY)) as store:
                    store.put_signals([START])
                with pytest.raises(LedgerUnwritable):
                    open_to_write(folder / "other.db", IDENTITY)
                code = 0
            finally:
                os._exit(code)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        folder.chmod(0o755)
        assert ended == 0


def test_a_file_that_this_user_may_not_write_is_opened_without_a_log(ledger: Path, kept: Path) -> None:
    names = sorted(path.name for path in kept.parent.iterdir())
    kept.chmod(0o400)
    user, acting = os.getuid(), os.geteuid()
    if acting == 0:
        os.setreuid(65_534, 0)  # who acts may write everything: it is the user behind that is asked for
    try:
        with closing(opened(ledger)) as facts:
            assert list(facts.signals()) == [STOP, START]
            assert sorted(path.name for path in kept.parent.iterdir()) == names
    finally:
        if acting == 0:
            os.setreuid(user, acting)


def test_a_file_cut_in_half_is_damaged(ledger: Path, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:20_000])
    with pytest.raises(LedgerDamaged), closing(opened(ledger)) as facts:
        everything(facts)


def test_a_damaged_row_is_not_written_over(ledger: Path, kept: Path) -> None:
    change(kept, "UPDATE delivery SET changed = 1")
    with closing(open_to_write(ledger, IDENTITY)) as store:
        with pytest.raises(LedgerDamaged):
            store.observe([Observation(IDS[0], StatusReport("delivered"), Source.LIST, 31.0)])
        with pytest.raises(LedgerUnwritable, match="before"):
            store.put_signals([replace(STOP, evidence="more")])


def test_a_file_that_can_only_be_read_is_read_and_not_written(ledger: Path, kept: Path) -> None:
    before = closing_counts(kept)
    with closing(open_to_write(ledger, IDENTITY, 0, connect_to_read)) as store:
        with pytest.raises(LedgerUnwritable, match="can't be written"):
            store.observe([Observation(IDS[1], FAILED, Source.LIST, 31.0)])
        store.abandon()
    assert closing_counts(kept) == before


def test_without_the_files_that_a_log_needs_a_still_file_can_be_read(ledger: Path, kept: Path) -> None:
    path = kept.parent / ("x" * 243 + ".delivery")  # with the ending of a log, too long for a name
    kept.rename(path)
    ledger = path.with_name("x" * 243)
    (kept.parent / "test.db.opt-outs").unlink()
    with pytest.raises(LedgerUnwritable):
        open_to_read(ledger, IDENTITY, 0, lambda name: connect_to_read(name))
    with closing(opened(ledger)) as facts:
        assert list(facts.signals()) == [STOP, START]


def test_reading_leaves_no_file_behind(ledger: Path, kept: Path, facts: SqliteDeliveryFacts) -> None:
    before = {path.name for path in kept.parent.iterdir()} - {"test.db.delivery-wal", "test.db.delivery-shm"}
    everything(facts)
    facts.close()
    assert {path.name for path in kept.parent.iterdir()} == before


WRITES: list[tuple[list[OptOutSignal], list[Observation]]] = [
    ([replace(STOP, evidence="more")], []),
    ([], [Observation(IDS[1], FAILED, Source.LIST, 31.0)]),
]


def _write(store: SqliteDeliveryStore, signals: list[OptOutSignal], observations: list[Observation]) -> None:
    store.put_signals(signals)
    store.observe(observations)


def test_a_disk_that_is_full_takes_nothing_and_loses_nothing(ledger: Path, kept: Path, no_room: Any) -> None:
    before = closing_counts(kept)
    for signals, observations in WRITES:
        store = open_to_write(ledger, IDENTITY)
        with no_room():
            with pytest.raises(LedgerUnwritable):
                _write(store, signals, observations)
            store.close()
        assert closing_counts(kept) == before
    with closing(open_to_write(ledger, IDENTITY)) as store:
        assert store.put_signals([replace(STOP, evidence="more")]).added == 1


def test_a_disk_that_is_full_makes_no_half_a_file(ledger: Path, no_room: Any) -> None:
    with no_room(), pytest.raises(LedgerUnwritable):
        open_to_write(ledger, IDENTITY)
    assert list(ledger.parent.iterdir()) == []


def test_a_writer_that_never_ends_is_told_and_the_next_try_is_possible(ledger: Path, kept: Path) -> None:
    with closing(open_to_write(ledger, IDENTITY, tries=tries_within(0.02))) as store:
        with closing(sqlite3.connect(kept, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DeliveriesBusy, match="for too long"):
                store.put_signals([replace(STOP, evidence="more")])
            other.execute("ROLLBACK")
        assert store.put_signals([replace(STOP, evidence="more")]).added == 1


def test_checkpoints_are_made_and_one_that_fails_is_told(ledger: Path, kept: Path, no_room: Any) -> None:
    store = open_to_write(ledger, IDENTITY)
    store.put_signals(replace(STOP, evidence=str(n)) for n in range(4_100))
    assert kept.with_name(kept.name + "-wal").stat().st_size < 4_000_000
    with no_room(), pytest.raises(LedgerUnwritable):
        store.close()
    assert closing_counts(kept).signals == 4_102


def test_once_it_was_copied_nobody_writes_to_it(ledger: Path, kept: Path) -> None:
    with closing(open_to_write(ledger, IDENTITY)) as store, closing(open_to_write(ledger, IDENTITY)) as other:
        other.mark_moved("another place")
        other.mark_moved("another place")
        with pytest.raises(LedgerMoved, match="was moved to another place"):
            store.put_signals([replace(STOP, evidence="more")])
        assert list(store.signals()) == [STOP, START]


def test_a_place_with_something_in_it_takes_no_copy(ledger: Path, kept: Path) -> None:
    with pytest.raises(LedgerTrouble, match="already"):
        refuse_taken(ledger)
    kept.unlink()
    with pytest.raises(LedgerTrouble, match="already"):
        refuse_taken(ledger)
    (kept.parent / "test.db.opt-outs").unlink()
    refuse_taken(ledger)


def test_a_file_that_another_process_has_just_made_stays_as_it_is(kept: Path) -> None:
    before = kept.read_bytes()
    make_file(kept, IDENTITY)  # as the one that comes second to the folder's lock does
    assert kept.read_bytes() == before


def test_no_number_is_in_any_of_its_files(ledger: Path) -> None:
    canary, address = "447700900123", "ada.canary@example.com"
    with closing(open_to_write(ledger, IDENTITY)) as store:
        said = f"+{canary} {address} 0{canary[2:]} +44 7700 900 123"
        store.observe([Observation(IDS[0], replace(FAILED, reason=FailureReason(said)), Source.LIST, 30.0)])
        store.put_signals([replace(STOP, ground=ground, evidence=said) for ground in (Ground.HAND, Ground.IMPORT)])
        store.put_pending([PendingReport("r", (), replace(FAILED, reason=FailureReason(said)), Source.WEBHOOK, 1.0)])
        store.replace_lost([replace(STOP, ground=Ground.HAND, evidence=said)], noted=9, reason=said, now=9.0)
        files = list(ledger.parent.iterdir())
        assert len(files) >= 3
        for content in (path.read_bytes() for path in files):
            assert not any(part in content for part in (b"7700900123", b"ada.canary", b"900 123"))


@pytest.mark.parametrize("noted", [1, 2])
def test_a_lost_file_is_refused_until_a_person_replaces_it(ledger: Path, kept: Path, noted: int) -> None:
    """Noted by the ledger, or by the mirror alone."""
    kept.unlink()
    for opening in OPENINGS:
        with pytest.raises(OptOutsLost, match="is gone, and with it 2 opt-outs") as raised:
            opening(ledger, IDENTITY, noted)
        assert "--replace-lost" in raised.value.fix
    assert not kept.exists()
    with closing(open_to_write(ledger, IDENTITY, None)) as store:
        replaced = store.replace_lost([START], noted=noted, reason="the disk broke", now=99.0)
        assert (replaced.lost, replaced.written.added) == (2, 1)
        assert (list(store.signals()), store.signal_count, store.counts().signals) == ([START], 3, 1)
        assert list(store.signals(after=3)) == []
        assert store.put_signals([STOP]).added == 1
        assert list(store.signals(after=3)) == [STOP]
        assert store.find_damage() == []
    for opening in OPENINGS:
        found = opening(ledger, IDENTITY, 4)
        assert found is not None
        found.close()
    change(kept, "UPDATE opt_out SET evidence = 'nobody knows' WHERE kind = 'lost'")
    with closing(opened(ledger)) as facts, pytest.raises(LedgerDamaged):
        list(facts.signals())


def test_a_file_from_an_older_backup_is_refused(ledger: Path, kept: Path) -> None:
    backup = kept.read_bytes()
    with closing(open_to_write(ledger, IDENTITY)) as store:
        store.put_signals([replace(STOP, evidence="more")])
    kept.write_bytes(backup)
    for opening in OPENINGS:
        with pytest.raises(OptOutsLost, match="has 2 opt-outs, and there were 3"):
            opening(ledger, IDENTITY)
        found = opening(ledger, IDENTITY, None)
        assert found is not None
        found.close()


def test_without_signals_a_lost_file_is_made_anew(ledger: Path) -> None:
    with closing(open_to_write(ledger, IDENTITY)) as store:
        store.observe([Observation(IDS[0], FAILED, Source.LIST, 30.0)])
    ledger.with_name("test.db.delivery").unlink()
    assert open_to_read(ledger, IDENTITY) is None
    with closing(open_to_write(ledger, IDENTITY)) as store:
        assert store.counts() == DeliveryCounts(0, 0, 0, 0)


@pytest.mark.parametrize("content", [b"", b"two", b"-1", b"1 2", "３".encode(), b"9" * 99])
def test_a_mirror_that_makes_no_sense_is_refused_and_not_passed_over(ledger: Path, kept: Path, content: bytes) -> None:
    mirror = kept.parent / "test.db.opt-outs"
    mirror.write_bytes(content)
    for opening in OPENINGS:
        with pytest.raises(LedgerTrouble, match="can't be read"):
            opening(ledger, IDENTITY)


def test_a_mirror_that_can_not_be_written_is_told_and_the_same_again_writes_it(ledger: Path, kept: Path) -> None:
    mirror = kept.parent / "test.db.opt-outs"
    with closing(open_to_write(ledger, IDENTITY)) as store:
        mirror.unlink()
        mirror.mkdir()
        with pytest.raises(LedgerTrouble, match="can't be read"):
            store.put_signals([replace(STOP, evidence="more")])
    mirror.rmdir()
    with closing(open_to_write(ledger, IDENTITY)) as store:
        assert store.put_signals([replace(STOP, evidence="more")]).known == 1
        assert mirror.read_text() == "3\n"


def test_a_link_in_the_mirrors_place_is_not_followed(ledger: Path, kept: Path) -> None:
    mirror, victim = kept.parent / "test.db.opt-outs", kept.parent / "victim"
    victim.write_text("9")
    mirror.unlink()
    with closing(open_to_write(ledger, IDENTITY)) as store:
        mirror.symlink_to(victim)
        with pytest.raises(LedgerLinked):
            store.put_signals([replace(STOP, evidence="more")])
    with pytest.raises(LedgerLinked):
        open_to_read(ledger, IDENTITY)
    assert victim.read_text() == "9"


def test_what_is_purged_or_dropped_is_in_none_of_its_files(ledger: Path, kept: Path) -> None:
    secret, remote = bytes(range(100, 116)), "canary-remote-id"
    with closing(open_to_write(ledger, IDENTITY)) as store:
        store.observe([Observation(secret, FAILED, Source.LIST, 30.0)])
        store.put_pending([PendingReport(remote, (), FAILED, Source.WEBHOOK, 10.0)])
        store.purge(before=99.0)
        store.drop_pending([remote], before=0.0)
    for content in (path.read_bytes() for path in ledger.parent.iterdir()):
        assert secret not in content
        assert remote.encode() not in content
