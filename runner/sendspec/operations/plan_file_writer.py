"""Writes plan files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.diagnostics.redaction import printable
from sendspec.operations.output_file import check_writable, write_pieces
from sendspec.operations.plan_file import END, FORMAT, PAIRS_LINE, seal_of
from sendspec.operations.plan_pairs_text import pair_lines
from sendspec.planning.plan import Plan
from sendspec.reading.files.text_file import open_regular

BEGINNING, SIGN = 4_096, b"sendspec.plan/"
"""A plan names its schema within its first bytes."""


def check_place(path: Path) -> None:
    """Raises `FileUnwritable` if no plan can be written, or if it would replace a file that is not a plan."""
    check_writable(path)
    with suppress(OSError), os.fdopen(open_regular(str(path)), "rb") as file:
        begun = file.read(BEGINNING)
        if begun.strip() and SIGN not in begun:
            shown = printable(str(path))
            raise FileUnwritable(
                str(path), f"'{shown}' exists already, and is not a plan", "name another file for the plan"
            )


def write_plan_file(path: Path, header: Mapping[str, Any], plans: Sequence[Plan]) -> None:
    """Writes the plan, whole or not at all; `header` is all of it but format, seal and pairs. Raises `FileUnwritable`."""
    marked, others = [plan.pairs.to_send for plan in plans], [plan.pairs.others for plan in plans]
    content = {**header, "format": FORMAT}
    write_pieces(path, _file_pieces({**content, "seal": seal_of(content)}, pair_lines(marked, others)))


def _file_pieces(header: Mapping[str, Any], lines: Iterator[list[str]]) -> Iterator[bytes]:
    yield json.dumps(header, indent=2).removesuffix("\n}").encode() + b",\n" + PAIRS_LINE
    between = b""
    for some in lines:
        yield between + ",\n".join([f'"{line}"' for line in some]).encode()
        between = b",\n"
    yield (b"\n" if between else b"") + END
