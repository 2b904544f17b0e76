"""A table in blocks: the same rows and faults wherever the file is cut, and those that csv and json read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.files.input_file import BLOCK_BYTES
from sendspec.reading.tables.row import Row
from sendspec.reading.tables.table import Table
from table_files import opened

HEADER = "phone,name,note\n"
PIECES = [
    "1,Ann,x\n", "2,Zoë,\n", "3,,\r\n", "\n", "\r\n", '4,"a, ""b""",c\n', '5,"two\nlines",x\n', '6,"three\r\n\n😀",y\n', '7,"",z\n',
    '8,5" pipe,x\n',
]  # fmt: skip
"""What csv reads as we do."""
FAULTY = [
    "9,too,many,cells\n", "10,few\n", "11,\x07,bell\n", "12,\u202e,bidi\n", '13,"open,x\n', '14,"a"b,x\n', "15,a\rb,x\n", "16,\x85,y\n",
    f"17,{'x' * 300},long\n",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
ANY_TEXTS = st.lists(st.sampled_from(PIECES * 2 + FAULTY), min_size=1, max_size=12).map("".join)
OBJECTS = st.lists(
    st.sampled_from(
        [
            '{"phone": "1"}\n',
            '{"phone": "2", "name": null}\r\n',
            "\n",
            " \n",
            '{"phone": "3", "name": "Zoë", "n": [1, {"a": 2}]}\n',
        ]
    ),
    max_size=12,
).map("".join)
SIZES = st.sampled_from([1, 2, 3, 7, 16, 33, 64])
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def rows_in(table: Table) -> tuple[list[Row], list[Diagnostic]]:
    problems = Problems()
    return list(table.rows(problems)), list(problems)


@given(text=ANY_TEXTS, size=SIZES, ends=st.booleans())
@SETTINGS
def test_rows_and_faults_do_not_hang_on_where_the_file_is_cut(
    tmp_path: Path, text: str, size: int, *, ends: bool
) -> None:
    content = HEADER + (text if ends else text.rstrip("\r\n"))
    read = []
    for block_bytes in (size, BLOCK_BYTES):
        table, problems = opened(tmp_path, content, block_bytes=block_bytes)
        read.append(list(problems) if table is None else rows_in(table))
    assert read[0] == read[1]


@given(text=TEXTS, size=SIZES)
@SETTINGS
def test_rows_are_those_of_the_csv_module(tmp_path: Path, text: str, size: int) -> None:
    content = f"{HEADER}0,first,\n{text}"
    table, _ = opened(tmp_path, content, block_bytes=size)
    assert table is not None
    rows, problems = rows_in(table)
    expected = [cells for cells in csv.reader(io.StringIO(content, newline="")) if cells]
    assert [row.content for row in rows] == expected[1:]
    assert problems == []


@given(text=OBJECTS, size=SIZES)
@SETTINGS
def test_objects_are_those_of_the_json_module(tmp_path: Path, text: str, size: int) -> None:
    content = f'{{"phone": "0"}}\n{text}'
    table, _ = opened(tmp_path, content, "people.jsonl", block_bytes=size)
    assert table is not None
    rows, problems = rows_in(table)
    expected = [(number, json.loads(line)) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    assert [(row.line, row.content) for row in rows] == [
        (number, {name: value for name, value in each.items() if value is not None}) for number, each in expected
    ]
    assert problems == []


@given(text=ANY_TEXTS, size=SIZES, asked=st.lists(st.booleans(), min_size=20, max_size=20))
@SETTINGS
def test_a_block_that_is_not_asked_for_changes_nothing_of_the_others(
    tmp_path: Path, text: str, size: int, asked: list[bool]
) -> None:
    table, _ = opened(tmp_path, HEADER + text, block_bytes=size)
    if table is None:
        return
    whole = [block.read for block in table.blocks(Problems())]
    for number, block in enumerate(table.blocks(Problems())):
        if asked[number % len(asked)]:
            lines, held = block.read
            assert (lines, held) == whole[number]
            assert [block.row(at) for at in range(len(lines))] == [
                Row(line, cells, block.columns) for line, cells in zip(lines, held, strict=True)
            ]
        else:
            assert block.lines_of(len(whole[number][0])) == whole[number][0]
