"""The protocol for one key, in every state that two runners, kills, power cuts and lost answers can bring it to."""

from __future__ import annotations

import list_model
import pytest
from long_rows import all_but, long
from mutants import CAUGHT_BY, Mutant
from protocol_model import explore


def test_in_every_state_it_is_accepted_at_most_once_and_never_falsely_called_so() -> None:
    states, path = explore()
    assert path == []
    assert states > 500


@long
def test_in_every_state_the_list_is_taken_for_no_more_than_it_proves() -> None:
    states, path = list_model.explore()
    assert path == []
    assert states > 100_000


SLOW = (
    Mutant.MOVE_WITHOUT_COMPARE, Mutant.SETTLE_WITHOUT_ATTEMPT, Mutant.WITNESS_WINDOW_MOVED, Mutant.ABSENT_AT_ONCE, Mutant.FLAG_TOO_LATE,
)  # fmt: skip
"""They are seen in states that many steps lead to."""


@pytest.mark.parametrize("mutant", all_but([mutant for mutant in Mutant if mutant not in SLOW], Mutant))
def test_every_way_to_break_the_protocol_is_found(mutant: Mutant) -> None:
    _, path = explore(mutant)
    assert path, f"{mutant} breaks nothing that the model sees"
    assert "model" in CAUGHT_BY[mutant]


def test_every_way_to_break_the_protocol_is_caught_by_two_harnesses() -> None:
    assert set(CAUGHT_BY) == set(Mutant)
    assert len(Mutant) >= 12
    assert all(len(harnesses) >= 2 for harnesses in CAUGHT_BY.values())
