"""`sendspec webhook ingest`: stores what captured requests report."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.cli.webhook_option import key_option
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import InputUnreadable
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import os_reason
from sendspec.operations.webhook_ingest import ingest
from sendspec.operations.webhook_settings import signing_keys
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.files.text_file import open_regular
from sendspec.showing.webhook_ingest import ingest_document, ingest_text


@click.command("ingest")
@click.argument("file", metavar="FILE|-")
@environment_option
@key_option
@common_options
def command(console: Console, file: str, env: str | None, key_names: tuple[str, ...]) -> int:
    """Store what captured webhook requests report: statuses, interactions, opt-outs.

    FILE has one JSON object a line, {"url", "headers", "body_base64"}, from any function or queue; - is standard input. Each signature is
    verified, however old it is. Running it again, or after it was stopped, changes nothing that was stored.

    \b
    Examples:
      sendspec webhook ingest captured.jsonl --key-env BIRD_SIGNING_KEY --env production
      my-queue drain | sendspec webhook ingest - --key-env BIRD_SIGNING_KEY --env production
    """
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was stored") or context is None:
        return ExitCode.REJECTED
    keys = signing_keys(key_names, console.system.environ)
    with _opened(console, file) as source:
        report = ingest(context, keys, source)
    console.result(ingest_text(report, context.environment.name))
    console.document(ingest_document(report, context.environment.name))
    return ExitCode.REJECTED if report.counts.refused else ExitCode.DONE


def _opened(console: Console, file: str) -> AbstractContextManager[BinaryIO]:
    if file == "-":
        stdin = console.system.stdin
        if stdin is None:
            raise WrongUsage("standard input is closed, so there is nothing to read", "name a file")
        return nullcontext(stdin)
    try:
        return os.fdopen(open_regular(file), "rb")
    except IsADirectoryError:
        raise InputUnreadable(f"'{printable(file)}' is no file", "name a file, or - for standard input") from None
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "its path can't be one"
        raise InputUnreadable(
            f"'{printable(file[:200])}' can't be read: {reason}", "name a file that you can read"
        ) from None
