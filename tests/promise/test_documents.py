"""With `--format json`, a command prints exactly one document at every exit but 2 and 75, whatever ended it."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from json_documents import only
from processes import SEND, holding, launched, started, until
from project_dir import Answer, CountingServer, Done, ProjectDir
from sendspec.showing.explanations import EXPLANATIONS

JSON = ("--format", "json")
TEST = ("--env", "test", *JSON)
DOCUMENTS: dict[tuple[str, ...], str] = {
    ("validate", "hello.yaml", *TEST): "diagnostics",
    ("test", "hello.yaml", *TEST): "diagnostics",
    ("plan", "hello.yaml", *TEST): "plan",
    ("send", "hello.yaml", "--dry-run", *TEST): "plan",
    ("send", "hello.yaml", "--yes", *TEST): "run",
    ("status", *TEST): "status",
    ("report", "hello.yaml", *TEST): "report",
    ("reconcile", *TEST): "status",
    ("resolve", "hello.yaml", "--as", "skip", "--reason", "x", *TEST): "status",
    ("ledger", "check", *TEST): "ledger-check",
    ("ledger", "purge", "--older-than", "9d", *TEST): "ledger-purge",
    ("ledger", "migrate", *TEST): "ledger-migrate",
    ("ledger", "copy", ".sendspec/test.db", "new.db", *TEST): "ledger-copy",
    ("opt-outs", "list", *TEST): "opt-outs",
    ("opt-outs", "add", "+447700900001", *TEST): "opt-outs-change",
    ("opt-outs", "remove", "+447700900001", "--reason", "x", *TEST): "opt-outs-change",
    ("doctor", *TEST): "doctor",
    ("webhook", "ingest", "-", "--key-env", "TEST_KEY", *TEST): "webhook-ingest",
}
"""Every command that works in an environment, and the schema of its document."""
OF_A_LEDGER = {command: name for command, name in DOCUMENTS.items() if name not in ("diagnostics", "doctor")}
LINES = [("render", "hello.yaml", *TEST), ("ledger", "export", *TEST)]


def ids(value: Any) -> str:
    return " ".join(word for word in value if word not in TEST) if isinstance(value, tuple) else str(value)


def failed(done: Done, schema: str, code: int) -> str:
    """The code of the error in the document of a command that failed."""
    assert done.code == code, done.err
    document = only(done.out, schema)
    error = document["error"]
    assert document["sent"] in (False, True) or schema == "run"
    assert set(error) == {"code", "problem", "fix"}
    assert all(error.values())
    assert error["code"] in EXPLANATIONS
    return str(error["code"])


@pytest.mark.parametrize(("command", "schema"), DOCUMENTS.items(), ids=ids)
def test_a_command_that_did_its_work_prints_its_document(
    ready: ProjectDir, command: tuple[str, ...], schema: str
) -> None:
    done = ready.run(*command)
    assert done.code in (0, 1 if schema == "doctor" else 0), done.err
    assert "error" not in only(done.out, schema)


@pytest.mark.parametrize(
    ("command", "schema"),
    [
        (("init", "there"), "init"), (("ledger", "init"), "ledger-init"), (("explain",), "explain"),
        (("explain", "unknown-name"), "explain"),
        (("sandbox", "event", "--from", "+447700900001", "--text", "STOP", "--channel", "sms"), "sandbox-event"),
    ],
    ids=ids,
)  # fmt: skip
def test_so_does_one_that_needs_no_environment(project_dir: ProjectDir, command: tuple[str, ...], schema: str) -> None:
    done = project_dir.run(*command, *JSON)
    assert done.code == 0, done.err
    only(done.out, schema)


def test_so_does_the_sandbox_when_it_listens(project_dir: ProjectDir) -> None:
    process = launched(project_dir, *project_dir.command("sandbox", "--port", "0", *JSON))
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(5)]
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    said = only("".join(lines) + rest, "sandbox")
    assert said["url"].startswith("http://127.0.0.1:")
    assert said["page"].startswith(f"{said['url']}/_sandbox/?token=")


@pytest.mark.parametrize("command", [*DOCUMENTS, *LINES, ("ledger", "init", *TEST)], ids=ids)
def test_rejected_input_is_the_diagnostics_document(ready: ProjectDir, command: tuple[str, ...]) -> None:
    ready.write("sendspec.yaml", "environments: [\n")
    done = ready.run(*command)
    assert done.code == 1, done.err
    assert only(done.out, "diagnostics")["diagnostics"]


@pytest.mark.parametrize("command", [("send", "hello.yaml", "--yes", *TEST), ("reconcile", *TEST)], ids=ids)
def test_a_key_that_can_not_be_used_is_the_diagnostics_document(
    ready: ProjectDir, server: CountingServer, command: tuple[str, ...]
) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 1 else Answer()
    if command[0] == "reconcile":
        assert ready.run(*SEND).code == 4
    ready.environ["TEST_KEY"] = ""
    done = ready.run(*command)
    assert done.code == 1, done.err
    [diagnostic] = only(done.out, "diagnostics")["diagnostics"]
    assert (diagnostic["code"], diagnostic["path"]) == ("key-unusable", "sendspec.yaml")


@pytest.mark.parametrize("command", [*DOCUMENTS, *LINES, ("ledger", "init", *TEST), ("init", "x")], ids=ids)
def test_wrong_usage_prints_no_document(ready: ProjectDir, command: tuple[str, ...]) -> None:
    for wrong in (("--env", "nowhere"), ("--wrong",)):
        done = ready.run(*command, *wrong)
        assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(
    "command", [command for command in OF_A_LEDGER if command[0] not in ("plan", "status", "report", "opt-outs", "webhook") and "check" not in command
                and "--dry-run" not in command], ids=ids,
)  # fmt: skip
def test_a_busy_ledger_prints_no_document(ready: ProjectDir, server: CountingServer, command: tuple[str, ...]) -> None:
    server.decide = holding(server, 0)
    process = started(ready)
    until(lambda: len(server.posts) > 0)
    done = ready.run(*command)
    server.released.set()
    process.communicate(timeout=60)
    assert (done.code, done.out) == (75, "")


@pytest.mark.parametrize(("command", "schema"), OF_A_LEDGER.items(), ids=ids)
@pytest.mark.parametrize("what", ["gone", "damaged", "identity"])
def test_ledger_trouble_is_the_commands_own_document(
    ready: ProjectDir, command: tuple[str, ...], schema: str, what: str
) -> None:
    if what == "identity":
        ready.write("sendspec.lock", "{")
    elif what == "damaged":
        ready.write(".sendspec/test.db", "no ledger" * 1_000)
    else:
        (ready.folder / ".sendspec" / "test.db").unlink()
    done = ready.run(*command)
    error = failed(done, schema, 6)
    assert error == {"gone": "ledger-missing", "damaged": "ledger-damaged", "identity": "ledger-trouble"}[what]
    assert f"[{error}]" in done.err
    if schema != "run":
        assert only(done.out, schema)["environment"] == "test"


@pytest.mark.parametrize("command", LINES, ids=ids)
def test_commands_that_print_lines_have_no_document_for_ledger_trouble(
    ready: ProjectDir, command: tuple[str, ...]
) -> None:
    ready.write("sendspec.lock", "{")
    done = ready.run(*command)
    assert (done.code, done.out) == (6, "")


def test_a_ledger_that_a_check_finds_wrong_is_one_document(ready: ProjectDir) -> None:
    assert ready.run(*SEND).code == 0
    assert ready.run(*SEND).code == 0
    epoch = ready.folder / ".sendspec" / "test.db.epoch"
    epoch.write_text("99 " + "0" * 20 + "\n")
    done = ready.run("ledger", "check", *TEST)
    assert failed(done, "ledger-check", 6) == "ledger-trouble"
    assert only(done.out, "ledger-check")["problems"]


def test_a_refused_key_is_the_runs_document(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(401, b"{}")
    assert failed(ready.run(*SEND), "run", 5) == "api-refuses"


def test_a_refused_look_up_is_the_status_document(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 1 else Answer()
    assert ready.run(*SEND).code == 4
    server.listing = lambda request: Answer(401, b"{}")
    assert failed(ready.run("reconcile", *TEST), "status", 5) == "api-refuses"


def test_a_guard_is_the_runs_document(ready: ProjectDir, server: CountingServer) -> None:
    spec = (ready.folder / "hello.yaml").read_text()
    ready.write("hello.yaml", spec + "limits: {messages: 3}\n")
    assert failed(ready.run(*SEND), "run", 7) == "limit-messages"
    assert server.posts == []


def test_a_failure_rate_is_the_runs_document(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = lambda number, request: Answer(422, b"{}") if number % 2 else Answer()
    ready.write("hello.yaml", (ready.folder / "hello.yaml").read_text() + "limits: {failure_rate: 0.1}\n")
    assert failed(ready.run(*SEND), "run", 7) == "failure-rate"


def test_a_stale_plan_is_the_runs_document(ready: ProjectDir, server: CountingServer) -> None:
    assert ready.run("plan", "hello.yaml", "--env", "test", "--out", "plan.json").code == 0
    people = (ready.folder / "people.csv").read_text()
    ready.write("people.csv", people + people.splitlines()[-1].replace("+4477009", "+4477008") + "\n")
    assert failed(ready.run("send", "--plan", "plan.json", "--yes", *JSON), "run", 8) == "plan-stale"
    assert server.posts == []


BREAKS = """
import sys
from pathlib import Path
from sendspec.ledger.sqlite import opening
from sendspec.reading import project

def breaks(*arguments, **named):
    number = "+31612345678"
    raise {error}(f"this is about {{number}}")

opening.open_to_read = opening.open_to_write = opening.open_as = breaks
from sendspec.cli.main import main
main(sys.argv[1:])
"""


def broken(project_dir: ProjectDir, command: tuple[str, ...], error: str) -> Done:
    process = project_dir.started(*command, script=BREAKS.format(error=error))
    out, err = process.communicate(timeout=60)
    return Done(process.wait(), out, err)


@pytest.mark.parametrize(("command", "schema"), OF_A_LEDGER.items(), ids=ids)
def test_a_bug_is_the_commands_own_document(
    ready: ProjectDir, tmp_path: Path, command: tuple[str, ...], schema: str
) -> None:
    crashes = tmp_path / "crashes"
    crashes.mkdir()
    ready.environ["TMPDIR"] = str(crashes)
    done = broken(ready, command, "LookupError")
    assert failed(done, schema, 70) == "sendspec-bug"
    [crash] = crashes.iterdir()
    assert f"command: {command[0]}\n" in crash.read_text()
    assert "in breaks" in crash.read_text()
    assert "31612345678" not in done.out + done.err + crash.read_text()


NO_BUGS = {
    "MemoryError": (6, "out-of-memory"),
    "KeyboardInterrupt": (130, "command-interrupted"),
}


@pytest.mark.parametrize("error", NO_BUGS)
def test_so_is_memory_that_runs_out_and_an_interrupt(ready: ProjectDir, error: str) -> None:
    code, name = NO_BUGS[error]
    assert failed(broken(ready, ("status", *TEST), error), "status", code) == name


def test_a_bug_whose_file_has_no_place_is_told_on_standard_error(ready: ProjectDir) -> None:
    """No byte can be written to any file."""
    process = launched(
        ready, "bash", "-c", 'ulimit -f 0; "$@"', "bash", sys.executable, "-c", BREAKS.format(error="LookupError"),
        "status", *TEST,
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert failed(Done(process.returncode, out, err), "status", 70) == "sendspec-bug"
    assert "in breaks" in err
    assert "report it with the lines above" in err
    assert "31612345678" not in out + err


def test_an_interrupted_send_is_the_runs_document(ready: ProjectDir, server: CountingServer) -> None:
    server.decide = holding(server, 3)
    process = started(ready)
    until(lambda: len(server.posts) > 3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    server.released.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert only(out, "run")["totals"]["recipients"] == 40
