"""Messages grouped by what changes in their texts."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.planning import change_tally
from sendspec.planning.change_tally import ChangeTally, Sized


def tally_of(pairs: Iterator[tuple[str, str]], *, shapes: int = 1) -> ChangeTally:
    tally = ChangeTally()
    for line, (before, after) in enumerate(pairs, 2):
        tally.add(Sized(line, line % shapes, 1, before), Sized(line + 100, 0, 2, after))
    return tally


def told(tally: ChangeTally) -> list[tuple[int, int, int]]:
    """Messages, different changes, and the row of each group."""
    return [(group.messages, group.different, group.after.line) for group in tally.groups()]


def test_identical_changes_are_one_group_with_its_first_row_and_its_sizes() -> None:
    tally = tally_of((f"Hi N{n}", f"{'Hello' if n % 4 else 'Dear'} N{n}") for n in range(8))
    assert told(tally) == [(6, 1, 103), (2, 1, 102)]
    (first, _) = tally.groups()
    assert (first.segments_before, first.segments_after) == (6, 12)


def test_the_first_row_does_not_depend_on_the_order() -> None:
    tally = ChangeTally()
    for line in (9, 4, 7):
        tally.add(Sized(line, 0, 1, "a"), Sized(line, 0, 1, "b"))
    assert [group.after.line for group in tally.groups()] == [4]


def test_few_different_changes_are_apart() -> None:
    assert told(tally_of((f"N{n}", f"M{n}") for n in range(5))) == [(1, 1, 102 + n) for n in range(5)]


def test_many_different_changes_of_one_shape_are_one_group_beside_those_of_many_messages() -> None:
    pairs = [*((f"N{n}", f"M{n}") for n in range(70)), *(("a", "b") for _ in range(30))]
    assert told(tally_of(iter(pairs))) == [(70, 70, 102), (30, 1, 172)]
    assert len(told(tally_of(iter(pairs), shapes=2))) == 4


def test_more_changes_than_are_kept_apart_are_counted_all_the_same() -> None:
    many = change_tally.MAX_APART + 500
    tally = tally_of(((f"N{n}", f"M{n}") for n in range(many)), shapes=2)
    groups = tally.groups()
    assert sum(group.messages for group in groups) == many
    assert all(group.is_more for group in groups)
    assert [group.different for group in groups] == [change_tally.MAX_APART // 2 + 1] * 2


def test_more_shapes_than_are_kept_apart_are_counted_together() -> None:
    many = 2 * change_tally.MAX_APART + 7
    groups = tally_of(((f"N{n}", f"M{n}") for n in range(many)), shapes=many).groups()
    assert sum(group.messages for group in groups) == many
    assert groups[0].messages == 7


def test_texts_are_not_kept() -> None:
    assert [group.after.text for group in tally_of(iter([("a", "b")])).groups()] == [""]
