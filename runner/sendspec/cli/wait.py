"""`sendspec wait`: waits until deliveries are decided, as a gate for pipelines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from shlex import quote

import click

from sendspec.cli.common_flag import OnceOption
from sendspec.cli.console import (
    Console,
    common_options,
    environment_option,
    optional_specs_argument,
    rejects,
)
from sendspec.cli.exit_code import code_of_wait
from sendspec.cli.gate_options import Duration, gate_options
from sendspec.cli.interrupt import raise_on_signals
from sendspec.cli.named_specs import environment_words, paths_and_names, spec_paths
from sendspec.cli.project import open_specs
from sendspec.cli.terminal import columns
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.delivery_wait import wait_for_deliveries
from sendspec.operations.ledger_access import ledger_to_read
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.run_ending import refused_look
from sendspec.operations.wait_scope import GateWords, WaitScope, wait_scope
from sendspec.operations.waited import Waited
from sendspec.planning.delivery_gate import Verdict
from sendspec.showing.next_step import next_text
from sendspec.showing.progress import animates
from sendspec.showing.wait import ending_text, wait_document, wait_text
from sendspec.showing.wait_progress import WaitLine


@click.command("wait")
@optional_specs_argument
@environment_option
@click.option("--timeout", cls=OnceOption, metavar="DURATION", type=Duration(),
              help="How long to wait, such as 90s, 15m or 2h; 0 looks once. Default: the spec's, or 15m.")  # fmt: skip
@gate_options
@common_options
def command(
    console: Console,
    specs: tuple[str, ...],
    env: str | None,
    timeout: int | None,
    need: Fraction | None,
    max_failed: Fraction | None,
    until: str,
) -> int:
    """Wait until it is decided whether messages were delivered. Without SPEC: those of the last run.

    Succeeds if all accepted messages are delivered, or with --need or --max-failed, or `delivery:` in the spec, if so many are. With several
    specs, each has to succeed. Works while a send is running, and sends nothing.

    Shares are of the accepted messages of each spec's newest generation. Refused, unsent and skipped ones don't count. Where enough of the
    accepted ones were delivered, and others were refused or not sent, the exit code is 3; messages in doubt make it 4.

    Exit codes: 0 delivered as needed, 9 too many failed, 11 undecided when the time ran out, or the API could not be read at all, 3 some
    were refused or not sent, 4 messages in doubt, 5 the API refuses, 6 ledger.

    \b
    Examples:
      sendspec wait specs/welcome.yaml --env production
      sendspec wait specs/welcome.yaml --env production --timeout 15m --need 95% --max-failed 2%
      sendspec wait --timeout 0
    """
    paths, names = paths_and_names(specs)
    problems = Problems()
    context, read = open_specs(console, paths, env, problems)
    if rejects(console, problems, ending="nothing was looked up") or context is None:
        return ExitCode.REJECTED
    words = GateWords(need=need, max_failed=max_failed, timeout_seconds=timeout)
    with ledger_to_read(context, console.warn) as ledger:
        scope = wait_scope(context, ledger, read, names, words)
    for note in scope.notes:
        console.say(note)
    waited = wait_and_show(console, context, scope, until_final=until == "final")
    console.document(wait_document(waited, refusal_json(waited)))
    tell_next(console, context, waited, {spec.name: spec.path for spec in read}, environment_words(context, env))
    return code_of_wait(waited)


def wait_and_show(console: Console, context: ProjectContext, scope: WaitScope, *, until_final: bool) -> Waited:
    """Waits, with its progress on stderr, and prints the result as text."""
    system = context.system
    with _progress_line(console) as line:

        def warn(words: str) -> None:
            line.clear()
            console.warn(words)

        waited = wait_for_deliveries(
            context,
            scope,
            until_final=until_final,
            watch=lambda progress: None if console.quiet else line.show(progress, system.clock.monotonic()),
            say=warn,
            interruptible=raise_on_signals,
        )
    console.result(wait_text(waited, console.out))
    if waited.reason or waited.elsewhere or waited.signal is not None:
        console.tell(ending_text(waited))
    else:
        console.say(ending_text(waited))
    if waited.refusal is not None:
        ending = refused_look(waited.refusal)
        console.warn(f"sendspec: {ending.problem} [{ending.code}]")
        console.warn(f"    = fix: {ending.fix}")
    return waited


@contextmanager
def _progress_line(console: Console) -> Iterator[WaitLine]:
    system = console.system
    live = animates(system.environ, is_terminal=sys.stderr.isatty(), is_ci=system.is_ci)
    line = WaitLine(sys.stderr, live=live, columns=columns)
    try:
        yield line
    finally:
        line.clear()


def refusal_json(waited: Waited) -> Mapping[str, str] | None:
    """The error of a wait that the API refused; None for any other."""
    if waited.refusal is None:
        return None
    words = refused_look(waited.refusal)
    return {"code": words.code, "problem": words.problem, "fix": words.fix}


def tell_next(
    console: Console, context: ProjectContext, waited: Waited, path_by_name: Mapping[str, str], options: str
) -> None:
    """Names the commands that come next: who did not get it, who is in doubt, and waiting on."""
    if console.quiet or console.is_json or not waited.sends:
        return
    with ledger_to_read(context) as ledger:
        noted = spec_paths(context, ledger, [send.status for send in waited.sends])
    paths = {**noted, **path_by_name}

    def named(which: Sequence[str]) -> str:
        return " ".join(quote(paths.get(name, name)) for name in which)

    failed = [send.status.name for send in waited.sends if send.account.tally.undelivered]
    doubtful = [send.status.name for send in waited.sends if send.status.in_doubt]
    refused = [send.status.name for send in waited.sends if send.status.account.refused]
    unsent = [
        send.status.name for send in waited.sends if send.status.account.not_sent and send.status.under_way is None
    ]
    open_ones = [send.status.name for send in waited.sends if send.judgement.verdict is Verdict.UNDECIDED]
    commands = [f"sendspec reconcile {named(doubtful)}{options}"] if doubtful else []
    commands += [f"sendspec status {named(failed)} --undelivered{options}"] if failed else []
    commands += [f"sendspec status {named(refused)} --failed{options}"] if refused else []
    commands += [f"sendspec status {named(unsent)} --not-sent{options}"] if unsent else []
    commands += [f"sendspec wait {named(open_ones)}{options}"] if open_ones and waited.refusal is None else []
    console.tell(next_text(commands))
