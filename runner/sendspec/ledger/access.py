"""The way to a ledger: make one, read one, hold one. Callers see protocols, never the store behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerMissing
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.protocol import Facts, Ledger
from sendspec.ledger.record import RunOwner
from sendspec.ledger.sqlite import creation, location, opening
from sendspec.ledger.sqlite.creation import Filling
from sendspec.ledger.sqlite.run_lock import take_lock
from sendspec.reading.environment import LedgerPlace

__all__ = ["Filling", "hold", "is_half_made", "is_there", "make", "make_unlisted", "read", "read_id", "refuse_on_ci"]


def is_there(place: LedgerPlace) -> bool:
    """Whether there is a ledger, or any file in its place. Raises `LedgerUnwritable` where this user may not look."""
    return opening.ledger_is_there(place.file)


def is_half_made(place: LedgerPlace, identity: LedgerIdentity) -> bool:
    """Whether a killed process left a ledger of this identity that `make` would complete."""
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
    """Makes an environment's ledger, once, and notes its identity in the file `identities`, whose salt is kept.

    `filling` writes what the ledger holds from the start. Raises `LedgerTrouble` where there is a ledger already.
    """
    return creation.make_ledger(
        place.file, identities, environment, fresh, owner, since=since, now=now, filling=filling
    )


def make_unlisted(place: LedgerPlace, identity: LedgerIdentity, owner: RunOwner, *, since: str, now: float) -> None:
    """Makes a ledger of an identity that no file notes, as the sandbox's; does nothing where there is one."""
    creation.make_unlisted_ledger(place.file, identity, owner, since=since, now=now)


@contextmanager
def read(place: LedgerPlace, identity: LedgerIdentity, *, latest: bool = False) -> Iterator[Facts]:
    """The ledger to read, also while a run holds it. With `latest`, one that lost its latest writes is refused."""
    ledger = opening.open_to_read(place.file, identity.ledger, salt=identity.salt, latest=latest)
    try:
        yield ledger
    finally:
        ledger.close()


def read_id(place: LedgerPlace) -> str | None:
    """The id of whichever ledger is there; None where there is none."""
    if not is_there(place):
        return None
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
) -> Iterator[Ledger]:
    """The ledger to write: locked for `owner`, opened, checked. Never makes one. `tell` is told what takes time.

    Raises `LedgerBusy` while another run holds it.
    """
    refuse_on_ci(place, ci=ci)
    if not is_there(place):
        raise LedgerMissing(
            f"the ledger {place.file} is gone, and sendspec.lock says that there was one",
            "bring it back: a new one would send everything again",
        )
    lock = take_lock(place.file, owner, since=since)
    try:
        ledger = opening.open_to_write(
            place.file, identity.ledger, salt=identity.salt, tell=tell, still_mine=lock.still_mine
        )
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        lock.release()


def refuse_on_ci(place: LedgerPlace, *, ci: bool) -> None:
    """Raises `LedgerTrouble` for a ledger that is deleted with its CI job."""
    location.refuse_on_ci(place.file, ci=ci, durable=place.durable)
