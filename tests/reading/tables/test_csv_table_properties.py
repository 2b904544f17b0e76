"""Laws of CSV tables: what was written is read, and any text at all gives rows or problems."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.csv_header import read_header
from sendspec.reading.tables.csv_table import CsvTable

CHUNKS = ["a", "Zoë", "漢字", " ", ",", ";", '"', '""', "\n", "\r\n", "😀", "\t", "'", "1", "{{ x }}", "=1+1"]
CELLS = st.lists(st.sampled_from(CHUNKS), max_size=6).map("".join)
RAW = st.lists(st.sampled_from([*CHUNKS, '",', ',"', '"\n', "x,y\n"]), max_size=12).map("".join)


def held(content: str) -> InputFile:
    with tempfile.TemporaryFile() as file:
        file.write(content.encode())
        file.flush()
        return InputFile(os.dup(file.fileno()), None)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_rows_that_a_csv_writer_wrote_come_back_unchanged_in_their_cells(
    rows: list[tuple[str, str, str]], line_end: str
) -> None:
    """Writing and reading is the identity, but for blank rows and cells of spaces; every cell is located where its text stands."""
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows([("one", "two", "three"), *rows])
    file, problems = held(text.getvalue()), Problems()
    header = read_header("t.csv", file, ",", problems)
    assert header is not None
    table = CsvTable("t.csv", file, header)
    read = list(table.rows(problems))
    assert not problems.has_errors, list(problems)
    rows = [cells for cells in rows if any(cell.strip(" \t") for cell in cells)]
    emptied = [tuple(cell if cell.strip(" \t") else "" for cell in cells) for cells in rows]
    assert [tuple(row.values.get(name, "") for name in table.columns) for row in read] == emptied
    lines = list(io.StringIO(text.getvalue(), newline="\n"))
    for row, cells in zip(read, rows, strict=True):
        for name, cell in zip(table.columns, cells, strict=True):
            span, _ = table.locate(row.line, name)
            if span.start.line == span.end.line:
                found = lines[span.start.line - 1][span.start.column - 1 : span.end.column - 1]
                assert found.replace('""', '"') == cell
    table.close()


@given(RAW)
def test_no_text_at_all_makes_reading_fail(text: str) -> None:
    """Whatever a file holds, there are rows or problems, each within the file."""
    file, problems = held(text), Problems()
    header = read_header("t.csv", file, ",", problems)
    if header is not None:
        for row in CsvTable("t.csv", file, header).rows(problems):
            assert set(row.values) <= set(header.columns)
    count = text.count("\n") + 1
    assert all(1 <= problem.span.start.line <= count for problem in problems)
    file.close()


def test_memory_stays_flat_over_many_rows(tmp_path: Path) -> None:
    """A table of 20 MB is read within a few of its blocks."""
    import tracemalloc

    path = tmp_path / "t.csv"
    path.write_text("phone,name\n" + "".join(f"+316{n:08},{'x' * 80}\n" for n in range(200_000)))
    file, problems = InputFile(os.open(path, os.O_RDONLY), str(path)), Problems()
    header = read_header("t.csv", file, ",", problems)
    assert header is not None
    rows = CsvTable("t.csv", file, header).rows(problems)
    tracemalloc.start()
    for _, row in zip(range(40_000), rows, strict=False):
        assert row.values
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    file.close()
    assert peak < 6_000_000
