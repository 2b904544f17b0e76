"""What is fuzzed: each takes bytes that a stranger wrote, and has to come to an end without an exception that nobody foresaw."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runner.composing.program import compile_program
from runner.composing.template import RenderFault, Template, compile_template, message_context
from runner.reading.diagnostic import Problems
from runner.reading.project import read_project
from runner.reading.spec import read_spec
from runner.reading.table import open_table
from runner.sending.answer import Unclear, read_answer
from runner.sending.classify import Sent, classify
from runner.sending.listing import ListUnread, read_page
from runner.sending.retry_after import retry_after_seconds

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message: {body: {type: text, text: {text: Hi}}}
"""


def written(name: str, content: bytes) -> str:
    path = FOLDER / f"{os.getpid()}-{name}"
    path.write_bytes(content)
    return str(path)


def a_spec(content: bytes) -> None:
    """Reads a spec; compiles it, when it is one."""
    problems = Problems()
    spec = read_spec(written("spec.yaml", content), problems)
    if spec is not None:
        compile_program(spec, ("phone", "name"), "sms", problems)
    for diagnostic in problems:
        assert diagnostic.span.start.line >= 1
        assert diagnostic.span.start.column >= 1
        assert diagnostic.fix


def a_table(content: bytes) -> None:
    """Reads a CSV, and the same bytes as JSON lines."""
    for ending in ("csv", "jsonl"):
        path = Path(written(f"people.{ending}", content))
        problems = Problems()
        spec = read_spec(written("spec.yaml", SPEC.replace("people.csv", path.name).encode()), problems)
        assert spec is not None
        table = open_table(spec, root=FOLDER, override=None, stdin=None, problems=problems)
        if table is not None:
            for row in table.rows(problems):
                assert row.line >= 1
            table.close()
        assert table is not None or problems.has_errors


def a_template(content: bytes) -> None:
    """Compiles a template, and renders it for two recipients."""
    found = compile_template(content.decode("utf-8", "replace"))
    if isinstance(found, Template) and not found.is_static:
        for row in ({"name": "Zoë", "n": 3, "rows": [1, "two"]}, {"name": "{{ 7*7 }}"}):
            with suppress(RenderFault):
                found.render(message_context(row, row))


def an_answer(content: bytes) -> None:
    """Reads an answer in pieces, and judges it; the same bytes as a page of the API's list, and as a `Retry-After`."""
    pieces = [content[start : start + 7] for start in range(0, len(content), 7)]
    with suppress(Unclear):
        answer = read_answer(lambda: pieces.pop(0) if pieces else b"", body_most=100_000)
        classify(answer, Sent("m1", "+447700900001"), first=True, trust_503=True, extra=False)
        with suppress(ListUnread):
            read_page(answer)
    seconds = retry_after_seconds(content.decode("latin-1"), None)
    assert seconds is None or 0 <= seconds <= 900


def a_project(content: bytes) -> None:
    """Reads a project file."""
    problems = Problems()
    project = read_project(written("sendspec.yaml", content), FOLDER, problems)
    assert project is not None or problems.has_errors


TARGETS: dict[str, Callable[[bytes], None]] = {
    "spec": a_spec,
    "table": a_table,
    "template": a_template,
    "answer": an_answer,
    "project": a_project,
}
