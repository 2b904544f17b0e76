"""Who has opted out, given the signals."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind, opted_out

OUT, IN, MAYBE = SignalKind.OUT, SignalKind.IN, SignalKind.MAYBE
KEYWORD, LINK, IMPORT, HAND = Ground.KEYWORD, Ground.LINK, Ground.IMPORT, Ground.HAND
Said = tuple[SignalKind, Ground, float] | tuple[SignalKind, Ground, float, str | None]


def signal(kind: SignalKind, ground: Ground, at: float, channel: str | None = "a") -> OptOutSignal:
    return OptOutSignal(b"r" * 16, kind, ground, at, channel, f"{kind} {ground} {at}", 99.0)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ((), None),
        (((OUT, KEYWORD, 1),), 0),
        (((MAYBE, KEYWORD, 1),), None),
        (((OUT, KEYWORD, 1), (MAYBE, KEYWORD, 2)), 0),
        (((OUT, KEYWORD, 1), (IN, KEYWORD, 2)), None),
        (((IN, KEYWORD, 2), (OUT, KEYWORD, 3)), 1),
        (((OUT, KEYWORD, 2), (IN, LINK, 2)), 0),
        (((OUT, LINK, 1), (IN, KEYWORD, 2), (OUT, KEYWORD, 3)), 2),
        (((OUT, IMPORT, 1), (IN, KEYWORD, 2)), 0),
        (((OUT, HAND, 1, None), (IN, LINK, 2)), 0),
        (((OUT, IMPORT, 1, None), (IN, HAND, 2, None)), None),
        (((OUT, KEYWORD, 1), (IN, HAND, 2, None)), None),
        (((IN, HAND, 1, None), (OUT, KEYWORD, 2)), 1),
        (((OUT, KEYWORD, 1), (IN, HAND, 1, None)), 0),
        (((OUT, HAND, 2, None), (IN, HAND, 2, None)), 0),
        (((OUT, HAND, 3, None), (IN, HAND, 2, None), (OUT, KEYWORD, 1)), 0),
        (((OUT, KEYWORD, 1, "a"), (IN, KEYWORD, 2, "b")), 0),
        (((OUT, KEYWORD, 1, "a"), (OUT, KEYWORD, 2, "b"), (IN, KEYWORD, 3, "b")), 0),
        (((OUT, KEYWORD, 1, "a"), (OUT, KEYWORD, 2, "b")), 1),
    ],
)  # fmt: skip
def test_which_signal_counts(said: tuple[Said, ...], counts: int | None) -> None:
    """`counts` is its place among those that were given; None: the receiver has not opted out."""
    given_signals = [signal(*one) for one in said]
    found = opted_out(given_signals).get(b"r" * 16)
    assert found == (None if counts is None else given_signals[counts])


@pytest.mark.parametrize(
    ("in_at", "in_noted", "out_at", "out_noted", "stands"),
    [
        (5.0, 6.0, 3.0, 4.0, False),
        (5.0, 6.0, 3.0, 9.0, False),
        (9e9, 6.0, 3.0, 4.0, False),
        (9e9, 6.0, 3.0, 6.0, False),
        (9e9, 6.0, 7.0, 7.5, True),
        (9e9, 6.0, 3.0, 9.0, True),
        (545.0, 6.0, 540.0, 4.0, False),
        (5.0, 6.0, 9e9, 4.0, True),
    ],
)
def test_an_opt_in_of_the_future_lifts_nothing_that_is_noted_later(
    in_at: float, in_noted: float, out_at: float, out_noted: float, stands: bool
) -> None:
    opt_in, opt_out = signal(IN, KEYWORD, in_at), signal(OUT, KEYWORD, out_at)
    both = [replace(opt_in, noted_at=in_noted), replace(opt_out, noted_at=out_noted)]
    assert bool(opted_out(both)) is stands
    assert bool(opted_out(reversed(both))) is stands


def test_only_the_channels_that_apply_count() -> None:
    here, there, everywhere = signal(OUT, KEYWORD, 1, "a"), signal(OUT, KEYWORD, 2, "b"), signal(IN, HAND, 3, None)
    assert opted_out([here, there]) == {b"r" * 16: there}
    assert opted_out([here, there], lambda channel: channel == "a") == {b"r" * 16: here}
    assert opted_out([here, everywhere], lambda channel: channel == "a") == {b"r" * 16: here}
    assert opted_out([there], lambda channel: channel == "a") == {}


SIGNALS = st.builds(
    OptOutSignal,
    st.sampled_from([b"r" * 16, b"s" * 16]),
    st.sampled_from(SignalKind),
    st.sampled_from(Ground),
    st.sampled_from([1.0, 2.0, 3.0]),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from(["x", "y"]),
    st.sampled_from([8.0, 9.0]),
)


@given(st.lists(SIGNALS, max_size=8), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_matter(signals: list[OptOutSignal], shuffled: random.Random) -> None:
    """Law: the same signals, in any order and any number of times, opt the same receivers out on the same ground."""
    again = [*signals, *(shuffled.choices(signals, k=3) if signals else [])]
    shuffled.shuffle(again)
    assert opted_out(again) == opted_out(signals)


@given(st.lists(SIGNALS, max_size=8), SIGNALS)
def test_one_more_opt_out_frees_nobody(signals: list[OptOutSignal], more: OptOutSignal) -> None:
    """Law: whoever has opted out still has after another signal that isn't an opt-in."""
    if more.kind is not IN:
        assert opted_out(signals).keys() <= opted_out([*signals, more]).keys()
