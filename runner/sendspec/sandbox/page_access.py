"""Who may open a page that this machine serves to its own user: whoever has its link.

Other users of the machine can connect, and any website can make the browser send requests. So each request has to name this machine,
carry the link's token, and come from the page itself.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import field
from hmac import compare_digest
from html import escape
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern

TOKEN_BYTES, PATH_BYTES = 24, 9
MAX_COOKIES = 8_192
"""Characters of cookies that are read."""
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with each answer: nothing is kept, embedded, or given to another origin."""
_HOST = lazy_pattern(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::([1-9][0-9]{0,4}))?", re.ASCII | re.IGNORECASE)
_TOKEN, _AUTHORIZATION = "token", lazy_pattern(r"Bearer ([!-~]+)")
_PLAIN_PATH = lazy_pattern(r"(?:/[A-Za-z0-9._~-]+)*/?", re.ASCII)
"""A browser takes `//` and `/\\` for the beginning of another site's address."""
_OWN_SITES = ("same-origin", "none")
"""`Sec-Fetch-Site` of the page itself, and of a person who typed or clicked an address outside of any page."""


class Headers(Protocol):
    def get_all(self, name: str) -> Sequence[str] | None: ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request may be answered."""


@dataclass(frozen=True, slots=True)
class Entering:
    """A first visit by the link: 303 to `location`, which has no token in it, with this `Set-Cookie`.

    `from_elsewhere`: another site's page has the link, such as a terminal in the browser. Along a redirect from there the cookie would not
    be sent; so answer with the `onward_page` instead, which goes on by itself.
    """

    location: str
    cookie: str
    status: int = 303
    from_elsewhere: bool = False

    @property
    def onward_page(self) -> bytes:
        place = escape(self.location)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>One moment</title>'
            f'<meta http-equiv="refresh" content="0; url={place}"></head>'
            f'<body><p><a href="{place}">Go on</a></p></body></html>\n'
        ).encode()


@dataclass(frozen=True, slots=True)
class Turned:
    """The request is refused, without a word about what is here."""

    status: int
    reason: str


Admission: TypeAlias = Admitted | Entering | Turned


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAccess:
    """Admits requests for one page and what is below its path.

    Browsers send a cookie to every port of a machine. So the cookie is bound to `path`, and one that nobody can guess keeps it from
    other users' servers: see `secret_path`. `entry` is a path that the link has instead, and that leads there.
    """

    token: str = field(repr=False)
    port: int
    path: str = "/"
    entry: str = ""

    @property
    def link(self) -> str:
        """What the user opens. It is as good as a password while the server runs."""
        return f"http://127.0.0.1:{self.port}{quote(self.entry or self.path)}?{urlencode({_TOKEN: self.token})}"

    def admission(self, method: str, target: str, headers: Headers) -> Admission:
        """What becomes of a request. `target` is what its first line names, not yet normalised."""
        if not names_this_machine(headers, self.port) or not target.startswith("/"):
            return Turned(421, f"this page is at 127.0.0.1:{self.port} only")
        path, _, query = target.partition("?")
        if method in ("GET", "HEAD") and any(self._is_token(given) for given in _given_in(query)):
            rest = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != _TOKEN]
            below = self._below(path)
            sites = headers.get_all("Sec-Fetch-Site") or ()
            is_elsewhere = any(site not in _OWN_SITES for site in sites)
            location = below + (f"?{urlencode(rest)}" if rest else "")
            return Entering(location, self._cookie, from_elsewhere=is_elsewhere)
        by_header = any(self._is_token(given) for given in _bearers(headers))
        by_cookie = path.startswith(self.path) and any(self._is_token(given) for given in self._in_cookies(headers))
        if not by_header and not by_cookie:
            return Turned(401, "open the link that the command has printed")
        if not self._is_own(method, headers, by_header=by_header):
            return Turned(403, "another page asks")
        return Admitted()

    def _below(self, path: str) -> str:
        """Where the link leads: to the place that it names, if it is a place of the page."""
        if not path.startswith(self.path) and self.entry and path.startswith(self.entry):
            path = self.path + path.removeprefix(self.entry)
        return path if path.startswith(self.path) and _PLAIN_PATH.fullmatch(path) else self.path

    @property
    def _cookie(self) -> str:
        return f"{self._cookie_name}={self.token}; Path={quote(self.path)}; HttpOnly; SameSite=Strict"

    @property
    def _cookie_name(self) -> str:
        return f"sendspec-{self.port}"

    def _is_token(self, given: str) -> bool:
        return compare_digest(given.encode("utf-8", "surrogatepass"), self.token.encode())

    def _in_cookies(self, headers: Headers) -> Iterator[str]:
        """Each of the name: a server at another port may have set one too."""
        for line in headers.get_all("Cookie") or ():
            for part in line[:MAX_COOKIES].split(";"):
                name, _, value = part.strip().partition("=")
                if name == self._cookie_name:
                    yield value

    def _is_own(self, method: str, headers: Headers, *, by_header: bool) -> bool:
        """Whether no other page has sent the request. A browser tells with each POST where it comes from; only it has cookies."""
        sites, origins = headers.get_all("Sec-Fetch-Site") or [], headers.get_all("Origin") or []
        if any(site not in _OWN_SITES for site in sites):
            return False
        host = (headers.get_all("Host") or [""])[0].strip().lower()
        if origins:
            return [origin.lower() for origin in origins] == [f"http://{host}"]
        return method in ("GET", "HEAD") or by_header


def names_this_machine(headers: Headers, port: int) -> bool:
    """Whether `Host` does. Under DNS rebinding a web page sends its own name, and must not read anything."""
    hosts = headers.get_all("Host") or []
    named = _HOST.fullmatch(hosts[0].strip()) if len(hosts) == 1 else None
    return named is not None and int(named[1] or 80) == port


def page_token(random_bytes: bytes) -> str:
    """A token of `TOKEN_BYTES` or more random bytes, as a link can hold it."""
    if len(random_bytes) < TOKEN_BYTES:
        raise ValueError("too few random bytes for a token")
    return _spelled(random_bytes)


def secret_path(random_bytes: bytes) -> str:
    """A path that nobody can guess, for a page whose address need not be known before."""
    return f"/{_spelled(random_bytes)}/"


def _spelled(random_bytes: bytes) -> str:
    return urlsafe_b64encode(random_bytes).decode().rstrip("=")


def _given_in(query: str) -> list[str]:
    return [
        value for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape") if name == _TOKEN
    ]


def _bearers(headers: Headers) -> Iterator[str]:
    for line in headers.get_all("Authorization") or ():
        if found := _AUTHORIZATION.fullmatch(line.strip()):
            yield found[1]
