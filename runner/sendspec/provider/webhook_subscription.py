"""The request that registers a webhook (`reference/delivery.md`, section 1.3). sendspec shows it and never makes it."""

from __future__ import annotations

import json
from collections.abc import Sequence

EVENTS = ("outbound", "inbound", "interaction")
"""What is worth hearing of each platform: statuses of messages, replies, and clicks and requests to unsubscribe."""
PATH = "/organizations/ORGANIZATION/workspaces/{workspace}/webhook-subscriptions"


def subscription_request(base: str, workspace: str, platforms: Sequence[str]) -> list[str]:
    """The requests for these platforms, in a few lines, with words in capitals for what only the user knows. `base` is the API's URL."""
    first, *others = (f"{platform}.{event}" for platform in platforms for event in EVENTS)
    body = {"service": "channels", "event": first, "url": "https://HOST/PATH", "signingKey": "KEY"}
    also = ", ".join(others[:-1]) + f" and {others[-1]}"
    return [f"POST {base}{PATH.format(workspace=workspace)}", json.dumps(body), f"and the same for {also}"]
