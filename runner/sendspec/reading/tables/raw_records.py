"""The records of a table as the file has them, for writing them to another file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.csv_record import Record, read_record
from sendspec.reading.tables.text_lines import BOM, MAX_LINE_BYTES, decoded


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record on `line`. `text` has its bytes, those that aren't in the file's encoding as surrogates, and no line end.

    `record` is None if its quotes are in trouble.
    """

    line: int
    text: str
    record: Record | None


def raw_records(
    file: InputFile, delimiter: str, last_by_first: Iterable[tuple[int, int | None]]
) -> Iterator[RawRecord]:
    """The records that begin on these lines, in order. The last line is None if the record is well-formed."""
    lines = _raw_lines(file)
    number = 0
    for first, last in last_by_first:
        while number < first - 1 and next(lines, None) is not None:
            number += 1
        taken: list[str] = []

        def following(
            taken: list[str] = taken, most: int | None = None if last is None else last - first + 1
        ) -> Iterator[str]:
            while (most is None or len(taken) < most) and (line := next(lines, None)) is not None:
                taken.append(line)
                yield line

        source = following()
        record = read_record(source, first, delimiter)
        if last is not None:
            for _ in source:
                pass
        number += len(taken)
        text = "".join(taken).removesuffix("\n").removesuffix("\r")
        yield RawRecord(first, text, record if record.trouble is None else None)


def _raw_lines(file: InputFile) -> Iterator[str]:
    rest = b""
    for count, block in enumerate(file.peek()):
        body = rest + (block if count else block.removeprefix(BOM))
        cut = body.rfind(b"\n") + 1
        rest = body[cut:]
        for line in io.BytesIO(body[:cut]):
            yield decoded(line, file.legacy_encoding, "surrogateescape")
        if len(rest) > MAX_LINE_BYTES:
            return
    if rest:
        yield decoded(rest, file.legacy_encoding, "surrogateescape")


def sheet_rows(file: InputFile, delimiter: str, lines: Iterable[int]) -> dict[int, int]:
    """The rows of a spreadsheet by the lines of the file on which they begin, where a row above has several lines.

    A spreadsheet counts rows; where quotes are in trouble, it can't be told what it takes for one, so the lines behind are left out.
    """
    wanted = set(lines)
    found: dict[int, int] = {}
    reader = csv.reader(_raw_lines(file), delimiter=delimiter, strict=True)
    begin = 1
    with suppress(csv.Error):
        for row, _ in enumerate(reader, 1):
            if begin in wanted and begin != row:
                found[begin] = row
            begin = reader.line_num + 1
    return found
