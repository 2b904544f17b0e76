"""Counts of what would save segments, where there is more of it than is kept apart."""

from __future__ import annotations

from sendspec.planning import excess_count, forcing_count
from sendspec.planning.excess_count import ExcessTally
from sendspec.planning.forcing_count import UNKNOWN, ForcingTally

STEP = 1 << 20


def test_of_messages_of_too_many_kinds_the_excess_and_the_country_are_still_counted() -> None:
    tally, kinds = ExcessTally(), excess_count.MAX_KINDS
    tally.add((((taken, 2 + 7 * STEP, False), "NL"), 1) for taken in range(kinds))
    tally.add([(((0, 2 + 7 * STEP, False), "NL"), 1)])
    tally.add((((taken, 3 + 8 * STEP, False), "BE"), 1) for taken in (kinds, kinds + 1))
    counts = tally.counts()
    assert (len(counts), sum(each.messages for each in counts)) == (kinds + 1, kinds + 3)
    assert max(counts, key=lambda each: each.alternatives == 0 and each.messages).messages == 2
    last = counts[-1]
    assert (last.excess, last.alternatives, last.country, last.messages) == (8, UNKNOWN, "BE", 2)


def test_of_too_many_countries_the_segments_are_still_counted() -> None:
    tally, most = ForcingTally(), forcing_count.MAX_COUNTRIES
    countries = [f"C{n}" for n in range(most)]
    tally.add([("’", 1, 1)] * most, [0] * most, range(most), countries)
    tally.add([("’", 2, 1), ("’", 2, 1)], [0, 0], [1, 2], ["C0", "XX"])
    [count] = tally.counts()
    assert (count.segments_saved, count.shorter, len(count.saved_by_country)) == (most + 4, most + 2, most + 1)
    assert sum(count.saved_by_country.values()) == most + 4
    assert count.saved_by_country["unknown"] == 4


def test_what_several_characters_save_together_counts_what_it_makes_longer() -> None:
    tally = ForcingTally()
    texts = [("“”", 1, 0)] * 3 + [("”", 1, 1), ("“", 0, 1), ("…", 1, 1), ("“…", -1, 0), ("“ı", 0, 0), ("", 0, 0)]
    tally.add(texts, [0] * 9, range(9), ["NL", "NL", "BE", "NL", "NL", "BE", "BE", "NL", "NL"])
    plain = tally.plain()
    assert plain is not None
    assert (plain.characters, plain.shorter, plain.segments_saved) == ("“”…", 5, 4)
    assert plain.saved_by_country == {"NL": 3, "BE": 1}


def test_without_a_text_that_several_force_there_is_nothing_to_replace_together() -> None:
    tally = ForcingTally()
    tally.add([("’", 1, 1), ("“”", 0, 0), ("“ı", 0, 0)], [0] * 3, range(3))
    assert tally.plain() is None
    assert [each.saved_by_country for each in tally.counts()] == [{}] * 4
