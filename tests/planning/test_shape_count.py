"""Shapes are counted alike however the rows come, and their number is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.composing.platforms.sms_segments import ForcedBy
from sendspec.planning.forcing_count import FEW_LINES, LINES_KEPT, MAX_KINDS, MAX_LINES, UNKNOWN, ForcingTally
from sendspec.planning.shape_count import MAX_SHAPES, ShapeTally

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([(), ("’", 1), ("", 0)])))


@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_no_count(rows: list[tuple[int, int, tuple[()]]], random: object) -> None:
    def counted(listed: list[tuple[int, int, tuple[()]]]) -> set[tuple[int, int, bool, int]]:
        tally = ShapeTally()
        for start in range(0, len(listed), 3):
            some = listed[start : start + 3]
            tally.add(*([row[part] for row in some] for part in range(3)), range(start, start + len(some)))  # type: ignore[arg-type, call-arg]
        found = tally.counts().listed
        assert [each.messages for each in found] == sorted((each.messages for each in found), reverse=True)
        return {(each.alternatives, each.segments, each.is_ucs2, each.messages) for each in found}

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counted(rows) == counted(shuffled)


def test_a_shape_names_the_first_row_that_has_it() -> None:
    tally = ShapeTally()
    tally.add([1, 0, 0], [1, 1, 1], [(), (), ()], [2, 3, 4])
    tally.add([7, 0], [1, 1], [(), ()], [5, 6])
    assert [(each.alternatives, each.messages, each.line) for each in tally.counts().listed] == [
        (0, 3, 3),
        (1, 1, 2),
        (7, 1, 5),
    ]


def test_texts_that_are_too_long_by_more_or_less_have_one_shape() -> None:
    tally, over = ShapeTally(), 1 << 20
    counted = tally.add([4] * 3, [2 + 7 * over, 2, 2 + 7 * over], [()] * 3, [6, 7, 8])
    [shape] = tally.counts().listed
    assert (shape.segments, shape.messages, shape.line) == (2, 3, 6)
    assert counted == {(4, 2 + 7 * over, False): 2, (4, 2, False): 1}


def test_what_is_beyond_the_bounds_is_counted_together() -> None:
    many = MAX_SHAPES + 50
    tally = ShapeTally()
    for _ in range(2):
        tally.add(range(many), [2] * many, [()] * many, range(many))
    counts = tally.counts()
    assert (len(counts.listed), counts.other_messages, counts.other_segments) == (MAX_SHAPES, 100, 200)
    forcing = ForcingTally()
    many = 2 * MAX_KINDS + 50
    forcing.add([(chr(0x4E00 + n), 1, 1) for n in range(many)], [7] * many, range(many))
    unknown = [each for each in forcing.counts() if each.alternatives == UNKNOWN]
    rest = [each.messages for each in unknown if not each.character]
    assert (forcing.messages, len(unknown), rest) == (many, MAX_KINDS + 1, [50])


def test_lines_are_kept_as_long_as_there_is_room() -> None:
    tally = ForcingTally()
    size = LINES_KEPT + 1
    for kind in range(MAX_LINES // LINES_KEPT + 1):
        tally.add([("’", 0, 1)] * size, [kind] * size, range(size))
    kept = [len(each.lines) for each in tally.counts()]
    assert sorted(kept) == [FEW_LINES, *[LINES_KEPT] * (MAX_LINES // LINES_KEPT)]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_characters_are_ranked_by_what_replacing_them_saves(size: int) -> None:
    one, two = ("’", 1, 1), ("’", 1, 2)
    rows: list[ForcedBy] = [one, (), one, ("’…", 0, 0), ("…", 3, 1), ("", 0, 0), two] * 3
    ways = [0, 0, 0, 0, 1, 0, 0] * 3
    tally = ForcingTally()
    for start in range(0, len(rows), size):
        few = slice(start, start + size)
        tally.add(rows[few], ways[few], range(start, len(rows))[:size])
    found = [
        (each.character, each.alternatives, each.occurrences, each.messages, each.segments_saved, each.lines)
        for each in tally.counts()
    ]
    assert found == [
        ("…", 1, 1, 3, 9, (4, 11, 18)),
        ("’", 0, 1, 6, 6, (0, 2, 7, 9, 14, 16)),
        ("’", 0, 2, 3, 3, (6, 13, 20)),
        ("", 0, 0, 3, 0, (5, 12, 19)),
        ("’", 0, 0, 3, 0, (3, 10, 17)),
        ("…", 0, 0, 3, 0, (3, 10, 17)),
    ]
