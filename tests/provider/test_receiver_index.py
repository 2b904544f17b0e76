"""Recipients found in folded text, by their digits and as a whole."""

from __future__ import annotations

import pytest
from sendspec.provider.receiver_index import ReceiverIndex


@pytest.mark.parametrize(
    ("receivers", "text", "part", "spans"),
    [
        (["+447700900817"], "447700", 6, [(0, 6)]),
        (["+447700900817"], "44770090", 8, [(0, 8)]),
        (["+447700900817"], "4477009", 8, []),
        (["+447700900817"], "a44xy7700b", 6, [(1, 9)]),
        (["+447700900817"], "44abcd7700", 6, []),
        (["+447700900817"], "123456", 6, []),
        (["❸❶❻❶❷❸❹❺❻❼❽"], "to31612345678", 8, [(2, 13), (2, 10), (3, 11), (4, 12), (5, 13)]),
        (["Someone@Example.org"], "forsomeoneexampleorgs", 6, [(3, 20)]),
        (["U-0-2-4-BE", "ab", "-.-.-.-.-"], "u024beab", 6, [(0, 6)]),
        ([], "447700900817", 6, []),
    ],
)
def test_recipients_are_found(receivers: list[str], text: str, part: int, spans: list[tuple[int, int]]) -> None:
    index = ReceiverIndex(receivers)
    assert list(index.spans(text, part)) == spans
    assert list(index.spans(text, part)) == spans
