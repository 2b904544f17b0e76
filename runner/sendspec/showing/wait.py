"""A wait for deliveries, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sendspec.diagnostics.wording import counted, duration_text
from sendspec.operations.waited import Waited, WaitedSend
from sendspec.planning.delivery_gate import Decider, Gate, Verdict
from sendspec.planning.totals import sum_of_totals
from sendspec.showing.delivery import account_json, share_text, spec_lines
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import moment
from sendspec.showing.terminal_style import TerminalStyle


def wait_text(waited: Waited, style: TerminalStyle) -> str:
    if not waited.sends:
        return "nothing was sent yet: there is nothing to wait for"
    return "\n".join(line for send in waited.sends for line in _send_lines(send, waited, style))


def _send_lines(send: WaitedSend, waited: Waited, style: TerminalStyle) -> list[str]:
    lines = spec_lines(send.status, send.account, waited.environment, style)
    return [*lines, f"  {_verdict_words(send, style)}"]


def _verdict_words(send: WaitedSend, style: TerminalStyle) -> str:
    tally, gate, judged = send.account.tally, send.gate, send.judgement
    if not tally.accepted and judged.verdict is not Verdict.UNDECIDED:
        if judged.verdict is Verdict.FAILED:
            return f"{style.red('failed:')} nothing was accepted, {_percent(gate.need)} needed"
        return f"{style.green('met:')} nothing was accepted: there is nothing to wait for"
    terms = _terms(gate)
    if judged.verdict is Verdict.UNDECIDED:
        if send.status.under_way is not None or not tally.accepted:
            return f"{style.yellow('undecided:')} a run is still sending; {terms}"
        return f"{style.yellow('undecided:')} {tally.undecided} of {tally.accepted} not final yet; {terms}"
    done = share_text(tally.delivered, tally.accepted)
    lost = share_text(tally.undelivered, tally.accepted, up=True)
    found = f"{lost} not delivered" if judged.by is Decider.MAX_FAILED else f"{done} delivered"
    word = style.green("met:") if judged.verdict is Verdict.MET else style.red("failed:")
    return f"{word} {found}; {terms}"


def _terms(gate: Gate) -> str:
    if not gate.is_given:
        return "every message has to be delivered"
    parts = [] if gate.need is None else [f"{_percent(gate.need)} has to be delivered"]
    parts += [] if gate.max_failed is None else [f"at most {_percent(gate.max_failed)} may fail"]
    return ", ".join(parts)


def _percent(share: Fraction | None) -> str:
    return f"{float(100 * (share or 0)):g} %"


def ending_text(waited: Waited) -> str:
    """How the wait went."""
    looks = counted(waited.polls, "look")
    failed = f", {waited.failed_polls} of them failed" if waited.failed_polls else ""
    lines = [f"waited {duration_text(waited.seconds)}: {looks} at the API{failed}"]
    if waited.reason:
        lines.append(f"nothing could be read: {clean(waited.reason)}")
    if waited.elsewhere:
        lines.append(
            f"{counted(waited.elsewhere, 'listed message')} with our references went to other people, or was sent apart: not counted"
        )
    if waited.signal is not None:
        lines.append("interrupted: the account is as of the last look")
    return "\n".join(lines)


def wait_document(waited: Waited, error: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The `sendspec.wait/1` document. `gate` is that of the send that decided the verdict."""
    deciding = waited.deciding
    total = sum_of_totals(send.status.account for send in waited.sends)
    document = {
        "schema": "sendspec.wait/1",
        "environment": waited.environment,
        "verdict": waited.verdict.value,
        "gate": _gate_json(deciding, waited.timeout_seconds),
        "totals": total.as_dict(),
        **account_json(waited.account),
        "polls": waited.polls,
        "failed_polls": waited.failed_polls,
        "seconds": round(waited.seconds, 1),
        "as_of": None if waited.as_of is None else moment(waited.as_of),
        "reason": waited.reason or None,
        "elsewhere": waited.elsewhere,
        "specs": [_send_json(send, waited) for send in waited.sends],
    }
    return document if error is None else {**document, "error": dict(error), "sent": False}


def _send_json(send: WaitedSend, waited: Waited) -> dict[str, Any]:
    return {
        "name": send.status.name,
        "generation": send.status.generation,
        "verdict": send.judgement.verdict.value,
        "gate": _gate_json(send, waited.timeout_seconds),
        "totals": send.status.account.as_dict(),
        **account_json(send.account),
    }


def _gate_json(send: WaitedSend | None, timeout: int) -> dict[str, Any]:
    gate = Gate() if send is None else send.gate
    return {
        "need": None if gate.need is None else float(gate.need),
        "max_failed": None if gate.max_failed is None else float(gate.max_failed),
        "within_seconds": timeout,
        "decided_by": Decider.FINAL.value if send is None else send.judgement.by.value,
    }
