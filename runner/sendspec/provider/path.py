"""The paths of the API's URLs."""

from __future__ import annotations

import re

MESSAGES_PATH = "/workspaces/{workspace}/channels/{channel}/messages"
"""POST takes one message; GET lists the channel's messages."""
CHANNEL_PATH = "/workspaces/{workspace}/channels/{channel}"
SUBSCRIPTIONS_PATH = "/workspaces/{workspace}/webhook-subscriptions"
"""GET lists a workspace's webhook subscriptions."""
MESSAGE_PATH = MESSAGES_PATH + "/{message}"
INTERACTIONS_PATH = MESSAGE_PATH + "/interactions"
BATCH_PATH = "/workspaces/{workspace}/channels/{channel}/batch/messages"
"""POST takes several messages at once."""


def path_pattern(template: str) -> re.Pattern[str]:
    """Matches the paths that `template` describes. Each segment in braces becomes a named group."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
