"""Nothing says where a ledger's server is, or who connects to it: canaries in its URL, and every fault that a connection has."""

from __future__ import annotations

import gc
import json
import logging
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cutting_proxy import CuttingProxy
from long_rows import all_but
from postgres_server import PostgresServer, new_server, server_folder
from project_dir import CHANNEL, WORKSPACE, CountingServer
from sendspec.cli.crash import report_crash
from sendspec.cli.main import run
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.reader import PostgresReader
from sendspec.ledger.postgres.session import Session

USER, PASSWORD, HOST, DATABASE = "usercanary", "passcanary", "hostcanary.invalid", "dbcanary"
CANARIES = ("canary", "hostcanary", "%63anary")
COMMANDS = (
    ("doctor", "--env", "test"),
    ("ledger", "init", "--env", "test", "--empty"),
    ("plan", "spec.yaml", "--env", "test", "--out", "plan.json"),
    ("send", "spec.yaml", "--env", "test", "--yes"),
    ("status", "--env", "test"),
    ("reconcile", "--env", "test"),
    ("ledger", "check", "--env", "test"),
    ("ledger", "export", "--env", "test"),
)


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that wants passwords, with the canaries' user and database."""
    with server_folder() as folder:
        server = new_server(folder / "own")
        (server.folder / "data" / "pg_hba.conf").write_text(
            "host all tester 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        server.start()
        with psycopg.connect(server.url, autocommit=True) as owner:
            owner.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
            owner.execute(f"CREATE ROLE lesser{USER} LOGIN PASSWORD '{PASSWORD}'")
            owner.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        yield server
        server.stop("immediate")


def url_of(
    port: int,
    *,
    user: str = USER,
    password: str = PASSWORD,
    database: str = DATABASE,
    address: str = "&hostaddr=127.0.0.1",
) -> str:
    """libpq connects to `hostaddr` without looking the host up."""
    return f"postgresql://{user}:{password}@{HOST}:{port}/{database}?sslmode=disable{address}"


@dataclass
class Watched:
    """A project with its ledger at the canaries' server, which runs commands and finds canaries in all that they leave."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    log: pytest.LogCaptureFixture
    setenv: Callable[[str, str], None]

    def at(self, url: str) -> None:
        self.setenv("LEDGER_URL", url)

    def run(self, *arguments: str) -> tuple[int, str]:
        code = run([*arguments])
        captured = self.capture.readouterr()
        said = captured.out + captured.err
        self.has_none(said, self.log.text)
        return code, said

    def run_all(self) -> None:
        for command in COMMANDS:
            for words in (("-v",), ("--format", "json")):
                code, said = self.run(*command, *words)
                assert code != 70, said
        self.has_none(*self.files())

    def files(self) -> Iterator[str]:
        for path in self.folder.rglob("*"):
            if path.is_file():
                yield path.read_bytes().decode("latin-1")

    @staticmethod
    def has_none(*texts: str) -> None:
        for text in texts:
            for canary in CANARIES:
                assert canary not in text.lower()


@pytest.fixture
def watched(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    server: CountingServer,
) -> Watched:
    (tmp_path / "sendspec.yaml").write_text(
        f"""environments:
  test:
    api_url: {server.url}
    access_key: {{env: TEST_KEY}}
    ledger: {{url: {{env: LEDGER_URL}}, schema: test_{uuid4().hex}}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms}}
"""
    )
    (tmp_path / "spec.yaml").write_text(
        'spec: 1\nname: hello\nchannel: sms\nrecipients: [{phone: "+447700900001"}]\n'
        "message: {body: {type: text, text: {text: Hi}}}\n"
    )
    (tmp_path / "crash").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "crash"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_KEY", "key")
    caplog.set_level(logging.WARNING)
    return Watched(tmp_path, capfd, caplog, monkeypatch.setenv)


@pytest.fixture
def working(watched: Watched, own_server: PostgresServer) -> Watched:
    watched.at(url_of(own_server.port))
    code, said = watched.run("ledger", "init", "--env", "test", "--empty")
    assert code == 0, said
    return watched


def test_a_send_that_works_leaves_none(working: Watched) -> None:
    working.run_all()
    assert "hello" in (working.folder / "plan.json").read_text()
    assert json.loads(working.run("status", "--env", "test", "--format", "json")[1])


@contextmanager
def fault(kind: str, server: PostgresServer) -> Iterator[str]:
    """The URL under which this goes wrong."""
    match kind:
        case "unknown host":
            yield url_of(server.port, address="")
        case "refused":
            with socket.create_server(("127.0.0.1", 0)) as listening:
                port = listening.getsockname()[1]
            yield url_of(port)
        case "wrong password":
            yield url_of(server.port, password=PASSWORD + "2")
        case "unknown user":
            yield url_of(server.port, user=USER + "2")
        case "unknown database":
            yield url_of(server.port, database=DATABASE + "2")
        case "not granted":
            yield url_of(server.port, user=f"lesser{USER}")
        case "no more sessions":
            with psycopg.connect(server.url, autocommit=True) as owner:
                owner.execute(f"ALTER ROLE {USER} CONNECTION LIMIT 0")
                yield url_of(server.port)
                owner.execute(f"ALTER ROLE {USER} CONNECTION LIMIT -1")
        case "closed database":
            with psycopg.connect(server.url, autocommit=True) as owner:
                owner.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
                yield url_of(server.port)
                owner.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
        case "cut":
            with closing(CuttingProxy(server.port)) as proxy:
                proxy._answers_to_swallow = 10_000
                yield url_of(proxy.port)
        case "wants TLS":
            yield url_of(server.port).replace("disable", "require")
        case "no certificate":
            yield url_of(server.port).replace("disable", "verify-full") + "&sslrootcert=/nowhere/canary.crt"
        case "escape that is none":
            yield url_of(server.port, password=PASSWORD + "%zz")
        case "no number for a port":
            yield url_of(server.port).replace(f":{server.port}", ":portcanary")
        case "unknown parameter":
            yield url_of(server.port) + "&parametercanary=1"
        case "no URL":
            yield f"host={HOST} user={USER} password={PASSWORD}".replace(" ", ",")
        case "a space":
            yield url_of(server.port, password=f"{PASSWORD} 2")


FAULTS = (
    "unknown host", "refused", "wrong password", "unknown user", "unknown database", "not granted", "no more sessions",
    "closed database", "cut", "wants TLS", "no certificate", "escape that is none", "no number for a port",
    "unknown parameter", "no URL", "a space",
)  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_no_fault_of_a_connection_names_what_is_in_the_url(
    watched: Watched, own_server: PostgresServer, kind: str
) -> None:
    with fault(kind, own_server) as url:
        watched.at(url)
        code, said = watched.run("ledger", "init", "--env", "test", "--empty")
        assert code == 6, said
        assert "LEDGER_URL" in said
        watched.run("doctor", "--env", "test")
        watched.run("doctor", "--env", "test", "-v", "--format", "json")
    watched.has_none(*watched.files())


@pytest.mark.parametrize("kind", all_but(["refused", "wrong password", "closed database", "cut"], FAULTS[:9]))
def test_a_ledger_that_was_made_and_is_out_of_reach_names_none(
    working: Watched, own_server: PostgresServer, kind: str
) -> None:
    with fault(kind, own_server) as url:
        working.at(url)
        for command in COMMANDS[2:]:
            code, said = working.run(*command, "--format", "json")
            assert code in (1, 6), said
    working.has_none(*working.files())


def test_a_statement_that_fails_names_none(working: Watched, own_server: PostgresServer) -> None:
    """The server's own words may name the user, the database, or what a message holds."""
    schema = working.folder.joinpath("sendspec.yaml").read_text().partition("schema: ")[2].partition("}")[0]
    with psycopg.connect(url_of(own_server.port), autocommit=True) as owner:
        owner.execute(f"ALTER TABLE {schema}.message RENAME TO message_{USER}")
        working.run_all()
        owner.execute(f"ALTER TABLE {schema}.message_{USER} RENAME TO message")
        owner.execute(
            f"CREATE FUNCTION {schema}.failing() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'role {USER} of {DATABASE} +31612345678'; END $$"
        )
        owner.execute(f"CREATE TRIGGER failing BEFORE INSERT ON {schema}.run EXECUTE FUNCTION {schema}.failing()")
        code, said = working.run("send", "spec.yaml", "--env", "test", "--yes")
        assert (code, "P0001" in said, "612345678" in said) == (6, True, False)


def test_the_file_of_the_url_is_no_input(watched: Watched) -> None:
    """An excerpt would show it."""
    project, file = watched.folder / "sendspec.yaml", watched.folder / "ledger.txt"
    project.write_text(project.read_text().replace("{env: LEDGER_URL}", "{file: ledger.txt}"))
    file.write_text(f"host={HOST},user={USER},password={PASSWORD}\n")
    file.chmod(0o600)
    for words in (("spec.yaml", "--recipients", "ledger.txt"), ("ledger.txt",)):
        code, said = watched.run("plan", *words, "--env", "test")
        assert (code, "key-file-as-input" in said) == (1, True), said
    code, said = watched.run("doctor", "--env", "test")
    assert "the ledger at ledger.txt: its value is not the URL" in said


def test_what_holds_the_url_shows_none_of_it(
    own_server: PostgresServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = ServerPlace(Secret(url_of(own_server.port)), "sendspec", "the ledger at LEDGER_URL", tmp_path)
    with closing(Session(place)) as session:
        shown = [place, place.url, session, session.connection, PostgresReader(session)]
        Watched.has_none(*(f"{each} {each!r}" for each in shown))
        session.connection.close()
        with pytest.raises(LedgerTrouble) as told:
            session.rows("SELECT 1")
        Watched.has_none(str(told.value), repr(told.value))
    gc.collect()
    Watched.has_none(*capfd.readouterr())


def test_a_bug_in_the_middle_of_it_tells_none(
    own_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """psycopg's own words name host, user and database, and its frames hold the URL."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    url = url_of(own_server.port, password=PASSWORD + "2")
    with pytest.raises(psycopg.Error, match=USER) as raised:
        psycopg.connect(url)
    assert report_crash(raised.value, "send") == 70
    [file] = tmp_path.iterdir()
    Watched.has_none(*capfd.readouterr(), file.read_text())


@pytest.fixture
def server() -> Iterator[Any]:
    answering = CountingServer()
    yield answering
    answering.close()
