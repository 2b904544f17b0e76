"""The answers that the state machine's one message can get, judged by the real classifier."""

from __future__ import annotations

from mutants import Mutant, SharedMutant
from sendspec.composing.identity import id_text
from sendspec.ledger.record import Settlement
from sendspec.planning.message_state import State
from sendspec.provider.acceptance import SentMessage
from sendspec.provider.classification import classify
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused

KEY, RECEIVER = b"k" * 16, "+447700900001"
ANSWERS = ("202", "422", "429", "500", "lost", "foreign 202")


def outcome_of(answer: str, mutant: Mutant | SharedMutant | None) -> Outcome:
    """The outcome of one of `ANSWERS`, as the run takes it that `mutant` breaks."""
    if answer == "lost":
        lost = mutant in (Mutant.RETRY_ON_LOST_ANSWER, Mutant.FLAG_TOO_LATE)
        return NotSent("nothing is known") if lost else InDoubt("no answer came in time")
    if answer == "500" and mutant is Mutant.RETRY_ON_500:
        return NotProcessed(500, None)
    foreign = answer == "foreign 202"
    reference = "another" if foreign else id_text(KEY)
    expected = reference if mutant is Mutant.NO_REFERENCE_CHECK else id_text(KEY)
    body = f'{{"id": "id-k", "code": "x", "message": "y", "reference": "{reference}"}}'.encode()
    status = 202 if foreign else int(answer)
    return classify(
        HttpResponse(status, {}, body, True), SentMessage(expected, RECEIVER), first=False, trust_503=False, extra=False
    )


def settlement_of(outcome: Outcome, attempt: int) -> Settlement:
    match outcome:
        case Accepted(remote_id):
            return Settlement(KEY, attempt, State.ACCEPTED, remote_id)
        case Refused():
            return Settlement(KEY, attempt, State.REFUSED)
        case InDoubt():
            return Settlement(KEY, attempt, State.IN_DOUBT)
        case _:
            return Settlement(KEY, attempt, State.PLANNED)
