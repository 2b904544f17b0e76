"""`<ledger>.opt-outs`, the mirror of how many opt-out signals there are: it shows that their file was lost or restored.

Its name doesn't begin as the signals' file does, `<ledger>.delivery`, so that what removes that one and its logs leaves it.
"""

from __future__ import annotations

import os
from pathlib import Path

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.durable_file import write_whole
from sendspec.ledger.sqlite_file import open_beside, refuse_link

MAX_BYTES = 40
"""Longer than any count."""
NOTE = "opt_outs"
"""The note in the ledger's `meta` that repeats the mirror."""


def opt_out_mirror_path(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + ".opt-outs")


def read_opt_out_mirror(ledger: Path) -> int:
    """The mirrored count of signals beside the ledger at `ledger`. Without a mirror 0, which is no reason to refuse."""
    place = opt_out_mirror_path(ledger)
    try:
        with os.fdopen(open_beside(place, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            written = file.read(MAX_BYTES + 1).strip()
        if not written.isdigit() or len(written) > MAX_BYTES:
            raise ValueError
        return int(written)
    except FileNotFoundError:
        return 0
    except (ValueError, OSError):
        raise LedgerTrouble(
            f"{place} can't be read", "remove it if nobody's opt-out was lost; the next opt-out writes it again"
        ) from None


def write_opt_out_mirror(ledger: Path, count: int) -> None:
    """Writes the mirror durably. Call it after the signals' own commit, so that the mirror is never ahead."""
    refuse_link(opt_out_mirror_path(ledger))
    write_whole(opt_out_mirror_path(ledger), f"{count}\n", 0o600)
