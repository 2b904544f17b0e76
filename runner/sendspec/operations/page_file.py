"""Pages, and rows of a report, that the user asked for: private files, which replace nothing but earlier ones of their kind."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.ledger.identity import LOCK_FILE
from sendspec.operations.output_file import check_writable, write_pieces
from sendspec.reading.files.confined_path import PROJECT_FILE
from sendspec.reading.files.text_file import open_regular

MARK = b'<meta name="generator" content="sendspec">'
"""What every page has in its head."""
_ROW = rb'\{"id":"m[0-9a-f]{32}","state":"[a-z_]+",'
"""How each line of a report's rows begins."""
_HEAD = 4096


def check_page_place(path: Path) -> None:
    """Raises `FileUnwritable` if no page can be written there, or if it would replace a file of another kind."""
    _check(path, re.escape(MARK), "is no page that sendspec made", "name another file for the page")


def check_rows_place(path: Path) -> None:
    """The same for a report's rows as JSON lines."""
    _check(path, rb"\A" + _ROW, "has no rows of a report", "name another file for the rows")


def _check(path: Path, known: bytes, problem: str, fix: str) -> None:
    shown = printable(str(path))
    if str(path) == "-":
        raise FileUnwritable("-", "'-' is no file: this is never written to standard output", fix)
    if path.name in (PROJECT_FILE, LOCK_FILE):  # also where it is missing: every command would read it
        raise FileUnwritable(str(path), f"'{shown}' is the name of a project's own file", fix)
    check_writable(path)
    with suppress(OSError), os.fdopen(open_regular(str(path)), "rb") as file:
        head = file.read(_HEAD)
        if head.strip() and not re.search(known, head):
            raise FileUnwritable(str(path), f"'{shown}' exists already, and {problem}", fix)


def write_page(path: Path, html: str) -> None:
    """Writes a page for its user alone to read. Raises `FileUnwritable`."""
    write_pieces(path, [html.encode("utf-8")], private=True)
