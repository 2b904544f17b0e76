"""What became of accepted messages, as text and as JSON."""

from __future__ import annotations

from typing import Any

from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.observation import Delivery, FailureReason, Fate
from sendspec.operations.delivery_account import DeliveryAccount, ReasonCount
from sendspec.operations.status import SpecStatus
from sendspec.planning.delivery_gate import DeliveryTally
from sendspec.planning.totals import Totals
from sendspec.provider.failure_words import SENT_AGAIN, Certainty, FailureWords, failure_words
from sendspec.reading.undelivered import DEFAULT_OUTCOMES
from sendspec.showing.diagnostics import clean
from sendspec.showing.message_list import moment
from sendspec.showing.terminal_style import TerminalStyle

REASONS_SHOWN, REASONS_NAMED = 10, 30
"""So many reasons are shown with what they mean, and so many with their words alone."""
NO_REASON = "no reason given"
DELIVERY_COLUMNS = (
    "delivery", "delivery_status", "delivery_at", "seen_at", "reason", "code", "source", "source_code", "meaning",
)  # fmt: skip


def tally_line(tally: DeliveryTally) -> str:
    """`4 accepted = 2 delivered + 1 not delivered + 1 under way`: plain digits, for scripts too; what is 0 is left out."""
    parts = [f"{tally.delivered} delivered"]
    counts = ((tally.undelivered, "not delivered"), (tally.under_way, "under way"), (tally.unknown, "not known yet"))
    parts += [f"{count} {words}" for count, words in counts if count]
    return f"{tally.accepted} accepted = {' + '.join(parts)}"


def delivery_lines(account: DeliveryAccount, style: TerminalStyle) -> list[str]:
    """Why messages were not delivered, and what their recipients did."""
    lines = [_reason_line(each, style) for each in account.reasons[:REASONS_SHOWN]]
    lines += [_reason_words(each, style) for each in account.reasons[REASONS_SHOWN:REASONS_NAMED]]
    hidden = len(account.reasons) - REASONS_NAMED
    if hidden > 0:
        rest = sum(each.count for each in account.reasons[REASONS_NAMED:])
        reasons = counted(hidden, "more reason")
        lines.append(
            f"  {style.red('not delivered:')} {rest} for {reasons}, which `sendspec status --undelivered` lists"
        )
    again = again_words(account)
    if again:
        lines.append(f"  {again}")
    if account.tally.changed:
        lines.append(f"  changed: {account.tally.changed} reported as delivered and as failed; they count as delivered")
    did = account.interactions
    found = [
        *([counted(did.clicked, "click")] if did.clicked else []),
        *([counted(did.clicked_by_bots, "click by a machine", "clicks by machines")] if did.clicked_by_bots else []),
        *([counted(did.opted_out, "request to opt out", "requests to opt out")] if did.opted_out else []),
    ]
    if found:
        lines.append(f"  recipients: {' · '.join(found)}")
    return lines


def spec_lines(status: SpecStatus, account: DeliveryAccount, environment: str, style: TerminalStyle) -> list[str]:
    """What became of a spec's messages, the account in the first line."""
    generation = f", generation {status.generation}" if status.generation > 1 else ""
    head = style.bold(clean(f"{status.name} ({environment}{generation})"))
    besides = _besides(status.account, status.in_doubt)
    last = [f"  besides: {besides}"] if besides else []
    return [f"{head}: {tally_line(account.tally)}", *delivery_lines(account, style), *last]


def _besides(account: Totals, in_doubt: int) -> str:
    """What was not accepted, which no share counts."""
    counts = ((account.refused, "refused"), (in_doubt, "in doubt"), (account.not_sent, "not sent"))
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def again_words(account: DeliveryAccount) -> str:
    """How to send again to these people only; empty where nothing that failed is worth another message."""
    ended = dict.fromkeys(each.status for each in account.reasons if each.words.kind in SENT_AGAIN)
    if not ended:
        return ""
    chosen = "" if set(ended) <= set(DEFAULT_OUTCOMES) else f"statuses: [{', '.join(ended)}]"
    return (
        f"to send again to these people only: raise `generation`, and write `only: {{undelivered: {{{chosen}}}}}` under"
        " `recipients`"
    )


def _reason_words(each: ReasonCount, style: TerminalStyle) -> str:
    reason = each.reason or FailureReason("")
    code = "" if reason.code is None else f", {reason.code}"
    return (
        f"  {style.red('not delivered:')} {each.count} {clean(reason.text or NO_REASON)} ({clean(each.status)}{code})"
    )


def _reason_line(each: ReasonCount, style: TerminalStyle) -> str:
    line = _reason_words(each, style)
    words = each.words
    if not words.meaning:
        return line
    return f"{line}\n    {words.meaning}{guess_words(words)}: {words.advice}"


def guess_words(words: FailureWords) -> str:
    """Behind a meaning that nobody documents."""
    return " (a guess)" if words.meaning and words.certainty is Certainty.GUESSED else ""


def account_json(account: DeliveryAccount) -> dict[str, Any]:
    """The parts that `sendspec.wait/1` and `sendspec.status/1` share."""
    return {
        "delivery": account.tally.as_dict(),
        "by_status": dict(account.by_status),
        "reasons": [_reason_json(each) for each in account.reasons],
        "interactions": account.interactions.as_dict(),
    }


def _reason_json(each: ReasonCount) -> dict[str, Any]:
    reason = each.reason or FailureReason("")
    return {
        "status": each.status,
        "code": reason.code,
        "source": reason.source_name or None,
        "source_code": reason.source_code or None,
        "text": reason.text,
        "count": each.count,
        "first": id_text(each.first),
        "meaning": each.words.meaning or None,
        "kind": each.words.kind.value,
        "certainty": each.words.certainty.value,
        "advice": each.words.advice,
    }


def delivery_json(delivery: Delivery | None) -> dict[str, Any]:
    """What is known of one message, as a list shows it."""
    return dict(zip(DELIVERY_COLUMNS, _cells(delivery), strict=True))


def _cells(delivery: Delivery | None) -> list[Any]:
    if delivery is None:
        return [Fate.UNKNOWN.value, *[None] * (len(DELIVERY_COLUMNS) - 1)]
    report = delivery.report
    reason = report.reason or FailureReason("")
    meaning = failure_words(report.status, report.reason).meaning if report.fate is Fate.UNDELIVERED else ""
    return [
        report.fate.value,
        report.status,
        None if report.at is None else moment(report.at),
        moment(delivery.seen_at),
        reason.text or None,
        reason.code,
        reason.source_name or None,
        reason.source_code or None,
        meaning or None,
    ]


def delivery_words(delivery: Delivery | None) -> str:
    """`not delivered: unknown subscriber (delivery_failed, 15005): no active line has this number`, as a line of a list has it."""
    if delivery is None:
        return "not known yet"
    report = delivery.report
    reason = report.reason or FailureReason("")
    if report.fate is Fate.UNDER_WAY:
        return f"under way: {clean(report.status)}"
    if report.fate is Fate.DELIVERED:
        return "delivered"
    code = "" if reason.code is None else f", {reason.code}"
    words = failure_words(report.status, report.reason)
    means = (
        f": {'as a guess, ' if guess_words(words) else ''}{words.meaning}" if words.meaning else ""
    )  # first: ends are cut
    return f"not delivered: {clean(reason.text or NO_REASON)} ({clean(report.status)}{code}){means}"


def share_text(part: int, whole: int, *, up: bool = False) -> str:
    """`97.5 %`, rounded down, or `up`: a share that is too small never looks like enough."""
    tenths = -(-1_000 * part // whole) if up else 1_000 * part // whole
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"
