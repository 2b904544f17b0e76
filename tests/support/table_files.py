"""Writes tables of recipients from the rows that a test gives."""

from __future__ import annotations

from pathlib import Path

from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.files.input_file import BLOCK_BYTES
from sendspec.reading.spec import Spec, read_spec
from sendspec.reading.tables.opening import open_table
from sendspec.reading.tables.table import Table

MESSAGE = "message: {body: {type: text, text: {text: Hi}}}\n"


def spec_with(folder: Path, recipients: str) -> Spec:
    path = folder / "hello.yaml"
    path.write_text(f"spec: 1\nname: hello\nchannel: sms\n{recipients}\n{MESSAGE}", encoding="utf-8")
    problems = Problems()
    spec = read_spec(str(path), problems)
    assert spec is not None, list(problems)
    return spec


def opened(
    folder: Path, content: str | bytes, name: str = "people.csv", options: str = "", block_bytes: int = BLOCK_BYTES
) -> tuple[Table | None, Problems]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    problems = Problems()
    spec = spec_with(folder, f"recipients:\n  file: {name}\n{options}")
    return open_table(
        spec, root=folder, override=None, stdin=None, problems=problems, block_bytes=block_bytes
    ), problems
