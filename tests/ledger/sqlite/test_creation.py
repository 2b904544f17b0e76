"""A ledger is created whole or not at all, once, with its identity noted before it can be found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import OWNER
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.identity import LedgerIdentity, read_identities, write_identity
from sendspec.ledger.sqlite.creation import PAGE_BYTES, create_ledger, make_ledger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.run_lock import take_lock

FRESH = LedgerIdentity("one", b"s" * 32)


def make(path: Path, identities: Path, fresh: LedgerIdentity = FRESH) -> LedgerIdentity:
    return make_ledger(path, identities, "production", fresh, OWNER, since="now", now=1.0)


def test_a_ledger_is_made_with_its_identity_beside_the_project(tmp_path: Path) -> None:
    path, identities = tmp_path / "new" / "test.db", tmp_path / "sendspec.lock"
    assert make(path, identities) == FRESH
    assert read_identities(identities) == {"production": FRESH}
    ledger = open_to_write(path, "one", salt=FRESH.salt)
    assert ledger.salt_check == FRESH.salt_check
    assert bytes(32).hex() not in FRESH.salt_check
    assert FRESH.salt.hex() not in FRESH.salt_check
    ledger.close()
    take_lock(path, OWNER, since="later").release()


def test_a_known_salt_is_kept_so_that_every_message_keeps_its_id(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    write_identity(identities, "production", LedgerIdentity("earlier", b"e" * 32))
    made = make(path, identities)
    assert made == LedgerIdentity("one", b"e" * 32)
    assert read_identities(identities) == {"production": made}


def test_a_ledger_that_is_there_keeps_its_identity_and_gives_the_lock_back(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    make(path, identities)
    with pytest.raises(LedgerTrouble, match="already"):
        make(path, identities, LedgerIdentity("two", b"t" * 32))
    assert read_identities(identities) == {"production": FRESH}
    open_to_write(path, "one").close()
    take_lock(path, OWNER, since="later").release()


def test_a_new_ledger_has_small_pages_so_that_a_commit_writes_little(tmp_path: Path) -> None:
    create_ledger(tmp_path / "test.db", "one", now=1.0)
    ledger = open_to_write(tmp_path / "test.db", "one")
    assert ledger._connection.execute("PRAGMA page_size").fetchone() == (PAGE_BYTES,) == (1024,)
    ledger.close()


def test_a_folder_that_can_not_be_made_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LedgerUnwritable, match="file"):
        create_ledger(tmp_path / "file" / "test.db", "one", now=1.0)


def test_on_a_full_disk_no_half_ledger_appears(tmp_path: Path, no_room: Any) -> None:
    path = tmp_path / "test.db"
    with no_room(), pytest.raises(LedgerUnwritable, match=str(path)):
        create_ledger(path, "one", now=1.0)
    assert list(tmp_path.iterdir()) == []
    create_ledger(path, "one", now=1.0)
    open_to_write(path, "one").close()


def test_a_name_that_the_file_system_does_not_take_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / ("l" * 252)
    with pytest.raises(LedgerUnwritable, match="name too long"):
        create_ledger(path, "one", now=1.0)
    assert list(tmp_path.iterdir()) == []


before_links: dict[str, Callable[[], object]] = {}
"""What happens right before a file gets that name."""


def _before_link(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "os.link":
        before_links.pop(os.fspath(arguments[1]), int)()


sys.addaudithook(_before_link)


def test_of_two_that_make_one_ledger_at_once_the_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    before_links[str(path)] = lambda: path.write_bytes(b"the first one's")
    with pytest.raises(LedgerTrouble, match="already"):
        create_ledger(path, "two", now=1.0)
    assert before_links == {}
    assert path.read_bytes() == b"the first one's"
    assert [found.name for found in tmp_path.iterdir()] == ["test.db"]
