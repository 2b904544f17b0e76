"""The standard streams: narrow terminals, and encodings that lack a character."""

from __future__ import annotations

import codecs
import io

import pytest
from sendspec.cli.stream import NEAREST, SanitizedText, nearest
from sendspec.showing.sanitized_text import ControlText


def written(*texts: str, columns: int | None) -> str:
    raw = io.BytesIO()
    stream = SanitizedText(io.BufferedWriter(raw), "utf-8")
    stream.columns = columns
    for text in texts:
        stream.write(text)
    stream.flush()
    return raw.getvalue().decode()


def test_a_terminal_gets_lines_that_fit_and_anything_else_gets_them_whole() -> None:
    line = "120 recipients = 120 accepted + 0 refused\n"
    assert written(line, columns=30) == "120 recipients = 120 accepted\n    + 0 refused\n"
    assert written(line, columns=None) == written(line, columns=80) == line
    assert written(ControlText("\r\x1b[K" + line), columns=30) == "\r\x1b[K" + line


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "a > b - c ! d~ <e> '-' 3x !\\u6f22 \\U0001f600"), ("latin-1", "a > b · c ! d~ <e> '-' 3× !\\u6f22 \\U0001f600"), ("cp1252", "a > b · c ! d… <e> ’—’ 3× !\\u6f22 \\U0001f600")],
)  # fmt: skip
def test_a_character_that_an_encoding_lacks_has_a_stand_in(encoding: str, shown: str) -> None:
    codecs.register_error(NEAREST, nearest)
    text = "a → b · c ⚠ d… ⟨e⟩ ’—’ 3× ⚠漢 😀"
    assert text.encode(encoding, NEAREST).decode(encoding) == shown
