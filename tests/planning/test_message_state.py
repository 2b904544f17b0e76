"""The table of moves: what leads to which state, and on whose word."""

from __future__ import annotations

from sendspec.planning.message_state import ALLOWED, MOVE_BY_NAME, MOVES, SETTLED_FROM_SENDING, State

FINAL = {State.ACCEPTED, State.SKIPPED}


def test_only_the_claim_leads_to_sending() -> None:
    assert [move.name for move in MOVES if State.SENDING in move.targets] == ["claim"]
    assert MOVE_BY_NAME["claim"].origin is State.PLANNED


def test_nothing_leads_out_of_a_final_state() -> None:
    assert {origin for origin, _ in ALLOWED} == set(State) - FINAL


def test_back_to_planned_lead_only_proof_and_a_person() -> None:
    back = {move.name for move in MOVES if State.PLANNED in move.targets}
    assert back == {"release", "resolve", "absent", "retry"}


def test_an_attempt_ends_in_any_state_but_sending_and_skipped() -> None:
    assert set(State) - {State.SENDING, State.SKIPPED} == SETTLED_FROM_SENDING
