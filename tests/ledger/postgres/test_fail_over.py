"""A server whose standby takes its place, perhaps without the last writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import IDS, OWNER, SEND, claim, record, settle
from postgres_server import PostgresServer, own_server, server_folder
from sendspec.diagnostics.exceptions import LedgerUnwritable
from sendspec.ledger import access
from sendspec.ledger.place import Secret, ServerPlace
from sendspec.planning.message_state import State

from .conftest import IDENTITY


@pytest.fixture
def pair() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A server, and its standby, which has not started yet."""
    with own_server() as server, server_folder() as folder:
        yield server, server.standby(folder / "standby")


def test_a_run_does_not_go_on_with_a_server_that_took_its_servers_place(
    pair: tuple[PostgresServer, PostgresServer], tmp_path: Path
) -> None:
    server, standby = pair
    url = (
        f"postgresql://tester@127.0.0.1:{server.port},127.0.0.1:{standby.port}/postgres?target_session_attrs=read-write"
    )
    place = ServerPlace(Secret(url), "test_ledger", "the server at TEST_URL", tmp_path)
    access.make(place, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=1.0)
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=2.0)
        ledger.put_planned(SEND, map(record, IDS), b"p" * 32, now=2.0)
        standby.start()
        with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as other:
            other.begin(OWNER, now=3.0)
            other.note_clock(0.0)
            settle(other, IDS[0], claim(other, IDS[0])[IDS[0]], State.ACCEPTED)
        server.kill()
        standby.promote()
        try:
            with pytest.raises(LedgerUnwritable, match="its latest writes may be lost"):
                claim(ledger, IDS[1])
        finally:
            standby.stop("immediate")
            server.start()
