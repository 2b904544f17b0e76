"""Pages that the user asked for: private files, which replace nothing but earlier pages."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.output_file import check_writable, write_pieces
from sendspec.reading.files.text_file import open_regular

MARK = b'<meta name="generator" content="sendspec">'
"""What every page has in its head."""
_HEAD = 4096


def check_page_place(path: Path) -> None:
    """Raises `FileUnwritable` if no page can be written there, or if it would replace a file of another kind."""
    check_writable(path)
    with suppress(OSError), os.fdopen(open_regular(str(path)), "rb") as file:
        head = file.read(_HEAD)
        if head.strip() and MARK not in head:
            shown = printable(str(path))
            problem = f"'{shown}' exists already, and is no page that sendspec made"
            raise FileUnwritable(str(path), problem, "name another file for the page")


def write_page(path: Path, html: str) -> None:
    """Writes a page for its user alone to read. Raises `FileUnwritable`."""
    write_pieces(path, [html.encode("utf-8")], private=True)
