"""Looking after a ledger on a server: who may do what with it, how it is made, checked, exported and purged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import psycopg
import pytest
from git_project import Repository
from json_documents import only
from postgres_server import server_url
from project_dir import Answer, CountingServer, Done, ProjectDir
from server_ledger_project import server_ledger_project

TEST = ("--env", "test")
SEND = ("send", "hello.yaml", *TEST, "--yes", "--format", "json")
Sql = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def project(project_dir: ProjectDir, server: CountingServer, schema: str) -> ProjectDir:
    """Twenty people, and an environment whose ledger is to be on the server; it is not made."""
    return server_ledger_project(project_dir, server, schema, 20)


def of_role(role: str) -> str:
    """The URL for a role of the tests' server, which trusts all of them."""
    return server_url().replace("tester", role)


def done_as(project: ProjectDir, role: str, *command: str) -> Done:
    project.environ["LEDGER_URL"] = of_role(role)
    return project.run(*command)


def refused(done: Done) -> str:
    """The fix of an error about the ledger."""
    assert done.code == 6, done.err
    return next(line for line in done.err.splitlines() if "fix:" in line)


@pytest.fixture
def roles(project: ProjectDir, schema: str, sql: Sql) -> Iterator[dict[str, str]]:
    """The roles that `--roles` makes, before there is a ledger."""
    project.environ["LEDGER_URL"] = ""
    printed = project.run("ledger", "init", *TEST, "--roles")
    assert printed.code == 0, printed.err
    for _ in range(2):
        sql.execute(printed.out.encode())
    yield {role: f"{schema}_{role}" for role in ("owner", "plan", "send")} | {"sql": printed.out}
    for role in ("owner", "plan", "send"):
        sql.execute(f"DROP OWNED BY {schema}_{role} CASCADE; DROP ROLE {schema}_{role}".encode())


def test_each_role_can_do_what_it_is_for_and_nothing_else(
    project: ProjectDir, server: CountingServer, sql: Sql, roles: dict[str, str], schema: str
) -> None:
    owner, plan, send = roles["owner"], roles["plan"], roles["send"]
    assert done_as(project, owner, "ledger", "init", *TEST).code == 0
    for role, command in ((plan, ("plan", "hello.yaml")), (send, ("send", "hello.yaml", "--yes"))):
        assert "sendspec ledger init --roles" in refused(done_as(project, role, *command, *TEST))
    sql.execute(roles["sql"].encode())

    for words in ("plan hello.yaml", "status", "ledger check", "ledger export"):
        done = done_as(project, plan, *words.split(), *TEST)
        assert done.code == 0, done.err
    assert "sendspec ledger init --roles" in refused(done_as(project, plan, "send", "hello.yaml", *TEST, "--yes"))
    assert server.posts == []

    server.decide = lambda number, request: Answer(drop=True, taken=False) if number == 3 else Answer()
    done = done_as(project, send, *SEND)
    assert (done.code, done.json["totals"]["accepted"]) == (4, 19), done.err
    assert done_as(project, send, "reconcile", *TEST).code in (0, 4)
    word = ("resolve", "hello.yaml", *TEST, "--as", "skipped", "--reason", "x")
    assert done_as(project, send, *word).code == 0
    fix = refused(done_as(project, send, "ledger", "purge", "--older-than", "9d", *TEST))
    assert "connect as the ledger's owner" in fix

    writes = (
        "UPDATE message SET state = 'planned'", "DELETE FROM event", "INSERT INTO meta VALUES ('a', 'b')",
        "SELECT nextval('run_number')", "SELECT purge_messages(1, 1, 1e12)", "CREATE TABLE mine ()", "DROP TABLE absence",
    )  # fmt: skip
    for role in (plan, send):
        with psycopg.connect(of_role(role), autocommit=True) as connection:
            connection.execute(f"SET search_path = {schema}".encode())
            for write in (*writes, *(("SELECT begin_run(9, 1, 1, '', '', '', '')",) if role == plan else ())):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(write.encode())

    for words in ("purge --older-than 1d", "migrate", f"copy env:LEDGER_URL:{schema} new.db"):
        done = done_as(project, owner, "ledger", *words.split(), *TEST)
        assert done.code == 0, done.err


def test_roles_are_for_a_server_and_make_no_ledger(project: ProjectDir, schema: str) -> None:
    document = only(project.run("ledger", "init", *TEST, "--roles", "--format", "json").out, "ledger-init")
    assert f"GRANT USAGE ON SCHEMA {schema}" in document["roles"]
    for words in ((*TEST, "--roles", "--empty"), ("--env", "sandbox", "--roles")):
        done = project.run("ledger", "init", *words)
        assert (done.code, "--roles" in done.err) == (2, True)
    assert "no ledger" in project.run("status", *TEST).err


def test_it_is_made_once_checked_exported_and_purged(project: ProjectDir, server: CountingServer, sql: Sql) -> None:
    init = ("ledger", "init", *TEST, "--format", "json")
    assert only(project.run(*init).out, "ledger-init")["ledger"] == "the ledger at LEDGER_URL"
    again = project.run(*init)
    assert (again.code, again.json["error"]["code"]) == (6, "ledger-trouble")
    assert "has a ledger already" in again.json["error"]["problem"]
    assert project.run(*SEND).json["totals"]["accepted"] == 20
    assert only(project.run("ledger", "check", *TEST, "--format", "json").out, "ledger-check")["messages"] == 20
    before = [json.loads(line) for line in project.run("ledger", "export", *TEST).out.splitlines()]
    assert {message["state"] for message in before} == {"accepted"}
    assert len(project.run("ledger", "export", *TEST, "--as", "csv").out.splitlines()) == 21
    sql.execute("UPDATE message SET updated_at = 1 WHERE number <= 5")
    purge = ("ledger", "purge", "--older-than", "9d", *TEST, "--format", "json")
    assert only(project.run(*purge).out, "ledger-purge")["purged"] == 5
    assert project.run(*purge).json["purged"] == 0
    assert project.run(*SEND).json["skipped"] == {"already-accepted": 20}
    migrate = only(project.run("ledger", "migrate", *TEST, "--format", "json").out, "ledger-migrate")
    assert (migrate["from"], migrate["to"]) == (2, 2)
    sql.execute("DELETE FROM message WHERE number = 1")
    done = project.run("ledger", "check", *TEST, "--format", "json")
    assert (done.code, len(only(done.out, "ledger-check")["problems"])) == (6, 1)


def test_a_half_made_one_is_completed(project: ProjectDir, sql: Sql) -> None:
    assert project.run("ledger", "init", *TEST).code == 0
    sql.execute("INSERT INTO meta VALUES ('unfinished', 'yes')")
    done = project.run(*SEND)
    assert (done.code, done.json["error"]["code"]) == (6, "ledger-missing")
    assert "sendspec ledger init" in done.json["error"]["fix"]
    done = project.run("ledger", "init", *TEST)
    assert (done.code, done.out.startswith("completed the ledger")) == (0, True), done.err
    assert project.run(*SEND).code == 0


def test_one_that_nobody_knows_is_made_anew(project: ProjectDir, sql: Sql) -> None:
    """A process that was killed before it noted the ledger's identity."""
    assert project.run("ledger", "init", *TEST).code == 0
    sql.execute("INSERT INTO meta VALUES ('unfinished', 'yes')")
    sql.execute("CREATE TABLE somebody_elses ()")
    (project.folder / "sendspec.lock").unlink()
    done = project.run("ledger", "init", *TEST, "--empty")
    assert done.code == 0, done.err
    assert project.run(*SEND).code == 0
    assert sql.execute("SELECT to_regclass('somebody_elses') IS NOT NULL").fetchone() == (True,)


def test_a_schema_of_somebody_elses_is_left_alone(project: ProjectDir, sql: Sql, schema: str) -> None:
    sql.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.people (name text)".encode())
    done = project.run("ledger", "init", *TEST, "--empty")
    assert (done.code, "is in use, and what it holds is no ledger" in done.err) == (6, True), done.err
    assert sql.execute("SELECT count(*) FROM people").fetchone() == (0,)


def test_what_was_sent_before_counts_as_sent(project: ProjectDir, server: CountingServer, sql: Sql) -> None:
    repository = Repository(project, server)
    repository.commit("A spec")
    done = project.run("ledger", "init", *TEST)
    assert (done.code, "[init-needs-choice]" in done.err) == (2, True)
    assert project.run("ledger", "init", *TEST, "--empty").code == 0
    sql.execute("INSERT INTO meta VALUES ('unfinished', 'yes')")  # as if it had been killed before it noted the ledger
    (project.folder / "sendspec.lock").unlink()
    done = project.run("ledger", "init", *TEST)
    assert (done.code, "[init-needs-choice]" in done.err) == (2, True)
    done = project.run("ledger", "init", *TEST, "--baseline", "--format", "json")
    assert (done.code, only(done.out, "ledger-init")["baselined"]) == (0, 20), done.err
    assert project.run(*SEND).json["skipped"] == {"baseline": 20}
    assert server.posts == []


def test_a_ledger_that_is_being_copied_is_busy_to_a_run_as_to_a_second_copy(
    shared: ProjectDir, sql: psycopg.Connection[tuple[object, ...]], schema: str
) -> None:
    sql.execute("SELECT pg_advisory_lock(lock_key('ledger'))")
    for words in (("send", "hello.yaml", "--yes"), ("ledger", "copy", f"env:LEDGER_URL:{schema}", "x.db")):
        done = shared.run(*words, "--env", "test", "--format", "json")
        assert (done.code, "[ledger-busy]" in done.err) == (75, True), done.err
        assert "is being copied or migrated" in done.err


def test_a_plan_made_during_a_halt_says_so(project: ProjectDir, sql: Sql) -> None:
    assert project.run("ledger", "init", *TEST).code == 0
    said = "all sends of this ledger are halted: wrong price; nothing goes out before somebody ends the halt"
    plan = ("plan", "hello.yaml", *TEST, "--format", "markdown")
    assert said not in project.run(*plan).err
    sql.execute("INSERT INTO meta VALUES ('halt', 'wrong price')")
    done = project.run(*plan)
    assert done.code == 0
    assert said in done.err
    assert done.out.split("\n\n")[1].startswith("**All sends of this ledger are halted**: `wrong price`.")


def test_who_opts_out_while_another_run_sends_is_skipped_there_too(project: ProjectDir, server: CountingServer) -> None:
    assert project.run("ledger", "init", *TEST).code == 0
    spec = (project.folder / "hello.yaml").read_text()
    project.write("hello.yaml", spec + "suppress: {opt_outs: true}\n")
    text = (project.folder / "sendspec.yaml").read_text()
    project.write("sendspec.yaml", text.replace("timeout: 2", "timeout: 60, concurrency: 1"))
    people = [f"+4477009{number:05d}" for number in range(20)]
    assert project.run("opt-outs", "add", people[1], *TEST).code == 0

    def decide(number: int, request: object) -> Answer:
        if number == 1:
            assert project.run("opt-outs", "add", *people[10:], *TEST).code == 0
            time.sleep(1.2)  # they are looked at once a second at most
        return Answer()

    server.decide = decide
    done = project.run(*SEND)
    assert done.code == 0, done.out + done.err
    assert (done.json["totals"]["accepted"], done.json["skipped"]) == (9, {"opted-out": 11})
    listed = project.run("opt-outs", "list", *TEST, "--format", "json")
    assert len(listed.json["opt_outs"]) == 11
