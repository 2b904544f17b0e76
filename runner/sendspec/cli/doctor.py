"""`sendspec doctor`: whether a send would find what it needs, and where each setting comes from."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.project import open_context
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.operations.check import Check, CheckStatus
from sendspec.operations.doctor import examine
from sendspec.showing.terminal_style import TerminalStyle


@click.command("doctor")
@environment_option
@common_options
def command(console: Console, env: str | None) -> int:
    """Check settings, key, clock, ledger and connection; change nothing.

    Prints where each setting comes from. Sends nothing. Asks the API for one message of each channel's list, for the channel's state, and
    for the workspace's webhooks.

    \b
    Examples:
      sendspec doctor
      sendspec doctor --env production
    """
    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems) or context is None:
        return ExitCode.REJECTED
    findings = list(examine(context, env))
    for finding in findings:
        console.result(_line(finding, console.out))
    console.document(
        {
            "schema": "sendspec.doctor/1",
            "environment": context.environment.name,
            "findings": [
                {"verdict": f.status.value, "what": f.what, "found": "\n".join([f.found, *f.more]), "fix": f.fix}
                for f in findings
            ],
        }
    )
    if any(finding.status is CheckStatus.PROBLEM for finding in findings):
        return ExitCode.REJECTED
    return ExitCode.DONE


def _line(finding: Check, style: TerminalStyle) -> str:
    paint = {CheckStatus.OK: style.green, CheckStatus.NOTE: style.yellow, CheckStatus.PROBLEM: style.red}[
        finding.status
    ]
    fix = f"\n         {style.cyan('= fix:')} {printable(finding.fix)}" if finding.fix else ""
    lines = [f"{finding.what}: {finding.found}", *finding.more]
    found = "\n         ".join(map(printable, lines))  # a name in them may have line ends
    return f"{paint(f'{finding.status.value:<8}')} {found}{fix}"
