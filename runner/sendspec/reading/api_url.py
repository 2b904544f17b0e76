"""The URL of the API: parsed, and refused unless requests may go there."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.reading.network_address import HOST_NAME, NUMERIC_HOST, Address, is_public, parse_address

API_HOST = "api.bird.com"

_BARE_HOST = lazy_pattern(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::\d{1,5})?", re.ASCII)
_PATH = lazy_pattern(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where the API is. `prefix` is a path before `/workspaces`, usually empty; `named`: `allow_host` vouches for the host."""

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
        default_port = 443 if self.scheme == "https" else 80
        return host if self.port == default_port else f"{host}:{self.port}"


def parse_api_url(text: str, allow_host: str | None) -> Api | Problem:
    """The parsed URL: https, or http to a host written as a loopback address."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return Problem(
            "url-part",
            f"'{printable(text[:100])}' has an invalid port or host",
            "write it as https://host or https://host:port",
        )
    if parts.scheme not in ("https", "http"):
        return Problem("url-scheme", f"'{printable(text[:100])}' is not an https address", _with_scheme(text))
    host = (parts.hostname or "").lower()
    odd = _odd_part(text, parts, host)
    if odd is not None:
        return odd
    address = parse_address(host)
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    named = allow_host is not None and allow_host.lower() == host
    refused = _refused_host(parts.scheme, host, address, loopback=loopback, named=named)
    if refused is not None:
        return refused
    default_port = 443 if parts.scheme == "https" else 80
    return Api(
        scheme=parts.scheme,
        host=host,
        port=port if port is not None else default_port,
        prefix=parts.path.rstrip("/"),
        loopback=loopback,
        named=named,
    )


def _with_scheme(text: str) -> str:
    """What to write instead of an address without a scheme."""
    if _BARE_HOST.fullmatch(text) is None:
        return "write it as https://host"
    host = text.partition(":")[0]
    address = parse_address(host)
    is_loopback = host == "localhost" or (address is not None and address.is_loopback)
    return f"write {'http' if is_loopback else 'https'}://{text}"


def _refused_host(scheme: str, host: str, address: Address | None, *, loopback: bool, named: bool) -> Problem | None:
    """Why requests must not go to a host that is well written."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return Problem("url-host", f"the host '{host}' hides an IPv4 address", "write the IPv4 address itself")
    if scheme == "http" and not loopback:
        return Problem(
            "url-scheme",
            f"http to '{host}' would send the key in clear",
            "write https; http is for 127.0.0.1, ::1 and localhost",
        )
    if not loopback and host != API_HOST and not named:
        return Problem(
            "url-host",
            f"requests would go to '{host}', not to {API_HOST}",
            f"correct the host, or add `allow_host: {host}` beside it",
        )
    return None


def _odd_part(text: str, parts: SplitResult, host: str) -> Problem | None:
    if "@" in parts.netloc:
        return Problem(
            "url-part",
            f"there is a user before the host; requests would go to '{printable(host)}'",
            "remove the @ and everything before it",
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
    if ":" not in host and (
        not HOST_NAME.fullmatch(host) or (NUMERIC_HOST.fullmatch(host) and parse_address(host) is None)
    ):
        return Problem(
            "url-host", f"'{printable(host)}' is not a host name", "write a name, or an address as four numbers"
        )
    if ":" in host and ("%" in host or parse_address(host) is None):
        return Problem("url-host", f"'{printable(host)}' is not an address", "write it as [::1]")
    if not _PATH.fullmatch(parts.path.rstrip("/")) or any(part in (".", "..") for part in parts.path.split("/")):
        return Problem(
            "url-part",
            f"the path '{printable(parts.path)}' is not allowed before /workspaces",
            "remove it, or write plain segments",
        )
    return None


def _idna(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def peer_is_allowed(api: Api, peer: str) -> bool:
    """Whether a connection may go to `peer`, the address that the host name resolved to."""
    address = parse_address(peer.split("%", 1)[0])
    if address is None:
        return False
    if api.loopback:
        return address.is_loopback
    return api.named or is_public(address)
