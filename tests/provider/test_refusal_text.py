"""What is kept of the API's words where it refuses a message or its list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from long_rows import all_but
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.refusal_text import MAX_TEXT, list_refusal_text, refusal_text
from sendspec.provider.response_redaction import Redaction
from sendspec.provider.sent_texts import SentTexts

KEY = "QzklMnoPrStUvWxYz"


def kept(body: Any, sent_texts: SentTexts | None = None) -> str:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list_refusal_text(HttpResponse(400, {}, raw, reusable=True), Redaction(f"AccessKey {KEY}", sent_texts))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "400"),
        ([], "400"),
        ({"code": 7, "message": ["x"]}, "400"),
        ({"code": "InvalidPayload", "message": "Dear Zebulon"}, "400 InvalidPayload"),
        ({"code": "INVALID_CHANNEL_CONFIGURATION"}, "400 INVALID_CHANNEL_CONFIGURATION"),
        ({"code": "Dear Zebulon"}, "400"),
        ({"code": "zebulon"}, "400"),
        ({"code": "X447700900817"}, "400"),
        ({"code": "A" * 32}, "400 " + "A" * 32),
        ({"code": "A" * 33}, "400"),
        ({"code": "Зебулон"}, "400"),
        ({"code": KEY}, "400 ••••••"),
        (
            {"code": "BadRequest", "message": "Bad request: invalid TIME range to filter, Zebulon."},
            "400 BadRequest Invalid time range to filter",
        ),
        ({"message": "The requested resource does not exist: channel not found"}, "400 channel not found"),
        ({"details": {"channel not found": ["x"]}}, "400"),
    ],
)
def test_of_a_list_error_only_its_code_and_known_words_are_kept(body: Any, text: str) -> None:
    assert kept(body) == text


def test_a_code_that_is_a_known_text_is_hidden() -> None:
    sent = SentTexts()
    sent.add_constants(["the purple walrus"])
    assert kept({"code": "ThePurpleWalrus"}, sent) == "400 ••••••"


def refused(body: Any) -> str:
    return refusal_text(HttpResponse(422, {}, json.dumps(body).encode(), reusable=True), Redaction(f"AccessKey {KEY}"))


def test_a_key_in_pieces_is_hidden_across_the_fields_of_a_refusal() -> None:
    details = {".a": [KEY[5:10], KEY[10:12]], f".{KEY[12:]}": "is odd"}
    assert refused({"code": "X", "message": f"got {KEY[:5]}", "details": details}) == (
        "422 X got ••••••; .a: ••••••: is odd"
    )


CUTS = [*range(MAX_TEXT - len(KEY) - 8, MAX_TEXT), *range(990, 1_030), *range(2_010, 2_050)]


@pytest.mark.parametrize("before", all_but(CUTS[::5], CUTS))
def test_no_cut_leaves_a_piece_of_the_key(before: int) -> None:
    for filler in ("x", "1", " ", "\u200b", "é"):
        kept = refused({"message": filler * before + "-" + KEY + "x" * 3_000})
        assert len(kept) <= MAX_TEXT
        assert not [piece for piece in (KEY[n : n + 3] for n in range(len(KEY) - 2)) if piece in kept]
