"""The places of a template whose text can be shortened."""

from __future__ import annotations

import pytest
from sendspec.composing.text_place import text_places


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("", [(None, 0, (), True)]),
        ("abc{{ x }}d{{ 'ef' }}", [(None, 6, (), True)]),
        (
            "ab{% if x == '1' %}c{% elif y %}de{{ z }}{% endif %}f",
            [
                (None, 3, (), True),
                (0, 1, ("x == '1'",), True),
                (1, 2, ("x == '1'", "y"), True),
                (2, 0, ("x == '1'", "y"), False),
            ],
        ),
        (
            "{% if x %}{% if y %}a{% else %}bc{% endif %}d{% endif %}{{ 'ef' if z else 'g' }}",
            [
                (None, 0, (), True),
                (0, 1, ("x",), True), (2, 1, ("y",), True), (3, 2, ("y",), False),
                (1, 0, ("x",), False),
                (4, 2, ("z",), True), (5, 1, ("z",), False),
            ],
        ),
        ("a{% for each in x %}{% if each %}bcd{% endif %}{% endfor %}", [(None, 1, (), True)]),
    ],
)  # fmt: skip
def test_a_place_is_what_one_branch_says_without_the_branches_in_it(source: str, places: list[object]) -> None:
    found = [(each.bit, each.length, each.conditions, each.holds) for each in text_places(source)]
    assert found == places
