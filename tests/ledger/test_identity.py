"""The file that notes each environment's ledger and salt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
    LedgerUnwritable,
    SendspecError,
)
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.sqlite.creation import create_ledger

FRESH = LedgerIdentity("one", b"s" * 32)


def test_a_lock_file_of_a_later_format_asks_for_a_later_program(tmp_path: Path) -> None:
    file = tmp_path / "sendspec.lock"
    file.write_text(json.dumps({"lock": 2, "environments": {}}))
    with pytest.raises(LedgerTrouble, match="format 2") as trouble:
        read_identities(file)
    assert trouble.value.fix == "update sendspec"


def test_a_lock_file_that_finds_no_room_stays_as_it_was(tmp_path: Path, no_room: Any) -> None:
    file = tmp_path / "sendspec.lock"
    write_identity(file, "production", FRESH)
    before = file.read_bytes()
    with no_room(), pytest.raises(LedgerUnwritable, match=r"sendspec\.lock can't be written") as trouble:
        write_identity(file, "staging", LedgerIdentity("two", b"t" * 32))
    assert trouble.value.fix.startswith("free some space")
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_identities_of_other_environments_stay_when_one_is_added(tmp_path: Path) -> None:
    file = tmp_path / "sendspec.lock"
    write_identity(file, "production", LedgerIdentity("a", b"1" * 32))
    write_identity(file, "staging", LedgerIdentity("b", b"2" * 32))
    assert read_identities(file) == {
        "production": LedgerIdentity("a", b"1" * 32),
        "staging": LedgerIdentity("b", b"2" * 32),
    }


@pytest.mark.parametrize(
    "content", ["", "{", '{"lock": 1}', '{"lock": 1, "environments": {"a": {"ledger": "x", "salt": "00"}}}', "[]"]
)
def test_a_damaged_lock_file_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "sendspec.lock"
    file.write_text(content)
    with pytest.raises(LedgerTrouble):
        read_identities(file)


def test_an_entry_says_where_the_ledger_is_and_which_channels_it_has(tmp_path: Path) -> None:
    file = tmp_path / "sendspec.lock"
    left = tmp_path / ".sendspec.lock.12"
    left.write_text("half")
    write_identity(file, "production", FRESH)
    assert read_identities(file) == {"production": FRESH}
    assert not left.exists()


@pytest.mark.parametrize("more", [{}, {"file": "x.db"}])
def test_an_entry_of_an_earlier_release_is_read_and_kept(tmp_path: Path, more: dict[str, str]) -> None:
    file = tmp_path / "sendspec.lock"
    entry = {"ledger": "one", "salt": "ab" * 32, **more}
    file.write_text(json.dumps({"lock": 1, "environments": {"old": entry}}))
    write_identity(file, "new", FRESH)
    assert json.loads(file.read_text())["environments"]["old"] == entry


@pytest.mark.parametrize("wrong", [{"file": 1}, {"channels": "w/c"}, {"channels": [1]}, {"salt": "ab"}])
def test_an_entry_that_makes_no_sense_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    file = tmp_path / "sendspec.lock"
    entry = {"ledger": "one", "salt": "ab" * 32, **wrong}
    file.write_text(json.dumps({"lock": 1, "environments": {"old": entry}}))
    with pytest.raises(LedgerTrouble, match="can't be read"):
        read_identities(file)


def test_identities_are_not_read_by_way_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "sendspec.lock").symlink_to("elsewhere")
    with pytest.raises(LedgerTrouble, match="is a link"):
        read_identities(tmp_path / "sendspec.lock")


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("no folder")
    with pytest.raises(SendspecError, match="project"):
        read_identities(tmp_path / "project" / "sendspec.lock")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    create_ledger(path, "one", now=1.0)
    return path


def test_a_file_where_a_folder_is_needed_is_no_reason_to_bring_the_identities_back(path: Path) -> None:
    with pytest.raises(LedgerUnwritable, match="not a directory"):
        read_identities(path / "sendspec.lock")
