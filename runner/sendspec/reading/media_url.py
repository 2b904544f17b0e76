"""URLs of media in a message, which the API itself will fetch."""

from __future__ import annotations

import re
from enum import Enum
from urllib.parse import urlsplit

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable, quoted
from sendspec.reading.network_address import HOST_NAME, is_public, parse_address

MAX_MEDIA_URL = 2_048

_NUMERIC_END = lazy_pattern(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)", re.ASCII)
"""Browsers and many libraries take a host with a numeric last label for an IPv4 address."""
_NOT_PUBLIC = (
    ".alt", ".arpa", ".corp", ".home", ".internal", ".intranet", ".invalid", ".lan", ".local", ".localdomain",
    ".localhost", ".onion", ".private", ".test",
)  # fmt: skip
"""Top-level names that resolve only inside a network, or nowhere: reserved ones (RFC 2606, 6761, 6762, 8375, 9476; ICANN on
`.internal`), including `.home.arpa`, and those that routers and offices commonly use.
"""
_PAGE_ENDINGS = (".htm", ".html", ".xhtml", ".php", ".asp", ".aspx", ".jsp", ".cfm")
_SHARING_HOSTS = (
    "dropbox.com", "drive.google.com", "docs.google.com", "photos.google.com", "photos.app.goo.gl", "onedrive.live.com", "1drv.ms",
    "sharepoint.com", "icloud.com", "wetransfer.com", "we.tl", "imgur.com", "flickr.com", "canva.com", "box.com", "youtube.com",
    "youtu.be", "vimeo.com", "instagram.com", "facebook.com",
)  # fmt: skip
"""Their links show a page around the file, unless `_DIRECT` is in them, or the host is one for files (`i.imgur.com`)."""
_FILE_HOSTS = ("i.imgur.com", "live.staticflickr.com", "dl.dropboxusercontent.com")
_DIRECT = ("raw=1", "dl=1", "export=download", "download=1", "/thumbnail", "export=view")
_OWN_HOSTS = ("bird.com", "messagebird.com")
"""Files that were uploaded to the API have addresses without an ending."""


class MediaPage(Enum):
    """What a link that hardly leads to a file does instead, for the middle of a sentence."""

    PAGE = "is a web page's address"
    SHARED = "is a link to share, which shows a page with the file in it"
    NO_ENDING = "has no file's ending, so it may be a web page"


def media_page(url: str) -> MediaPage | None:
    """Whether the link looks like a web page's, which the API would fetch in place of the media. None also where it can't be fetched."""
    if media_url_problem(url) is not None:
        return None
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if _is_below(host, _OWN_HOSTS) or host in _FILE_HOSTS:
        return None
    if _is_below(host, _SHARING_HOSTS):
        return None if any(each in url for each in _DIRECT) else MediaPage.SHARED
    last = parts.path.rpartition("/")[2].lower()
    if last.endswith(_PAGE_ENDINGS) or not last:
        return MediaPage.PAGE
    return None if "." in last or parts.query else MediaPage.NO_ENDING


def _is_below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def media_url_problem(url: str) -> Problem | None:
    """Why the API could not, or should not, fetch `url`; it must be a public https address."""
    shown = quoted(url[:80])
    fix = "write the public https address of the file"
    if len(url) > MAX_MEDIA_URL:
        return Problem(
            "media-url",
            f"the URL has {len(url)} characters; at most {MAX_MEDIA_URL} are allowed",
            "write a shorter one",
        )
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return Problem("media-url", f"'{shown}' has an invalid port or host", fix)
    if parts.scheme.lower() != "https":
        return Problem("media-url", f"'{shown}' is not an https address", fix)
    if "@" in parts.netloc:
        return Problem("media-url", f"'{shown}' has a user before the host", fix)
    if port == 0:
        return Problem("media-url", f"port 0 of '{shown}' can't be reached", fix)
    address = parse_address(host)
    if address is None and "[" in parts.netloc:  # RFC 3986 has room for addresses that nobody has defined: [v1.…]
        return Problem("media-url", f"'{shown}' has no address in its brackets", fix)
    if address is not None:
        is_reached = is_public(address) and "%" not in host
    else:
        if host and (not HOST_NAME.fullmatch(host) or _NUMERIC_END.fullmatch(host)):
            return Problem("media-url", f"'{printable(host)}' is not a host name", fix)
        is_reached = "." in host and not host.endswith(_NOT_PUBLIC)
    return (
        None if is_reached else Problem("media-url", f"the host '{printable(host)}' can't be reached by the API", fix)
    )
