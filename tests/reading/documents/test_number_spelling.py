"""A float from a file prints as it was written, and calculates as a float."""

from __future__ import annotations

import pickle

from sendspec.reading.documents.number_spelling import MinusZero, SpelledFloat, spelled_integer, unspelled


def test_a_float_keeps_its_spelling_also_in_another_process() -> None:
    price = SpelledFloat("12.50")
    assert price == 12.5
    assert str(pickle.loads(pickle.dumps(price))) == str(price) == "12.50"


def test_a_minus_zero_keeps_its_minus_also_in_another_process() -> None:
    zero = spelled_integer("-0")
    assert zero == 0
    assert str(pickle.loads(pickle.dumps(zero))) == str(zero) == f"{zero}" == "-0"
    assert [type(spelled_integer(text)) for text in ("0", "-1", "10")] == [int, int, int]
    assert type(unspelled([MinusZero()])[0]) is int


def test_a_payload_has_plain_floats_and_lists_at_all_depths() -> None:
    found = unspelled({"a": (SpelledFloat("1.0"), [SpelledFloat("2.50")]), "b": "x"})
    assert found == {"a": [1.0, [2.5]], "b": "x"}
    assert type(found["a"][0]) is type(found["a"][1][0]) is float
