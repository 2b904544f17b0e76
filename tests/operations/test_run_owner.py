"""This process as a ledger notes it."""

from __future__ import annotations

import os

from sendspec.operations.run_owner import run_owner
from sendspec.operations.system import real_system


def test_it_is_this_process_under_its_commands_name() -> None:
    owner = run_owner(real_system("sendspec send"))
    assert (owner.pid, owner.host, owner.command) == (os.getpid(), os.uname().nodename, "sendspec send")
