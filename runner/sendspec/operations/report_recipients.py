"""The messages that a report lists: all of them if they are few, else those that failed, each with what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import Delivery, Fate
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord, SentMessage
from sendspec.ledger.send_record import MessageKey
from sendspec.operations.delivery_account import BLOCK
from sendspec.operations.move_tally import MoveTally
from sendspec.operations.recipient_row import RecipientRows
from sendspec.operations.report_outcomes import MAX_LISTED
from sendspec.operations.report_under_way import as_counted
from sendspec.operations.send_report import MessageMove, ReportedMessage, ReportedRecipients
from sendspec.operations.status import SpecStatus
from sendspec.planning.message_state import State

FAILED_STATES = ((State.REFUSED,), (State.IN_DOUBT, State.SENDING), (State.PLANNED,))
_URGENCY = {
    State.REFUSED: 0,
    State.IN_DOUBT: 2,
    State.SENDING: 2,
    State.PLANNED: 3,
    State.ACCEPTED: 4,
    State.SKIPPED: 5,
}
_UNDELIVERED = 1
"""After the refused ones: these people must be called too."""
KeyedMessage = tuple[MessageKey, MessageRecord]


class UndeliveredIds:
    """Collects the first messages that are known not to have been delivered; `add` gets every accepted one."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []

    def add(self, message: SentMessage, delivery: Delivery | None) -> None:
        if delivery is not None and delivery.report.fate is Fate.UNDELIVERED and len(self.ids) < MAX_LISTED:
            self.ids.append(message.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenMessages:
    """The messages to list, and whether they are all of the send's."""

    messages: Sequence[KeyedMessage]
    are_all: bool
    failures: int


def chosen_messages(
    ledger: Facts, status: SpecStatus, states: Mapping[State, int], undelivered: Sequence[bytes], failed: int
) -> ChosenMessages:
    """All messages of a send up to `MAX_LISTED`; else its failures, of each kind a fair share. `failed` counts the undelivered ones."""
    name, generation = status.name, status.generation
    kinds = [sum(states.get(state, 0) for state in group) for group in FAILED_STATES]
    failures = sum(kinds) + failed
    if sum(states.values()) <= MAX_LISTED:
        found = list(as_counted(ledger.messages_of_send(name, generation), status))
        return ChosenMessages(messages=found, are_all=True, failures=failures)
    *shares, share = fair_shares([*kinds, len(undelivered)], MAX_LISTED)
    messages = [
        keyed
        for group, most in zip(FAILED_STATES, shares, strict=True)
        if most
        for keyed in islice(ledger.messages_of_send(name, generation, group), most)
    ]
    messages += ledger.messages_among(undelivered[:share]) if share else []
    return ChosenMessages(messages=list(as_counted(messages, status)), are_all=False, failures=failures)


def fair_shares(counts: Sequence[int], room: int) -> list[int]:
    """How many of each kind get a place: all of the small kinds, and an equal part of the rest for each of the others."""
    shares = [0] * len(counts)
    by_size = sorted(range(len(counts)), key=lambda at: counts[at])
    for number, at in enumerate(by_size):
        shares[at] = min(counts[at], room // (len(counts) - number))
        room -= shares[at]
    return shares


def run_messages(ledger: Facts, tally: MoveTally) -> ChosenMessages:
    """The messages that one run claimed, in the states that it left them in."""
    outcomes = tally.outcomes
    if outcomes is None:
        raise AssertionError("the tally is of no single run")
    listed = outcomes.listed()
    messages = [
        (key, _left_in(message, State(listed[key][0]), listed[key][1]))
        for key, message in ledger.messages_under(list(listed))
    ]
    return ChosenMessages(messages=messages, are_all=outcomes.are_all, failures=len(outcomes.ends))


def _left_in(message: MessageRecord, state: State, evidence: str | None) -> MessageRecord:
    return replace(message, state=state, evidence=evidence, is_under_way=state is State.SENDING)


def listed_recipients(
    chosen: ChosenMessages,
    total: int,
    rows: RecipientRows,
    facts: DeliveryFacts | None,
    moves_of: Mapping[MessageKey, Sequence[MessageMove]],
    *,
    unclaimed: int = 0,
) -> ReportedRecipients:
    """The messages with their rows, what became of them and their moves; the most urgent first, otherwise in plan order."""
    deliveries = deliveries_of(facts, [message for _, message in chosen.messages])
    found = [
        ReportedMessage(
            message=message,
            row=rows.row_of(message),
            delivery=deliveries.get(message.id),
            attempts=tuple(moves_of.get(key, ())),
        )
        for key, message in chosen.messages
    ]
    return ReportedRecipients(
        total=total,
        unclaimed=unclaimed,
        are_all=chosen.are_all,
        failures=chosen.failures,
        rows=tuple(sorted(found, key=_urgency)),
    )


def deliveries_of(facts: DeliveryFacts | None, messages: Iterable[MessageRecord]) -> Mapping[bytes, Delivery]:
    """What is known of the accepted messages among these."""
    found: dict[bytes, Delivery] = {}
    accepted = (message.id for message in messages if message.state is State.ACCEPTED)
    while facts is not None and (block := list(islice(accepted, BLOCK))):
        found.update(facts.deliveries(block))
    return found


def _urgency(each: ReportedMessage) -> int:
    is_lost = each.delivery is not None and each.delivery.report.fate is Fate.UNDELIVERED
    return _UNDELIVERED if is_lost else _URGENCY[each.message.state]
