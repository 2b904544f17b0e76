"""Verifies a ledger before a run relies on it: what was written since it was last verified, or all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sendspec.ledger.sqlite.error import refuse_damage
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.migration import ADDS_INDEXES
from sendspec.ledger.sqlite.seal import file_state, read_seal, write_seal
from sendspec.ledger.sqlite.sealing import Sealing
from sendspec.ledger.sqlite.tables import SCHEMA_VERSION
from sendspec.ledger.sqlite_file import real_place
from sendspec.ledger.verified_point import Seal


def verify(ledger: SqliteLedger, salt: bytes | None, *, trusts_seal: bool, now: float | None = None) -> None:
    """Verifies the ledger: what was written since it was last verified, if a seal proves the rest, or else all of it.

    A sealed ledger needs no limit on queries: all of it was verified once, under its limit, and nobody but a run has written since.
    At `now` (Unix seconds) the ledger counts as wholly read, if it is. A ledger whose rows a migration is to write gets no seal:
    what it writes is verified at the next opening.
    """
    place = Path(ledger.path)
    state = file_state(place)
    seal = read_seal(place, ledger.id, salt) if trusts_seal and ledger.version == SCHEMA_VERSION else None
    if seal is not None and (seal.epoch, seal.moves) != (ledger.epoch, ledger.moves):
        seal = None
    refuse_damage(ledger.path, ledger.find_damage() if seal is None else ledger.find_recent_damage(seal))
    ledger.remove_query_limit()
    if ledger.version in (SCHEMA_VERSION, *ADDS_INDEXES):
        point = ledger.point_after(None if seal is None else seal.point)
        ledger.note_verified(
            Sealing(place, ledger.id, salt, point=point, state=state, earlier=seal, now=now), wholly=seal is None
        )


def carry_seal_on(ledger: SqliteLedger, salt: bytes) -> None:
    """Has the ledger keep its proof, if it has one, where something is noted in it without a run."""
    place = Path(ledger.path)
    state = file_state(place)
    seal = read_seal(place, ledger.id, salt)
    if seal is not None:
        sealing = Sealing(place, ledger.id, salt, point=seal.point, state=state, earlier=seal)
        sealing.carry_on(seal)
        ledger.note_verified(sealing, wholly=False)


def last_seal(path: Path, ledger_id: str, salt: bytes) -> Seal | None:
    """The seal that tells when all of the ledger was last read; None if it has none, and the next send reads all of it."""
    return read_seal(real_place(path), ledger_id, salt)


def note_wholly_read(path: Path, ledger_id: str, salt: bytes, seal: Seal, at: float) -> None:
    """Notes that all of the ledger was read, and found sound, while it had this seal. The caller holds the run lock."""
    place = real_place(path)
    state = file_state(place)
    if state is not None and read_seal(place, ledger_id, salt) == seal:
        write_seal(place, ledger_id, salt, replace(seal, wholly_read_at=at), state)
