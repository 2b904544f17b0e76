"""Who must be called after a send, and which commands come next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from sendspec.diagnostics.wording import grouped
from sendspec.ledger.delivery.observation import Fate
from sendspec.operations.report_verdict import FINISHED
from sendspec.operations.send_report import Concern, ReportedMessage, SendReport
from sendspec.planning.message_state import State
from sendspec.showing.status import SEND


def failures_of(rows: Sequence[ReportedMessage]) -> list[ReportedMessage]:
    """The people who did not get the message, as far as is known: refused, or not delivered. Doubts are no failures yet."""
    return [each for each in rows if is_failure(each)]


def is_failure(each: ReportedMessage) -> bool:
    if each.message.state is State.REFUSED:
        return True
    return each.delivery is not None and each.delivery.report.fate is Fate.UNDELIVERED


def uncertain_words(report: SendReport) -> str:
    """Who may have it all the same: nobody should be called before that is known."""
    if report.in_doubt <= 0:
        return ""
    return f"; {grouped(report.in_doubt)} more may have it, and the API can tell"


def next_steps(
    report: SendReport, subject: str, options: str, *, has_spec: bool, approved: bool, is_newest: bool
) -> list[str]:
    """The commands that come next, the most urgent first. `subject` names the spec in them, `options` end each.

    `has_spec`: its file is there, so that it can be sent. `approved`: only a plan that people have approved is sent.
    """
    words = quote(subject)
    commands = [f"sendspec {each}{options}" for each in _steps(report, words, has_spec=has_spec, is_newest=is_newest)]
    if not approved:
        return commands
    return [
        f"sendspec plan {each.removeprefix(SEND)} --out plan.json" if each.startswith(SEND) else each
        for each in commands
    ]


def _steps(report: SendReport, words: str, *, has_spec: bool, is_newest: bool) -> Iterator[str]:
    account = report.account
    if report.warned(Concern.UNKNOWN_NAME):
        yield "status"
        return
    if report.warned(Concern.NEVER_SENT):
        if has_spec and report.generation is None:
            yield f"plan {words}"
        return
    if report.only_run is not None or not is_newest:
        yield f"report {words}"
        return
    if report.under_way is not None:
        yield f"status {words}"
        return
    if report.in_doubt:
        yield f"reconcile {words}"
    if account.refused:
        yield f"status {words} --failed"
    if account.refused and has_spec:
        yield f"send {words} --retry refused"
    if report.undelivered:
        yield f"status {words} --undelivered"
    if account.not_sent and has_spec:
        latest = report.runs[-1].run.ending if report.runs else None
        yield f"{'plan' if latest == FINISHED else 'send'} {words}"
    if account.accepted and (report.delivery is None or report.delivery.tally.undecided):
        yield f"wait {words}"
