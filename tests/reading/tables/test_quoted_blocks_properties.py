"""Laws of CSV chunks with quotes: reading them in bulk gives what reading them record by record gives."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.files.input_file import BLOCK_BYTES, InputFile
from sendspec.reading.tables.block import Block, block_of, rows_of
from sendspec.reading.tables.csv_header import read_header
from sendspec.reading.tables.csv_table import CsvReading
from sendspec.reading.tables.text_lines import Chunk

ROWS = ["1,2,3", '1,"2", ', '1," ",3', '1,"2",3', '"1","2","3"', '1,"2\n2",3', '"1\n1",2,3', '1,2,"3\n4,5,6"', '+31612345678,a,"x\n+31687654321,b,c"', ",,", ' ,"",\t', '"", ,',
        '"","",""', "1,2", '1,"2",3,4', "1,2,3,", '1,"a""b",3', '1,"""",""', '1,a"b,3', '"1"x,2,3', '1, "2",3', '1,"2,3', "Zoë,漢字,😀", '"\n\n",2,3',
        '1,"2\r\n2",3', "1,\x00,3", '1,"\x85",3', '1,"\u202e",3', '1,"2\r2",3', "", " "]  # fmt: skip
PIECES = ['"', '""', '",', ',"', '"\n', '\n"', "\n", "\r\n", "\r", ",", "x", " ", "\t", "\x00", "\ufeff", "\u2028", "é"]
LINE_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", ""])
RECORDS = st.tuples(
    st.one_of(st.sampled_from(ROWS), st.sampled_from(ROWS), st.lists(st.sampled_from(PIECES), max_size=6).map("".join)), LINE_ENDS
).map("".join)  # fmt: skip
TABLES = st.lists(RECORDS, max_size=14).map("".join)
BLOCKS = st.sampled_from([16, 40, 120, BLOCK_BYTES])
HEADERS = st.sampled_from(
    ["a,b,c\n", '"a\na","b",c\r\n', "a;b;c\n", "a\n", "a,b,\n", "sendspec_line,sendspec_column,a,b,c\n"]
)


class CarefulReading(CsvReading):
    def quoted_block(self, whole: Chunk, chunk: Chunk) -> Block:
        return block_of(self.by_records(chunk), self._columns)


def read(
    kind: type[CsvReading], content: bytes, block_bytes: int = BLOCK_BYTES
) -> tuple[list[tuple[object, ...]], list[Diagnostic], int] | None:
    """Rows, problems and the number of blank rows; None if there is no header."""
    with tempfile.TemporaryFile() as held:
        held.write(content)
        held.flush()
        file, problems = InputFile(os.dup(held.fileno()), None, block_bytes), Problems()
        header = read_header("t.csv", file, ",", problems)
        if header is None:
            file.close()
            return None
        reading = kind("t.csv", file, header, problems)
        rows = [tuple(row) for row in rows_of(reading.blocks())]
        file.close()
    return rows, list(problems), reading.blank_rows


@holds_for(300, 1_000, HEADERS, TABLES, BLOCKS)
def test_records_read_in_bulk_are_those_read_one_by_one(header: str, content: str, block_bytes: int) -> None:
    """Whatever the table holds, and wherever the file is cut into blocks."""
    table = (header + content).encode()
    assert read(CsvReading, table, block_bytes) == read(CarefulReading, table, block_bytes)


@holds_for(100, 1_000, HEADERS, TABLES, BLOCKS, st.binary(min_size=1, max_size=2), st.integers(0, 200))
def test_bytes_that_are_no_text_are_found_alike(
    header: str, content: str, block_bytes: int, foreign: bytes, at: int
) -> None:
    table = header.encode() + content.encode()[:at] + foreign + content.encode()[at:]
    assert read(CsvReading, table, block_bytes) == read(CarefulReading, table, block_bytes)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_hostile_row_between_usual_ones_has_the_same_verdict(row: str, line_end: str) -> None:
    for before in ('1,"2",3', '1,"2\n2",3', "1,2,3"):
        for behind in ('1,"2",3', '"1\n1",2,3', ""):
            table = line_end.join(("a,b,c", before, row, behind)).encode()
            assert read(CsvReading, table) == read(CarefulReading, table)


@pytest.mark.parametrize("blank", [",,", '""', '"","",""', " , ,"])
@pytest.mark.parametrize("faulty", ["1,\x00,3", '1,"\u202e",3'])
@pytest.mark.parametrize("block_bytes", [16, 40, BLOCK_BYTES])
def test_a_blank_row_is_skipped_although_other_lines_are_not_clean(blank: str, faulty: str, block_bytes: int) -> None:
    for rows in ((blank, faulty), (faulty, blank)):
        table = "\n".join(("a,b,c", '1,"2",3', *rows, '4,"5",6')).encode()
        found = read(CsvReading, table, block_bytes)
        assert found is not None
        assert (len(found[0]), [problem.code for problem in found[1]], found[2]) == (2, ["forbidden-character"], 1)


@pytest.mark.parametrize("cell", ["x" * 131_072, "x" * 131_073, "x\n" * 70_000, '""' * 65_537])
@pytest.mark.parametrize("behind", ["", '2,"b\nb",3\n'])
def test_a_long_cell_has_the_same_verdict(cell: str, behind: str) -> None:
    table = f'a,b,c\n1,"a\na",3\n1,"{cell}",3\n{behind}'.encode()
    assert read(CsvReading, table) == read(CarefulReading, table)


@pytest.mark.parametrize("length", [1 << 20, (1 << 20) + 100])
def test_a_long_line_has_the_same_verdict_behind_an_open_quote(length: int) -> None:
    table = f'a,b,c\n1,2,3\n1,"a\n{"x" * length}",3\n1,2,3\n'.encode()
    assert read(CsvReading, table) == read(CarefulReading, table)
