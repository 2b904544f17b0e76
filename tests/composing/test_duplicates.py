"""Repeated recipients and references."""

from __future__ import annotations

from sendspec.composing.message import Duplicate, Message
from spec_composer import ANN, BOB, BODY, SpecComposer

TWO = [{"phone": ANN, "first_name": "Ann"}, {"phone": BOB, "first_name": "Ann"}]


def test_one_reference_for_two_rows_is_refused_also_on_one_line(composer: SpecComposer) -> None:
    found = composer(f"{BODY}\n  reference: '{{{{ first_name }}}}'", rows=TWO)
    assert [each.code for each in composer.problems] == ["reference-repeated"]
    assert composer.problems[0].problem == "two rows of line 5 have the same reference"
    assert len(found) == 2


def test_a_row_that_repeats_another_does_not_repeat_its_reference(composer: SpecComposer) -> None:
    found = composer(f"{BODY}\n  reference: '{{{{ first_name }}}}'", rows=[TWO[0], TWO[0]])
    assert [each.code for each in composer.problems] == ["duplicate-rows"]
    assert composer.problems[0].problem == "two rows of line 5 name the same recipient, with the same message"
    assert [type(each) for each in found] == [Message, Duplicate]
