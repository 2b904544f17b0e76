"""The fuzz targets: each takes bytes from a stranger, and must end without an exception that nobody foresaw."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from plan_files import digested, resealed
from sendspec.composing.compiled_spec import compile_spec
from sendspec.composing.message_context import message_context
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.composing.render_failure import RenderError
from sendspec.composing.template import Template
from sendspec.composing.template_compiler import compile_template
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import PlanStale, SendspecError
from sendspec.ledger.record import Route
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.opening import open_to_read
from sendspec.ledger.sqlite.reader import SqliteReader
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.operations.captured_request import CapturedRequest, read_request, request_line
from sendspec.operations.plan_file import PlanUnreadable
from sendspec.operations.plan_file_reader import read_plan_file
from sendspec.operations.planned_specs import planned_specs
from sendspec.planning.message_state import State
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse, UnreadableResponse, read_response
from sendspec.provider.message_list import list_query, read_page
from sendspec.provider.time_headers import retry_after_seconds
from sendspec.provider.webhook_event import OutboundEvent, read_event
from sendspec.provider.webhook_signature import verify
from sendspec.reading.project_reader import read_project
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import read_spec
from sendspec.reading.tables.opening import open_table
from sendspec.sandbox.api import Sandbox
from sendspec.sandbox.receive import RECEIVE_PATH
from sendspec.sandbox.store import Store
from sendspec.sending.list_reader import ListUnread

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
        compile_spec(spec, ("phone", "name"), PLATFORMS["sms"], problems)
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
            with suppress(RenderError):
                found.render(message_context(row, row))


def an_answer(content: bytes) -> None:
    """Reads an answer in pieces, and judges it; the same bytes as a page of the API's list, and as a `Retry-After`."""
    pieces = [content[start : start + 7] for start in range(0, len(content), 7)]
    with suppress(UnreadableResponse):
        answer = read_response(lambda: pieces.pop(0) if pieces else b"", max_body=100_000)
        classify(answer, SentMessage("m1", "+447700900001"), first=True, trust_503=True, extra=False)
        with suppress(ListUnread):
            read_page(answer)
    seconds = retry_after_seconds(content.decode("latin-1"), None)
    assert seconds is None or 0 <= seconds <= 900


def a_project(content: bytes) -> None:
    """Reads a project file."""
    problems = Problems()
    project = read_project(written("sendspec.yaml", content), FOLDER, problems)
    assert project is not None or problems.has_errors


def a_list(content: bytes) -> None:
    """Reads a page of the API's list; what it gives can be kept, compared, and asked on with."""
    page = read_page(HttpResponse(200, {}, content, reusable=True))
    if page is None:
        return
    assert page.skipped >= 0
    for sighting in page.sightings:
        for text in (sighting.remote_id, sighting.reference, *sighting.receivers):
            assert text.encode() is not None
        assert sighting.remote_id
        assert sighting.created_at is None or sighting.created_at == sighting.created_at
    if page.token is not None:
        assert list_query(0.0, 1.0, page.token, (), 10).isascii()


SHA256 = "0" * 64
NUMBERS = {
    "totals": {"recipients": 2, "send": 1, "skip": 1},
    "skipped": {"already-accepted": 1},
    "segments": {"total": 1, "gsm7": 1, "ucs2": 0},
    "left": 0,
    "digest": f"v1:{SHA256}",
    "content_digest": f"v1:{SHA256}",
}
PLAN: dict[str, Any] = {
    "schema": "sendspec.plan/1",
    "environment": "test",
    **NUMBERS,
    "specs": [
        {
            "name": "hello",
            "generation": 1,
            **NUMBERS,
            "channel": "sms",
            "target": {"api": "http://127.0.0.1:1", "workspace": "w", "channel": "c", "platform": "sms", "batch": 2},
            "policy": {"in_doubt": "hold", "limits": {"messages": 1}, "retry": "refused", "refused_until": 3},
            "path": "specs/a.yaml",
            "own_reference": False,
            "states": {"accepted": 1},
        }
    ],
    "format": 2,
    "tool": "0.1.0",
    "schemas": {"message": SHA256},
    "ledger": "l",
    "created": "2026-01-01T00:00:00Z",
    "expires": "2026-01-08T00:00:00Z",
    "tree": SHA256,
    "commit": "0" * 40,
    "recipients": "people.csv",
    "pairs": ["A" * 54 + "+", "B" + "A" * 53 + "-"],
}
ODD_VALUES: list[Any] = [
    None,
    True,
    1,
    1.5,
    "",
    "x",
    "\0",
    "\ud800",
    [],
    [1],
    [None],
    ["a", 1],
    ["\0"],
    ["\ud800"],
    [["a"]],
    [{}],
    {},
    {"a": 1},
    ["../a"],
]


def a_plan(content: bytes) -> None:
    """Reads a plan file as it is; then one with values that `content` picks, sealed as by somebody who changes one on purpose."""
    path = Path(written("plan.json", content))
    for _ in range(2):
        with suppress(PlanUnreadable, PlanStale):
            plan = read_plan_file(path)
            texts = [plan.environment, plan.digest, *(spec["path"] for spec in plan.specs), plan.ledger or ""]
            assert all(isinstance(text, str) and "\0" not in text for text in texts)
            assert all(planned_specs(plan, path))
            assert len(plan.pairs) >= plan.send >= 0
            assert plan.has_expired(4e9) or plan.expires > "2096"
        changed = deepcopy(PLAN)
        for key, value in zip(content[::2], content[1::2], strict=False):
            holders: list[dict[str, Any]] = [changed]
            for found in holders:
                holders += [each for each in found.values() if isinstance(each, dict)]
                holders += [
                    each for part in found.values() if isinstance(part, list) for each in part if isinstance(each, dict)
                ]
            holder = holders[key % len(holders)]
            if holder:
                holder[list(holder)[key // 16 % len(holder)]] = deepcopy(ODD_VALUES[value % len(ODD_VALUES)])
        with suppress(TypeError, KeyError, ValueError, AttributeError):  # no digest of such a plan can be made
            changed = digested(changed)
        path.write_text(json.dumps(resealed(changed)))


LEDGER = "00000000-0000-4000-8000-00000000000a"
TABLES = ("meta", "run", "spec", "plan", "message", "event", "absence")


def a_ledger(content: bytes) -> None:
    """Reads a ledger in which bytes were changed, or values, by `content`: a file of a repository may hold anything."""
    path = FOLDER / f"{os.getpid()}-ledger.db"
    for ending in ("", "-wal", "-shm", "-journal", ".epoch"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    shutil.copyfile(_whole_ledger(), path)
    if content[:1] > b"\x7f":
        path.write_bytes(_patched(path.read_bytes(), content[1:]))
    else:
        _change_values(path, content[1:])
    with suppress(SendspecError):
        ledger = open_to_read(path, LEDGER)
        try:
            for look in _looks(ledger):
                with suppress(SendspecError):
                    result = look()
                    deque(result if isinstance(result, Iterator) else (), maxlen=0)
        finally:
            ledger.close()


def _looks(ledger: SqliteReader) -> list[Callable[[], object]]:
    """Every question that a command asks of a ledger before it trusts it."""
    ids = [bytes([n]) * 16 for n in range(4)]
    route = Route("w", "c")
    return [
        lambda: (ledger.epoch, ledger.moves, ledger.salt_check),
        lambda: ledger.facts(ids), lambda: ledger.prior_states(ids), lambda: ledger.known_messages(ids), lambda: ledger.sends(),
        lambda: ledger.planned_counts("hello"), lambda: ledger.freed_since(0, None), lambda: ledger.credited(["r"]),
        lambda: ledger.states_of_run(1, "hello", 1), lambda: ledger.states("hello", 1), lambda: ledger.spec_path("hello"),
        lambda: ledger.messages(), lambda: ledger.count_uncertain("hello"), lambda: ledger.doubts(),
        lambda: ledger.accepted_since(route, 0.0), lambda: ledger.accepted_before(route, 1e12),
        lambda: ledger.planned_under(ids, ["r"], [("hello", 1)]), lambda: ledger.find_damage(), lambda: ledger.odd_moves(),
    ]  # fmt: skip


def _patched(data: bytes, changes: bytes) -> bytes:
    """`data` with single bytes replaced: three bytes of `changes` say where, the fourth with what."""
    found = bytearray(data)
    for start in range(0, len(changes) - 3, 4):
        found[int.from_bytes(changes[start : start + 3], "big") % len(found)] = changes[start + 3]
    return bytes(found)


def _change_values(path: Path, changes: bytes) -> None:
    """Sets columns to values of any type, which SQLite's tables let pass: four bytes say table, column, row and type."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for start in range(0, len(changes) - 3, 4):
        table, column, row, kind = changes[start : start + 4]
        name = TABLES[table % len(TABLES)]
        columns = [found[1] for found in connection.execute(f"PRAGMA table_info({name})")]
        values = [
            None,
            kind,
            -kind,
            2**63 - 1,
            1e300,
            float("inf"),
            "",
            "x",
            "1",
            "\ud800".encode("utf-8", "surrogatepass"),
            b"",
            b"\0" * 16,
        ]
        text = "CAST(? AS TEXT)" if kind > 0xC0 else "?"
        chosen = columns[column % len(columns)]
        with suppress(sqlite3.Error):
            connection.execute(
                f"UPDATE {name} SET {chosen} = {text} WHERE {columns[0]} IN (SELECT {columns[0]} FROM {name} LIMIT 1 OFFSET ?)",
                (values[kind % len(values)], row % 4),
            )
    connection.close()


@cache
def _whole_ledger() -> Path:
    """A ledger with a message in each state."""
    path = FOLDER / f"{os.getpid()}-whole.db"
    create_ledger(path, LEDGER, now=0.0, salt_check="check")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute(
        "INSERT INTO run (number, epoch, started_at, pid, host, command, clock_offset) VALUES (1, 1, 0.0, 1, 'h', 'c', 0.5)"
    )
    connection.execute(
        "INSERT INTO spec (number, name, generation, path, messages, plan_digest) VALUES (1, 'hello', 1, 'a', 6, x'00')"
    )
    connection.execute("INSERT INTO plan VALUES (1, 1, 6, x'00', 0.0, 'w', 'c')")
    for number, state in enumerate(State):
        identity, digest, receiver = bytes([number]) * 16, bytes(24), b"r" * 8
        remote = f"id-{number}" if state is State.ACCEPTED else None
        reference = "r" if number % 2 else None
        checksum = row_checksum(identity, 1, state.value, digest, reference, receiver, 1, remote)
        connection.execute(
            "INSERT INTO message (number, id, spec, state, digest, reference, receiver, masked, attempt, run, remote_id, updated_at,"
            " checksum) VALUES (?, ?, 1, ?, ?, ?, ?, '+44', 1, 1, ?, 1.0, ?)",
            (number + 1, identity, state.value, digest, reference, receiver, remote, checksum),
        )
        connection.execute(
            "INSERT INTO event VALUES (?, ?, 0.0, 1, 1, 'planned', 'sending', NULL)", (number + 1, number + 1)
        )
    connection.execute("INSERT INTO absence VALUES (1, 1, 0.0)")
    connection.close()
    with closing(open_to_read(path, LEDGER)) as sound:
        assert sound.find_damage() == []
        assert len(list(sound.messages())) == len(State)
    return path


def a_request(content: bytes) -> None:
    """Asks the sandbox for a page, and posts a message and a text: it answers, in the documented form."""
    path = "/workspaces/00000000-0000-4000-8000-000000000001/channels/00000000-0000-4000-8000-000000000002/messages"
    query = content.decode("latin-1")
    for status, body, headers in (
        _SANDBOX.get(f"{path}?{query}"), _SANDBOX.get(query), _SANDBOX.post(path, content), _SANDBOX.post(RECEIVE_PATH, content),
    ):  # fmt: skip
        assert json.dumps(body, ensure_ascii=False).encode() is not None
        assert status in (200, 202) or (status in (400, 404, 422, 429, 500) and load_schema("error").accepts(body))
        assert headers == {}


def a_webhook(content: bytes) -> None:
    """Reads an event, and a captured request: a request that can be read is written and read again as it was."""
    event = read_event(content)
    assert not isinstance(event, OutboundEvent) or event.sighting.report is not None
    request = read_request(content)
    if isinstance(request, CapturedRequest):
        verify(["key"], request.url, request.headers, request.body)
        again = read_request(request_line(request, 0.0).rstrip(b"\n"))
        assert isinstance(again, CapturedRequest)
        assert (again.url, again.body) == (request.url, request.body)


_SANDBOX = Sandbox(Store(None), lambda: 1_800_000_000.0)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "spec": a_spec,
    "table": a_table,
    "template": a_template,
    "answer": an_answer,
    "project": a_project,
    "list": a_list,
    "plan": a_plan,
    "ledger": a_ledger,
    "sandbox": a_request,
    "webhook": a_webhook,
}
