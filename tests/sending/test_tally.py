"""Counting outcomes and their causes."""

from __future__ import annotations

from typing import Any

from sendspec.provider.outcome import Accepted, InDoubt, NotSent, Outcome, Refused
from sendspec.sending.ending import Finished, TooManyDoubts
from sendspec.sending.run import AttemptResult, RecentReason
from sendspec.sending.tally import MAX_CAUSES, Tally


def counted(helpers: Any, *outcomes: Outcome) -> Tally:
    tally = Tally()
    for n, outcome in enumerate(outcomes):
        tally.count(AttemptResult(helpers.message(n), 1, outcome))
    return tally


def test_causes_are_listed_by_how_many_have_them_with_the_first_of_each(helpers: Any) -> None:
    tally = counted(helpers, Refused(422, "a"), Refused(422, "b"), Refused(422, "b"), InDoubt("c"), NotSent("d"))
    result = tally.result(Finished())
    assert [(cause.text, cause.count, int.from_bytes(cause.first)) for cause in result.refusals] == [
        ("b", 2, 1),
        ("a", 1, 0),
    ]
    assert [(cause.text, cause.count, int.from_bytes(cause.first)) for cause in result.doubts] == [("c", 1, 3)]
    assert (result.refused, result.in_doubt, result.accepted, result.requests, result.seconds) == (3, 1, 0, 0, 0.0)


def test_more_kinds_of_causes_than_are_worth_telling_count_as_others(helpers: Any) -> None:
    tally = counted(helpers, *(Refused(422, f"reason {n}") for n in range(MAX_CAUSES + 5)), Refused(422, "reason 0"))
    causes = {cause.text: cause.count for cause in tally.result(Finished()).refusals}
    assert len(causes) == MAX_CAUSES + 1
    assert causes["other reasons"] == 5
    assert causes["reason 0"] == 2


def test_what_a_look_up_found_is_taken_from_its_cause_and_what_was_never_counted_is_not(helpers: Any) -> None:
    tally = counted(helpers, InDoubt("a"), InDoubt("a"), InDoubt("b"), Accepted("id"))
    tally.found([helpers.message(0).id, helpers.message(0).id, helpers.message(2).id, b"of an earlier run"])
    result = tally.result(TooManyDoubts("a"))
    assert (result.accepted, result.in_doubt) == (3, 1)
    assert [(cause.text, cause.count, cause.first) for cause in result.doubts] == [("a", 1, helpers.message(1).id)]


def test_the_last_reasons_keep_the_order_in_which_they_first_came(helpers: Any) -> None:
    tally = counted(
        helpers, *(Refused(422, text) for text in "abcd"), InDoubt("a"), Refused(422, "a"), Refused(422, "c")
    )
    assert tally.recent_reasons() == (
        RecentReason("refused", "a", 2), RecentReason("refused", "c", 2), RecentReason("in doubt", "a", 1),
    )  # fmt: skip
    tally.found([helpers.message(4).id])
    tally.count(AttemptResult(helpers.message(9), 1, Accepted("id")))
    assert [(each.what, each.text) for each in tally.recent_reasons()] == [("refused", each) for each in "acd"]
    assert Tally().recent_reasons() == ()
