"""When the next message may go out: never above the limit, and no slower than needed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.sending.pace import MAX_CATCH_UP, TICK_SECONDS, Pace, back_off, senders_needed


@given(st.integers(0, 1_000), st.floats(0, 1, exclude_max=True))
def test_backing_off_stays_within_its_bound(failures: int, random: float) -> None:
    assert 0 <= back_off(failures, random) <= 30


def drive(pace: Pace, seconds: float, stalls: list[float]) -> list[float]:
    """The slots of a run whose writer polls every tick, except during `stalls`."""
    now, taken, pauses = 0.0, [], iter(stalls)
    while now < seconds:
        taken += pace.slots(now, 1_000)
        now += TICK_SECONDS + next(pauses, 0.0)
    return taken


@given(st.integers(1, 600), st.lists(st.floats(0, 0.5), max_size=20))
def test_no_second_ever_has_more_slots_than_the_limit(rate: int, stalls: list[float]) -> None:
    """Law: beyond the catch-up for a stall of a hundredth of a second, no window of one second exceeds the rate."""
    slots = drive(Pace(float(rate), 64), 5.0, stalls)
    most = rate + rate * MAX_CATCH_UP + 1
    for start, first in enumerate(slots):
        inside = sum(1 for slot in slots[start:] if slot < first + 1.0 - 1e-9)
        assert inside <= most
    assert slots == sorted(slots)


@given(st.integers(1, 600), st.lists(st.floats(0, 0.3), max_size=60))
def test_a_slow_disk_makes_no_second_fuller(rate: int, commits: list[float]) -> None:
    """A slot is usable only once its claim is durable. Time lost to a slow disk is not made up for."""
    pace, now, used = Pace(float(rate), 64), 0.0, []
    for commit in [*commits, *[0.0] * 60]:
        slots = pace.slots(now, 1_000)
        now += commit
        put_off = pace.delay_unused(slots[0], now) if slots else 0.0
        used += [max(slot + put_off, now) for slot in slots]
        now += TICK_SECONDS
    for start, first in enumerate(used):
        assert sum(1 for moment in used[start:] if moment < first + 1.0 - 1e-9) <= rate + rate * MAX_CATCH_UP + 1


def test_without_a_limit_nothing_is_put_off() -> None:
    assert Pace(None, 8).delay_unused(0.0, 9.0) == 0.0


def test_without_stalls_the_rate_is_reached() -> None:
    assert 2_495 <= len(drive(Pace(500.0, 64), 5.0, [])) <= 2_525


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
    assert later[1] - later[0] == pytest.approx(0.01)


def test_senders_follow_rate_and_latency() -> None:
    assert senders_needed(None, 0.1, 32) == 32
    assert senders_needed(500.0, 0.15, 256) == 99
    assert senders_needed(500.0, 0.15, 32) == 32
    assert senders_needed(1.0, 0.15, 32) == 2
