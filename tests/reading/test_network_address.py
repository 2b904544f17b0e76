"""Public addresses: what an address embeds decides, not how it is written."""

from __future__ import annotations

import pytest
from sendspec.reading.network_address import is_public, parse_address


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("192.88.99.1", False),
        ("224.0.0.1", False),
        ("2606:2800:220:1::1", True),
        ("3fff::1", False),
        ("::127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("2002:808:808::", True),
        ("2002:a00:1::", False),
    ],
)
def test_only_globally_routable_addresses_are_public(text: str, public: bool) -> None:
    address = parse_address(text)
    assert address is not None
    assert is_public(address) is public


def test_a_host_name_is_no_address() -> None:
    assert parse_address("example.com") is None
