"""What a report counts in a send's recorded moves."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.send_record import RecordedMove
from sendspec.operations import report_buckets, report_pauses
from sendspec.operations.move_tally import MAX_MOVES_LISTED, MoveTally
from sendspec.operations.report_buckets import MAX_BUCKETS, TimedCounts, laid_out
from sendspec.operations.report_latency import LatencyCount
from sendspec.operations.report_outcomes import MAX_LISTED, MAX_REASONS, RunOutcomes
from sendspec.operations.report_rows import outcome_in_run
from sendspec.operations.report_speed import Bucket, Gap, PauseBand, PauseCause
from sendspec.planning.message_state import State
from sendspec.sending.absence import ABSENT

THROTTLED = "429, not processed"


def claim(message: int, at: float, run: int = 1, attempt: int = 1) -> RecordedMove:
    return RecordedMove(message, at, run, attempt, "planned", "sending", None)


def end(message: int, at: float, to: str, run: int = 1, attempt: int = 1, why: str | None = None) -> RecordedMove:
    return RecordedMove(message, at, run, attempt, "sending", to, why)


def a_run(number: int, messages: int) -> PlannedRun:
    return PlannedRun(run=number, pid=1, started_at=0.0, ended_at=None, ending=None, messages=messages, note=None)


TWO_KILLS: Sequence[RecordedMove] = [
    claim(1, 100.0), claim(2, 100.0), end(1, 100.25, "accepted"),
    # run 1 is killed; run 2 notes the doubt, and is killed itself
    end(2, 500.0, "in_doubt", run=2, why="the run that was sending it ended without an answer"),
    claim(3, 501.0, run=2), claim(4, 501.0, run=2), end(3, 502.0, "refused", run=2, why="400: no"),
    end(4, 900.0, "in_doubt", run=3, why="the run that was sending it ended without an answer"),
    RecordedMove(2, 901.0, 3, 1, "in_doubt", "accepted", "the list has it"),
    claim(5, 901.5, run=3), end(5, 902.0, "planned", run=3, why=THROTTLED),
    claim(5, 905.0, run=3, attempt=2), end(5, 905.5, "accepted", run=3, attempt=2),
    claim(6, 905.5, run=3),
]  # fmt: skip


def test_a_doubt_that_a_later_run_notes_belongs_to_the_run_that_was_killed() -> None:
    tally = MoveTally().read(TWO_KILLS)
    first, second, third = tally.reported([a_run(1, 6), a_run(2, 4), a_run(3, 3)])
    assert (first.account.as_dict(), first.released, first.found) == (
        {"recipients": 6, "accepted": 1, "refused": 0, "in_doubt": 1, "not_sent": 4, "skipped": 0}, 0, 0,
    )  # fmt: skip
    assert (second.account.refused, second.account.in_doubt, second.account.not_sent) == (1, 1, 2)
    assert (third.account.accepted, third.account.in_doubt, third.released, third.found) == (1, 1, 1, 1)
    assert [each.seconds for each in (first, second, third)] == [0.25, 1.0, 4.0]
    assert [each.last_claim for each in (first, second, third)] == [100.0, 501.0, 905.5]
    assert tally.reported([a_run(9, 2)])[0].account.not_sent == 2


def test_outcomes_stand_where_they_were_without_the_time_between_runs() -> None:
    found = MoveTally().read(TWO_KILLS).throughput()
    assert found.seconds == 1
    assert found.buckets == (
        Bucket(100, accepted=1, in_doubt=1),
        Bucket(501, in_doubt=1), Bucket(502, refused=1),
        Bucket(901), Bucket(902, released=1), Bucket(903), Bucket(904), Bucket(905, accepted=1),
    )  # fmt: skip
    assert found.gaps == (Gap(0, 400), Gap(2, 398))
    assert found.bands == (PauseBand(4, 7, PauseCause.THROTTLED, THROTTLED, 1),)


def test_how_long_an_attempt_took_is_counted_where_its_own_run_saw_the_end() -> None:
    latency = MoveTally().read(TWO_KILLS).latency()
    assert (latency.count, latency.p50, latency.p99, latency.max) == (4, 0.5, 1.0, 1.0)
    assert sum(each.count for each in latency.histogram) == 4


def test_one_run_is_told_alone() -> None:
    tally = MoveTally(only=2).read(TWO_KILLS)
    assert [each.at for each in tally.throughput().buckets] == [501, 502]
    assert tally.latency().count == 1
    assert tally.outcomes is not None
    assert tally.outcomes.listed() == {
        3: ("refused", "400: no"),
        4: ("in_doubt", "the run that was sending it ended without an answer"),
    }
    assert tally.outcomes.reasons(State.REFUSED) == [("400: no", 1, 3)]
    on_the_way = MoveTally(only=3).read(TWO_KILLS).outcomes
    assert on_the_way is not None
    assert on_the_way.listed() == {6: ("in_doubt", None), 5: ("accepted", None)}


OWN_DOUBTS: Sequence[RecordedMove] = [
    *(claim(n, 1.0) for n in (1, 2, 3, 4)), *(end(n, 2.0, "in_doubt", why="500") for n in (1, 2, 3, 4)),
    # while it is paused, the run looks them up itself: one is listed, one is lacking and then accepted
    RecordedMove(1, 3.0, 1, 1, "in_doubt", "accepted", "listed"),
    RecordedMove(2, 3.0, 1, 1, "in_doubt", "planned", ABSENT), claim(2, 4.0, attempt=2), end(2, 5.0, "accepted", attempt=2),
    # the next run finds one more, and the last stays
    RecordedMove(3, 9.0, 2, 1, "in_doubt", "accepted", "listed"),
]  # fmt: skip


def test_a_doubt_that_its_own_run_settles_is_none_at_its_end() -> None:
    """`send` prints the same when the run ends."""
    tally = MoveTally(only=1).read(OWN_DOUBTS)
    first, second = tally.reported([a_run(1, 5), a_run(2, 0)])
    assert (first.account.as_dict(), first.released, first.found) == (
        {"recipients": 5, "accepted": 2, "refused": 0, "in_doubt": 2, "not_sent": 1, "skipped": 0}, 1, 0,
    )  # fmt: skip
    assert second.found == 1
    assert tally.outcomes is not None
    assert tally.outcomes.reasons(State.IN_DOUBT) == [("500", 2, 3)]
    assert sum(each.in_doubt for each in tally.throughput().buckets) == 4  # what the attempts ended in


def test_what_a_living_run_is_sending_is_no_doubt() -> None:
    """And what a dead one has left on its way is one, also before another run has noted that."""
    living, dead = MoveTally(only=3, living={3}).read(TWO_KILLS), MoveTally(only=3).read(TWO_KILLS)
    [now], [later] = living.reported([a_run(3, 3)]), dead.reported([a_run(3, 3)])
    assert (now.account.in_doubt, now.in_doubt, now.under_way) == (1, 0, 1)
    assert (later.account.in_doubt, later.in_doubt, later.under_way) == (1, 1, None)
    assert living.outcomes is not None
    assert living.outcomes.listed()[6] == ("sending", None)
    assert living.outcomes.reasons(State.IN_DOUBT) == []
    assert outcome_in_run(TWO_KILLS[-1:], 3, is_living=True) == (State.SENDING, None)


@pytest.mark.parametrize(("moves", "run"), [(TWO_KILLS, 1), (TWO_KILLS, 2), (TWO_KILLS, 3), (OWN_DOUBTS, 1)])
def test_the_lines_of_one_run_say_the_same_as_its_tally(moves: Sequence[RecordedMove], run: int) -> None:
    outcomes = MoveTally(only=run).read(moves).outcomes
    assert outcomes is not None
    by_message = {n: outcome_in_run([move for move in moves if move.message == n], run) for n in range(1, 7)}
    told = {n: (State(word), why) for n, (word, why) in outcomes.listed().items()}
    assert told == {n: outcome for n, outcome in by_message.items() if outcome is not None}


def test_only_what_the_list_lacked_counts_as_sent_again_by_itself() -> None:
    by_hand = RecordedMove(1, 5.0, 2, 1, "in_doubt", "planned", "ann says so")
    assert MoveTally().read([by_hand]).resent_by_itself == 0
    assert MoveTally().read([by_hand._replace(evidence=ABSENT)]).resent_by_itself == 1


def test_odd_moves_are_passed_over() -> None:
    odd = [end(1, 5.0, "accepted"), end(2, 6.0, "lost"), RecordedMove(3, 7.0, None, 0, None, "x", None), claim(4, 1.0), end(4, 0.5, "accepted")]  # fmt: skip
    tally = MoveTally().read(odd)
    assert (tally.latency().count, tally.latency().max) == (
        1,
        0.0,
    )  # nobody claimed the first, and a clock was set back
    assert sum(each.total for each in tally.throughput().buckets) == 2


def test_the_moves_of_listed_messages_are_kept_and_of_very_many_the_first_and_the_last() -> None:
    moves = [move for n in range(99) for move in (claim(1, n, attempt=n), end(1, n + 0.5, "planned", attempt=n))]
    kept = MoveTally(listed=[1]).read([*moves, claim(2, 0.0)]).moves_of
    assert list(kept) == [1]
    assert len(kept[1]) == MAX_MOVES_LISTED
    assert (kept[1][0].at, kept[1][-1].at) == (0, 98.5)
    again = MoveTally()
    again.keep([1], moves)
    assert again.moves_of == kept


def test_a_long_send_has_few_buckets_and_none_of_its_outcomes_is_lost() -> None:
    rng = random.Random(3)
    counts = TimedCounts()
    moments = [rng.uniform(0, 400_000) for _ in range(20_000)]
    for at in moments:
        counts.cell(at)[rng.randrange(4)] += 1
    assert counts.width > 1  # more moments than are kept apart
    width, buckets, gaps = laid_out(counts, [(min(moments), max(moments))])
    assert (width, gaps) == (3_600, ())
    assert sum(each.total for each in buckets) == 20_000
    assert [each.at for each in buckets] == list(range(0, len(buckets) * 3_600, 3_600))


@pytest.mark.parametrize("days", [1, 200, 5_000])
def test_many_runs_and_odd_clocks_have_few_buckets_too(days: int) -> None:
    counts = TimedCounts()
    stretches = [(day * 86_400.0, day * 86_400.0 + 3) for day in range(days)] + [(-6e10, -6e10), (2e11, 2e11)]
    for begin, _ in stretches:
        counts.cell(begin)[0] += 1
    width, buckets, gaps = laid_out(counts, stretches)
    assert len(buckets) <= MAX_BUCKETS
    assert sum(each.accepted for each in buckets) == days + 2
    assert all(gap.seconds > 0 for gap in gaps)
    assert width % report_buckets.WIDTHS[-1] == 0 or width in report_buckets.WIDTHS


def test_every_width_is_a_multiple_of_the_one_before() -> None:
    width = 1
    for _ in range(30):
        assert report_buckets.wider(width) % width == 0
        width = report_buckets.wider(width)


def test_nothing_sent_has_no_bucket() -> None:
    tally = MoveTally().read([])
    assert (tally.throughput().buckets, tally.latency().count, tally.latency().histogram) == ((), 0, ())


def test_percentiles_are_those_of_the_sorted_times() -> None:
    rng = random.Random(5)
    taken = [round(rng.expovariate(2), 3) for _ in range(999)]
    count = LatencyCount()
    for each in taken:
        count.add(each)
    found, ordered = count.latency(), sorted(taken)
    assert (found.p50, found.p90, found.p99, found.max) == (ordered[499], ordered[899], ordered[989], ordered[-1])
    for bar in found.histogram:
        assert bar.count == sum(bar.low <= one < (bar.high or 1e9) for one in taken)


def test_very_long_times_are_rounded_and_bounded() -> None:
    count = LatencyCount()
    for seconds in (99.999, 123.456, 987_654.0, -5.0):
        count.add(seconds)
    found = count.latency()
    assert (found.p50, found.max, found.histogram[-1].high) == (99.999, 987_000.0, None)


def paused(*moves: RecordedMove) -> tuple[PauseBand, ...]:
    return MoveTally().read(moves).throughput().bands


def test_a_pause_lasts_until_the_run_claims_again_after_its_last_release() -> None:
    moves = [claim(1, 0.0), claim(2, 0.0), claim(3, 0.0), end(1, 1.0, "planned", why=THROTTLED), end(2, 2.0, "planned", why=THROTTLED),
             claim(4, 2.0), claim(1, 9.0, attempt=2), end(1, 9.5, "accepted", attempt=2)]  # fmt: skip
    assert paused(*moves) == (PauseBand(1, 9, PauseCause.THROTTLED, THROTTLED, 2),)


def test_pauses_of_other_kinds_stand_apart_and_one_without_evidence_is_none() -> None:
    moves = [claim(1, 0.0), end(1, 1.0, "planned", why="connection refused"), claim(1, 3.0, attempt=2), end(1, 4.0, "planned", why=THROTTLED, attempt=2),
             claim(1, 30.0, attempt=3), end(1, 31.0, "planned", attempt=3)]  # fmt: skip
    assert paused(*moves) == (
        PauseBand(1, 3, PauseCause.BACK_OFF, "connection refused", 1),
        PauseBand(4, 30, PauseCause.THROTTLED, THROTTLED, 1),
    )


def test_a_storm_of_throttling_has_few_bands_that_count_every_release() -> None:
    moves = []
    for n in range(6_000):
        at = n * 20.0
        moves += [claim(n, at), end(n, at + 1, "planned", why=THROTTLED)]
    bands = paused(*moves, claim(1, 6_000 * 20.0, attempt=2))
    assert sum(each.released for each in bands) == 6_000
    assert len(bands) <= report_pauses.MAX_BANDS


def test_of_one_run_all_are_listed_while_they_are_few_and_then_the_failures() -> None:
    def outcomes(accepted: int, refused: int, released: int) -> RunOutcomes:
        found = RunOutcomes()
        for n in range(accepted):
            found.add(n, "accepted", None)
        for n in range(refused):
            found.add(1_000_000 + n, "refused", f"no {n}")
        for n in range(released):
            found.add(2_000_000 + n, "planned", THROTTLED)
        return found

    few = outcomes(10, 2, 1)
    assert (len(few.listed()), few.are_all, few.claimed, len(few.ends)) == (13, True, 13, 3)
    many = outcomes(MAX_LISTED, 1, 2)
    assert [word for word, _ in many.listed().values()] == ["refused", "planned", "planned"]
    assert not many.are_all
    worst = outcomes(0, 30_000, 30_000)
    assert {word for word, _ in worst.listed().values()} == {"refused"}
    assert worst.claimed == 60_000
    assert (len(worst.listed()), worst.others["refused"]) == (MAX_LISTED, 30_000 - MAX_REASONS)
