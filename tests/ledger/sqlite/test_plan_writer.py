"""Plans as they are written, also on a full disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import IDS, OWNER, SEND, claims, record
from sendspec.diagnostics.exceptions import (
    LedgerUnwritable,
)
from sendspec.ledger.record import PlannedRecord
from sendspec.ledger.sqlite.connection import connect_to_write
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.plan_writer import BLOCK, ROWS_AT_ONCE
from sendspec.ledger.sqlite.tables import planned_checksums, row_checksum


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
    assert planned_checksums(spec, mixed) == tuple(
        row_checksum(each.id, spec, "planned", each.digest, each.reference, each.receiver, 0, None) for each in mixed
    )


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
