"""The interactions with one message, as `GET …/messages/{id}/interactions` answers."""

from __future__ import annotations

from urllib.parse import urlencode

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.interaction_entry import InteractionEntry, read_interaction
from sendspec.provider.message_list import page_json
from sendspec.provider.single_message import message_query


@dataclass(frozen=True, slots=True)
class InteractionPage:
    """One page. `token` leads to the next page, None at the end; `skipped` counts the entries that can't be read."""

    entries: list[InteractionEntry]
    skipped: int
    token: str | None


def interactions_query(remote_id: str, token: str | None) -> str | None:
    """What follows the path of the list; None for an id that can't be asked for."""
    message = message_query(remote_id)
    if message is None:
        return None
    return f"{message}/interactions" + ("" if token is None else "?" + urlencode({"pageToken": token}))


def read_interactions(response: HttpResponse, remote_id: str) -> InteractionPage | None:
    """A page of the interactions with this message; None where the body is not the documented JSON."""
    page = page_json(response.body)
    if not isinstance(page, dict):
        return None
    results, token = page.get("results"), page.get("nextPageToken")
    if not isinstance(results, list) or not isinstance(token, str | None):
        return None
    read = [read_interaction(entry) for entry in results]
    entries = [entry for entry in read if entry is not None and entry.message == remote_id]
    return InteractionPage(entries, len(results) - len(entries), token or None)
