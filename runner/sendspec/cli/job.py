"""What is another next step in a job of GitHub Actions than at a desk: there, people approve what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.cli.console import Console

_SEND = "sendspec send "
_RETRY = " --retry refused"


def in_job(console: Console) -> bool:
    """Whether a job of GitHub Actions runs the command."""
    return console.system.environ.get("GITHUB_ACTIONS") == "true"


def steps_in_job(commands: Sequence[str]) -> tuple[list[str], list[str]]:
    """The next commands as sentences, where they would send without the approval that a job waits for; and all others as they are."""
    sends = [command for command in commands if command.startswith(_SEND) or " --out " in command]
    steps = []
    if any(_RETRY in command for command in sends):
        steps.append("To try refused messages again, make a plan with --retry refused, and have it approved.")
    if any(_RETRY not in command for command in sends):
        steps.append("Run the job again: it sends what was approved and not sent yet.")
    return steps, [command for command in commands if command not in sends]
