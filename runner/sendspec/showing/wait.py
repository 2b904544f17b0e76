"""A wait for deliveries, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, assert_never

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
    match send.judgement.verdict:
        case Verdict.MET:
            uncounted = f"; {words}" if (words := uncounted_words(send)) else ""
            return f"{style.green('met:')} {_met_words(send)}{uncounted}"
        case Verdict.FAILED:
            return f"{style.red('failed:')} {_failed_words(send)}"
        case Verdict.UNDECIDED:
            return f"{style.yellow('undecided:')} {_undecided_words(send)}"
        case _:
            assert_never(send.judgement.verdict)


def _met_words(send: WaitedSend) -> str:
    tally = send.account.tally
    if not tally.accepted:
        what = "nothing was accepted" if send.status.account.recipients else "it was never sent"
        return f"{what}, so there is nothing to wait for"
    if send.judgement.by is Decider.MAX_FAILED:
        lost = share_text(tally.undelivered, tally.accepted, up=True)
        return f"{tally.undelivered} of {tally.accepted} accepted failed ({lost}); {terms(send.gate)}"
    done = share_text(tally.delivered, tally.accepted)
    return f"{tally.delivered} of {tally.accepted} accepted were delivered ({done}); {terms(send.gate)}"


def uncounted_words(send: WaitedSend) -> str:
    """`8 refused ones don't count`: messages that a gate that is met leaves out, and that nobody got."""
    account = send.status.account
    counts = ((account.refused, "refused"), (account.not_sent, "not sent"))
    found = [f"{count} {words}" for count, words in counts if count]
    return f"{' and '.join(found)}, which no share counts" if found else ""


def _failed_words(send: WaitedSend) -> str:
    tally, gate = send.account.tally, send.gate
    if not tally.accepted:
        return f"nothing was accepted, and {_percent(gate.need)} has to be delivered"
    if send.judgement.by is Decider.NEED and not tally.undecided:
        done = share_text(tally.delivered, tally.accepted)
        return f"{tally.delivered} of {tally.accepted} were delivered ({done}); {terms(gate)}"
    lost = share_text(tally.undelivered, tally.accepted, up=True)
    failed = f"{tally.undelivered} of {tally.accepted} failed ({lost})"
    if not tally.undecided:
        return f"{failed}; {terms(gate)}"
    rest = f"{tally.undecided} {'is' if tally.undecided == 1 else 'are'} not decided yet"
    if send.judgement.by is Decider.NEED:
        return f"{failed}, so {_percent(gate.need)} can't be reached any more; {rest}"
    return f"{failed}; {terms(gate)}; {rest}"


def _undecided_words(send: WaitedSend) -> str:
    tally = send.account.tally
    if send.status.under_way is not None or not tally.accepted:
        return f"a run is still sending; {terms(send.gate)}"
    return f"{tally.undecided} of {tally.accepted} not final yet; {terms(send.gate)}"


def terms(gate: Gate) -> str:
    """What has to be delivered."""
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
        what = "the API was never read to its end" if waited.as_of else "the API could not be read, so nothing is known"
        lines.append(f"{what}: {clean(waited.reason)}")
    if waited.elsewhere:
        lines.append(
            f"{counted(waited.elsewhere, 'listed message has', 'listed messages have')} a reference of ours and"
            " another recipient, or another id than the accepted message: not counted"
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
