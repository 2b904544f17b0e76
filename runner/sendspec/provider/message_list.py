"""The API's list of a channel's outgoing messages: the query for a page, and the page read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Any, TypeGuard
from urllib.parse import urlencode

from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.observation import StatusReport
from sendspec.provider.acceptance import MAX_ID, is_id
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.message_status import REJECTED
from sendspec.provider.payload_strings import PROTOCOL_KEYS
from sendspec.provider.response_redaction import NOTHING_SENT, Redaction
from sendspec.provider.status_report import status_report
from sendspec.provider.strict_json import unique_keys
from sendspec.provider.timestamp import format_timestamp, parse_timestamp

MAX_PAGE_MESSAGES = 1_000
MAX_PAGE_BYTES = 16 * 1024 * 1024
MAX_WINDOW_DAYS = 7
"""The longest range that the API lists (`reference/api.md`, section 8)."""
NEWEST_MESSAGE_QUERY = "?limit=1"

StandIn = Callable[[str], str]
"""Returns a substitute for an id that can't be stored; the same substitute for the same id."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message as the API lists it. `reference` is empty where it has none; `receivers` are the identifiers of its contacts.

    `rejected`: the API did not accept it. `created_at` is in Unix seconds by the API's clock, None where the list has no time.
    `report` is what became of it, None where that can't be read.
    """

    remote_id: str
    reference: str
    receivers: frozenset[str]
    rejected: bool
    created_at: float | None = None
    report: StatusReport | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. `token` leads to the next page, None at the end.

    `skipped` counts the entries that can't be read; `unread` are the references that some of them have all the same.
    """

    sightings: list[Sighting]
    skipped: int
    token: str | None
    unread: frozenset[str] = frozenset()


def list_query(since: float, until: float, token: str | None, receivers: Sequence[str], limit: int) -> str:
    """Asks for messages created from `since` to `until`, in Unix seconds, at most 7 days apart.

    `reference/channels-reading.openapi.json`: times are RFC 3339, a list repeats its parameter.
    """
    parameters = [
        ("direction", "outgoing"),
        ("limit", str(limit)),
        ("startAt", format_timestamp(since)),
        ("endAt", format_timestamp(until)),
        *(("to", receiver) for receiver in receivers),
        *(() if token is None else (("pageToken", token),)),
    ]
    return "?" + urlencode(parameters)


def read_page(
    response: HttpResponse, redaction: Redaction = NOTHING_SENT, stand_in: StandIn | None = None
) -> Page | None:
    """A page of the list; None where the body is not the documented JSON.

    An id that repeats the key, a number or a known text, or that is no id by its characters, is not kept. Its message goes by
    the id that `stand_in` makes; without `stand_in`, the entry counts as unreadable.
    """
    page = page_json(response.body)
    if not isinstance(page, dict):
        return None
    results, token = page.get("results"), page.get("nextPageToken")
    if not isinstance(results, list) or not isinstance(token, str | None) or not _is_text(token or ""):
        return None
    read = [(entry, read_sighting(entry, redaction, stand_in)) for entry in results]
    sightings = [sighting for _, sighting in read if sighting is not None]
    unread = [entry.get("reference") for entry, sighting in read if sighting is None and isinstance(entry, dict)]
    references = frozenset(reference for reference in unread if _is_text(reference))
    return Page(sightings, len(results) - len(sightings), token or None, references)


def page_json(body: bytes) -> Any:
    """The page's value, lone surrogates included; None for invalid JSON or a repeated key."""
    try:
        return json.loads(body.decode("utf-8", "replace"), object_pairs_hook=unique_keys)
    except (ValueError, RecursionError):
        return None


def read_sighting(entry: Any, redaction: Redaction, stand_in: StandIn | None) -> Sighting | None:
    """A message as the list has it, or as a webhook brings it; None for an entry that can't be read."""
    if not isinstance(entry, dict):
        return None
    remote_id, reference, created_at = entry.get("id"), entry.get("reference"), entry.get("createdAt")
    receivers = _receivers(entry.get("receiver"))
    if not _is_text(remote_id) or not 0 < len(remote_id) <= MAX_ID or receivers is None:
        return None
    if reference is not None and not _is_text(reference):
        return None
    own = redaction.of(receivers)
    if not is_id(remote_id) or own.repeats((remote_id,)):
        if stand_in is None:
            return None
        remote_id = stand_in(remote_id)
    created = parse_timestamp(created_at) if isinstance(created_at, str) else None
    report = status_report(entry, lambda text: redaction.of(receivers, _bodies(entry)).redacted(text))
    return Sighting(remote_id, reference or "", receivers, entry.get("status") == REJECTED, created, report)


def _bodies(entry: dict[str, Any]) -> tuple[bytes, ...]:
    """The message's texts as the entry repeats them."""
    texts = [without_surrogates(text) for key in ("body", "template") for text in _strings_in(entry.get(key))]
    return (json.dumps(texts).encode(),) if texts else ()


def _strings_in(value: Any) -> Iterator[str]:
    """As `payload_strings.strings_in`, of a value that may be nested as deeply as JSON can be read."""
    left = [value]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as mapping:
                left += [it for key, it in mapping.items() if key not in PROTOCOL_KEYS or not isinstance(it, str)]
            case list() as items:
                left += items
            case _:
                pass


def _receivers(receiver: Any) -> frozenset[str] | None:
    """The identifiers of the contacts; None where they can't be read."""
    contacts = receiver.get("contacts") if isinstance(receiver, dict) else receiver
    if contacts is None:
        return frozenset()
    if not isinstance(contacts, list) or not all(isinstance(contact, dict) for contact in contacts):
        return None
    names = [
        name for contact in contacts for key in ("identifierValue", "id") if (name := contact.get(key)) is not None
    ]
    return frozenset(names) if all(_is_text(name) for name in names) else None


def _is_text(value: Any) -> TypeGuard[str]:
    """Whether `value` is text that UTF-8 can encode: JSON can hold a lone surrogate."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False
