"""A file system that loses, at a power cut, everything that was not synced.

SQLite writes through a file system of apsw's, which keeps beside each file what a sync has made durable and what has not been
yet. A cut takes the durable part and any of the rest, in any order, torn at sectors of 512 bytes; a file whose folder was not
synced since may be missing, or be back.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from sendspec.planning.message_state import State

SECTOR = 512


@dataclass
class File:
    """What is on the disk, and what is on its way there; `named` is whether the folder on the disk has it."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)
    named: bool = True

    def sync(self) -> None:
        """SQLite syncs the folder with the first sync of a log."""
        self.named = True
        for offset, content in self.pending:
            _put(self.durable, offset, content)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        """The file as a cut leaves it."""
        content = bytearray(self.durable)
        kept = [write for write in self.pending if chance.random() < 0.5]
        chance.shuffle(kept)
        for offset, written in kept:
            if offset < 0:
                del content[len(written) :]
                continue
            torn = chance.random() < 0.3
            length = chance.randrange(0, len(written), SECTOR) if torn and len(written) > SECTOR else len(written)
            _put(content, offset, written[:length])
        return bytes(content)


def _put(content: bytearray, offset: int, written: bytes) -> None:
    """An offset below 0 stands for a cut to the length of `written`."""
    if offset < 0:
        del content[len(written) :]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(written)] = written


@dataclass(frozen=True)
class Cut:
    """The files as they would be found, and what had been acknowledged by then; `under_way` might have been committed too.

    `mirror` is the file beside the ledger that tells its progress, which is never synced while a run goes on: at its latest, it
    must not be ahead.
    """

    files: dict[str, bytes]
    mirror: bytes
    acknowledged: dict[bytes, State]
    under_way: dict[bytes, State]


class Disk(apsw.VFS):
    """A file system that passes everything on to the real one, and knows what of it is durable."""

    def __init__(self, name: str, mirror: Path) -> None:
        self.name = name
        self._mirror = mirror
        self.files: dict[str, File] = {}
        self._deleted: dict[str, File] = {}
        self.operations = 0
        self.cuts_at: set[int] = set()
        self.taken: list[Cut] = []
        self.acknowledged: dict[bytes, State] = {}
        self.under_way: dict[bytes, State] = {}
        self.chance = random.Random(0)
        super().__init__(name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        return DiskFile(self, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        gone = self.files.pop(Path(name).name, None)
        if gone is not None and gone.named and not syncdir:
            self._deleted[Path(name).name] = gone
        super().xDelete(name, syncdir)

    def synced(self, name: str, file: File) -> None:
        file.sync()
        self._deleted.pop(name, None)

    def happened(self) -> None:
        """One more operation on the disk: perhaps the one at which the power fails."""
        self.operations += 1
        if self.operations in self.cuts_at:
            found = {name: self._found(name) for name in {*self.files, *self._deleted}}
            files = {name: file.after_a_cut(self.chance) for name, file in found.items() if file is not None}
            self.taken.append(Cut(files, self._mirror.read_bytes(), dict(self.acknowledged), dict(self.under_way)))

    def _found(self, name: str) -> File | None:
        """The file of that name after a cut: the folder may have the new one, the deleted one, or none."""
        there, deleted = self.files.get(name), self._deleted.get(name)
        if there is not None and there.named:
            return there
        return self.chance.choice([there, deleted])


class DiskFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = disk
        self._name = Path(path).name
        known = Path(path).read_bytes()
        self._file = disk.files.setdefault(self._name, File(bytearray(known), named=known != b""))

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.happened()
        super().xWrite(data, offset)
        self._file.pending.append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        self._disk.happened()
        super().xTruncate(newsize)
        self._file.pending.append((-1, bytes(newsize)))

    def xSync(self, flags: int) -> None:
        self._disk.happened()
        super().xSync(flags)
        self._disk.synced(self._name, self._file)
        self._disk.happened()


class Cursor:
    """What the ledger uses of a cursor of sqlite3's."""

    def __init__(self, rows: list[Any], rowcount: int, lastrowid: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount
        self.lastrowid = lastrowid

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class Connection:
    """A connection of apsw's with the face of sqlite3's. `synchronous`, if any, takes the place of what the ledger asks for."""

    def __init__(self, path: str, disk: Disk, synchronous: str | None) -> None:
        self._inner = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, vfs=disk.name)
        self._synchronous = synchronous

    @property
    def in_transaction(self) -> bool:
        return bool(self._inner.in_transaction)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        if self._synchronous is not None and sql.startswith("PRAGMA synchronous"):
            sql = f"PRAGMA synchronous = {self._synchronous}"
        try:
            before = self._inner.total_changes()
            rows = list(self._inner.execute(sql, tuple(parameters)))
            return Cursor(rows, self._inner.total_changes() - before, self._inner.last_insert_rowid())
        except apsw.Error as error:
            raise sqlite3.OperationalError(str(error)) from error

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> Cursor:
        return Cursor([], sum(self.execute(sql, row).rowcount for row in rows), 0)

    def create_function(self, name: str, count: int, function: Any, *, deterministic: bool) -> None:
        self._inner.create_scalar_function(name, function, count, deterministic=deterministic)

    def set_progress_handler(self, handler: Any, steps: int) -> None:
        self._inner.set_progress_handler(handler, steps)

    def setlimit(self, category: int, most: int) -> None:
        self._inner.limit(category, most)

    def close(self) -> None:
        self._inner.close()
