"""What the ledger stores for each outcome."""

from __future__ import annotations

from typing import Any

import pytest
from sendspec.planning.message_state import State
from sendspec.provider.outcome import Accepted, InDoubt, NotProcessed, NotSent, Outcome, Refused, RunRefused
from sendspec.sending.run import AttemptResult
from sendspec.sending.settlement import settlement_of


@pytest.mark.parametrize(
    ("outcome", "to", "evidence", "remote_id"),
    [
        (Accepted("id-1"), State.ACCEPTED, None, "id-1"),
        (Refused(422, "bad"), State.REFUSED, "bad", None),
        (Refused(202, "rejected", "id-1"), State.REFUSED, "rejected", None),
        (InDoubt("no answer"), State.IN_DOUBT, "no answer", None),
        (RunRefused(401, "no key"), State.PLANNED, "no key", None),
        (NotProcessed(429, 1.0), State.PLANNED, "429, not processed", None),
        (NotSent("no route"), State.PLANNED, "no route", None),
    ],
)
def test_a_message_is_planned_again_only_where_nothing_was_accepted(
    helpers: Any, outcome: Outcome, to: State, evidence: str | None, remote_id: str | None
) -> None:
    message = helpers.message(1)
    found = settlement_of(AttemptResult(message, 3, outcome))
    assert (found.id, found.attempt, found.to, found.evidence, found.remote_id) == (
        message.id, 3, to, evidence, remote_id,
    )  # fmt: skip
