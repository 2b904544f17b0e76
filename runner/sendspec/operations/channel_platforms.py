"""The platforms of a project's channels, which the sandbox names in events."""

from __future__ import annotations

from collections.abc import Mapping

from sendspec.operations.project_context import ProjectContext


def channel_platforms(context: ProjectContext) -> Mapping[str, str]:
    """The platform of each channel of the project, by the channel's id in lower case.

    Left out is an id with several platforms: the built-in sandbox has one channel for all aliases.
    """
    environments = [context.environment, *context.project.environments.values()]
    channels = [channel for environment in environments for channel in environment.channels.values()]
    found: dict[str, set[str]] = {}
    for channel in channels:
        found.setdefault(channel.channel.lower(), set()).add(channel.platform)
    return {channel: platforms.pop() for channel, platforms in found.items() if len(platforms) == 1}
