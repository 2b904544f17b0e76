"""`sendspec webhook`: the commands that take what the API reports."""

from __future__ import annotations

import click

from sendspec.cli import webhook_ingest, webhook_serve, webhook_verify
from sendspec.cli.common_flag import FlagGroup


@click.group("webhook", cls=FlagGroup)
def command() -> None:
    """Verify, read or receive the events that the API reports.

    sendspec registers no webhook: `sendspec doctor` shows the request that does.

    \b
    Examples:
      sendspec webhook serve --url https://example.com/bird --key-env BIRD_SIGNING_KEY --env production
      sendspec webhook ingest captured.jsonl --key-env BIRD_SIGNING_KEY --env production
      sendspec webhook verify --url https://example.com/bird --key-env BIRD_SIGNING_KEY --header "$SIGNATURE" < body
    """


for subcommand in (webhook_verify, webhook_ingest, webhook_serve):
    command.add_command(subcommand.command)
