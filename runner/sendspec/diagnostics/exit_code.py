"""The exit codes of every command, in one place."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended, as its process tells the caller.

    Where several apply, `cli` decides which one wins.
    """

    DONE = 0
    """Nothing is left over. Skipped messages leave it at 0."""

    REJECTED = 1
    """The input was rejected; nothing was sent."""

    USAGE = 2
    """Wrong usage; also a command that would have to ask, and can't."""

    INCOMPLETE = 3
    """Finished, but some messages were refused, not sent, on hold, expired, not in the plan, or left. `sandbox wait`: too few have arrived."""

    IN_DOUBT = 4
    """Some outcomes are in doubt, from this run or an earlier one."""

    API_REFUSED = 5
    """The API refused the run as a whole (401, 402, 403, unknown channel), and the run stopped."""

    LEDGER = 6
    """Ledger trouble: missing, damaged, foreign, rolled back, disk full, unreachable. Also memory that ran out."""

    GUARD = 7
    """Stopped by a guard: limits, failure rate, window."""

    STALE = 8
    """The plan is stale: what would be sent, or how, is not what the plan names."""

    GATE_FAILED = 9
    """`wait`: the delivery gate failed."""

    CHANGES = 10
    """`plan --detailed-exitcode` only: there is something to send."""

    UNDECIDED = 11
    """`wait`: the delivery gate was undecided when time ran out."""

    BUG = 70
    """A bug in sendspec (`EX_SOFTWARE` in sysexits.h)."""

    BUSY = 75
    """Another run holds the ledger (`EX_TEMPFAIL` in sysexits.h)."""

    INTERRUPTED = 130
    """Ended by SIGINT (128 + 2); the ledger was closed cleanly."""

    TERMINATED = 143
    """Ended by SIGTERM (128 + 15); the ledger was closed cleanly."""
