"""Which strings of a payload are taken for personal."""

from __future__ import annotations

from sendspec.provider.payload_strings import strings_in


def test_the_strings_of_a_payload_are_those_that_can_be_personal() -> None:
    payload = {"a": ["x", {"type": "t", "identifierKey": "k", "reference": "r"}, 1, None], "type": {"b": "y"}}
    assert list(strings_in(payload)) == ["x", "y"]
