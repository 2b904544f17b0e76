"""How much shorter a text has to be to take one segment fewer, in units of its encoding."""

from __future__ import annotations

import pytest
from sendspec.composing.platforms.sms_excess import excess, excess_of, has_excess, segments_of, sized
from sendspec.composing.platforms.sms_segments import measure


@pytest.mark.parametrize(
    ("text", "segments", "over"),
    [
        ("", 0, 0),
        ("x" * 160, 1, 0),
        ("x" * 161, 2, 1),
        ("x" * 159 + "€", 2, 1),
        ("x" * 180, 2, 20),
        ("x" * 181, 2, 21),
        ("x" * 306, 2, 146),
        ("x" * 307, 3, 1),
        ("x" * 152 + "€" + "x" * 152, 3, 1),
        ("x" * 152 + "€" + "x" * 151 + "€", 3, 2),
        ("ş" * 70, 1, 0),
        ("ş" * 71, 2, 1),
        ("ş" * 69 + "😀", 2, 1),
        ("ş" * 134, 2, 64),
        ("ş" * 136, 3, 2),
        ("ş" * 66 + "😀" + "x" * 66, 3, 1),
        ("ş" * 66 + "😀" + "x" * 65 + "€", 3, 1),
    ],
)
def test_the_units_over_a_segment_less(text: str, segments: int, over: int) -> None:
    measured = measure(text)
    assert (measured.segments, excess(text, measured)) == (segments, over)
    size = sized(text, measured)
    assert (segments_of(size), excess_of(size)) == (segments, over if over <= 20 else 0)
    assert has_excess(size) == (0 < over <= 20)
