"""The API's list of the messages that people sent to a channel: the query for a page, and the page read."""

from __future__ import annotations

from urllib.parse import urlencode

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.incoming_message import IncomingMessage, read_incoming
from sendspec.provider.message_list import page_json
from sendspec.provider.timestamp import format_timestamp


@dataclass(frozen=True, slots=True)
class IncomingPage:
    """One page. `token` leads to the next page, None at the end; `skipped` counts the entries that can't be read."""

    messages: list[IncomingMessage]
    skipped: int
    token: str | None


def incoming_query(since: float, until: float, token: str | None, limit: int) -> str:
    """Asks for messages that came from `since` to `until`, in Unix seconds, at most 7 days apart."""
    parameters = [
        ("direction", "incoming"),
        ("limit", str(limit)),
        ("startAt", format_timestamp(since)),
        ("endAt", format_timestamp(until)),
        *(() if token is None else (("pageToken", token),)),
    ]
    return "?" + urlencode(parameters)


def read_incoming_page(response: HttpResponse) -> IncomingPage | None:
    """A page of the list; None where the body is not the documented JSON.

    An entry of the other direction is skipped: a list that shows what was sent may be another than the one that was asked for.
    """
    page = page_json(response.body)
    if not isinstance(page, dict):
        return None
    results, token = page.get("results"), page.get("nextPageToken")
    if not isinstance(results, list) or not isinstance(token, str | None):
        return None
    messages = [message for entry in results if (message := read_incoming(entry)) is not None]
    return IncomingPage(messages, len(results) - len(messages), token or None)
