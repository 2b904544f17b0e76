"""`sendspec explain`: what an error code means."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.near_miss import near_miss
from sendspec.showing.explanations import EXPLANATIONS, explanation_text, explanations_document
from sendspec.showing.glossary import entry_document, entry_of, entry_text


@click.command("explain")
@click.argument("code", required=False)
@common_options
def command(console: Console, code: str | None) -> int:
    """Explain an error code or a word such as drift; without one, list all codes.

    \b
    Examples:
      sendspec explain unknown-name
      sendspec explain segment
      sendspec explain
    """
    if code is None:
        width = max(map(len, EXPLANATIONS))
        listed = [f"{code:<{width}}  {EXPLANATIONS[code].summary}" for code in sorted(EXPLANATIONS)]
        console.result("\n".join(listed))
        console.document(explanations_document(sorted(EXPLANATIONS)))
        return ExitCode.DONE
    entry = None if code in EXPLANATIONS else entry_of(code)
    if entry is not None:
        console.result(entry_text(entry, console.out))
        console.document(entry_document(entry))
        return ExitCode.DONE
    if code not in EXPLANATIONS:
        near = near_miss(code, EXPLANATIONS)
        hint = (
            f"did you mean '{near}'?"
            if near
            else "`sendspec explain` lists all codes, `sendspec help words` explains words"
        )
        raise click.BadParameter(
            f"no error has the code '{code}', and no page explains this word; {hint}", param_hint="CODE"
        )
    console.result(explanation_text(code, console.out))
    console.document(explanations_document([code]))
    return ExitCode.DONE
