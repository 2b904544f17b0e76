"""Pairs as the lines of a plan file: sorted, of one length, and read back only as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.operations.plan_pairs_text import ENTRY_BYTES, LINE_BYTES, NotPairs, PairReader, pair_lines
from sendspec.planning.pair_set import BUCKETS, PairSet

PAIRS = st.lists(st.binary(min_size=40, max_size=40), unique_by=lambda pair: pair[:16])


def lines_of(marked: list[bytes], others: list[bytes]) -> list[str]:
    sets = [PairSet(), PairSet()]
    for each, pairs in zip(sets, (marked, others), strict=True):
        each.add(pairs)
    return [line for some in pair_lines(sets[:1], sets[1:]) for line in some]


def entries_in(lines: list[str], portion: int) -> tuple[list[bytes], int]:
    pairs = PairSet(ENTRY_BYTES)
    reader = PairReader(pairs)
    for at in range(0, len(lines), portion):
        reader.read("".join(f'"{line}",\n' for line in lines[at : at + portion]).encode())
    return [entry for number in range(BUCKETS) for entry in pairs.bucket(number)], reader.to_send


@given(PAIRS, st.integers(1, 7), st.data())
def test_what_is_written_is_sorted_text_and_reads_back(pairs: list[bytes], portion: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(pairs)))
    lines = lines_of(pairs[:cut], pairs[cut:])
    assert lines == sorted(lines)
    assert all(len(f'"{line}",\n') == LINE_BYTES == 59 for line in lines)
    found, to_send = entries_in(lines, portion)
    assert found == sorted([*(pair + b"+" for pair in pairs[:cut]), *(pair + b"-" for pair in pairs[cut:])])
    assert to_send == cut


LINES = lines_of([bytes([n]) * 40 for n in (1, 9, 200)], [bytes([77]) * 40])


@pytest.mark.parametrize(
    "lines",
    [
        LINES[::-1],
        [*LINES, LINES[-1]],
        [*LINES[:2], *LINES[:2]],
        [LINES[0][:-1]],
        [LINES[0] + "+"],
        [LINES[0][:-1] + "*"],
        [LINES[0][:21] + "B" + LINES[0][22:]],
        [" " + LINES[0][1:]],
        [LINES[0][:10] + "+" + LINES[0][11:]],
    ],
)
@pytest.mark.parametrize("portion", [1, 10])
def test_lines_that_sendspec_would_not_have_written_are_refused(lines: list[str], portion: int) -> None:
    with pytest.raises(NotPairs):
        entries_in(lines, portion)
