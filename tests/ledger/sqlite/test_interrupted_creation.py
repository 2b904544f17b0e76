"""A creation that was interrupted is completed by the next, or leaves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ledger_samples import OWNER
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.identity import LedgerIdentity, write_identity
from sendspec.ledger.sqlite.creation import create_ledger, make_ledger, unfinished_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.progress_mirror import LedgerProgress, read_mirror

FRESH = LedgerIdentity("one", b"s" * 32, ".sendspec/test.db", ("w/c",))


def make(path: Path, identities: Path, **more: Any) -> LedgerIdentity:
    return make_ledger(path, identities, "production", FRESH, OWNER, since="now", now=1.0, **more)


def begin_and_end(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
    """A run in a ledger that is being made."""
    assert ledger.salt_check == identity.salt_check
    ledger.begin(OWNER, now=2.0)
    ledger.end(now=3.0, ending="finished", requests=0)


def test_a_ledger_is_filled_before_it_can_be_found(tmp_path: Path) -> None:
    path, identities = tmp_path / "ledger" / "test.db", tmp_path / "sendspec.lock"

    def filling(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
        begin_and_end(ledger, identity)
        assert not path.exists()
        assert not identities.exists()

    make(path, identities, filling=filling)
    assert read_mirror(path) == LedgerProgress(1, 0)
    assert sorted(found.name for found in path.parent.iterdir()) == ["test.db", "test.db.epoch", "test.db.lock"]
    open_to_write(path, "one", salt=FRESH.salt).close()


def test_what_fails_while_a_ledger_is_filled_leaves_nothing(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"

    def failing(ledger: SqliteLedger, identity: LedgerIdentity) -> None:
        begin_and_end(ledger, identity)
        raise LedgerTrouble("something is wrong", "mend it")

    with pytest.raises(LedgerTrouble, match="something"):
        make(path, identities, filling=failing)
    assert [found.name for found in tmp_path.iterdir()] == ["test.db.lock"]


def test_a_ledger_that_was_to_be_named_is_named_by_the_next(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"
    create_ledger(tmp_path / ".test.db.12", "one", now=1.0)
    create_ledger(tmp_path / ".test.db.13", "another", now=1.0)
    write_identity(identities, "production", FRESH)
    assert unfinished_ledger(path, "one") == tmp_path / ".test.db.12"
    assert unfinished_ledger(path, "none") is None
    assert make(path, identities) == FRESH
    assert unfinished_ledger(path, "one") is None
    open_to_write(path, "one").close()
    assert sorted(found.name for found in tmp_path.iterdir()) == [
        "sendspec.lock", "test.db", "test.db.epoch", "test.db.lock",
    ]  # fmt: skip


def test_what_is_noted_stays_to_be_named_where_that_fails(tmp_path: Path) -> None:
    path, identities = tmp_path / "test.db", tmp_path / "sendspec.lock"

    def noted() -> None:
        write_identity(identities, "production", FRESH)
        path.write_text("in its place")

    with pytest.raises(LedgerTrouble, match="already"):
        create_ledger(path, "one", now=1.0, note=noted)
    path.unlink()
    assert unfinished_ledger(path, "one") is not None
    assert make(path, identities) == FRESH
