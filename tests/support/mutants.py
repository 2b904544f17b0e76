"""Ways to break the protocol, each of which a harness has to catch; a harness that catches none of them proves nothing."""

from __future__ import annotations

from enum import StrEnum


class Mutant(StrEnum):
    """The words are what a command line takes; `DONE_WRONG` says what each does."""

    SEND_BEFORE_CLAIM = "send-before-claim"
    SYNCHRONOUS_NORMAL = "synchronous-normal"
    RETRY_ON_LOST_ANSWER = "retry-on-lost-answer"
    RETRY_ON_500 = "retry-on-500"
    REQUEUE_AT_RECOVERY = "requeue-at-recovery"
    CLAIM_WITHOUT_COMPARE = "claim-without-compare"
    CLAIM_WITHOUT_DIGEST = "claim-without-digest"
    SETTLE_WITHOUT_STATE = "settle-without-state"
    SETTLE_WITHOUT_ATTEMPT = "settle-without-attempt"
    NO_REFERENCE_CHECK = "no-reference-check"
    ABSENT_AT_ONCE = "absent-at-once"
    FLAG_TOO_LATE = "flag-too-late"
    SILENT_RESEND = "silent-resend"
    MOVE_WITHOUT_COMPARE = "move-without-compare"
    PLAN_OVERWRITES = "plan-overwrites"
    CONTINUE_WITHOUT_STATE = "continue-without-state"
    ROWS_DELETED = "rows-deleted"
    SIGHTING_BY_TEXT = "sighting-by-text"
    WITNESS_WINDOW_MOVED = "witness-window-moved"
    ABSENCE_FROM_ONE_SIDE = "absence-from-one-side"
    REJECTED_IS_PLANNED = "rejected-is-planned"
    FAILED_IS_RESENT = "failed-is-resent"
    OBSERVED_OF_ANYBODY = "observed-of-anybody"


class SharedMutant(StrEnum):
    """Ways to break a ledger that many runs have open at once. The state machine has to catch each."""

    EXCHANGE_NOT_NUMBERED = "exchange-not-numbered"
    LIVING_TAKEN_FOR_DEAD = "living-taken-for-dead"
    REJOIN_WITHOUT_FENCE = "rejoin-without-fence"
    FENCE_NOT_CHECKED = "fence-not-checked"
    SETTLE_WITHOUT_RUN = "settle-without-run"
    IMPORT_WITHOUT_ATTEMPT = "import-without-attempt"


ABOUT_THE_LIST = frozenset({Mutant.SIGHTING_BY_TEXT, Mutant.WITNESS_WINDOW_MOVED, Mutant.ABSENCE_FROM_ONE_SIDE})
"""What the API's list is taken to prove: models and machines of their own find these."""

DONE_WRONG: dict[Mutant | SharedMutant, str] = {
    Mutant.SEND_BEFORE_CLAIM: "the request goes out, then its claim is committed",
    Mutant.SYNCHRONOUS_NORMAL: "a commit returns before it is on the disk",
    Mutant.RETRY_ON_LOST_ANSWER: "a request without an answer is taken for one that was not processed",
    Mutant.RETRY_ON_500: "an answer 500 is taken for proof that nothing was accepted",
    Mutant.REQUEUE_AT_RECOVERY: "what a dead run was sending is planned again",
    Mutant.CLAIM_WITHOUT_COMPARE: "a claim takes what another run has claimed",
    Mutant.CLAIM_WITHOUT_DIGEST: "a claim is won whatever text was planned",
    Mutant.SETTLE_WITHOUT_STATE: "a result overwrites what is final or in doubt by now",
    Mutant.SETTLE_WITHOUT_ATTEMPT: "a result settles another attempt than its own",
    Mutant.NO_REFERENCE_CHECK: "an acceptance of another message is taken for this one's",
    Mutant.ABSENT_AT_ONCE: "what the list lacks once is believed not to be accepted",
    Mutant.FLAG_TOO_LATE: "the first byte is noted after it left",
    Mutant.SILENT_RESEND: "the connection repeats a request by itself",
    Mutant.MOVE_WITHOUT_COMPARE: "what was decided on a message in doubt is done to whatever it is by now",
    Mutant.PLAN_OVERWRITES: "a new plan makes every message planned again",
    Mutant.CONTINUE_WITHOUT_STATE: "a send that continues takes the new text of what is on its way or settled, too",
    Mutant.ROWS_DELETED: "what a dead run was sending is forgotten",
    Mutant.SIGHTING_BY_TEXT: "a listed message is taken for ours by its reference alone",
    Mutant.WITNESS_WINDOW_MOVED: "the list is asked from the ledger's last move on, not from the spec's last claim",
    Mutant.ABSENCE_FROM_ONE_SIDE: "absence is believed of a list that shows our messages on one side of the doubt only",
    Mutant.REJECTED_IS_PLANNED: "a message in doubt that is observed as rejected is planned again",
    Mutant.FAILED_IS_RESENT: "an accepted message that is observed as failed is planned again",
    Mutant.OBSERVED_OF_ANYBODY: "an observation settles a doubt whoever its receiver is",
    SharedMutant.EXCHANGE_NOT_NUMBERED: "an exchange whose answer was lost is done again, not answered again",
    SharedMutant.LIVING_TAKEN_FOR_DEAD: "a run that begins puts in doubt what living runs are sending",
    SharedMutant.REJOIN_WITHOUT_FENCE: "a run that was taken for dead gets its lock back in a new session",
    SharedMutant.FENCE_NOT_CHECKED: "a run that was taken for dead goes on writing in its session",
    SharedMutant.SETTLE_WITHOUT_RUN: "a result settles the attempt of another run",
    SharedMutant.IMPORT_WITHOUT_ATTEMPT: "a result that comes late settles another attempt than its own",
}


CAUGHT_BY: dict[Mutant, frozenset[str]] = {
    Mutant.SEND_BEFORE_CLAIM: frozenset({"model", "machine", "processes"}),
    Mutant.SYNCHRONOUS_NORMAL: frozenset({"model", "processes"}),
    Mutant.RETRY_ON_LOST_ANSWER: frozenset({"model", "machine", "processes"}),
    Mutant.RETRY_ON_500: frozenset({"model", "machine", "processes"}),
    Mutant.REQUEUE_AT_RECOVERY: frozenset({"model", "machine", "processes"}),
    Mutant.CLAIM_WITHOUT_COMPARE: frozenset({"model", "machine"}),
    Mutant.CLAIM_WITHOUT_DIGEST: frozenset({"model", "machine"}),
    Mutant.SETTLE_WITHOUT_STATE: frozenset({"model", "machine"}),
    Mutant.SETTLE_WITHOUT_ATTEMPT: frozenset({"model", "machine"}),
    Mutant.NO_REFERENCE_CHECK: frozenset({"model", "machine", "processes"}),
    Mutant.ABSENT_AT_ONCE: frozenset({"model", "machine"}),
    Mutant.FLAG_TOO_LATE: frozenset({"model", "machine", "processes"}),
    Mutant.SILENT_RESEND: frozenset({"model", "machine", "processes"}),
    Mutant.MOVE_WITHOUT_COMPARE: frozenset({"model", "machine"}),
    Mutant.PLAN_OVERWRITES: frozenset({"model", "machine"}),
    Mutant.CONTINUE_WITHOUT_STATE: frozenset({"model", "machine"}),
    Mutant.ROWS_DELETED: frozenset({"model", "machine", "processes"}),
    Mutant.SIGHTING_BY_TEXT: frozenset({"model", "machine"}),
    Mutant.WITNESS_WINDOW_MOVED: frozenset({"model", "machine"}),
    Mutant.ABSENCE_FROM_ONE_SIDE: frozenset({"model", "machine"}),
    Mutant.REJECTED_IS_PLANNED: frozenset({"model", "machine"}),
    Mutant.FAILED_IS_RESENT: frozenset({"model", "machine"}),
    Mutant.OBSERVED_OF_ANYBODY: frozenset({"model", "machine"}),
}
"""The table that the harnesses' tests hold themselves to; processes are real ones, killed, and the power-cut file system."""
