"""Ways to break the protocol, each of which a harness has to catch; a harness that catches none of them proves nothing."""

from __future__ import annotations

from enum import StrEnum


class Mutant(StrEnum):
    """The words are what a command line takes; the value says what is done wrong."""

    SEND_BEFORE_CLAIM = "send-before-claim"
    SYNCHRONOUS_NORMAL = "synchronous-normal"
    RETRY_ON_LOST_ANSWER = "retry-on-lost-answer"
    RETRY_ON_500 = "retry-on-500"
    REQUEUE_AT_RECOVERY = "requeue-at-recovery"
    CLAIM_WITHOUT_COMPARE = "claim-without-compare"
    SETTLE_WITHOUT_STATE = "settle-without-state"
    SETTLE_WITHOUT_ATTEMPT = "settle-without-attempt"
    NO_REFERENCE_CHECK = "no-reference-check"
    ABSENT_AT_ONCE = "absent-at-once"
    FLAG_TOO_LATE = "flag-too-late"
    SILENT_RESEND = "silent-resend"


CAUGHT_BY: dict[Mutant, frozenset[str]] = {
    Mutant.SEND_BEFORE_CLAIM: frozenset({"model", "machine", "processes"}),
    Mutant.SYNCHRONOUS_NORMAL: frozenset({"model", "processes"}),
    Mutant.RETRY_ON_LOST_ANSWER: frozenset({"model", "machine", "processes"}),
    Mutant.RETRY_ON_500: frozenset({"model", "machine", "processes"}),
    Mutant.REQUEUE_AT_RECOVERY: frozenset({"model", "machine", "processes"}),
    Mutant.CLAIM_WITHOUT_COMPARE: frozenset({"model", "machine"}),
    Mutant.SETTLE_WITHOUT_STATE: frozenset({"model", "machine"}),
    Mutant.SETTLE_WITHOUT_ATTEMPT: frozenset({"model", "machine"}),
    Mutant.NO_REFERENCE_CHECK: frozenset({"model", "machine", "processes"}),
    Mutant.ABSENT_AT_ONCE: frozenset({"model", "machine"}),
    Mutant.FLAG_TOO_LATE: frozenset({"model", "machine", "processes"}),
    Mutant.SILENT_RESEND: frozenset({"model", "machine", "processes"}),
}
"""The table that the harnesses' tests hold themselves to; processes are real ones, killed, and the power-cut file system."""
