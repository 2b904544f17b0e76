"""The delimiter that a table has, found by its first lines, and what makes a row blank."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.reading.files.input_file import InputFile
from sendspec.reading.tables.csv_record import read_record
from sendspec.reading.tables.text_lines import lines_from

AUTO = "auto"
"""The value of `delimiter:` for a delimiter that is found."""
CANDIDATES = (";", "\t", "|", ",")
NAME_BY_DELIMITER = {";": "';'", "\t": "a tab", "|": "'|'", ",": "','"}
SPREADSHEET_MARK = "sep="
"""How some spreadsheets begin a file: a line `sep=;` above the column names."""
SPACES = " \t\u00a0\u200b\ufeff"
"""What spreadsheets and editors leave around a text: nothing that can be seen."""
_SPACES_BETWEEN = SPACES + "".join(CANDIDATES)
MAX_SAMPLED = 20
"""Lines that are compared."""


def is_blank(text: str, delimiter: str) -> bool:
    """Whether a line holds nothing but delimiters and spaces. Its cells may be in quotes."""
    return not text.replace('""', "").strip(SPACES + "\r\n" + delimiter)


def first_lines(file: InputFile) -> list[str]:
    """The first lines that aren't blank, without their line ends."""
    found = (line.rstrip("\r\n") for line, _ in zip(lines_from(file, 1), range(2 * MAX_SAMPLED), strict=False))
    return [line for line in found if line.strip(_SPACES_BETWEEN)][:MAX_SAMPLED]


def found_delimiter(lines: Sequence[str], default: str) -> str:
    """The delimiter of the table that begins with `lines`; `default` if it has one column."""
    if lines and (marked := marked_delimiter(lines[0])) is not None:
        return marked
    return _best(lines, CANDIDATES) or default


def marked_delimiter(line: str) -> str | None:
    """The delimiter that a spreadsheet's mark names; None if the line is none."""
    rest = line.removeprefix(SPREADSHEET_MARK).rstrip("\r\n")
    return rest if line.startswith(SPREADSHEET_MARK) and rest in CANDIDATES else None


def other_delimiter(lines: Sequence[str], own: str) -> str | None:
    """The delimiter that the table evidently has instead of `own`: the header is one column, or rows are split unevenly by `own`."""
    present = [each for each in CANDIDATES if each != own and lines and each in lines[0]]
    if not present:
        return None
    if _counts(lines[:1], own) == [1]:
        return _best(lines, present)
    own_even = _even(lines, own)
    likely = [each for each in present if own_even < _even(lines, each) >= len(lines) * 2 / 3]
    return _best(lines, likely)


def _best(lines: Sequence[str], candidates: Sequence[str]) -> str | None:
    """The candidate that splits most lines into as many cells as the first one; of equals, the one that makes more cells."""
    split = [each for each in candidates if lines and _counts(lines[:1], each)[0] > 1]
    return max(split, key=lambda each: (_even(lines, each), _counts(lines[:1], each)), default=None)


def _even(lines: Sequence[str], delimiter: str) -> int:
    """How many lines have as many cells as the first."""
    counts = _counts(lines, delimiter)
    return counts.count(counts[0])


def _counts(lines: Sequence[str], delimiter: str) -> list[int]:
    """How many cells each line has."""
    return [len(read_record([line], 1, delimiter).cells) for line in lines]
