"""The entry points to a ledger: made once, read by anybody, held by one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_samples import OWNER
from sendspec.diagnostics.exceptions import LedgerBusy, LedgerMissing, LedgerTrouble
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity, read_identities
from sendspec.reading.environment import LedgerFile

IDENTITY = LedgerIdentity("one", bytes(32))


@pytest.fixture
def place(tmp_path: Path) -> LedgerFile:
    return LedgerFile(tmp_path / "ledger" / "test.db", durable=True)


def test_a_ledger_is_made_once_and_its_identity_noted(place: LedgerFile, tmp_path: Path) -> None:
    assert (access.is_there(place), access.read_id(place), access.is_half_made(place, IDENTITY)) == (False, None, False)
    noted = tmp_path / "sendspec.lock"
    made = access.make(place, noted, "test", IDENTITY, OWNER, since="now", now=1.0)
    assert read_identities(noted)["test"] == made
    assert (access.is_there(place), access.read_id(place), access.is_half_made(place, made)) == (True, "one", False)
    with pytest.raises(LedgerTrouble):
        access.make(place, noted, "test", IDENTITY, OWNER, since="now", now=1.0)


def test_an_unlisted_ledger_is_made_once(place: LedgerFile) -> None:
    access.make_unlisted(place, IDENTITY, OWNER, since="now", now=1.0)
    before = place.file.read_bytes()
    access.make_unlisted(place, LedgerIdentity("two", bytes(32)), OWNER, since="now", now=2.0)
    assert place.file.read_bytes() == before


def test_one_holds_a_ledger_while_others_read_it(place: LedgerFile) -> None:
    access.make_unlisted(place, IDENTITY, OWNER, since="now", now=1.0)
    with access.hold(place, IDENTITY, OWNER, since="9:00", ci=False):
        with access.read(place, IDENTITY) as facts:
            assert facts.find_damage() == []
        with pytest.raises(LedgerBusy, match="9:00"), access.hold(place, IDENTITY, OWNER, since="now", ci=False):
            pass
        assert access.holder(place, OWNER.host) == OWNER.pid
    assert access.holder(place, OWNER.host) is None
    with access.hold(place, IDENTITY, OWNER, since="now", ci=False):
        pass


def test_a_ledger_that_is_gone_is_not_made_by_holding_it(place: LedgerFile) -> None:
    with pytest.raises(LedgerMissing), access.hold(place, IDENTITY, OWNER, since="now", ci=False):
        pass
    assert not place.file.exists()


def test_a_ledger_that_ends_with_its_job_is_refused(place: LedgerFile) -> None:
    fleeting = LedgerFile(place.file, durable=False)
    (place.file.parent.parent / ".git").mkdir()
    access.make_unlisted(fleeting, IDENTITY, OWNER, since="now", now=1.0)
    with pytest.raises(LedgerTrouble), access.hold(fleeting, IDENTITY, OWNER, since="now", ci=True):
        pass


@pytest.mark.parametrize("value", [2**63 - 1, -1])
def test_a_count_of_runs_that_is_none_is_damage(place: LedgerFile, value: object) -> None:
    access.make_unlisted(place, IDENTITY, OWNER, since="now", now=1.0)
    connection = sqlite3.connect(place.file, isolation_level=None)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (value,))
    connection.close()
    with pytest.raises(LedgerTrouble), access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=2.0)


def test_a_count_of_runs_without_a_value_is_damage(place: LedgerFile) -> None:
    access.make_unlisted(place, IDENTITY, OWNER, since="now", now=1.0)
    connection = sqlite3.connect(place.file, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    for statement in (
        "UPDATE sqlite_schema SET sql = replace(sql, 'value NOT NULL', 'value') WHERE name = 'meta'",
        "PRAGMA schema_version = 99",
        "UPDATE meta SET value = NULL WHERE name = 'epoch'",
        "UPDATE sqlite_schema SET sql = replace(sql, 'value', 'value NOT NULL') WHERE name = 'meta'",
    ):
        connection.execute(statement)
    connection.close()
    with pytest.raises(LedgerTrouble, match="another kind"), access.read(place, IDENTITY, latest=True):
        pass


def test_a_ledger_among_gits_own_files_is_refused(tmp_path: Path) -> None:
    place = LedgerFile(tmp_path / ".git" / "test.db", durable=True)
    with pytest.raises(LedgerTrouble):
        access.make_unlisted(place, IDENTITY, OWNER, since="now", now=1.0)


NOTHING_FOR_A_SERVER = """
import sys
from pathlib import Path
from sendspec.ledger import access
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.record import RunOwner
from sendspec.reading.environment import LedgerFile
place, identity = LedgerFile(Path("test.db").absolute(), durable=True), LedgerIdentity("one", bytes(32))
owner = RunOwner(pid=1, host="here", command="send")
access.make_unlisted(place, identity, owner, since="now", now=1.0)
with access.hold(place, identity, owner, since="now", ci=False) as ledger:
    ledger.begin(owner, now=2.0)
with access.read(place, identity) as facts:
    facts.sends()
print([name for name in sys.modules if "psycopg" in name or "ledger.postgres" in name])
"""


@pytest.mark.process
def test_a_ledger_in_a_file_imports_nothing_for_a_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_FOR_A_SERVER], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
