"""Host names and IP addresses, and which of them are on the public internet."""

from __future__ import annotations

import ipaddress
import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern

HOST_NAME = lazy_pattern(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
NUMERIC_HOST = lazy_pattern(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.ASCII)

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All allocated IPv6 unicast space. Site-local addresses and those embedding IPv4 (`::127.0.0.1`) are outside it."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
"""Reserved in 2024 (RFC 9637); unknown to Python before 3.13."""
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether it is globally routable: not private, link-local, loopback or special (IANA's special-purpose registries).

    NAT64, 6to4 and mapped addresses are judged by the IPv4 address they embed: a gateway connects to that.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAYS
    embedded = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if embedded is not None:
        return is_public(embedded)
    return address in _UNICAST and address.is_global and address not in _DOCUMENTATION
