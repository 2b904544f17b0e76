"""`sendspec approve`: signs a plan."""

from __future__ import annotations

from pathlib import Path

import click

from sendspec.cli.console import Console, common_options, rejected
from sendspec.cli.question import says_yes
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.exceptions import (
    NotConfirmed,
    SignaturesUnusable,
    SigningFailed,
    SshKeygenUnusable,
)
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.position import FILE_START
from sendspec.operations.approve import approve, text_to_sign
from sendspec.operations.plan_file import PlanFile, PlanUnreadable
from sendspec.operations.plan_file_reader import read_plan_file
from sendspec.showing.approval import approval_document, approval_text, approval_warnings, text_to_sign_text
from sendspec.showing.planned_spec import Reading


@click.command("approve")
@click.argument("plan_file", metavar="PLAN", type=click.Path())
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    help="Your SSH key: a private key, or a public key if the agent has the private one.",
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@common_options
def command(console: Console, plan_file: str, key: str, yes: bool) -> int:
    """Approve a plan: sign its digest with your SSH key, into PLAN.sig.

    Shows what you sign and asks first, unless --yes. Keeps other people's signatures of the same plan. `sendspec send
    --plan` counts them if the environment has `approvals`.

    \b
    Examples:
      sendspec approve plan.json --key ~/.ssh/id_ed25519
      sendspec approve plan.json --key release.pub --yes
    """
    try:
        return approve_plan(console, Path(plan_file), read_plan_file(Path(plan_file)), Path(key), yes=yes)
    except PlanUnreadable as error:
        return _rejected(console, plan_file, error.code, str(error), error.fix)
    except (SigningFailed, SignaturesUnusable, SshKeygenUnusable) as error:
        return _rejected(console, plan_file, error.code, error.problem, error.fix)


def approve_plan(console: Console, plan_file: Path, plan: PlanFile, key: Path, *, yes: bool) -> int:
    """Asks, signs and reports. Raises what `text_to_sign` and `approve` raise."""
    console.state.note_environment(plan.environment)
    text = text_to_sign(plan, console.system.now)
    if not (yes and console.quiet):
        reading = Reading(now=console.system.now, local_time=console.system.local_time)
        console.tell(text_to_sign_text(plan_file, text, plan, console.err, reading))
    if not yes:
        _ask(console)
    report = approve(
        plan_file, text, key, console.system, asks=console.asks, note_environment=console.state.note_environment
    )
    for line in approval_warnings(report):
        console.warn(line)
    console.result(approval_text(report))
    console.document(approval_document(report))
    return ExitCode.DONE


def _ask(console: Console) -> None:
    """Raises unless the user agrees: `click.UsageError` if nobody can be asked, `NotConfirmed` for a no."""
    if not console.asks:
        raise click.UsageError("a plan would be signed, and nobody can be asked: pass --yes to agree")
    if not says_yes("Sign it?", "nothing was signed"):
        raise NotConfirmed("the answer was no: nothing was signed", "answer yes, or pass --yes, to approve the plan")


def _rejected(console: Console, path: str, code: str, problem: str, fix: str) -> int:
    diagnostic = Diagnostic(path=path, span=FILE_START, code=code, problem=problem, fix=fix)
    return rejected(console, [diagnostic], ending="nothing was signed")
