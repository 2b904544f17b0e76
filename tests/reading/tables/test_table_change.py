"""A table that changes while it is read is reported."""

from __future__ import annotations

import os
from pathlib import Path

from table_files import opened


def test_a_table_that_is_replaced_is_told(tmp_path: Path) -> None:
    table, problems = opened(tmp_path, "phone\n1\n")
    assert table is not None
    (tmp_path / "new.csv").write_text("phone\n1\n")
    (tmp_path / "new.csv").rename(tmp_path / "people.csv")
    assert len(list(table.rows(problems))) == 1
    assert [d.code for d in problems] == ["file-changed"]


def test_a_table_that_is_gone_is_told(tmp_path: Path) -> None:
    table, problems = opened(tmp_path, "phone\n1\n")
    assert table is not None
    (tmp_path / "people.csv").unlink()
    assert len(list(table.rows(problems))) == 1
    assert [d.code for d in problems] == ["file-changed"]


def test_a_table_written_to_while_it_is_read_is_told_at_the_end(tmp_path: Path) -> None:
    table, problems = opened(tmp_path, "phone\n" + "1\n" * 200_000)
    assert table is not None
    rows = table.rows(problems)
    next(rows)
    with (tmp_path / "people.csv").open("ab") as file:
        file.write(b"2\n")
    assert sum(1 for _ in rows) >= 199_999
    assert [d.code for d in problems] == ["file-changed"]


def test_other_bytes_behind_the_same_size_and_time_are_noticed_by_the_next_reading(tmp_path: Path) -> None:
    table, problems = opened(tmp_path, "phone\n1\n")
    assert table is not None
    assert len(list(table.rows(problems))) == 1
    path = tmp_path / "people.csv"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    with path.open("r+b") as file:
        file.write(b"phone\n2\n")
    os.utime(path, ns=times)
    assert not list(problems)
    list(table.rows(problems))
    assert [d.code for d in problems] == ["file-changed"]
