"""Files that are no text tables are named for what they are."""

from __future__ import annotations

import pytest
from sendspec.reading.tables.file_format import not_text, unknown_format


@pytest.mark.parametrize(
    ("head", "code", "words"),
    [
        (b"\xff\xfep\0h\0", "not-utf8", "UTF-16"),
        (b"p\0h\0", "not-utf8", "UTF-16"),
        (b"PK\x03\x04rest", "not-text", "a spreadsheet (.xlsx)"),
        (b"\x1f\x8b\x08", "not-text", "a gzip archive"),
        (b"SQLite format 3\x00", "not-text", "a SQLite database"),
    ],
)
def test_a_binary_file_is_recognised_by_its_first_bytes(head: bytes, code: str, words: str) -> None:
    found = not_text(head)
    assert found is not None
    assert found.code == code
    assert words in found.problem


@pytest.mark.parametrize("head", [b"", b"phone\n", b"\xef\xbb\xbfphone\n", "Zoë".encode()])
def test_text_is_text(head: bytes) -> None:
    assert not_text(head) is None


def test_the_fix_for_an_unknown_extension_depends_on_it() -> None:
    assert unknown_format(".xlsx").fix.startswith("export")
    assert unknown_format(".zip").fix.startswith("unpack")
    assert unknown_format("").problem.startswith("the file name has no extension")
