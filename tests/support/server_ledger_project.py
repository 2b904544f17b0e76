"""A project whose ledger is on the tests' PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from postgres_server import server_url
from project_dir import CHANNEL, SECRET, SPEC, WORKSPACE, CountingServer, ProjectDir, numbers

PEOPLE = 40


def server_ledger_project(
    project_dir: ProjectDir, server: CountingServer, schema: str, people: int, channel: str = "timeout: 2"
) -> ProjectDir:
    """An environment `test` whose ledger is to be on the server, where LEDGER_URL says; it is not made. `channel` are more of its settings."""
    project_dir.write(
        "sendspec.yaml",
        f"""environments:
  test:
    api_url: {server.url}
    access_key: {{env: TEST_KEY}}
    ledger: {{url: {{env: LEDGER_URL}}, schema: {schema}}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, {channel}}}
""",
    )
    project_dir.write("people.csv", numbers(people))
    project_dir.write("hello.yaml", SPEC)
    project_dir.environ |= {"TEST_KEY": SECRET, "LEDGER_URL": server_url()}
    return project_dir


@pytest.fixture
def schema() -> str:
    return f"test_{uuid4().hex}"


@pytest.fixture
def sql(schema: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the server's superuser."""
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(f"SET search_path = {schema}".encode())
        yield connection


@pytest.fixture
def shared(project_dir: ProjectDir, server: CountingServer, schema: str) -> ProjectDir:
    """Forty people, four requests at once that may take long, and a ledger that has sent nothing."""
    project = server_ledger_project(project_dir, server, schema, PEOPLE, "timeout: 30, concurrency: 4")
    made = project.run("ledger", "init", "--env", "test")
    assert made.code == 0, made.err
    return project
