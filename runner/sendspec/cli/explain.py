"""`sendspec explain`: what an error code means."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.near_miss import near_miss
from sendspec.showing.explanations import EXPLANATIONS, explanation_text, explanations_document


@click.command("explain")
@click.argument("code", required=False)
@common_options
def command(console: Console, code: str | None) -> int:
    """Say what an error code means, with an example; without a code, list them all.

    \b
    Examples:
      sendspec explain unknown-name
      sendspec explain
    """
    if code is None:
        width = max(map(len, EXPLANATIONS))
        listed = [f"{code:<{width}}  {EXPLANATIONS[code].summary}" for code in sorted(EXPLANATIONS)]
        console.result("\n".join(listed))
        console.document(explanations_document(sorted(EXPLANATIONS)))
        return ExitCode.DONE
    if code not in EXPLANATIONS:
        near = near_miss(code, EXPLANATIONS)
        hint = f"did you mean '{near}'?" if near else "`sendspec explain` lists them all"
        raise click.BadParameter(f"no error has the code '{code}'; {hint}", param_hint="CODE")
    console.result(explanation_text(code, console.out))
    console.document(explanations_document([code]))
    return ExitCode.DONE
