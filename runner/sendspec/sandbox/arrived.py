"""Selects messages that arrived, by their text and their receiver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sendspec.diagnostics.lazy_dataclass import dataclass

_NOT_SAID = frozenset({"type", "contentType", "id", "projectId", "version"})
MAX_QUERY_FIELDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`contains` is anywhere in what can be read of a message, spelled the same. `to` is one of its addresses. None selects all."""

    contains: str | None = None
    to: str | None = None

    def matches(self, message: Mapping[str, Any]) -> bool:
        """Whether it is selected. `message` is a request body, or a message as the API shows it."""
        receivers = {address.casefold() for address in addresses_of(message)}
        if self.to is not None and self.to.casefold() not in receivers:
            return False
        return self.contains is None or any(self.contains in text for text in texts_of(message))

    @property
    def query(self) -> str:
        """As the sandbox's list of all messages takes it."""
        return urlencode(
            {name: text for name, text in (("contains", self.contains), ("to", self.to)) if text is not None}
        )


def wanted_in(query: str) -> Wanted:
    """The selection in a query; other parameters are ignored."""
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError:
        return Wanted()
    return Wanted(contains=given.get("contains"), to=given.get("to"))


def addresses_of(message: Mapping[str, Any]) -> Sequence[str]:
    contacts = message.get("receiver", {}).get("contacts") or ()
    return [str(contact["identifierValue"]) for contact in contacts if contact.get("identifierValue")]


def texts_of(message: Mapping[str, Any]) -> Iterator[str]:
    """Every text of the body or the template: subjects, captions, buttons, links and HTML too."""
    for part in ("body", "template"):
        yield from _strings(message.get(part))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key not in _NOT_SAID:
                yield from _strings(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _strings(each)
