"""Refuses places where a ledger can't be kept: network file systems, and the checkout of a CI job."""

from __future__ import annotations

import re
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "davfs", "ncpfs"}
    | {f"fuse.{kind}" for kind in ("sshfs", "glusterfs", "ceph", "s3fs", "rclone", "gcsfuse", "davfs2")}
)
"""SQLite's locks and WAL don't work there (sqlite.org, "Write-Ahead Logging", section 1)."""


def refuse_on_ci(path: Path, *, ci: bool, durable: bool) -> None:
    """A ledger inside a CI job's checkout is deleted with the job, and the next job would send everything again."""
    if not ci or durable:
        return
    if any((folder / ".git").exists() for folder in path.resolve().parents):
        raise LedgerTrouble(
            f"the ledger {path} lies in the checkout of a CI job, and is gone with it",
            "use a PostgreSQL server: `ledger: {url: {env: SENDSPEC_LEDGER_URL}}`; or keep the file on a volume that lasts, and say so:"
            " `ledger: {file: …, durable: true}`",
        )


def refuse_network(path: Path, mounts: str) -> None:
    """Refuses a ledger on a network file system. `mounts` is the text of `/proc/self/mounts`."""
    place, best, kind = path.resolve(), Path("/"), ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(_unescaped(fields[1]))
        if place.is_relative_to(point) and point.is_relative_to(best):
            best, kind = point, fields[2]
    if kind in NETWORK_FILE_SYSTEMS:
        raise LedgerTrouble(
            f"the ledger {path} lies on a network file system ({kind}), where its locks don't hold",
            "put it on a local disk",
        )


def _unescaped(field: str) -> str:
    r"""A path from the table of mounts, which writes a space as \040 (fstab(5))."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def read_mounts() -> str:
    """The table of mounts; empty on a system without one."""
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
