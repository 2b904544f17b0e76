"""What the ledger knows, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sendspec.composing.identity import id_text, resent
from sendspec.ledger.record import MessageRecord, PlannedRun, RunNote
from sendspec.operations.status import SpecStatus
from sendspec.planning.plan_digest import digest_text
from sendspec.planning.totals import sum_of_totals
from sendspec.showing.account import accounting_line, left_words
from sendspec.showing.diagnostics import clean
from sendspec.showing.terminal_style import TerminalStyle


def status_text(specs: Sequence[SpecStatus], environment: str, style: TerminalStyle) -> str:
    if not specs:
        return f"the ledger of '{clean(environment)}' holds no messages"
    lines = []
    for spec in specs:
        generation = f", generation {spec.generation}" if spec.generation > 1 else ""
        lines += [style.bold(clean(f"{spec.name} ({environment}{generation})")), "  " + accounting_line(spec.account)]
        if spec.earlier_doubts:
            lines.append(
                f"  {style.yellow('in doubt:')} {spec.earlier_doubts} of earlier generations; --in-doubt lists them"
            )
        if spec.account.left:
            lines.append(f"  {style.yellow('left:')} {left_words(spec.account.left)}")
        if spec.runs and spec.runs[0].note is not None:
            lines.append("  " + _run_words(spec.runs[0].run, spec.runs[0].note))
    return "\n".join(lines)


def _run_words(run: int, note: RunNote) -> str:
    """What the latest run carried out, and who approved it: `run 3: plan 6bd0…, commit 4e1f…; approved by ann`."""
    digits = note.plan_digest.hex()
    commit = f", commit {note.commit[:12]}" if note.commit else ""
    approved = f"; approved by {', '.join(note.verified)}" if note.verified else ""
    claimed = f"; claimed, not verified: '{note.claimed.replace(chr(39), chr(8217))}'" if note.claimed else ""
    return clean(f"run {run}: plan {digits[:8]}…{digits[-4:]}{commit}{approved}{claimed}")


def messages_text(messages: Iterable[MessageRecord], style: TerminalStyle) -> str:
    """One line for each message: id, masked recipient, state, attempt, time, reason."""
    lines = []
    for message in messages:
        why = message.evidence or message.remote_id or ""
        lines.append(
            f"{id_text(message.id)}  {clean(message.masked):<12}  {style.bold(f'{message.state.value:<9}')}  "
            f"{clean(message.name)}  attempt {message.attempt}  {_moment(message.updated_at)}  {clean(why)}".rstrip()
        )
    return "\n".join(lines)


def status_document(
    specs: Sequence[SpecStatus] | None, environment: str, messages: Iterable[MessageRecord] | None
) -> dict[str, Any]:
    """The `sendspec.status/1` document; `messages` None leaves them out. `specs` None: the ledger could not be read, `totals` is null."""
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
                "runs": [_run_json(run) for run in spec.runs],
            }
            for spec in specs
        ],
    }
    if messages is not None:
        document["messages"] = [message_json(message) for message in messages]
    return document


def _run_json(run: PlannedRun) -> dict[str, Any]:
    note = run.note
    return {
        "run": run.run,
        "started": _moment(run.started_at),
        "ended": None if run.ended_at is None else _moment(run.ended_at),
        "ending": run.ending,
        "messages": run.messages,
        "plan": None if note is None else digest_text(note.plan_digest),
        "commit": None if note is None else note.commit,
        "approved": {"claimed": note and note.claimed, "verified": list(note.verified) if note else []},
    }


def message_json(message: MessageRecord) -> dict[str, Any]:
    """One message as `status --messages` and `ledger export` show it."""
    return {
        "id": id_text(message.id),
        "spec": message.name,
        "generation": message.generation,
        "state": message.state.value,
        "receiver": message.masked,
        "reference": resent(message.reference or id_text(message.id), message.resends),
        "attempt": message.attempt,
        "remote_id": message.remote_id,
        "http_status": message.http_status,
        "evidence": message.evidence,
        "updated_at": _moment(message.updated_at),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
