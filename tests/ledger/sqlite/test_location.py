"""Places where a ledger can not be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import (
    LedgerTrouble,
    LedgerUnwritable,
)
from sendspec.ledger.sqlite.location import refuse_network, refuse_on_ci
from sendspec.ledger.sqlite.opening import open_to_write


def test_without_a_file_to_be_had_the_table_of_mounts_is_passed_over_and_the_ledger_refused(
    path: Path, no_more_files: Any
) -> None:
    with no_more_files(), pytest.raises(LedgerUnwritable, match="can't be opened"):
        open_to_write(path, "one")
    open_to_write(path, "one").close()


def test_lines_of_the_table_of_mounts_that_say_nothing_are_passed_over() -> None:
    refuse_network(Path("/mnt/ledger.db"), "\nnothing here\n/dev/sda / ext4 rw 0 0\n")
    with pytest.raises(LedgerTrouble, match="nfs"):
        refuse_network(Path("/mnt/ledger.db"), "\nnothing here\nserver:/ /mnt nfs rw 0 0\n")


def test_of_mounts_within_each_other_the_innermost_counts() -> None:
    mounts = ["/dev/sda / ext4 rw", "server:/ /srv nfs rw", "/dev/sdb /srv/disk ext4 rw"]
    for listed in (mounts, mounts[::-1]):
        refuse_network(Path("/srv/disk/ledger.db"), "\n".join(listed))
        with pytest.raises(LedgerTrouble, match="nfs"):
            refuse_network(Path("/srv/other/ledger.db"), "\n".join(listed))


def test_a_ledger_in_a_checkout_is_refused_on_ci_unless_it_lasts(tmp_path: Path) -> None:
    inside = tmp_path / "repo" / ".sendspec" / "a.db"
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    with pytest.raises(LedgerTrouble, match="CI") as refused:
        refuse_on_ci(inside, ci=True, durable=False)
    assert [way for way in ("url:", "durable:") if way not in refused.value.fix] == []
    refuse_on_ci(inside, ci=True, durable=True)
    refuse_on_ci(inside, ci=False, durable=False)
    refuse_on_ci(tmp_path / "volume" / "a.db", ci=True, durable=False)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_network_file_system_is_refused(kind: str) -> None:
    mounts = f"/dev/sda / ext4 rw 0 0\nserver:/x /mnt/share\\040one {kind} rw 0 0\n"
    with pytest.raises(LedgerTrouble, match="network"):
        refuse_network(Path("/mnt/share one/ledger.db"), mounts)
    refuse_network(Path("/srv/ledger.db"), mounts)
