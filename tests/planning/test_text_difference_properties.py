"""Two texts compared word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.planning.base_change import Piece, PieceKind
from sendspec.planning.text_difference import MAX_REMEMBERED, TextComparison, text_pieces

CHUNKS = (
    "Hi",
    "Ada",
    "order",
    "A-1",
    "12.50",
    " ",
    "  ",
    "\n",
    ",",
    ".",
    "!",
    "don't",
    "é",
    "e\u0301",
    "字",
    "文",
    "👩‍👩‍👧",
    "\udcff",
    "<b>",
)
TEXTS = st.lists(st.sampled_from(CHUNKS), max_size=14).map("".join)


def marked(before: str, after: str) -> str:
    """As git's word diff writes it."""
    forms = {PieceKind.SAME: "{}", PieceKind.REMOVED: "[-{}-]", PieceKind.ADDED: "{{+{}+}}"}
    return "".join(forms[piece.kind].format(piece.text) for piece in text_pieces(before, after))


def side(pieces: tuple[Piece, ...], other: PieceKind) -> str:
    return "".join(piece.text for piece in pieces if piece.kind is not other)


@given(TEXTS, TEXTS)
def test_the_pieces_give_both_texts(before: str, after: str) -> None:
    """Law: the pieces without those that are added are the text before, without those that are removed the text after.

    No two neighbours are of one kind, and what is removed comes first.
    """
    pieces = text_pieces(before, after)
    assert side(pieces, PieceKind.ADDED) == before
    assert side(pieces, PieceKind.REMOVED) == after
    kinds = [piece.kind for piece in pieces]
    assert all(one is not other for one, other in zip(kinds, kinds[1:], strict=False))
    assert (PieceKind.ADDED, PieceKind.REMOVED) not in zip(kinds, kinds[1:], strict=False)
    assert all(piece.text for piece in pieces)


@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcd"), max_size=9))
def test_as_many_words_as_possible_are_the_same(before: list[str], after: list[str]) -> None:
    """Law: the words that stay are a longest common subsequence, by the textbook's table."""
    longest = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, old in enumerate(before):
        for j, new in enumerate(after):
            longest[i + 1][j + 1] = longest[i][j] + 1 if old == new else max(longest[i][j + 1], longest[i + 1][j])
    # words of Han are written without white space: no sign is between two of them, and nothing is merged
    han = str.maketrans("abcd", "甲乙丙丁")
    pieces = text_pieces("".join(before).translate(han), "".join(after).translate(han))
    assert sum(len(piece.text) for piece in pieces if piece.kind is PieceKind.SAME) == longest[-1][-1]


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8))
def test_changes_are_told_apart_by_what_is_removed_and_added(pairs: list[tuple[str, str]]) -> None:
    """Law: two pairs have the same change if and only if the same pieces are removed and added, whatever was compared before."""
    comparison = TextComparison()
    of_pieces: dict[bytes, tuple[Piece, ...]] = {}
    for before, after in pairs:
        change = comparison.change(before, after)
        pieces = tuple(piece for piece in text_pieces(before, after) if piece.kind is not PieceKind.SAME)
        assert of_pieces.setdefault(change, pieces) == pieces
        assert comparison.pieces(before, after) == text_pieces(before, after)
    assert len(of_pieces) == len(set(of_pieces.values()))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ""),
        ("", "Hi", "{+Hi+}"),
        ("Hi Ada, bye", "Hello Ada, bye", "[-Hi-]{+Hello+} Ada, bye"),
        ("a b c", "x y z", "[-a b c-]{+x y z+}"),
        ("Dear Ada, your parcel", "Hi Ada, the parcel", "[-Dear-]{+Hi+} Ada, [-your-]{+the+} parcel"),
        ("It is 3.50 now", "It is 4.50 now", "It is [-3.50-]{+4.50+} now"),
        ("1,250 people", "1,300 people", "[-1,250-]{+1,300+} people"),
        ("We don't", "We can't", "We [-don't-]{+can't+}"),
        ("see https://a.example/b?c=1", "see https://a.example/d?c=1", "see https://a.example/[-b-]{+d+}?c=1"),
        ("Hi  Ada", "Hi Ada", "Hi[-  -]{+ +}Ada"),
        ("同じ文字", "同じ字", "同じ[-文-]字"),
    ],
)
def test_texts_are_compared_by_words_signs_and_white_space(before: str, after: str, expected: str) -> None:
    assert marked(before, after) == expected


def test_names_around_a_change_do_not_matter() -> None:
    comparison = TextComparison()
    changes = {
        comparison.change(f"Hi {name}, it has left.", f"Hello {name}, it was sent.") for name in ("Ada", "Zoë L.")
    }
    assert len(changes) == 1


def test_long_texts_are_compared_in_bounded_work() -> None:
    """Ten thousand words on each side are replaced whole; that is a comparison too."""
    before, after = " ".join(f"a{n}" for n in range(10_000)), " ".join(f"b{n}" for n in range(10_000))
    assert [piece.kind for piece in text_pieces(f"x {before} y", f"x {after} y")] == [
        PieceKind.SAME,
        PieceKind.REMOVED,
        PieceKind.ADDED,
        PieceKind.SAME,
    ]


def test_all_work_is_bounded() -> None:
    """Ten pairs of other patterns: the first few are compared by words, the others are replaced whole."""
    comparison = TextComparison(most_work=100_000)
    kinds = [len(comparison.pieces("a b c " * (n + 50) + "x", "y " + "c b a " * (n + 50))) for n in range(10)]
    assert kinds[0] > 10
    assert kinds[-1] == 2


def test_what_is_remembered_is_bounded() -> None:
    comparison = TextComparison()
    for number in range(40):
        comparison.change("a " * number * 200, "b " * number * 200)
        assert sum(map(len, comparison._known)) <= 2 * MAX_REMEMBERED
