"""Access keys in files are recognised, and hidden at their own length."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.leaked_key import hide_keys, is_key_literal

KEY = "aB3dEfGh1jKlMn0pQrStUvWxYz"


@pytest.mark.parametrize("text", [f"AccessKey {KEY}", f" Bearer {KEY} ", f"Authorization: accesskey {KEY}"])
def test_a_key_as_in_a_header_is_a_key(text: str) -> None:
    assert is_key_literal(text)


@pytest.mark.parametrize("text", [KEY, "Bearer Certificates", "Your AccessKey is in the mail", "Bearer {{ token }}"])
def test_words_about_keys_are_no_keys(text: str) -> None:
    assert not is_key_literal(text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"x: AccessKey {KEY}", "x: AccessKey " + "•" * len(KEY)),
        (f"access_key: '{KEY}'", "access_key: '" + "•" * len(KEY) + "'"),
        ("api_url: https://user@host", "api_url: https://••••@host"),
        ("ledger: {url: 'postgresql://me:secret@db/x'}", "ledger: {url: 'postgresql://" + "•" * 14 + "'}"),
        ("ledger: {url: Postgres://db/x?password=secret}", "ledger: {url: Postgres://" + "•" * 20 + "}"),
        ("access_key: {env: BIRD_KEY}", "access_key: {env: BIRD_KEY}"),
    ],
)
def test_a_key_is_hidden_in_its_columns(line: str, shown: str) -> None:
    assert hide_keys(line) == shown
