"""`sendspec explain`: what an error code means."""

from __future__ import annotations

import sys

import click

from runner.cli.view import View, common_options
from runner.near import near_miss
from runner.showing.explanations import EXPLANATIONS, explanation_text


@click.command("explain")
@click.argument("code", required=False)
@common_options
def command(view: View, code: str | None) -> int:
    """Say what an error code means, with an example; without a code, list them all.

    \b
    Examples:
      sendspec explain unknown-name
      sendspec explain
    """
    if code is None:
        width = max(map(len, EXPLANATIONS))
        listed = [f"{code:<{width}}  {EXPLANATIONS[code].summary}" for code in sorted(EXPLANATIONS)]
        sys.stdout.write("\n".join(listed) + "\n")
        return 0
    if code not in EXPLANATIONS:
        near = near_miss(code, EXPLANATIONS)
        hint = f"did you mean '{near}'?" if near else "`sendspec explain` lists them all"
        raise click.BadParameter(f"no error has the code '{code}'; {hint}", param_hint="CODE")
    sys.stdout.write(explanation_text(code, view.out))
    return 0
