"""Why messages were refused or are in doubt, in the API's own words."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.composing.identity import id_text
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import SendRecord
from sendspec.operations.report_outcomes import MAX_REASONS, RunOutcomes
from sendspec.operations.run_report import Reason
from sendspec.operations.send_report import Reasons
from sendspec.operations.status import SpecStatus
from sendspec.planning.message_state import State


def reasons_of(ledger: Facts, send: SendRecord, states: Sequence[State], outcomes: RunOutcomes | None) -> Reasons:
    """The reasons of messages that are in these states; of one run, those for which its claims ended in the first of them."""
    if outcomes is not None:
        return _of_run(ledger, states[0], outcomes)
    found = ledger.evidence_of(send.name, send.generation, states, MAX_REASONS)
    listed = found.listed
    return Reasons(
        listed=tuple(Reason(text=each.evidence or "", count=each.count, first=id_text(each.first)) for each in listed),
        others=found.messages - sum(each.count for each in listed),
        other_kinds=found.kinds - len(listed),
    )


def doubtful_states(status: SpecStatus) -> tuple[State, ...]:
    """What a living run is sending is no doubt."""
    return (State.IN_DOUBT,) if status.under_way is not None else (State.IN_DOUBT, State.SENDING)


def _of_run(ledger: Facts, state: State, outcomes: RunOutcomes) -> Reasons:
    """`other_kinds` is 1 for all that were not told apart."""
    found = outcomes.reasons(state)
    first = dict(ledger.messages_under([key for _, _, key in found]))
    others = outcomes.others[state.value]
    return Reasons(
        listed=tuple(
            Reason(text=words, count=count, first=id_text(first[key].id)) for words, count, key in found if key in first
        ),
        others=others,
        other_kinds=min(others, 1),
    )
