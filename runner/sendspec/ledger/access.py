"""The entry points to ledgers: make one, open one to read, or hold one to write. Callers see protocols, never the store.

`since` is the present time, as text: another run shows it while this one holds the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sendspec.diagnostics.exceptions import LedgerBusy, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, ServerPlace, moved_trouble, named
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite import location, opening
from sendspec.ledger.sqlite.run_lock import NOTING, holder_of, take_lock
from sendspec.reading.environment import LedgerFile

if TYPE_CHECKING:
    from sendspec.ledger.copy_protocol import CopySource, CopyTarget
    from sendspec.ledger.filling import Filling
    from sendspec.ledger.server_state import ServerState
    from sendspec.ledger.verified_point import Seal

__all__ = [
    "hold", "hold_source", "holder", "inspect_server", "is_half_made", "is_there", "last_seal", "make",
    "make_unlisted", "migrate", "note_opt_outs", "note_wholly_read", "open_target", "read", "read_id", "refuse_on_ci",
    "roles_sql",
]  # fmt: skip


def is_there(place: LedgerPlace) -> bool:
    """Whether there is a ledger, or something else in its place. Raises `LedgerTrouble` if that can't be told."""
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.opening import ledger_is_there

        return ledger_is_there(place)
    return opening.ledger_is_there(place.file)


def is_half_made(place: LedgerPlace, identity: LedgerIdentity) -> bool:
    """Whether a killed process left an unfinished ledger of this identity, which `make` would complete."""
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.creation import is_half_made as is_half_made_there

        return is_half_made_there(place, identity.ledger)
    from sendspec.ledger.sqlite import creation  # few commands make a ledger

    return creation.unfinished_ledger(place.file, identity.ledger) is not None


def make(
    place: LedgerPlace,
    identities: Path,
    environment: str,
    fresh: LedgerIdentity,
    owner: RunOwner,
    *,
    since: str,
    now: float,
    filling: Filling | None = None,
) -> LedgerIdentity:
    """Makes an environment's ledger, and notes its identity in the file `identities`; returns it. A salt noted there is kept.

    `fresh` is the identity to use if none is noted. `filling` writes what the ledger holds from the start. Raises `LedgerTrouble`
    if there is a ledger already.
    """
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.creation import make_ledger

        return make_ledger(place, identities, environment, fresh, now=now, filling=filling)
    from sendspec.ledger.sqlite import creation

    return creation.make_ledger(
        place.file, identities, environment, fresh, owner, since=since, now=now, filling=filling
    )


def make_unlisted(place: LedgerFile, identity: LedgerIdentity, owner: RunOwner, *, since: str, now: float) -> None:
    """Makes a ledger whose identity no file notes, such as the sandbox's. Does nothing if there is one already."""
    from sendspec.ledger.sqlite import creation

    creation.make_unlisted_ledger(place.file, identity, owner, since=since, now=now)


@contextmanager
def read(place: LedgerPlace, identity: LedgerIdentity, *, latest: bool = False) -> Iterator[Facts]:
    """Opens the ledger to read, also while runs hold it. With `latest`, refuses one that lost its latest writes."""
    ledger: Facts
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.opening import open_to_read

        ledger = open_to_read(place, identity.ledger, identity.salt)
    else:
        ledger = opening.open_to_read(place.file, identity.ledger, salt=identity.salt, latest=latest)
    try:
        yield ledger
    finally:
        ledger.close()


def holder(place: LedgerFile, host: str) -> int | None:
    """The process of this machine, which is called `host`, that holds the ledger at present. One of another machine is not seen."""
    return holder_of(place.file, host)


def read_id(place: LedgerPlace) -> str | None:
    """The id of the ledger at `place`, whichever it is; None if there is none."""
    if not is_there(place):
        return None
    ledger: Facts
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.opening import open_to_read

        ledger = open_to_read(place, None)
    else:
        ledger = opening.open_to_read(place.file, None)
    try:
        return ledger.id
    finally:
        ledger.close()


@contextmanager
def hold(
    place: LedgerPlace,
    identity: LedgerIdentity,
    owner: RunOwner,
    *,
    since: str,
    ci: bool,
    tell: Callable[[str], None] = lambda words: None,
    trusts_seal: bool = False,
    now: float | None = None,
) -> Iterator[Ledger]:
    """Opens the ledger to write and checks it. Never makes one. `tell` hears of steps that take long.

    A file is locked for `owner`; a server takes many runs at once. With `trusts_seal`, a file is checked only where it isn't known
    to be sound, and the caller has `check_sends` verify the sends that it works on. Raises `LedgerBusy` while another run holds the file, and
    `LedgerMissing` if the ledger is gone. `now` (Unix seconds) is noted as when a file was wholly read, if it is.
    """
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.opening import open_to_write

        shared = open_to_write(place, identity.ledger, identity.salt)
        try:
            _refuse_moved(place, shared)
            yield shared
        finally:
            shared.close()
        return
    refuse_on_ci(place, ci=ci)
    if not is_there(place):
        raise opening.missing_ledger(place.file)
    lock = take_lock(place.file, owner, since=since)
    try:
        ledger = opening.open_to_write(
            place.file,
            identity.ledger,
            salt=identity.salt,
            tell=tell,
            still_mine=lock.still_mine,
            trusts_seal=trusts_seal,
            now=now,
        )
        with opening.closed_after(ledger):
            _refuse_moved(place, ledger)
            yield ledger
    finally:
        lock.release()


def note_opt_outs(place: LedgerPlace, identity: LedgerIdentity, owner: RunOwner, count: int) -> bool:
    """Has the ledger note how many opt-out signals there are, unless a run holds it: that run notes it when it ends.

    Returns whether it was noted. A server needs no note, as the signals are in the ledger itself.
    """
    if isinstance(place, ServerPlace):
        return True
    try:
        lock = take_lock(place.file, replace(owner, command=NOTING), since="now")
    except (LedgerBusy, LedgerUnwritable):
        return False
    try:
        opening.note_opt_outs(place.file, identity.ledger, count, salt=identity.salt)
        return True
    finally:
        lock.release()


def last_seal(place: LedgerFile, identity: LedgerIdentity) -> Seal | None:
    """The proof that the file is as its last run left it, which says when all of it was last read; None if it has none."""
    from sendspec.ledger.sqlite import verification  # reading commands verify nothing

    return verification.last_seal(place.file, identity.ledger, identity.salt)


def note_wholly_read(place: LedgerFile, identity: LedgerIdentity, owner: RunOwner, seal: Seal, at: float) -> None:
    """Notes that all of the ledger was read at that time (Unix seconds), and found sound, unless a run has begun since `seal`."""
    try:
        lock = take_lock(place.file, replace(owner, command=NOTING), since="now")
    except (LedgerBusy, LedgerTrouble):
        return
    from sendspec.ledger.sqlite import verification

    try:
        verification.note_wholly_read(place.file, identity.ledger, identity.salt, seal, at)
    finally:
        lock.release()


def inspect_server(place: ServerPlace, wall: Callable[[], float]) -> ServerState:
    """The server of a ledger, whether or not the ledger is made, and whatever the role may do. `wall` is this machine's clock."""
    from sendspec.ledger.postgres import inspection

    return inspection.inspect_server(place, wall)


def migrate(
    place: LedgerPlace,
    identity: LedgerIdentity,
    owner: RunOwner,
    *,
    since: str,
    tell: Callable[[str], None] = lambda words: None,
    now: float | None = None,
) -> tuple[int, int]:
    """Brings the ledger to the version that this sendspec works with. Returns the version that it had, and the one that it has.

    Raises `LedgerBusy` while a run is under way. `tell` hears of steps that take long; `now` is as for `hold`.
    """
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.migration import migrate_ledger

        return migrate_ledger(place, identity)
    with closing(opening.open_to_read(place.file, identity.ledger, salt=identity.salt)) as older:
        was = older.version
    lock = take_lock(place.file, owner, since=since)
    try:
        ledger = opening.open_to_write(
            place.file, identity.ledger, salt=identity.salt, tell=tell, still_mine=lock.still_mine, now=now
        )
        ledger.close()
        return was, ledger.version
    finally:
        lock.release()


def roles_sql(schema: str) -> str:
    """SQL that makes the roles for a ledger in a schema of a server, and grants what each needs."""
    from sendspec.ledger.postgres import roles

    return roles.roles_sql(schema)


def hold_source(
    place: LedgerPlace, identity: LedgerIdentity, owner: RunOwner, *, since: str, tell: Callable[[str], None]
) -> AbstractContextManager[CopySource]:
    """Opens and checks the ledger to copy it, even if it was moved. `tell` hears of steps that take long."""
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.copy_source import hold_source_server

        return hold_source_server(place, identity)
    from sendspec.ledger.sqlite.copy_source import hold_source_file  # few commands copy a ledger

    return hold_source_file(place, identity, owner, since=since, tell=tell)


def open_target(place: LedgerPlace, identity: LedgerIdentity, owner: RunOwner, *, since: str, ci: bool) -> CopyTarget:
    """Opens the place that the ledger is copied to. The caller closes it."""
    if isinstance(place, ServerPlace):
        from sendspec.ledger.postgres.copy_target import ServerTarget

        return ServerTarget(place, identity)
    from sendspec.ledger.sqlite.copy_target import FileTarget

    refuse_on_ci(place, ci=ci)
    return FileTarget(place.file, identity, owner, since=since)


def _refuse_moved(place: LedgerPlace, ledger: Facts) -> None:
    """Raises `LedgerMoved` for a ledger that was copied: what its copy has sent since would be sent a second time."""
    moved_to = ledger.moved_to
    if moved_to is not None:
        raise moved_trouble(named(place), moved_to)


def refuse_on_ci(place: LedgerPlace, *, ci: bool) -> None:
    """Raises `LedgerTrouble` for a ledger that is deleted with its CI job."""
    if isinstance(place, LedgerFile):
        location.refuse_on_ci(place.file, ci=ci, durable=place.durable)
