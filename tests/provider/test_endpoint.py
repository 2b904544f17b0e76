"""Where a channel's messages are posted and listed."""

from __future__ import annotations

import pytest
from sendspec.provider.endpoint import messages_endpoint
from sendspec.reading.api_url import Api

API = Api(scheme="https", host="api.bird.com", port=8443, prefix="/eu", loopback=False, named=False)


@pytest.mark.parametrize(
    ("batch", "path"),
    [(False, "/eu/workspaces/w/channels/c/messages"), (True, "/eu/workspaces/w/channels/c/batch/messages")],
)
def test_an_endpoint_has_the_path_of_its_channel_behind_the_apis_prefix(batch: bool, path: str) -> None:
    endpoint = messages_endpoint(API, "w", "c", "AccessKey canary", batch=batch)
    assert (endpoint.path, endpoint.authority) == (path, "api.bird.com:8443")


def test_an_endpoint_refuses_the_peers_that_the_address_does_not_allow() -> None:
    endpoint = messages_endpoint(API, "w", "c", "AccessKey canary")
    assert endpoint.peer_allowed("1.1.1.1")
    assert not endpoint.peer_allowed("10.0.0.1")


def test_the_key_does_not_show() -> None:
    assert "canary" not in repr(messages_endpoint(API, "w", "c", "AccessKey canary"))
