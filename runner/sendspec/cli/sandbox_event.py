"""`sendspec sandbox event`: a person writes back, in the sandbox."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import mask_in_place
from sendspec.operations.sandbox_event import put_text
from sendspec.provider.opt_out_keyword import KeywordSense
from sendspec.sandbox.receive import Received

WORDS = {
    KeywordSense.OUT: "it opts out",
    KeywordSense.IN: "it opts in",
    KeywordSense.CONTAINS: "it contains an opt-out keyword, which decides nothing",
    None: "it has no keyword",
}


@click.command("event")
@click.option("--from", "sender", metavar="NUMBER", required=True, help="Who writes, such as +447700900001.")
@click.option("--text", metavar="TEXT", required=True, help="What is written, such as STOP.")
@click.option(
    "--channel", metavar="CHANNEL",
    help="Where it comes in, by alias or id; default: the channel of the newest message to the number.",
)  # fmt: skip
@common_options
def command(console: Console, sender: str, text: str, channel: str | None) -> int:
    """Put a text from a person into the sandbox, as if it had just come in.

    Goes into the sandbox that SENDSPEC_SANDBOX_URL names, or else into the project's own. A keyword such as STOP is an interaction with the
    newest message to the number too.

    \b
    Examples:
      sendspec sandbox event --from +447700900001 --text STOP
      sendspec sandbox event --from +447700900001 --text "Please stop" --channel sms
    """
    problems = Problems()
    context = open_context(console, (), "sandbox", problems)
    if rejects(console, problems, ending="nothing was put in") or context is None:
        return ExitCode.REJECTED
    received = put_text(context, sender, text, channel)
    console.result(_said(sender, received))
    console.document(
        {
            "schema": "sendspec.sandbox-event/1", "environment": context.environment.name, "id": received.id,
            "keyword": received.keyword, "interaction": received.interaction, "answers": received.answers,
        }
    )  # fmt: skip
    return ExitCode.DONE


def _said(sender: str, received: Received) -> str:
    answers = "" if received.answers is None else f"; it replies to message {received.answers}"
    return f"a text from {mask_in_place(sender)} came in: {WORDS[received.keyword]}{answers}"
