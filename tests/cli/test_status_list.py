"""Long lists of `status`: written as they are read, of one moment with the counts, and never whole where something failed."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path
from uuid import uuid4

import pytest
from project_dir import SPEC, CountingServer, ProjectDir, numbers, sending_project
from sendspec.cli.console import Console, DocumentState
from sendspec.cli.main import run
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import LedgerDamaged
from sendspec.ledger.record import Claim, PlannedRecord, RunOwner, SendIdentity, Settlement
from sendspec.operations.ledger_access import ledger_to_read, ledger_to_write
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.status import messages_of, spec_statuses
from sendspec.operations.system import real_system
from sendspec.planning.message_state import State
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.json_text import json_document
from sendspec.showing.status import status_document
from sendspec.showing.terminal_style import PLAIN
from server_ledger_project import server_ledger_project

MESSAGES = 3_000
DIGEST = b"d" * 24
LIST = ["status", "--env", "test", "--messages"]
DAMAGE = "UPDATE message SET updated_at = 'now' WHERE number = ?"


@pytest.fixture(params=["file", "server"])
def held(
    request: pytest.FixtureRequest,
    project_dir: ProjectDir,
    server: CountingServer,
    monkeypatch: pytest.MonkeyPatch,
) -> ProjectContext:
    """A ledger with many planned messages."""
    if request.param == "file":
        sending_project(project_dir, server)
    else:
        server_ledger_project(project_dir, server, f"test_{uuid4().hex}", 0)
        made = project_dir.run("ledger", "init", "--env", "test")
        assert made.code == 0, made.err
    for name, value in project_dir.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.chdir(project_dir.folder)
    context = open_context([], "test", Problems(), real_system("test"))
    assert context is not None
    with ledger_to_write(context) as ledger:
        ledger.begin(RunOwner(pid=1, host="here", command="sendspec send"), now=1.0)
        records = [PlannedRecord(id_of(n), DIGEST, f"é{n}\u202e", b"r" * 16, "+44••78") for n in range(MESSAGES)]
        ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0)
        ledger.end(now=3.0, ending="finished", requests=0)
    return context


in_file = pytest.mark.parametrize("held", ["file"], indirect=True)


def id_of(number: int) -> bytes:
    return number.to_bytes(16, "big")


def accept_one(context: ProjectContext) -> None:
    with ledger_to_write(context) as ledger:
        ledger.begin(RunOwner(pid=2, host="here", command="sendspec send"), now=4.0)
        won = ledger.exchange(settle=[], claim=[Claim(id_of(7), DIGEST, "é7\u202e")], now=5.0).won
        ledger.exchange(settle=[Settlement(id_of(7), won[id_of(7)], State.ACCEPTED, "api-7")], claim=[], now=6.0)
        ledger.end(now=7.0, ending="finished", requests=1)


def test_a_list_in_pieces_is_the_document_to_the_byte(
    held: ProjectContext, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run([*LIST, "--format", "json"]) == 0
    out = capfdbinary.readouterr().out
    with ledger_to_read(held) as ledger:
        assert ledger is not None
        statuses = spec_statuses(ledger, ())
        whole = status_document(statuses, "test", list(messages_of(ledger, statuses, tuple(State))))
    assert len(whole["messages"]) == MESSAGES
    assert out == json_document(whole)
    assert load_schema("status").problems(json.loads(out)) == []


class Interrupting(io.TextIOWrapper):
    """A standard output that calls `meanwhile` at the first write."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__(io.BytesIO(), "utf-8")
        self._meanwhile: Callable[[], None] | None = meanwhile

    def write(self, text: str, /) -> int:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().write(text)

    @property
    def text(self) -> str:
        self.flush()
        written = self.buffer
        assert isinstance(written, io.BytesIO)
        return written.getvalue().decode()


def test_the_counts_and_the_list_are_of_one_moment(held: ProjectContext) -> None:
    with redirect_stdout(Interrupting(lambda: accept_one(held))) as out:
        assert run(LIST) == 0
    assert f"{MESSAGES} not sent" in out.text
    assert out.text.count("  planned    ") == MESSAGES
    with redirect_stdout(Interrupting(lambda: None)) as out:
        assert run(LIST) == 0
    assert out.text.count("  planned    ") == MESSAGES - 1


@in_file
def test_a_document_takes_no_more_memory_the_longer_its_list_is(
    held: ProjectContext, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run([*LIST, "--format", "json"]) == 0  # loads what is loaded once
    tracemalloc.start()
    assert run([*LIST, "--format", "json"]) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(capfdbinary.readouterr().out) > 2 * MESSAGES * 400
    assert peak < 3_000_000


class Failing(io.BytesIO):
    """Bytes of a standard output, whose third write is interrupted."""

    writes = 0

    def write(self, chunk: object, /) -> int:
        self.writes += 1
        if self.writes == 3:
            raise KeyboardInterrupt
        return super().write(chunk)  # type: ignore[arg-type]


@in_file
def test_a_document_that_ends_half_way_is_no_document(held: ProjectContext) -> None:
    written = Failing()
    with redirect_stdout(io.TextIOWrapper(written, "utf-8")) as out:
        assert run([*LIST, "--format", "json"]) == 130
        out.flush()
    assert written.getvalue().count(b'"id"') == 400
    with pytest.raises(json.JSONDecodeError):
        json.loads(written.getvalue())


def console_of(form: str) -> Console:
    return Console(
        format=form, quiet=False, verbose=False, asks=False, out=PLAIN, err=PLAIN, state=DocumentState("status"),
        system=real_system("test", environ={}),
    )  # fmt: skip


def test_lines_are_written_as_they_are_read() -> None:
    read, when_written = 0, []

    def lines() -> Iterator[str]:
        nonlocal read
        for read in range(1, 2_001):
            yield str(read)

    with redirect_stdout(Interrupting(lambda: when_written.append(read))) as out:
        console_of("text").result_lines(lines())
    assert when_written == [500]
    assert out.text == "".join(f"{n}\n" for n in range(1, 2_001))


def test_a_failure_after_the_first_piece_adds_no_second_document(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"{"
        raise LedgerDamaged("the ledger is damaged", "restore it")

    console = console_of("json")
    with pytest.raises(LedgerDamaged):
        console.document_pieces(pieces())
    console.document({"error": "damaged"})
    assert capfdbinary.readouterr().out == b"{"


@in_file
def test_a_list_that_fails_at_once_is_an_error_in_the_document(
    held: ProjectContext, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    damage(3)
    assert run([*LIST, "--format", "json"]) == 6
    document = json.loads(capfdbinary.readouterr().out)
    assert load_schema("status").problems(document) == []
    assert document["error"]["code"] == "ledger-damaged"
    assert "messages" not in document


def damage(number: int) -> None:
    """A moment that is no number, in one of the rows."""
    with closing(sqlite3.connect(next(Path().glob("**/*.db")))) as connection, connection:
        assert connection.execute(DAMAGE, (number,)).rowcount == 1


@in_file
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_who_has_enough_ends_the_list_without_a_word(
    held: ProjectContext, project_dir: ProjectDir, form: str
) -> None:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", numbers(2))
    command = [
        "bash",
        "-c",
        'set -o pipefail; "$@" | head -n 1',
        "-",
        *project_dir.command(*LIST, "-q", "--format", form),
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout in (b"hello (test)\n", b"{\n")
