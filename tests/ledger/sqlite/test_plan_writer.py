"""Plans as they are written, also on a full disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import IDS, OWNER, SEND, claims, record
from sendspec.diagnostics.exceptions import (
    LedgerUnwritable,
)
from sendspec.ledger.record import PlannedRecord
from sendspec.ledger.sqlite.connection import connect_to_write, make_durable
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.plan_writer import BLOCK
from sendspec.ledger.sqlite.planned_rows import ROWS_AT_ONCE, PlannedRows, bulk_writing
from sendspec.ledger.sqlite.query_limit import STEPS_BETWEEN_LOOKS, QueryLimit
from sendspec.ledger.sqlite.tables import planned_checksums, row_checksum
from sendspec.planning.message_state import State


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


@given(
    st.lists(st.builds(record, st.binary(min_size=16, max_size=16), st.binary(min_size=24, max_size=24)), max_size=5),
    st.sampled_from([None, "", "A-1", "None", "|0|", "ë"]),
    st.integers(min_value=1, max_value=1 << 40),
)
def test_many_checksums_are_those_of_each_row(records: list[PlannedRecord], reference: str | None, spec: int) -> None:
    """The law: what is computed for many rows at once is what SQLite's function computes of each."""
    mixed = [each._replace(reference=reference) if n % 2 else each for n, each in enumerate(records)]
    columns = ([getattr(each, name) for each in mixed] for name in ("id", "digest", "reference", "receiver"))
    assert planned_checksums(spec, *columns) == [
        row_checksum(each.id, spec, "planned", each.digest, each.reference, each.receiver, 0, None) for each in mixed
    ]


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, BLOCK + 1])
def test_messages_are_in_plan_order_however_many_go_into_one_statement(path: Path, count: int) -> None:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    ids = [os.urandom(16) for _ in range(count)]
    more = [record(each)._replace(line=n, reference=f"own-{n}" if n % 3 else None) for n, each in enumerate(ids)]
    assert ledger.put_planned(SEND, iter(more), b"p" * 32, now=3.0) == count
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        rows = list(connection.execute("SELECT id, line, reference, size FROM message ORDER BY number"))
    assert rows == [(each.id, each.line, each.reference, None) for each in more]
    open_to_read(path, "one").close()  # it checks every row's checksum


def test_a_plan_needs_no_room_in_the_folder_for_temporary_files(path: Path) -> None:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    temporary: set[str] = set()

    def records() -> Iterator[PlannedRecord]:
        for n in range(4 * BLOCK):
            if n % BLOCK == BLOCK - 1:
                temporary.update(name for name in open_files() if "etilqs_" in name)
            yield record(os.urandom(16))

    assert ledger.put_planned(SEND, records(), b"p" * 32, now=3.0) == 4 * BLOCK
    ledger.close()
    assert temporary == set()


def open_files() -> Iterator[str]:
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            yield str(each.readlink())


def of_many(count: int) -> list[PlannedRecord]:
    """Records that differ in all that a plan may leave out."""
    return [
        record(os.urandom(16), os.urandom(24))._replace(
            line=n or None,
            reference=None if n % 3 else f"own-{n}",
            masked="" if n % 7 else "+31••••••78",
            size=n % 5 or None,
            scheduled_for=n if n % 11 == 0 else None,
            shape=None if n % 4 else (1 << 56) - 1,
        )
        for n in range(count)
    ]


def content(path: Path) -> tuple[list[object], list[object], list[object]]:
    """The tables and indexes by name, the messages in order, and what SQLite's own check says."""
    with closing(sqlite3.connect(path)) as connection:
        schema = list(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"))
        return (
            schema,
            list(connection.execute("SELECT * FROM message")),
            list(connection.execute("PRAGMA integrity_check")),
        )


def assert_undamaged(path: Path) -> None:
    with closing(open_to_read(path, "one")) as ledger:
        assert ledger.find_damage() == []


def planning(path: Path) -> SqliteLedger:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    return ledger


def test_a_long_plan_leaves_in_an_empty_ledger_what_short_ones_leave(path: Path, tmp_path: Path) -> None:
    records = of_many(BLOCK + 1)
    other = tmp_path / "other.db"
    shutil.copy(path, other)
    empty_schema = content(path)[0]
    long, short = planning(path), planning(other)
    assert long.put_planned(SEND, records, b"p" * 32, now=3.0) == BLOCK + 1
    for at in range(0, len(records), BLOCK - 1):
        short.put_planned(SEND, records[at : at + BLOCK - 1], b"p" * 32, now=3.0)
    long.close()
    short.close()
    assert content(path) == content(other)
    assert content(path)[0] == empty_schema
    assert content(path)[2] == [("ok",)]
    assert_undamaged(path)


@pytest.mark.parametrize("held", [0, 1])
def test_a_long_plan_is_no_endless_query_of_a_small_ledger(path: Path, held: int) -> None:
    ledger = planning(path)
    ledger.put_planned(SEND, map(record, IDS[:held]), b"p" * 32, now=3.0)
    ledger._limit = limit = QueryLimit(STEPS_BETWEEN_LOOKS)
    ledger._connection.set_progress_handler(limit, STEPS_BETWEEN_LOOKS)
    assert ledger.put_planned(SEND, of_many(3 * BLOCK), b"p" * 32, now=3.0) == 3 * BLOCK
    ledger.close()


@pytest.mark.parametrize("held", [0, 1])
def test_a_long_plan_that_breaks_off_leaves_nothing(path: Path, held: int) -> None:
    ledger = planning(path)
    ledger.put_planned(SEND, map(record, IDS[:held]), b"p" * 32, now=3.0)
    before = content(path)

    def records() -> Iterator[PlannedRecord]:
        yield from of_many(BLOCK + 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.put_planned(SEND, records(), b"p" * 32, now=3.0)
    assert content(path) == before
    assert set(ledger.facts(IDS)) == set(IDS[:held])
    assert ledger.put_planned(SEND, of_many(BLOCK), b"p" * 32, now=3.0) == BLOCK
    ledger.close()
    assert_undamaged(path)


def test_a_long_plan_replaces_what_is_planned_already(path: Path) -> None:
    ledger = planning(path)
    ledger.put_planned(SEND, [record(IDS[0])], b"p" * 32, now=3.0)
    records = [*of_many(BLOCK), record(IDS[0], b"n" * 24)]
    assert ledger.put_planned(SEND, records, b"p" * 32, now=4.0) == BLOCK + 1
    assert ledger.facts([IDS[0]])[IDS[0]].digest == b"n" * 24
    assert ledger.states("hello", 1) == {State.PLANNED: BLOCK + 1}
    ledger.close()
    assert_undamaged(path)


def test_an_id_that_comes_twice_in_a_long_plan_is_refused(path: Path) -> None:
    before = content(path)
    ledger = planning(path)
    records = of_many(BLOCK)
    with pytest.raises(LedgerUnwritable, match="UNIQUE"):
        ledger.put_planned(SEND, [*records, records[7]], b"p" * 32, now=3.0)
    ledger.close()
    assert content(path) == before


@pytest.mark.parametrize("count", [1, BLOCK])
@pytest.mark.parametrize(("name", "length"), [("id", 15), ("id", 0), ("digest", 23), ("digest", 25)])
def test_a_plan_with_an_id_or_digest_of_another_length_is_refused(
    path: Path, name: str, length: int, count: int
) -> None:
    before = content(path)
    ledger = planning(path)
    records = of_many(count)
    records[-1] = records[-1]._replace(**{name: bytes(length)})  # type: ignore[arg-type]
    with pytest.raises(LedgerUnwritable, match=rf"CHECK constraint failed: length\({name}\) = "):
        ledger.put_planned(SEND, records, b"p" * 32, now=3.0)
    ledger.close()
    assert content(path) == before


SETTINGS = ("foreign_keys", "ignore_check_constraints", "cache_size", "temp_store")


@pytest.mark.parametrize("fails", [False, True])
def test_sqlite_checks_rows_again_after_a_plan(path: Path, fails: bool) -> None:
    with closing(connect_to_write(str(path))) as connection:
        make_durable(connection, str(path))

        def values() -> list[object]:
            return [connection.execute(f"PRAGMA {each}").fetchone() for each in SETTINGS]

        before = values()
        with suppress(ZeroDivisionError), bulk_writing(connection):
            assert values() != before
            if fails:
                raise ZeroDivisionError
        assert values() == before
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            connection.execute(
                "INSERT INTO message (id, spec, state, digest, receiver, masked, updated_at, checksum)"
                " VALUES (x'00', 1, 'planned', x'00', x'00', '', 1.0, 1)"
            )


def interrupted() -> Iterator[PlannedRecord]:
    yield from of_many(BLOCK)
    raise KeyboardInterrupt


def repeated() -> Iterator[PlannedRecord]:
    yield from (records := of_many(BLOCK))
    yield records[0]


def endless() -> Iterator[PlannedRecord]:
    while True:
        yield record(os.urandom(16))


@pytest.mark.parametrize("records", [interrupted, repeated, endless])
def test_sqlite_checks_rows_again_after_a_plan_that_failed(
    path: Path, records: Callable[[], Iterator[PlannedRecord]]
) -> None:
    opened: list[sqlite3.Connection] = []

    def small(name: str) -> sqlite3.Connection:
        opened.append(connect_to_write(name))
        opened[-1].execute("PRAGMA max_page_count = 500")
        return opened[-1]

    def values() -> list[object]:
        return [opened[-1].execute(f"PRAGMA {each}").fetchone() for each in SETTINGS]

    with closing(open_to_write(path, "one", connect=small)) as ledger:
        ledger.begin(OWNER, now=2.0)
        before = values()
        with pytest.raises((KeyboardInterrupt, LedgerUnwritable)):
            ledger.put_planned(SEND, islice(records(), 10 * BLOCK), b"p" * 32, now=3.0)
        assert values() == before
        assert not opened[-1].in_transaction


def test_a_long_plan_may_sort_its_ids_in_files(path: Path) -> None:
    records = of_many(2 * BLOCK)
    with closing(connect_to_write(str(path))) as connection, bulk_writing(connection):
        connection.execute("BEGIN")
        rows = PlannedRows(connection, 1, 3.0, replaces=True, sorted_in_memory=2 * BLOCK - 1)
        rows.drop_index()
        assert rows.put(records) == len(records)
        rows.make_index()
        assert connection.execute("PRAGMA temp_store").fetchone() == (1,)
        connection.execute("COMMIT")
    schema, messages, check = content(path)
    assert ("index", "message_by_id") in [each[:2] for each in schema]  # type: ignore[index]
    assert len(messages) == len(records)
    assert check == [("ok",)]


SORTING = """
import os, resource, sys
from ledger_samples import record
from sendspec.ledger.sqlite.connection import connect_to_write
from sendspec.ledger.sqlite.planned_rows import PlannedRows, bulk_writing

path, count, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with bulk_writing(connection := connect_to_write(path)):
    connection.execute("BEGIN")
    rows = PlannedRows(connection, 1, 3.0, replaces=True, sorted_in_memory=0)
    rows.drop_index()
    rows.put([record(os.urandom(16)) for _ in range(count)])
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    rows.make_index()
    print(connection.execute("PRAGMA temp_store").fetchone()[0])
    connection.execute("COMMIT")
"""
"""Prints where SQLite has sorted: 1 is in files, 2 in memory."""
MORE_THAN_SORTED_AT_ONCE = 150_000
"""SQLite needs a file for them: see `SORTING_KIB`."""


@pytest.mark.process
@pytest.mark.parametrize(
    ("room", "files", "place"), [("8m", 0, "1"), ("64k", 0, "2"), ("8m", 3, "2")], ids=["room", "full", "no-file-left"]
)
def test_ids_are_sorted_in_memory_if_the_folder_for_temporary_files_takes_none(
    path: Path, tmp_path: Path, room: str, files: int, place: str
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "none", str(folder)], check=True)
    try:
        done = subprocess.run(
            [sys.executable, "-c", SORTING, str(path), str(MORE_THAN_SORTED_AT_ONCE), str(files)],
            env={**os.environ, "SQLITE_TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    assert (done.stdout.strip(), done.stderr) == (place, "")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM message INDEXED BY message_by_id").fetchone() == (
            MORE_THAN_SORTED_AT_ONCE,
        )
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
