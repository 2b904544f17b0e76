"""A send's report as Markdown, for a job's summary. It names no recipient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.diagnostics.redaction import mask_in_place
from sendspec.ledger.delivery.observation import FailureReason
from sendspec.operations.delivery_account import ReasonCount
from sendspec.operations.run_report import Reason
from sendspec.operations.send_report import Guard, Reasons, SendReport
from sendspec.planning.plan import Segments
from sendspec.showing.account import accounting_line, skipped_words
from sendspec.showing.delivery import NO_REASON, tally_line
from sendspec.showing.markdown.foreign_text import cell, code, name
from sendspec.showing.markdown.page import GAP, Section, more_of, page, single
from sendspec.showing.markdown.words import amount, cost_words, many, number, segment_words, unfolding
from sendspec.showing.report_text import heading, run_words
from sendspec.showing.report_words import (
    GUARD_WORDS,
    claimed_words,
    found_text,
    headroom_text,
    together_words,
    value_text,
    verdict_sentence,
    warning_text,
)

MOST, WARNING_LENGTH, REASON_LENGTH = 7_000, 300, 300


def report_markdown(report: SendReport, commands: Sequence[str]) -> str:
    """How it went, who must be called, what comes next, then the figures. `commands` come next."""
    steps = [f"{at}. {name(command, 600)}" for at, command in enumerate(commands, start=1)]
    return page(
        [
            single(_head(report)),
            _list("Warnings", [f"- {name(warning_text(each), WARNING_LENGTH)}" for each in report.warnings], "warning"),
            _list("Next", steps, "step"),
            _list("Refused", list(_reasons(report.refusals)), "reason"),
            _list("In doubt", list(_reasons(report.doubts)), "reason"),
            _list("Not delivered", list(_undelivered(report)), "reason"),
            _limits(report.guards),
            _list("Figures", list(_figures(report)), "line"),
            _countries(report),
            _runs(report),
        ],
        single(code(accounting_line(report.account, report.under_way or 0))),
    )


def _head(report: SendReport) -> str:
    count = report.to_call
    call = f"{GAP}**{many(count, 'person', 'people')} did not get it.** `sendspec report` names them." if count else ""
    skipped = f"{GAP}Skipped: {skipped_words(report.skipped, number)}" if report.account.skipped_total else ""
    claimed = claimed_words(report)
    note = f"{GAP}{claimed[:1].upper()}{claimed[1:]}." if claimed else ""
    sentence = verdict_sentence(report)
    told = f"{sentence[:1].upper()}{sentence[1:]}."
    return f"**{report.verdict.value}**: {code(heading(report))}{GAP}{told}{call}{skipped}{note}"


def _list(title: str, items: Sequence[str], noun: str) -> Section:
    return Section(head=f"### {title}\n\n" if items else "", parts=items, joint="\n", more=more_of(noun), most=MOST)


def _reasons(reasons: Reasons) -> Iterator[str]:
    yield from (_reason(each) for each in reasons.listed)
    if reasons.others:
        yield f"- {number(reasons.others)} for {many(reasons.other_kinds, 'other reason')}"


def _reason(each: Reason) -> str:
    return (
        f"- {number(each.count)} {name(mask_in_place(each.text), REASON_LENGTH) if each.text else 'without a reason'}"
    )


def _undelivered(report: SendReport) -> Iterator[str]:
    account = report.delivery
    if account is None:
        return
    yield f"- {code(tally_line(account.tally))}"
    yield from (_undelivered_reason(each) for each in account.reasons)


def _undelivered_reason(each: ReasonCount) -> str:
    reason = each.reason or FailureReason("")
    codes = "" if reason.code is None else f", {reason.code}"
    meaning = f": {each.words.meaning}; {each.words.advice}" if each.words.meaning else ""
    return (
        f"- {number(each.count)} {name(reason.text or NO_REASON, REASON_LENGTH)} ({code(each.status)}{codes}){meaning}"
    )


def _limits(guards: Sequence[Guard]) -> Section:
    """The limits in force today; those that are not set are left out."""
    rows = [_row(_cells(guard)) for guard in guards if guard.limit is not None]
    head = f"### Today's limits\n\n{_row(('limit', 'is', 'found', 'left', 'held'))}\n{_row(['---'] * 5)}\n"
    return Section(head=head if rows else "", parts=rows, joint="\n", more=more_of("limit"), most=MOST)


def _cells(guard: Guard) -> list[str]:
    limit = "" if guard.limit is None else value_text(guard.name, guard.limit)
    held = together_words(guard) if guard.together else {True: "yes", False: "**no**", None: "unknown"}[guard.held]
    return [GUARD_WORDS[guard.name], cell(limit), cell(found_text(guard)), headroom_text(guard), held]


def _figures(report: SendReport) -> Iterator[str]:
    sizes = report.segments
    if words := segment_words(Segments(total=sizes.total, gsm7=sizes.gsm7, ucs2=sizes.ucs2)):
        yield f"- {words}"
    if words := cost_words(report.cost):
        yield f"- {words} for the accepted messages"
    latency = report.latency
    if latency.count and latency.p50 is not None and latency.p99 is not None and latency.max is not None:
        yield f"- answers: half within {latency.p50:.3g} s, 99 % within {latency.p99:.3g} s, all within {latency.max:.3g} s"
    if report.throughput.bands:
        attempts = sum(band.released for band in report.throughput.bands)
        yield f"- {many(attempts, 'attempt')} given back and tried again: {name(report.throughput.bands[0].words)}"
    if report.earlier is not None:
        yield f"- generation {report.earlier.generation} before: {code(accounting_line(report.earlier.account))}"


def _countries(report: SendReport) -> Section:
    prices = {} if report.cost is None else {each.country: each.price for each in report.cost.by_country}
    rows = [
        _row([
            each.country, number(each.messages), number(each.accepted), number(each.segments),
            "" if (price := prices.get(each.country)) is None else amount(price),
        ])
        for each in report.countries or ()
    ]  # fmt: skip
    heads = ("country", "messages", "accepted", "segments", "cost")
    head = f"### Countries\n\n{_row(heads)}\n{_row(['---', *['--:'] * 4])}\n"
    return Section(head=head if rows else "", parts=rows, joint="\n", more=more_of("country", "countries"), most=MOST)


def _runs(report: SendReport) -> Section:
    items = [f"- {name(run_words(each), REASON_LENGTH)}" for each in reversed(report.runs)]
    head, tail = unfolding("Runs")
    return Section(
        head=head if items else "",
        parts=items,
        joint="\n",
        more=more_of("run"),
        tail=tail if items else "",
        most=MOST,
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
