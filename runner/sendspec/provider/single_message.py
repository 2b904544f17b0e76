"""One message, as `GET …/messages/{id}` answers."""

from __future__ import annotations

from sendspec.provider.acceptance import is_id
from sendspec.provider.http_response import HttpResponse
from sendspec.provider.message_list import Sighting, StandIn, page_json, read_sighting
from sendspec.provider.response_redaction import Redaction

MAX_BODY = 256 * 1024


def message_query(remote_id: str) -> str | None:
    """What follows the path of the list; None for an id that can't be asked for, such as one that was not kept."""
    return f"/{remote_id}" if is_id(remote_id) and ":" not in remote_id and set(remote_id) != {"."} else None


def read_message(response: HttpResponse, redaction: Redaction, stand_in: StandIn | None) -> Sighting | None:
    """The message; None if the answer is none."""
    return read_sighting(page_json(response.body), redaction, stand_in)
