"""All that people read or click in a payload besides its text: subjects, HTML, links, pictures, buttons, a template's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sendspec.composing.payload_text import text_path
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.documents.document import KeyPath, dotted

MOST_CHARACTERS = 1_500
"""What is kept of one part."""
MOST_LINKS, MOST_LINK_CHARACTERS = 100, 10_000
"""Links of a part that is cut, which are kept whole, and their characters together."""
DIGEST_DIGITS = 16
ROOTS = ("body", "template", "meta")
"""The parts of a payload that have anything to read."""
_FREE = frozenset({"configurations", "extraInformation", "headers", "value", "variables"})
"""Mappings whose keys are the user's own: nothing in them is known to be an id."""
_NEVER_READ = frozenset({"contentType", "id", "source_id", "type"})
_TEMPLATE_ID = "projectId"
"""The one id that decides what people read: the name of the provider's template can be left out."""


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A string or number of a payload, and its place. `cut` characters at its end are left out; all its `links` are listed then.

    `more_links` are those for which there is no room, and `digest` is one of the whole.
    """

    at: str
    text: str
    cut: int = 0
    links: tuple[str, ...] = ()
    more_links: int = 0
    digest: str = ""

    @property
    def all_links(self) -> tuple[str, ...]:
        """The links of all of it, for those who show less than `text`."""
        return self.links if self.cut else _links_in(self.text)


def parts_of(payload: Mapping[str, Any]) -> tuple[MessagePart, ...]:
    """Every string and number, in the order of the payload, but for ids, media types, and what `text_of` gives."""
    text_at = text_path(payload)
    found = []
    for root in ROOTS:
        for at, text in _leaves(payload.get(root), (root,), is_free=False):
            if at != text_at:
                found.append(_part(dotted(at), text))
    return tuple(found)


def _part(at: str, text: str) -> MessagePart:
    if len(text) <= MOST_CHARACTERS:
        return MessagePart(at, text)
    links = _links_in(text)
    kept, room = [], MOST_LINK_CHARACTERS
    for link in links[:MOST_LINKS]:
        room -= len(link)
        if room < 0:
            break
        kept.append(link)
    more = len(links) - len(kept)
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]
    return MessagePart(at, text[:MOST_CHARACTERS], len(text) - MOST_CHARACTERS, tuple(kept), more, digest)


def _links_in(text: str) -> tuple[str, ...]:
    from sendspec.composing.html_link import links_in  # most messages have no part with links

    return links_in(text)


def _leaves(value: object, at: KeyPath, *, is_free: bool) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case Mapping():
            for key, each in value.items():
                if is_free or not _is_never_read(str(key)):
                    yield from _leaves(each, (*at, key), is_free=is_free or key in _FREE)
        case list() | tuple():
            for index, each in enumerate(value):
                yield from _leaves(each, (*at, index), is_free=is_free)
        case str():
            yield at, value
        case int() | float() if not isinstance(value, bool):
            yield at, str(value)


def _is_never_read(key: str) -> bool:
    return key in _NEVER_READ or (key.endswith("Id") and key != _TEMPLATE_ID)


def parts_json(parts: Sequence[MessagePart]) -> dict[str, Any]:
    """The `parts` of a sample; nothing where it has none."""
    return {"parts": [_part_json(part) for part in parts]} if parts else {}


def _part_json(part: MessagePart) -> dict[str, Any]:
    cut: dict[str, Any] = {"cut": part.cut, "links": list(part.links), "digest": part.digest} if part.cut else {}
    return {"at": part.at, "text": part.text, **cut, **({"more_links": part.more_links} if part.more_links else {})}


def parts_in(written: Sequence[Mapping[str, Any]]) -> tuple[MessagePart, ...]:
    """The parts of a sample in a plan file."""
    return tuple(
        MessagePart(
            each["at"],
            each["text"],
            each.get("cut", 0),
            tuple(each.get("links", ())),
            each.get("more_links", 0),
            each.get("digest", ""),
        )
        for each in written
    )
