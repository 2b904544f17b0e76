"""Power cuts: the real ledger on a file system that forgets, at any moment, what was not synced.

SQLite writes through a file system of apsw's, which keeps beside each file what a sync has made durable and what has not been
yet. A cut takes the durable part and any of the rest, in any order, torn at sectors of 512 bytes.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from runner.ledger.opening import create_ledger, open_to_read, open_to_write
from runner.ledger.record import PlannedRecord, Route, RunOwner, Settlement, SpecIdentity
from runner.ledger.sqlite import SqliteLedger
from runner.planning.fact import State

SECTOR = 512
OWNER = RunOwner(pid=1, host="here", command="sendspec send")


@dataclass
class File:
    """What is on the disk, and what is on its way there."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
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
    """The files as they would be found, and what had been acknowledged by then; `under_way` might have been committed too."""

    files: dict[str, bytes]
    acknowledged: dict[bytes, State]
    under_way: dict[bytes, State]


class Disk(apsw.VFS):
    """A file system that passes everything on to the real one, and knows what of it is durable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, File] = {}
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
        self.files.pop(Path(name).name, None)
        super().xDelete(name, syncdir)

    def happened(self) -> None:
        """One more operation on the disk: perhaps the one at which the power fails."""
        self.operations += 1
        if self.operations in self.cuts_at:
            files = {name: file.after_a_cut(self.chance) for name, file in self.files.items()}
            self.taken.append(Cut(files, dict(self.acknowledged), dict(self.under_way)))


class DiskFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk = disk
        known = Path(path).read_bytes() if Path(path).exists() else b""
        self._file = disk.files.setdefault(Path(path).name, File(bytearray(known)))

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
        self._file.sync()
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
    """A connection of apsw's with the face of sqlite3's. `synchronous` takes the place of what the ledger asks for."""

    def __init__(self, path: str, disk: Disk, synchronous: str) -> None:
        self._inner = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, vfs=disk.name)
        self._synchronous = synchronous

    @property
    def in_transaction(self) -> bool:
        return bool(self._inner.in_transaction)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        if sql.startswith("PRAGMA synchronous"):
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

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True)
class CutResult:
    """Of `cuts`, how many had an acknowledged claim or result missing, or a ledger that would not open."""

    cuts: int
    lost: int
    unopened: int


def cut_power(seed: int, cuts: int, *, synchronous: str = "FULL", keys: int = 12) -> CutResult:
    """Runs the ledger through claims and results, with `cuts` cuts at random moments, and looks at what each left."""
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    disk = Disk(f"cut-{seed}-{synchronous}")
    disk.chance = chance
    try:
        path = folder / "test.db"
        create_ledger(path, "one", now=1.0)
        taken = []
        while len(taken) < cuts:
            disk.cuts_at = {disk.operations + chance.randrange(1, 400) for _ in range(12)}
            _work(path, disk, synchronous, chance, keys)
            taken, disk.taken = [*taken, *disk.taken], []
        looked_at = [_look(folder / f"cut-{n}", cut) for n, cut in enumerate(taken[:cuts])]
    finally:
        disk.unregister()
        shutil.rmtree(folder)
    return CutResult(len(looked_at), looked_at.count("lost"), looked_at.count("unopened"))


def _work(path: Path, disk: Disk, synchronous: str, chance: random.Random, keys: int) -> None:
    """One run: new messages, claimed and settled a few at a time."""
    disk.files.clear()
    ledger = open_to_write(path, "one", lambda name: Connection(name, disk, synchronous))
    disk.acknowledged = {message.id: message.state for message in ledger.messages()}
    ledger.begin(OWNER, now=2.0)
    disk.acknowledged = {message.id: message.state for message in ledger.messages()}
    ids = [chance.randbytes(16) for _ in range(keys)]
    records = [PlannedRecord(identity, b"d" * 32, None, b"r" * 16, "+44••••••01") for identity in ids]
    disk.under_way = dict.fromkeys(ids, State.PLANNED)
    ledger.put_planned(SpecIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0, route=Route("w", "c"))
    disk.acknowledged |= disk.under_way
    open_claims: dict[bytes, int] = {}
    while ids or open_claims:
        settled = chance.sample(sorted(open_claims), chance.randint(0, min(3, len(open_claims))))
        results = [Settlement(i, open_claims.pop(i), chance.choice(list(_RESULTS)), "id") for i in settled]
        claim = [ids.pop() for _ in range(min(len(ids), chance.randint(0, 3)))]
        disk.under_way = {r.id: r.to for r in results} | dict.fromkeys(claim, State.SENDING)
        open_claims |= ledger.exchange(settle=results, claim=claim, now=3.0)
        disk.acknowledged |= disk.under_way
        disk.under_way = {}
        if chance.random() < 0.1:
            ledger._checkpoint()
    ledger.close()


_RESULTS = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED)


def _look(folder: Path, cut: Cut) -> str:
    """What the ledger says after a cut, held against what had been acknowledged."""
    folder.mkdir()
    for name, content in cut.files.items():
        (folder / name).write_bytes(content)
    try:
        ledger: SqliteLedger = open_to_read(folder / "test.db", "one")
        found = {message.id: message.state for message in ledger.messages()}
        damages = ledger.damages()
        ledger.close()
    except Exception:
        return "unopened"
    finally:
        shutil.rmtree(folder)
    allowed = {identity: {state, cut.under_way.get(identity, state)} for identity, state in cut.acknowledged.items()}
    kept = all(found.get(identity) in states for identity, states in allowed.items())
    return "kept" if kept and not damages else "lost"
