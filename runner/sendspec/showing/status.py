"""What the ledger knows, as text and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from shlex import quote
from types import MappingProxyType
from typing import Any

from sendspec.diagnostics.wording import counted
from sendspec.ledger.record import MessageRecord
from sendspec.ledger.run_note import PlannedRun, RunNote
from sendspec.ledger.seen_run import SeenRun
from sendspec.operations.recipient_row import NO_ROWS, RecipientRows
from sendspec.operations.run_at_work import run_words
from sendspec.operations.status import NeverSent, SpecStatus
from sendspec.planning.plan_digest import digest_text
from sendspec.planning.totals import sum_of_totals
from sendspec.showing.account import accounting_line, left_words
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import messages_json, moment
from sendspec.showing.terminal_style import TerminalStyle

SEND = "sendspec send "
FINISHED = "finished"
"""The ending of a run that was not stopped."""


def status_text(
    specs: Sequence[SpecStatus],
    environment: str,
    style: TerminalStyle,
    never_sent: Sequence[NeverSent] = (),
    opted_out: Mapping[str, int] = MappingProxyType({}),
) -> str:
    """`opted_out`: how many unsent messages of a spec are to people who have opted out."""
    if not specs and not never_sent:
        return f"the ledger of '{clean(environment)}' holds no messages"
    lines = [_never_sent(each, environment) for each in never_sent]
    for spec in specs:
        generation = f", generation {spec.generation}" if spec.generation > 1 else ""
        lines += [
            style.bold(clean(f"{spec.name} ({environment}{generation})")),
            f"  {accounting_line(spec.account, spec.under_way or 0)}",
        ]
        if spec.under_way is not None:
            lines.append(f"  {style.cyan('under way:')} {clean(_under_way_words(spec.under_way, spec.at_work))}")
        elif spec.account.not_sent and spec.runs:
            lines.append(f"  not sent: {not_sent_words(spec)}")
        if count := opted_out.get(spec.name, 0):
            lines.append(f"  of them, {counted(count, 'is to somebody who has', 'are to people who have')} opted out")
        if spec.earlier_doubts:
            lines.append(
                f"  {style.yellow('in doubt:')} {spec.earlier_doubts} of earlier generations; --in-doubt lists them"
            )
        if spec.account.left:
            lines.append(f"  {style.yellow('left:')} {left_words(spec.account.left)}")
        if spec.runs and spec.runs[0].note is not None:
            lines.append("  " + _run_words(spec.runs[0].run, spec.runs[0].note))
    return "\n".join(lines)


def _under_way_words(on_the_wire: int, at_work: Sequence[SeenRun]) -> str:
    waiting = f"; {counted(on_the_wire, 'message waits', 'messages wait')} for an answer" if on_the_wire else ""
    runs = " and ".join(f"run {run.number} ({run_words(run)})" for run in at_work) or "a run"
    return f"{runs} {'are' if len(at_work) > 1 else 'is'} sending{waiting}"


def not_sent_words(spec: SpecStatus) -> str:
    """Why the latest run left messages behind, as far as it is noted."""
    latest = spec.runs[0]
    if latest.ended_at is None:
        return f"run {latest.run} has no end: it was killed, or goes on elsewhere"
    if latest.ending == FINISHED:
        return f"run {latest.run} left them out; `sendspec plan` says what the next one does"
    return clean(f"run {latest.run} stopped: {latest.ending}")


def _never_sent(spec: NeverSent, environment: str) -> str:
    hint = "" if spec.near is None else f"; did you mean '{spec.near}'?"
    return clean(f"{spec.name}: never sent ({environment}){hint}")


def next_commands(
    specs: Sequence[SpecStatus],
    never_sent: Sequence[NeverSent],
    path_by_name: Mapping[str, str],
    options: str,
    *,
    listed: bool,
    approved: bool = False,
    gone: Collection[str] = (),
    held: Collection[str] = (),
) -> list[str]:
    """The commands that come next, the most urgent first. `options` end each of them; `listed`: messages were listed.

    `gone` are the names of specs whose files are gone: nothing can be sent of them. Those in `held` are planned first, which says how to
    go on.

    `approved`: only a plan that people have approved is sent, so it is made first.
    """
    named = {**path_by_name, **{name: name for name in gone}}
    found = _next(specs, never_sent, named, listed, gone, held)
    commands = [f"sendspec {words}{options}" for words in dict.fromkeys(found)]
    if not approved:
        return commands
    return [
        f"sendspec plan {each.removeprefix(SEND)} --out plan.json" if each.startswith(SEND) else each
        for each in commands
    ]


def _next(
    specs: Sequence[SpecStatus],
    never_sent: Sequence[NeverSent],
    path_by_name: Mapping[str, str],
    listed: bool,
    gone: Collection[str],
    held: Collection[str],
) -> Iterator[str]:
    def named(which: Sequence[SpecStatus | NeverSent]) -> str:
        return " ".join(quote(path_by_name.get(spec.name, "SPEC")) for spec in which)

    running = [spec for spec in specs if spec.under_way is not None]
    specs = [spec for spec in specs if spec not in running]
    doubtful = [spec for spec in specs if spec.account.in_doubt or spec.earlier_doubts]
    refused = [spec for spec in specs if spec.account.refused]
    here = [spec for spec in specs if spec.name not in gone]
    unsent = [spec for spec in here if spec.account.not_sent]
    left_out = [spec for spec in unsent if spec.name in held or (spec.runs and spec.runs[0].ending == FINISHED)]
    unsent = [spec for spec in unsent if spec not in left_out]
    new = [spec for spec in never_sent if spec.path is not None]
    if doubtful:
        yield f"reconcile {named(doubtful)}"
    if refused and not listed:
        yield f"status {named(refused)} --failed"
    if again := [spec for spec in refused if spec in here]:
        yield f"send {named(again)} --retry refused"
    if left_out:
        yield f"plan {named(left_out)}"
    if unsent or new:
        yield f"send {named([*unsent, *new])}"
    if running:
        yield f"status {named(running)}"
    if specs and not (listed or running or doubtful or refused or unsent or left_out):
        yield f"status {named(specs)} --messages"
    if any(spec.path is None for spec in never_sent):
        yield "status"


def _run_words(run: int, note: RunNote) -> str:
    """What the latest run carried out, and who approved it: `run 3: plan 6bd0…, commit 4e1f…; approved by ann`."""
    digits = note.plan_digest.hex()
    commit = f", commit {note.commit[:12]}" if note.commit else ""
    approved = f"; approved by {', '.join(note.verified)}" if note.verified else ""
    claimed = (
        f"; said to have started or approved it, not verified: '{note.claimed.replace(chr(39), chr(8217))}'"
        if note.claimed
        else ""
    )
    return clean(f"run {run}: plan {digits[:8]}…{digits[-4:]}{commit}{approved}{claimed}")


def status_document(
    specs: Sequence[SpecStatus] | None,
    environment: str,
    messages: Iterable[MessageRecord] | None,
    *,
    rows: RecipientRows = NO_ROWS,
    columns: Sequence[str] = (),
    never_sent: Sequence[NeverSent] = (),
) -> dict[str, Any]:
    """The `sendspec.status/1` document; `messages` None leaves them out. `specs` None: the ledger could not be read, `totals` is null.

    `columns` are those of the recipients' `rows` that are shown with each message.
    """
    if specs is None:
        return {"schema": "sendspec.status/1", "environment": environment, "totals": None, "skipped": {}, "specs": []}
    total = sum_of_totals(spec.account for spec in specs)
    document: dict[str, Any] = {
        "schema": "sendspec.status/1",
        "environment": environment,
        "totals": total.as_dict(),
        "skipped": dict(total.skipped),
        "left": total.left,
        "specs": [
            {
                "name": spec.name,
                "generation": spec.generation,
                "totals": spec.account.as_dict(),
                "skipped": dict(spec.account.skipped),
                "left": spec.account.left,
                "earlier_doubts": spec.earlier_doubts,
                "under_way": spec.under_way,
                "at_work": [_at_work_json(run) for run in spec.at_work],
                "runs": [run_json(run) for run in spec.runs],
            }
            for spec in specs
        ],
        "never_sent": [each.name for each in never_sent],
    }
    if messages is not None:
        document["messages"] = list(messages_json(messages, rows, columns))
    return document


def _at_work_json(run: SeenRun) -> dict[str, Any]:
    return {"run": run.number, "command": run.command, "host": run.host, "started": moment(run.started_at)}


def run_json(run: PlannedRun) -> dict[str, Any]:
    note = run.note
    return {
        "run": run.run,
        "started": moment(run.started_at),
        "ended": None if run.ended_at is None else moment(run.ended_at),
        "ending": run.ending,
        "messages": run.messages,
        "plan": None if note is None else digest_text(note.plan_digest),
        "commit": None if note is None else note.commit,
        "approved": {"claimed": note and note.claimed, "verified": list(note.verified) if note else []},
    }
