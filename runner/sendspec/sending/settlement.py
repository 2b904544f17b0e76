"""The settlement that the ledger stores for a finished attempt."""

from __future__ import annotations

from typing import assert_never

from sendspec.ledger.record import Settlement
from sendspec.planning.message_state import State
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Refused, RunRefused
from sendspec.sending.run import AttemptResult

ACCEPTED_STATUS = 202
"""The documented status of an acceptance. It is stored for 200 and 201 too, which the outcome doesn't tell apart."""
NOT_PROCESSED = ", not processed"
"""How the evidence ends of an attempt that the API proved not to have processed; its status is in front."""


def settlement_of(result: AttemptResult) -> Settlement:
    """The move out of `sending` that the outcome proves; to `planned` where it proves that nothing was accepted.

    The id of a rejected message is not stored: in the ledger, an API id is credited to the message that was accepted under it.
    """
    identity, attempt = result.message.id, result.attempt
    match result.outcome:
        case Accepted(remote_id):
            return Settlement(identity, attempt, State.ACCEPTED, remote_id, None, ACCEPTED_STATUS)
        case Refused(status, text):
            return Settlement(identity, attempt, State.REFUSED, None, text, status)
        case InDoubt(evidence, status):
            return Settlement(identity, attempt, State.IN_DOUBT, None, evidence, status)
        case RunRefused(status, text):
            return Settlement(identity, attempt, State.PLANNED, None, text, status)
        case NotProcessed(status):
            return Settlement(identity, attempt, State.PLANNED, None, f"{status}{NOT_PROCESSED}", status)
        case NotSent(reason):
            return Settlement(identity, attempt, State.PLANNED, None, reason)
        case _:
            assert_never(result.outcome)
