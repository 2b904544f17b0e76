"""What a ledger's URL may say, and what is added to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.operations.ledger_url import read_ledger_url
from sendspec.reading.access_key import FromVariable
from sendspec.reading.environment import LedgerServer

SERVER = LedgerServer(FromVariable("URL"), "sendspec")


def read(url: str, **environ: str) -> str:
    return read_ledger_url(SERVER, {"URL": url, **environ}, Path()).reveal()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.com/x",
        "postgresql://me:p%40ss@db.example.com:5432/x?connect_timeout=3",
        "postgresql://127.0.0.1,db.example.com/x",
        "postgresql://me@db1.example.com:5432,db2.example.com:5433/x?target_session_attrs=read-write",
        "postgresql:///x?host=db.example.com",
        "postgresql://localhost/x?hostaddr=192.0.2.1",
    ],
)
def test_a_connection_to_another_machine_is_encrypted(url: str) -> None:
    assert read(url) == f"{url}{'&' if '?' in url else '?'}sslmode=require"
    chosen = f"{url}{'&' if '?' in url else '?'}sslmode=disable"
    assert (read(chosen), read(url, PGSSLMODE="verify-full")) == (chosen, url)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://localhost/x",
        "postgresql://me@127.0.0.1:5432,[::1]:5433/x",
        "postgresql:///x",
        "postgresql:///x?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/x",
    ],
)
def test_one_that_stays_on_this_machine_is_as_its_url_has_it(url: str) -> None:
    assert read(url) == url


def test_a_host_that_only_the_environment_names_counts() -> None:
    assert read("postgresql:///x", PGHOST="db.example.com") == "postgresql:///x?sslmode=require"


@pytest.mark.parametrize(
    "url", ["host=a,dbname=b", "https://a/b", "postgresql://a", "postgresql://a:b/c", "postgresql://[a/c"]
)
def test_what_is_no_url_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(LedgerTrouble, match="not the URL of a PostgreSQL database"):
        read(url)
