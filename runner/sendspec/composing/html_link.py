"""The links of HTML, found as a reader of it finds them, and all that looks like an address besides: templates may confuse a reader."""

from __future__ import annotations

import re
from contextlib import suppress
from html import unescape
from html.parser import HTMLParser

from sendspec.diagnostics.lazy_pattern import lazy_pattern

_ATTRIBUTES = frozenset(
    {"action", "archive", "background", "cite", "code", "codebase", "data", "formaction", "href", "longdesc", "manifest", "ping", "poster", "src", "srcset", "xlink:href"}
)  # fmt: skip
_SCHEME = r"[a-z][a-z0-9+.-]{1,30}:"
_LEADS_AWAY = lazy_pattern(rf"{_SCHEME}(?=\S)|//|url\(|www\.", re.IGNORECASE)
_PLAIN_STYLE = lazy_pattern(r"[\w\s:;.,%#!-]*")
"""A style without parentheses, slashes and escapes loads nothing, although its `display:` looks like a scheme."""
_ADDRESS = lazy_pattern(
    rf"(?:(?:{_SCHEME})?//|www\.|(?:mailto|tel|sms|javascript|data):)(?:\([^\s<>()]*\)|[^\s<>\"')])+", re.IGNORECASE
)


def links_in(html: str) -> tuple[str, ...]:
    """The values of all attributes that lead somewhere or load something, and other addresses, each once."""
    reader = _Links()
    # what the library raises at a `<![` that begins no marked section; addresses are found below all the same
    with suppress(AssertionError):
        reader.feed(html)
        reader.close()
    found = dict.fromkeys(reader.links)
    known = "\n".join(found)
    found |= dict.fromkeys(each for each in addresses_in(unescape(html)) if each not in known)
    return tuple(found)


def addresses_in(text: str) -> tuple[str, ...]:
    """What looks like an address in plain text, each once."""
    return tuple(dict.fromkeys(_ADDRESS.findall(text)))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [
            value
            for name, value in attrs
            if value
            and (name in _ATTRIBUTES or _LEADS_AWAY.search(value))
            and not (name == "style" and _PLAIN_STYLE.fullmatch(value))
        ]
