"""Addresses that requests or the API itself will go to: what they really name, and whether that is allowed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable, quoted

API_HOST = "api.bird.com"
MAX_MEDIA_URL = 2_048

_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.ASCII)
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)", re.ASCII)
"""A name that ends so is an address to browsers and many libraries, whatever stands before."""
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that has been given out of IPv6. Outside lie addresses that hold an IPv4 one (`::127.0.0.1`), and those of single sites."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
"""Set aside in 2024 (RFC 9637); Python before 3.13 doesn't know."""
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
_NOWHERE = (
    ".alt", ".arpa", ".corp", ".home", ".internal", ".intranet", ".invalid", ".lan", ".local", ".localdomain",
    ".localhost", ".onion", ".private", ".test",
)  # fmt: skip
"""Names that mean something inside a network only, or nothing (RFC 2606, 6761, 6762, 8375, 9476; ICANN on `.internal`), among
them `.home.arpa`; the others of them are those that routers and offices use.
"""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where the API is. `prefix` is a path before `/workspaces`, mostly empty. `named` says that `allow_host` vouches for the host."""

    scheme: str
    host: str
    port: int
    prefix: str
    loopback: bool
    named: bool

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def parse_api_url(text: str, allow_host: str | None) -> Api | Problem:
    """The API's address; https, or http on a loopback address that is written as one."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return Problem(
            "url-part",
            f"'{printable(text[:100])}' has a port or host that can't be",
            "write it as https://host or https://host:port",
        )
    if parts.scheme not in ("https", "http"):
        return Problem("url-scheme", f"'{printable(text[:100])}' is not an https address", "write it as https://host")
    host = (parts.hostname or "").lower()
    odd = _odd_part(text, parts, host)
    if odd is not None:
        return odd
    address = _address(host)
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return Problem("url-host", f"the host '{host}' hides an IPv4 address", "write the IPv4 address itself")
    if parts.scheme == "http" and not loopback:
        return Problem(
            "url-scheme",
            f"http to '{host}' would send the key in clear",
            "write https; http is for 127.0.0.1, ::1 and localhost",
        )
    named = allow_host is not None and allow_host.lower() == host
    if not loopback and host != API_HOST and not named:
        return Problem(
            "url-host",
            f"requests would go to '{host}', not to {API_HOST}",
            f"correct the host, or add `allow_host: {host}` beside it",
        )
    usual = 443 if parts.scheme == "https" else 80
    return Api(
        scheme=parts.scheme,
        host=host,
        port=port if port is not None else usual,
        prefix=parts.path.rstrip("/"),
        loopback=loopback,
        named=named,
    )


def _odd_part(text: str, parts: SplitResult, host: str) -> Problem | None:
    if "@" in parts.netloc:
        return Problem(
            "url-part",
            f"a user stands before the host; requests would go to '{printable(host)}'",
            "remove what stands before and with the @",
        )
    if "?" in text or "#" in text:
        return Problem(
            "url-part",
            f"the address of '{printable(host)}' has a query or a fragment",
            "remove everything from the ? or # on",
        )
    if parts.port == 0:
        return Problem("url-part", "port 0 can't be reached", "write the port that the server listens on")
    if not host.isascii():
        real = host.encode("idna").decode() if _idna(host) else printable(host)
        return Problem("url-host", f"the host '{printable(host)}' is really '{real}'", "write it in plain letters")
    if ":" not in host and (not _HOST.fullmatch(host) or (_NUMERIC.fullmatch(host) and _address(host) is None)):
        return Problem(
            "url-host", f"'{printable(host)}' is not a host name", "write a name, or an address as four numbers"
        )
    if ":" in host and ("%" in host or _address(host) is None):
        return Problem("url-host", f"'{printable(host)}' is not an address", "write it as [::1]")
    if not _PATH.fullmatch(parts.path.rstrip("/")) or any(part in (".", "..") for part in parts.path.split("/")):
        return Problem(
            "url-part",
            f"the path '{printable(parts.path)}' can't stand before /workspaces",
            "remove it, or write plain segments",
        )
    return None


def _idna(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Neither private, link-local, loopback nor otherwise special (IANA's special-purpose registries).

    What NAT64, 6to4 and mapped addresses hold is what counts: a gateway turns them into that.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAYS
    held = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        held = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if held is not None:
        return is_public(held)
    return address in _UNICAST and address.is_global and address not in _DOCUMENTATION


def peer_is_allowed(api: Api, peer: str) -> bool:
    """Whether a connection may go to the address that the host's name led to."""
    address = _address(peer.split("%", 1)[0])
    if address is None:
        return False
    if api.loopback:
        return address.is_loopback
    return api.named or is_public(address)


def media_url_fault(url: str) -> Problem | None:
    """Why the API could not, or should not, fetch `url`: it fetches by itself, so the address has to be public https."""
    shown = quoted(url[:80])
    fix = "write the public https address of the file"
    if len(url) > MAX_MEDIA_URL:
        return Problem(
            "media-url", f"the address has {len(url)} characters; {MAX_MEDIA_URL} is the most", "write a shorter one"
        )
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return Problem("media-url", f"'{shown}' has a port or host that can't be", fix)
    if parts.scheme.lower() != "https":
        return Problem("media-url", f"'{shown}' is not an https address", fix)
    if "@" in parts.netloc:
        return Problem("media-url", f"'{shown}' has a user before the host", fix)
    address = _address(host)
    if address is not None:
        is_reached = is_public(address) and "%" not in host
    else:
        if host and (not _HOST.fullmatch(host) or _NUMERIC_END.fullmatch(host)):
            return Problem("media-url", f"'{printable(host)}' is not a host name", fix)
        is_reached = "." in host and not host.endswith(_NOWHERE)
    return (
        None if is_reached else Problem("media-url", f"the host '{printable(host)}' can't be reached by the API", fix)
    )
