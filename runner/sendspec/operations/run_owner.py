"""This process as a ledger notes it."""

from __future__ import annotations

import os

from sendspec.ledger.record import RunOwner
from sendspec.operations.system import System


def run_owner(system: System) -> RunOwner:
    """This process, for the ledger's record and for the error that a second run gets."""
    return RunOwner(pid=os.getpid(), host=os.uname().nodename, command=system.command)
