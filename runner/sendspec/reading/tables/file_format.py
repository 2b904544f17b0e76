"""Table formats by file extension, and binary formats by their first bytes."""

from __future__ import annotations

from sendspec.diagnostics.problem import Problem

HEAD_BYTES = 512
DELIMITER_BY_EXTENSION = {".csv": ",", ".tsv": "\t"}
JSON_LINES_EXTENSIONS = frozenset({".jsonl", ".ndjson"})

_EXPORT = "export the sheet as CSV (in a spreadsheet: CSV UTF-8)"
_UNPACK = "unpack it, and name the file inside"
_MAGIC = (
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"PK\x03\x04", "a zip archive or a spreadsheet (.xlsx)", _EXPORT),
    (b"PK\x05\x06", "an empty zip archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet (.xls)", _EXPORT),
    (b"BZh9", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"PAR1", "a Parquet file", "export it as CSV"),
    (b"SQLite format 3\x00", "a SQLite database", "export the rows as CSV"),
    (b"%PDF-", "a PDF", "export the table as CSV"),
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FIX_BY_EXTENSION = {
    ".xlsx": _EXPORT,
    ".xls": _EXPORT,
    ".ods": _EXPORT,
    ".txt": "export it as CSV UTF-8 instead ('Unicode Text' of Excel is UTF-16), or call it .csv if it is UTF-8 already",
    ".json": "write one object on each line, and name the file .jsonl",
    ".gz": _UNPACK,
    ".zip": _UNPACK,
}


def not_text(head: bytes) -> Problem | None:
    """Why a file that begins with `head` can't be read as text; None if it can."""
    if head.startswith(_UTF16) or (len(head) > 1 and b"\0" in (head[:1], head[1:2])):
        return Problem("not-utf8", "the table is UTF-16 text", "save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
    for magic, name, fix in _MAGIC:
        if head.startswith(magic):
            return Problem("not-text", f"the file is {name}, whatever its name says", fix)
    return None


def unknown_format(extension: str) -> Problem:
    """The problem with a file whose name has another extension, or none (the empty text)."""
    named = f"'{extension}' is not the extension of a table" if extension else "the file name has no extension"
    return Problem(
        "unknown-table-format",
        named,
        _FIX_BY_EXTENSION.get(extension, "name a .csv, .tsv, .jsonl or .ndjson file"),
    )
