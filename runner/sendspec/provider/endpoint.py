"""Where requests go: the host, the path and the credentials of one channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.path import BATCH_PATH, MESSAGES_PATH
from sendspec.reading.api_url import Api, peer_is_allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One URL of the API. `path` begins with /; `authority` is the `Host` header, `authorization` the header of that name.

    `peer_allowed` decides whether a connection may go to the address that the host name resolved to.
    """

    scheme: str
    host: str
    port: int
    authority: str
    path: str
    authorization: str = field(repr=False)
    peer_allowed: Callable[[str], bool]


def messages_endpoint(api: Api, workspace: str, channel: str, authorization: str, *, batch: bool = False) -> Endpoint:
    """Where a channel's messages are posted and listed. A `batch` is posted to a path of its own."""
    path = (BATCH_PATH if batch else MESSAGES_PATH).format(workspace=workspace, channel=channel)
    return Endpoint(
        scheme=api.scheme,
        host=api.host,
        port=api.port,
        authority=api.authority,
        path=api.prefix + path,
        authorization=authorization,
        peer_allowed=lambda peer: peer_is_allowed(api, peer),
    )
