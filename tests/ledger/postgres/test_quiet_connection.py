"""What psycopg says of a ledger's connection: nothing."""

from __future__ import annotations

import logging
from contextlib import closing, suppress

import pytest
from cutting_proxy import CuttingProxy
from sendspec.ledger.place import ServerPlace
from sendspec.ledger.postgres.session import Session


def test_a_connection_shows_no_host_user_or_database(made: ServerPlace) -> None:
    with closing(Session(made)) as session:
        assert f"{session.connection} {session.connection!r}" == "<connection to the ledger> <connection to the ledger>"


def test_psycopg_logs_nothing_of_it(
    through: ServerPlace, proxy: CuttingProxy, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Session(through)) as session, suppress(LookupError), session.connection.transaction():
        proxy.cut()
        raise LookupError
    logging.getLogger("psycopg").warning("of another connection")
    logging.getLogger("psycopg.transaction").warning("of %(no)s connection", {"no": "no"})
    assert [record.getMessage() for record in caplog.records] == ["of another connection", "of no connection"]
