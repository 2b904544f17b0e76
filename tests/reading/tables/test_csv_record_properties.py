"""The law of the slow CSV parser: it agrees with the `csv` module on every record."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st
from sendspec.reading.tables.csv_record import read_record

CHUNKS = ["a", "Zoë", "漢字", " ", ",", ";", '"', '""', "\n", "\r\n", "😀", "\t", "'", "1", "{{ x }}", "=1+1"]
RAW = st.lists(st.sampled_from([*CHUNKS, '",', ',"', '"\n', "x,y\n"]), max_size=12).map("".join)


@given(RAW)
def test_the_careful_reader_and_the_fast_one_agree_on_every_record(text: str) -> None:
    """Same cells, same lines; where the fast one stops, the careful one knows why and where."""
    text = "".join(c for n, c in enumerate(text) if c != "\r" or text[n + 1 : n + 2] == "\n")
    lines = list(io.StringIO(text, newline="\n"))
    reader = csv.reader(lines, strict=True)
    while (first := reader.line_num) < len(lines):
        try:
            fields = next(reader)
        except csv.Error:
            record = read_record(lines[first : reader.line_num], first + 1, ",")
            assert record.trouble is not None
            assert record.at is not None
            assert first < record.at.line <= reader.line_num
            continue
        record = read_record(lines[first:], first + 1, ",")
        assert record.trouble is None
        read = [cell.text.replace("\r\n", "\n") for cell in record.cells]
        assert read == [field.replace("\r\n", "\n") for field in fields or [""]]
