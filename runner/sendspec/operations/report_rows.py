"""Every recipient of a send, one after another, with the recorded moves: what a report of many messages leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord, SendRecord
from sendspec.ledger.send_record import MessageKey, RecordedMove
from sendspec.operations.delivery_account import BLOCK
from sendspec.operations.move_tally import message_move
from sendspec.operations.recipient_row import RecipientRows
from sendspec.operations.report_recipients import deliveries_of
from sendspec.operations.report_under_way import as_counted, living_runs
from sendspec.operations.send_report import ReportedMessage
from sendspec.operations.status import SpecStatus
from sendspec.planning.message_state import State

STATE_BY_WORD = {state.value: state for state in State}
MessageMoves = tuple[MessageKey, MessageRecord, list[RecordedMove]]


def all_recipients(
    ledger: Facts,
    facts: DeliveryFacts | None,
    send: SendRecord,
    rows: RecipientRows,
    run: int | None,
    status: SpecStatus,
) -> Iterator[ReportedMessage]:
    """In plan order; of one run, those that it claimed, as it left them. Reads as it goes: the ledger has to stay open."""
    everybody = _with_moves(ledger, send, status)
    messages = everybody if run is None else _of_run(everybody, run, is_living=run in living_runs(status))
    while block := list(islice(messages, BLOCK)):
        deliveries = {} if run is not None else deliveries_of(facts, (message for _, message, _ in block))
        for _, message, moves in block:
            yield ReportedMessage(
                message=message,
                row=rows.row_of(message),
                delivery=deliveries.get(message.id),
                attempts=tuple(map(message_move, moves)),
            )


def _with_moves(ledger: Facts, send: SendRecord, status: SpecStatus) -> Iterator[MessageMoves]:
    """Both are in plan order, so one pass over each is enough."""
    moves = ledger.moves_by_message(send.name, send.generation)
    waiting = next(moves, None)
    for key, message in as_counted(ledger.messages_of_send(send.name, send.generation), status):
        own: list[RecordedMove] = []
        while waiting is not None and waiting.message == key:
            own.append(waiting)
            waiting = next(moves, None)
        yield key, message, own


def _of_run(everybody: Iterator[MessageMoves], run: int, *, is_living: bool) -> Iterator[MessageMoves]:
    for key, message, moves in everybody:
        outcome = outcome_in_run(moves, run, is_living=is_living)
        if outcome is not None:
            state, evidence = outcome
            is_under_way = state is State.SENDING
            yield key, replace(message, state=state, evidence=evidence, is_under_way=is_under_way), moves


def outcome_in_run(
    moves: Sequence[RecordedMove], run: int, *, is_living: bool = False
) -> tuple[State, str | None] | None:
    """What a message's last claim by a run ended in: also if a later run noted that, or if the run settled a doubt of its own.

    None if the run never claimed it. What has no end yet is in doubt, or is being sent if the run lives.
    """
    without_end = State.SENDING if is_living else State.IN_DOUBT
    outcome: tuple[State, str | None] | None = None
    is_its_attempt = False
    for move in moves:
        if move.target == State.SENDING.value:
            is_its_attempt = move.run == run
            outcome = (without_end, None) if is_its_attempt else outcome
        elif is_its_attempt and _settles(move, run) and (state := STATE_BY_WORD.get(move.target)):
            outcome = (state, None if state is State.ACCEPTED else move.evidence)
    return outcome


def _settles(move: RecordedMove, run: int) -> bool:
    """Whether a move, of an attempt of this run, says what the run left behind."""
    return move.origin == State.SENDING.value or (move.origin == State.IN_DOUBT.value and move.run == run)
