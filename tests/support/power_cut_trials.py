"""Power cuts under the real ledger: what it acknowledged must survive, and a run must be able to go on."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ledger_samples import claims
from power_cut_disk import Connection, Cut, Disk
from sendspec.diagnostics.exceptions import LedgerRolledBack, SendspecError
from sendspec.ledger.record import PlannedRecord, Route, RunOwner, SendIdentity, Settlement
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.sqlite.progress_mirror import mirror_path
from sendspec.ledger.sqlite.reader import SqliteReader
from sendspec.planning.message_state import State

OWNER = RunOwner(pid=1, host="here", command="sendspec send")
RESULTS = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED)


@dataclass(frozen=True)
class CutResult:
    """Of `cuts`, how many had an acknowledged claim or result missing, and how many of those the next run would have noticed.

    `stuck`: nothing was missing, and yet no run could go on.
    """

    cuts: int = 0
    lost: int = 0
    noticed: int = 0
    stuck: int = 0

    def __add__(self, other: CutResult) -> CutResult:
        return CutResult(
            self.cuts + other.cuts, self.lost + other.lost, self.noticed + other.noticed, self.stuck + other.stuck
        )


def cut_power(seed: int, cuts: int, *, synchronous: str | None = None, keys: int = 12) -> CutResult:
    """Runs the ledger through claims and results, with `cuts` cuts at random moments, and looks at what each left.

    `synchronous` is a control: a way to sync that is not the ledger's own.
    """
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    path = folder / "test.db"
    disk = Disk(f"cut-{seed}-{synchronous}", mirror_path(path))
    disk.chance = chance
    try:
        create_ledger(path, "one", now=1.0)
        taken: list[Cut] = []
        while len(taken) < cuts:
            disk.cuts_at = {disk.operations + chance.randrange(1, 400) for _ in range(12)}
            _work(path, disk, synchronous, chance, keys)
            taken, disk.taken = [*taken, *disk.taken], []
        found = Counter(_look(folder / f"cut-{n}", cut) for n, cut in enumerate(taken[:cuts]))
    finally:
        disk.unregister()
        shutil.rmtree(folder)
    return CutResult(found.total(), found["lost"] + found["noticed"], found["noticed"], found["stuck"])


def _work(path: Path, disk: Disk, synchronous: str | None, chance: random.Random, keys: int) -> None:
    """One run: new messages, claimed and settled a few at a time."""
    disk.files.clear()
    ledger = open_to_write(path, "one", lambda name: Connection(name, disk, synchronous))
    disk.acknowledged = _states(ledger)
    ledger.begin(OWNER, now=2.0)
    ids = [chance.randbytes(16) for _ in range(keys)]
    records = [PlannedRecord(identity, b"d" * 24, None, b"r" * 16, "+44••••••01") for identity in ids]
    disk.under_way = dict.fromkeys(ids, State.PLANNED)
    ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0, route=Route("w", "c"))
    disk.acknowledged |= disk.under_way
    open_claims: dict[bytes, int] = {}
    while ids or open_claims:
        settled = chance.sample(sorted(open_claims), chance.randint(0, min(3, len(open_claims))))
        results = [Settlement(i, open_claims.pop(i), chance.choice(RESULTS), "id") for i in settled]
        claim = [ids.pop() for _ in range(min(len(ids), chance.randint(0, 3)))]
        disk.under_way = {r.id: r.to for r in results} | dict.fromkeys(claim, State.SENDING)
        open_claims |= ledger.exchange(settle=results, claim=claims(claim), now=3.0).won
        disk.acknowledged |= disk.under_way
        disk.under_way = {}
        if chance.random() < 0.1:
            ledger._checkpoint()
    ledger.close()


def _look(folder: Path, cut: Cut) -> str:
    """What the ledger says after a cut, held against what had been acknowledged; then whether a run can go on from there."""
    folder.mkdir()
    path = folder / "test.db"
    for name, content in cut.files.items():
        (folder / name).write_bytes(content)
    mirror_path(path).write_bytes(cut.mirror)
    try:
        found = _found(path)
        allowed = {key: {state, cut.under_way.get(key, state)} for key, state in cut.acknowledged.items()}
        if found is None or any(found.get(key) not in states for key, states in allowed.items()):
            return "noticed" if _refused(path) else "lost"
        return "kept" if _goes_on(path, found) else "stuck"
    finally:
        shutil.rmtree(folder)


def _found(path: Path) -> dict[bytes, State] | None:
    """The states in the ledger; None where it is damaged."""
    try:
        ledger = open_to_read(path, "one")
        try:
            return None if ledger.find_damage() else _states(ledger)
        finally:
            ledger.close()
    except SendspecError:
        return None


def _refused(path: Path) -> bool:
    try:
        open_to_write(path, "one").close()
    except LedgerRolledBack:
        return True
    except SendspecError:
        return False
    return False


def _goes_on(path: Path, found: dict[bytes, State]) -> bool:
    """Whether the next run begins, with what was being sent in doubt and all else as it was."""
    expected = {key: State.IN_DOUBT if state is State.SENDING else state for key, state in found.items()}
    try:
        ledger = open_to_write(path, "one")
        ledger.begin(OWNER, now=4.0)
        begun = _states(ledger)
        ledger.close()
    except SendspecError:
        return False
    return begun == expected


def _states(ledger: SqliteReader) -> dict[bytes, State]:
    return {message.id: message.state for message in ledger.messages()}
