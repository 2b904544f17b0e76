"""The length that a request states for its body."""

from __future__ import annotations

from email.message import Message

import pytest
from sendspec.provider.body_length import body_length


@pytest.mark.parametrize(
    ("stated", "length"),
    [
        (["0"], 0), ([" 12 "], 12), (["007"], 7), (["9" * 5_000], 999_999_999_999),
        ([], None), (["1", "1"], None), (["-1"], None), (["+1"], None), (["1_0"], None), (["١"], None), (["0x1"], None), ([""], None),
    ],
)  # fmt: skip
def test_a_length_is_one_whole_number(stated: list[str], length: int | None) -> None:
    headers = Message()
    for each in stated:
        headers["Content-Length"] = each
    assert body_length(headers) == length
    headers["Transfer-Encoding"] = "chunked"
    assert body_length(headers) is None
