"""When the next message may go out: never above the limit, and no slower than needed."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.sending.pace import MAX_OWED, TICK_SECONDS, Pace, back_off, senders_needed


@given(st.integers(0, 1_000), st.floats(0, 1, exclude_max=True))
def test_backing_off_stays_within_its_bound(failures: int, random: float) -> None:
    assert 0 <= back_off(failures, random) <= 30


def drive(pace: Pace, seconds: float, stalls: list[float], commits: list[float] | None = None) -> list[float]:
    """The slots of a run that polls every tick and commits at once, except for `stalls` before it polls and slow `commits` after."""
    now, taken, late, slow = 0.0, [], iter(stalls), iter(commits or [])
    while now < seconds:
        slots = pace.slots(now, 1_000)
        if slots:
            now += next(slow, 0.0)
            delay = pace.delay_unused(slots[0], now)
            taken += [slot + delay for slot in slots]
            assert taken[-len(slots)] >= now - 1e-9
        now += TICK_SECONDS + next(late, 0.0)
    return taken


def drive_from(pace: Pace, now: float, until: float) -> list[float]:
    taken: list[float] = []
    while now < until:
        taken += pace.slots(now, 1_000)
        now += TICK_SECONDS
    return taken


def fullest_second(slots: list[float]) -> int:
    return max(bisect_left(slots, first + 1.0 - 1e-9) - start for start, first in enumerate(slots))


STALLS = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.03), st.floats(0, 0.5)), max_size=60)


@given(st.integers(1, 600), STALLS, STALLS)
def test_late_wake_ups_and_a_slow_disk_make_no_second_fuller(
    rate: int, stalls: list[float], commits: list[float]
) -> None:
    """Law: no window of one second has more than the rate, 0.6 percent of it, and one message."""
    slots = drive(Pace(float(rate), 64), 5.0, stalls, commits)
    assert slots == sorted(slots)
    assert fullest_second(slots) <= rate * 1.006 + 1


@given(STALLS, STALLS)
def test_at_500_a_second_no_second_has_more_than_504(stalls: list[float], commits: list[float]) -> None:
    assert fullest_second(drive(Pace(500.0, 64), 5.0, stalls, commits)) <= 504


@given(st.sampled_from([1.0, 7.0, 50.0, 500.0]), st.lists(st.floats(0, 0.1), max_size=12), st.booleans())
def test_lost_time_is_made_up_for(rate: float, lost: list[float], slow_disk: bool) -> None:
    """Law: a run that lost no more than a tenth of a second has the full rate again after 20 seconds."""
    kept = [seconds for n, seconds in enumerate(lost) if sum(lost[: n + 1]) <= MAX_OWED]
    slots = drive(Pace(rate, 64), 40.0, *(([], [0.0, *kept]) if slow_disk else (kept, [])))
    of_last_slot = slots[0] + (len(slots) - 1) / rate
    assert slots[-1] == pytest.approx(of_last_slot, abs=1e-6)


def test_what_is_lost_beyond_a_tenth_of_a_second_stays_lost() -> None:
    pace = Pace(500.0, 64)
    pace.delay_unused(pace.slots(0.0, 1)[0], 0.0)
    assert pace.slots(60.0, 1) == [60.0]
    slots = [60.0, *drive_from(pace, 60.0, 120.0)]
    assert slots[-1] == pytest.approx(60.0 + (len(slots) - 1) / 500.0 - MAX_OWED, abs=1e-6)


def test_commits_of_25_ms_keep_the_full_rate() -> None:
    """As long as the next turn begins when the commit ends, slots are handed out far enough ahead."""
    pace, now, slots = Pace(500.0, 64), 0.0, []
    while now < 5.0:
        now = max(now, pace.next_slot(now))
        found = pace.slots(now, 1_000)
        now += 0.025
        delay = pace.delay_unused(found[0], now)
        slots += [slot + delay for slot in found]
    assert slots[-1] == pytest.approx(slots[0] + (len(slots) - 1) / 500.0, abs=1e-6)


def test_the_first_commit_owes_nothing() -> None:
    """The run begins with the first message, however long its claim took."""
    slots = drive(Pace(500.0, 64), 5.0, [], [0.2])
    assert slots[0] == pytest.approx(0.2)
    assert slots[-1] == pytest.approx(slots[0] + (len(slots) - 1) / 500.0, abs=1e-6)


def test_a_pause_owes_nothing() -> None:
    pace = Pace(500.0, 64)
    drive(pace, 1.0, [0.2])
    pace.pause(3.0)
    slots = drive_from(pace, 3.0, 5.0)
    assert slots[-1] == pytest.approx(3.0 + (len(slots) - 1) / 500.0, abs=1e-6)


def test_without_a_limit_nothing_is_put_off() -> None:
    assert Pace(None, 8).delay_unused(0.0, 9.0) == 0.0


def test_without_stalls_the_rate_is_reached() -> None:
    assert 2_500 <= len(drive(Pace(500.0, 64), 5.0, [])) <= 2_527


def test_a_pause_gives_no_slot_before_its_end() -> None:
    pace = Pace(100.0, 8)
    pace.pause(1.0)
    assert pace.slots(0.9, 10) == []
    assert all(slot >= 1.0 for slot in pace.slots(1.0, 10))


def test_throttling_lets_one_message_try_and_opens_up_again() -> None:
    pace = Pace(None, 32)
    assert pace.window == 32
    pace.throttled(10.0, due=9.0, retry_after=2.0, random=0.5)
    assert pace.window == 1
    assert pace.slots(11.9, 5) == []
    assert pace.slots(12.0, 1) == [12.0]
    for n in range(31):
        pace.succeeded(13.0 + n)
    assert pace.window == 32


def test_a_burst_of_throttled_answers_counts_once() -> None:
    pace = Pace(None, 32)
    for _ in range(20):
        assert not pace.throttled(10.0, due=9.0, retry_after=None, random=0.99)
    assert pace.paused_until <= 10.5
    assert pace.throttled(11.0, due=10.9, retry_after=None, random=0.99)
    assert pace.paused_until <= 12.0


def test_a_lowered_rate_comes_back_little_by_little() -> None:
    pace = Pace(100.0, 8)
    pace.throttled(0.0, due=-1.0, retry_after=0.0, random=0.0)
    assert 65 <= len([s for s in drive(pace, 1.0, []) if s < 1.0]) <= 75
    for second in range(2, 12):
        pace.succeeded(float(second))
    later = Pace.slots(pace, 20.0, 1_000)
    assert later[1] - later[0] == pytest.approx(0.01, rel=0.006)


def test_senders_follow_rate_and_latency() -> None:
    assert senders_needed(None, 0.1, 32) == 32
    assert senders_needed(500.0, 0.15, 256) == 99
    assert senders_needed(500.0, 0.15, 32) == 32
    assert senders_needed(1.0, 0.15, 32) == 2
