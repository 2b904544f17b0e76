"""Law of masking long texts: it finds what masking a short text finds."""

from __future__ import annotations

from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.diagnostics.redaction import LONG_TEXT, mask_in_place

CHUNKS = [
    "0612345678", "+31 6 1234 5678", "06", "12", "3456", "7", "123456", "1234567", "１２３", "²³", "①②③④⑤⑥⑦", "\\u0031", "\\u002b",
    ",", ";", "{", "}", "[", "]", "<", ">", "@", "\t", "\r\n", "\n", " ", "-", "/", ".", ":", "'", '"', "+", "_", "k", "v1:", "é",
    "2024-05-31", "31-12-2024", "12/31/2024", "10.0.0.12:8080", "continue_with: ", "0123456789abcdef", "continue_with: '", "deadbeef01",
    "123e4567-e89b-12d3-a456-426614174000", "a" * 8 + "0" * 56, "ro@example.com", "k123456: 7", "0" * 1_200,
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(CHUNKS), max_size=12).map("".join)
FILLERS = st.sampled_from(["k: 1,", "abc;", "[x]", "a\n", "0,", "{é}"])


@holds_for(300, 1_200, TEXTS, FILLERS)
def test_a_long_text_is_masked_as_its_parts_are(text: str, filler: str) -> None:
    """Delimiters and texts without numbers around a text change nothing."""
    around = filler * (LONG_TEXT // len(filler) + 1)
    before, after = f"{around},", f",{around}"
    if len(text) < LONG_TEXT:
        masked = mask_in_place(text)
        assert mask_in_place(before + text + after) == before + masked + after
