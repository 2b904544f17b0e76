"""A ledger that comes with a checkout: whatever is in it, reading it ends, says what is wrong, and leaves nothing behind."""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
from pathlib import Path

import pytest
from long_rows import all_but
from processes import holding, started, until
from project_dir import SPEC, CountingServer, Done, ProjectDir

LOOKING = (
    ("plan", "hello.yaml", "--env", "test"), ("status", "--env", "test"), ("status", "hello.yaml", "--env", "test", "--messages"),
    ("ledger", "check", "--env", "test"), ("ledger", "export", "--env", "test"), ("doctor", "--env", "test"),
    ("send", "hello.yaml", "--env", "test", "--dry-run"),
)  # fmt: skip
SENDING = ("send", "hello.yaml", "--env", "test", "--yes")
ENDLESS = "WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n)"
SECONDS = 30
"""A query may take a second or two. One without a limit takes for ever."""


def ledger_of(project_dir: ProjectDir) -> Path:
    return project_dir.folder / ".sendspec" / "test.db"


@pytest.fixture
def sent(ready: ProjectDir) -> ProjectDir:
    done = ready.run(*SENDING)
    assert done.code == 0, done.err
    return ready


def changed(project_dir: ProjectDir, *statements: str) -> None:
    """Runs SQL on the ledger, as who prepares one would."""
    connection = sqlite3.connect(ledger_of(project_dir), isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def schema_edited(project_dir: ProjectDir, statement: str) -> None:
    """Changes what SQLite notes of the tables, behind its back."""
    changed(project_dir, "PRAGMA writable_schema = ON", statement, "PRAGMA writable_schema = RESET")


def refused(project_dir: ProjectDir, code: str) -> list[Done]:
    """Every command over the ledger refuses it."""
    found = []
    for command in (*LOOKING, SENDING):
        done = project_dir.run(*command, timeout=SECONDS)
        assert f"[{code}]" in done.err or f"{code}" in done.out or done.out.startswith("ok "), (command, done)
        assert done.code == (1 if command[0] == "doctor" else 6), (command, done)
        found.append(done)
    return found


PLANTED_SCHEMAS: dict[str, tuple[str, ...]] = {
    "a view in a table's place": (
        "DROP TABLE message",
        f"CREATE VIEW message AS {ENDLESS} SELECT x AS id, x AS spec, 'planned' AS state FROM n",
    ),
    "a view that nothing asks for": (f"CREATE VIEW more AS {ENDLESS} SELECT x FROM n",),
    "a trigger": ("CREATE TRIGGER more AFTER INSERT ON run BEGIN DELETE FROM message; END",),
    "another table": ("CREATE TABLE more (x)",),
    "another index": ("CREATE INDEX more ON message (state)",),
    "an index of an expression": ("CREATE INDEX more ON message (abs(attempt))",),
    "a virtual table": ("CREATE VIRTUAL TABLE more USING fts5 (x)",),
    "a column of an expression": ("ALTER TABLE run ADD COLUMN more GENERATED ALWAYS AS (abs(pid)) VIRTUAL",),
    "a table less": ("DROP TABLE absence",),
    "a name that acts": ('CREATE VIEW "\x1b[2J\n::error::" AS SELECT 1',),
}


@pytest.mark.parametrize(
    "name", all_but(["a view in a table's place", "a table less", "a name that acts"], PLANTED_SCHEMAS)
)
def test_a_ledger_with_other_tables_than_a_ledger_has_is_refused_before_anything_is_asked(
    sent: ProjectDir, name: str
) -> None:
    changed(sent, *PLANTED_SCHEMAS[name])
    for done in refused(sent, "ledger-damaged"):
        assert "\x1b" not in done.out + done.err
        assert "\n::error::" not in done.out + done.err
    plan = sent.run(*LOOKING[0])
    assert "= fix: bring the ledger back" in plan.err


def test_a_table_that_is_defined_otherwise_is_refused(sent: ProjectDir) -> None:
    schema_edited(
        sent, "UPDATE sqlite_master SET sql = replace(sql, 'CHECK (length(id) = 16)', '') WHERE name = 'message'"
    )
    assert "another table 'message'" in refused(sent, "ledger-damaged")[0].err


def test_many_entries_of_a_schema_are_not_all_read(sent: ProjectDir) -> None:
    changed(sent, "BEGIN", *(f"CREATE TABLE more{number} (x)" for number in range(3_000)), "COMMIT")
    refused(sent, "ledger-damaged")


def test_what_analyze_leaves_behind_is_no_other_table(sent: ProjectDir) -> None:
    changed(sent, "ANALYZE")
    assert [sent.run(*command).code for command in LOOKING[:5]] == [0] * 5


def test_the_sandboxs_ledger_and_its_messages_are_looked_at_too(ready: ProjectDir) -> None:
    assert ready.run("send", "hello.yaml", "--yes").code == 0
    for name in ("sandbox.db", "sandbox-api.db"):
        place = ready.folder / ".sendspec" / name
        before = place.read_bytes()
        connection = sqlite3.connect(place, isolation_level=None)
        connection.execute("DROP TABLE message")
        connection.execute(f"CREATE VIEW message AS {ENDLESS} SELECT x AS number, x AS id FROM n")
        connection.close()
        ready.write("again.yaml", SPEC.replace("name: hello", "name: again"))
        done = ready.run("send", "again.yaml", "--yes", timeout=SECONDS)
        assert done.code == 6, done.err
        place.write_bytes(before)
        for ending in ("-wal", "-shm"):
            place.with_name(name + ending).unlink(missing_ok=True)


def going_in_circles(path: Path, table: str) -> None:
    """Makes the tree of `table` one of twelve levels, in each of which every entry leads to the same page below."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    connection.close()
    content = bytearray(path.read_bytes())
    leaf = bytes(content[(root - 1) * size : root * size])
    count, levels = len(content) // size, 12
    pages = [count + 1 + level for level in range(levels)]  # the last of them is the leaf
    content += bytes(size * levels)
    for page, below in zip([root, *pages[:-1]], pages, strict=True):
        content[(page - 1) * size : page * size] = _interior(size, below)
    content[(pages[-1] - 1) * size : pages[-1] * size] = leaf
    content[28:32] = struct.pack(">I", count + levels)
    path.write_bytes(content)


def _interior(size: int, below: int) -> bytes:
    cells = size // 14
    page = bytearray(size)
    start = size - 6 * cells
    page[0:12] = struct.pack(">BHHHBI", 5, 0, cells, start, 0, below)
    for number in range(cells):
        at = start + 6 * number
        page[12 + 2 * number : 14 + 2 * number] = struct.pack(">H", at)
        page[at : at + 6] = struct.pack(">IBB", below, 0x81, number % 128)
    return bytes(page)


@pytest.mark.parametrize("table", all_but(["message"], ["message", "event", "spec", "plan", "run"]))
def test_pages_that_lead_back_to_themselves_are_not_followed_for_ever(sent: ProjectDir, table: str) -> None:
    going_in_circles(ledger_of(sent), table)
    for command in (*LOOKING, SENDING):
        done = sent.run(*command, timeout=SECONDS)
        assert done.code in (0, 1, 6), (command, done.err)
    check = sent.run("ledger", "check", "--env", "test", timeout=SECONDS)
    assert check.code == 6
    assert "its pages" in check.err or "damaged" in check.err


def test_a_value_of_a_size_that_no_ledger_has_is_not_read_into_memory(sent: ProjectDir) -> None:
    changed(sent, "UPDATE message SET masked = CAST(zeroblob(50000000) AS TEXT) WHERE number = 1")
    done = sent.run("ledger", "export", "--env", "test")
    assert done.code == 6, done.err
    assert "[ledger-damaged]" in done.err


@pytest.mark.parametrize(
    "name", ["test.db", "test.db.lock", "test.db.epoch", "test.db.spill", "test.db-wal", "test.db-journal"]
)
def test_a_pipe_in_a_files_place_is_not_waited_for(ready: ProjectDir, name: str) -> None:
    place = ledger_of(ready).with_name(name)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    for command in (*LOOKING, SENDING):
        assert ready.run(*command, timeout=SECONDS).code in (0, 1, 6), command
    assert ready.run(*SENDING).code == 6
    assert stat.S_ISFIFO(place.lstat().st_mode)


def beside(project_dir: ProjectDir) -> list[str]:
    return sorted(path.name for path in ledger_of(project_dir).parent.iterdir() if path.name.startswith("test.db"))


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_reading_leaves_no_files_of_a_log_behind(sent: ProjectDir, command: tuple[str, ...]) -> None:
    before, content = beside(sent), ledger_of(sent).read_bytes()
    assert not any(name.endswith(("-wal", "-shm")) for name in before)
    assert sent.run(*command).code in (0, 1)
    assert beside(sent) == before
    assert ledger_of(sent).read_bytes() == content


def test_an_empty_log_that_a_killed_reader_left_goes_with_the_next(sent: ProjectDir) -> None:
    ledger_of(sent).with_name("test.db-wal").write_bytes(b"")
    assert sent.run("status", "--env", "test").code == 0
    assert not any(name.endswith(("-wal", "-shm")) for name in beside(sent))


def test_a_log_with_writes_in_it_is_left_as_it_is(sent: ProjectDir) -> None:
    """A killed writer's: who may bring it into the ledger is the next writer, under the lock."""
    writer = sqlite3.connect(ledger_of(sent), isolation_level=None)
    writer.execute("UPDATE run SET ending = 'killed'")
    names = [ledger_of(sent).with_name(f"test.db{ending}") for ending in ("", "-wal", "-shm")]
    killed = {name: name.read_bytes() for name in names}
    writer.close()
    for name, content in killed.items():
        name.write_bytes(content)
    assert killed[names[1]]
    assert sent.run("status", "--env", "test").code == 0
    assert names[0].read_bytes() == killed[names[0]]
    assert names[1].read_bytes() == killed[names[1]]


def test_a_writers_files_stay_while_others_read(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = holding(server, 0)
    process = started(ready)
    log = ledger_of(ready).with_name("test.db-wal")
    until(lambda: bool(server.posts))
    before = log.stat()
    for command in LOOKING[:5]:
        done = ready.run(*command)
        assert done.code == 0, done.err
    assert os.path.samestat(log.stat(), before)
    server.released.set()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    done = ready.run("ledger", "check", "--env", "test")
    assert done.code == 0, done.err
    assert "40 messages" in done.out
