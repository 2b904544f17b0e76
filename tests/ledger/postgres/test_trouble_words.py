"""Each fault of a server has words and a remedy, and none of the server's own words."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from sendspec.diagnostics.exceptions import LedgerMissing, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.ledger.postgres.error import trouble_of
from sendspec.ledger.postgres.function_words import FENCED, OTHER_SESSION
from sendspec.ledger.postgres.session import Session, why_unreachable


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('FATAL: password authentication failed for user "canary"', "refuses this user or password"),
        ('no pg_hba.conf entry for host "192.0.2.1", user "canary"', "refuses this user, from this host"),
        ("fe_sendauth: no password supplied", "wants a password"),
        ('FATAL: role "canary" does not exist', "no such database or role"),
        ("failed to resolve host 'canary'", "host that can't be found"),
        ('could not translate host name "canary" to address', "host that can't be found"),
        ("server does not support SSL, but SSL was required", "offers no TLS"),
        ('server certificate for "canary" does not match', "certificate that doesn't fit"),
        ("FATAL: sorry, too many clients already", "no connection left"),
        ('FATAL: too many connections for role "canary"', "no connection left"),
        ('FATAL: database "canary" is not currently accepting connections', "takes no connections"),
        ("connection failed: Connection refused at canary", "connection refused"),
        ("canary", "can't be reached"),
    ],
)
def test_why_there_is_no_connection(place: ServerPlace, said: str, words: str) -> None:
    trouble = why_unreachable(place, psycopg.OperationalError(said))
    assert words in trouble.problem
    assert "canary" not in trouble.problem + trouble.fix


@pytest.mark.parametrize("written", ["postgresql://me:100%zz@127.0.0.1/x", "postgresql://127.0.0.1/x?canary=1"])
def test_a_url_that_can_not_be_read(place: ServerPlace, written: str) -> None:
    with pytest.raises(LedgerTrouble, match="URL that PostgreSQL doesn't understand"):
        Session(replace(place, url=Secret(written)))


@pytest.mark.parametrize(
    "parameter",
    [
        "sslmode=typo",
        "port=x",
        "port=99999",
        "hostaddr=x",
        "target_session_attrs=x",
        "service=missing",
        "gssencmode=typo",
        "channel_binding=x",
    ],
)
def test_a_parameter_with_a_wrong_value_is_not_the_servers_fault(place: ServerPlace, parameter: str) -> None:
    with pytest.raises(LedgerTrouble, match="a parameter that PostgreSQL doesn't understand") as told:
        Session(replace(place, url=Secret(f"postgresql:///postgres?{parameter}")))
    assert told.value.code == "ledger-trouble"


@pytest.mark.parametrize(("name", "value"), [("PGSSLMODE", "typo"), ("PGSERVICE", "missing"), ("PGPORT", "x")])
def test_a_wrong_value_may_be_in_a_variable(
    place: ServerPlace, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LedgerTrouble, match="or an environment variable has one"):
        Session(replace(place, url=Secret("postgresql://127.0.0.1/x")))


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        (FENCED, LedgerUnwritable, "took it for dead"),
        (OTHER_SESSION, LedgerTrouble, "connection pool"),
        ("28P01", LedgerTrouble, "refuses this user"),
        ("42501", LedgerTrouble, "may not do this"),
        ("3D000", LedgerMissing, "no database of the name"),
        ("42P01", LedgerMissing, "has no ledger"),
        ("53100", LedgerUnwritable, "the disk of TEST_URL is full"),
        ("25006", LedgerUnwritable, "takes no writes"),
        ("57P01", LedgerUnwritable, "broke off"),
        ("22012", LedgerTrouble, r"refused a step: .* \(SQLSTATE 22012\)"),
    ],
)
def test_what_a_statement_failed_with(state: str, kind: type[LedgerTrouble], words: str) -> None:
    error = psycopg.Error("canary")
    error.sqlstate = state
    trouble = trouble_of("TEST_URL", error)
    assert type(trouble) is kind
    with pytest.raises(kind, match=words):
        raise trouble
    assert "canary" not in trouble.problem + trouble.fix
