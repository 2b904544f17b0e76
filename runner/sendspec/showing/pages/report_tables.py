"""The tables of a report, as records for the macros of `parts.html`: guards, runs, reasons, countries, deliveries, the generation before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import grouped
from sendspec.ledger.delivery.observation import FailureReason
from sendspec.operations.delivery_account import DeliveryAccount
from sendspec.operations.delivery_account import ReasonCount as DeliveryReason
from sendspec.operations.send_report import CountryCounts, EarlierGeneration, Guard, Reasons, ReportedRun, SendReport
from sendspec.planning.cost import Cost, price_text
from sendspec.planning.plan_digest import digest_text
from sendspec.showing.account import skip_words
from sendspec.showing.delivery import NO_REASON, guess_words, share_text
from sendspec.showing.pages.element import element
from sendspec.showing.pages.parts import Column, TableRow
from sendspec.showing.pages.report_cut import MAX_RUNS, MAX_TEXT
from sendspec.showing.pages.report_recipients import row_id
from sendspec.showing.pages.report_words import clipped, date_time
from sendspec.showing.report_words import GUARD_WORDS, found_text, headroom_text, together_words, took_text, value_text

MAX_COUNTRIES = 300
GUARD_COLUMNS = [
    Column("Guard"),
    Column("Limit", True),
    Column("Found", True),
    Column("Headroom", True),
    Column("Held"),
]
REASON_COLUMNS = [Column("The API's words"), Column("Messages", True), Column("First")]
SKIP_COLUMNS = [Column("Why"), Column("Recipients", True)]
DELIVERY_COLUMNS = [Column("The API's words"), Column("Messages", True), Column("What it means"), Column("What to do"), Column("First")]  # fmt: skip
COUNTRY_COLUMNS = [Column("Country"), Column("Messages", True), Column("Accepted", True), Column("Segments accepted", True), Column("Cost", True)]  # fmt: skip
RUN_COLUMNS = [
    Column("Run", True), Column("Started, UTC"), Column("Sent for", True), Column("How it ended"), Column("Requests", True), Column("Accepted", True),
    Column("Refused", True), Column("In doubt", True), Column("Plan and commit"), Column("Approval"),
]  # fmt: skip


def guard_rows(guards: Sequence[Guard]) -> list[TableRow]:
    """Each guard with what was found, also those that held."""
    return [
        TableRow(
            [
                GUARD_WORDS[each.name],
                "no limit" if each.limit is None else value_text(each.name, each.limit),
                "not known" if each.found is None else found_text(each),
                headroom_text(each),
                _held(each),
            ],
            state="exceeded" if each.held is False else "",
        )
        for each in guards
    ]


def _held(guard: Guard) -> Markup | str:
    if guard.together:
        return element("span", together_words(guard), class_="badge warn")
    if guard.held is None:
        return "–"
    words, tone = ("held", "good") if guard.held else ("exceeded", "bad")
    return element("span", words, class_=f"badge {tone}")


def reason_rows(reasons: Reasons, listed: Mapping[str, str]) -> list[TableRow]:
    """The reasons with the number of messages, and the first of them: a link if its row is `listed`, which has the words for rows by id."""
    rows = [TableRow([clipped(each.text, MAX_TEXT), grouped(each.count), first_link(each.first, listed)]) for each in reasons.listed]  # fmt: skip
    if reasons.others:
        rows.append(TableRow([f"{grouped(reasons.other_kinds)} other reasons", grouped(reasons.others), ""]))
    return rows


def first_link(identity: str, listed: Mapping[str, str]) -> Markup | str:
    words = listed.get(identity)
    return identity if words is None else element("a", words, href=f"#{row_id(identity)}")


def skip_rows(report: SendReport) -> list[TableRow]:
    found = sorted(report.skipped.items(), key=lambda item: (-item[1], item[0]))
    return [TableRow([skip_words(reason), grouped(count)]) for reason, count in found if count]


def delivery_rows(account: DeliveryAccount, listed: Mapping[str, str], most: int) -> list[TableRow]:
    return [_delivery_row(each, listed) for each in account.reasons[:most]]


def _delivery_row(each: DeliveryReason, listed: Mapping[str, str]) -> TableRow:
    reason = each.reason or FailureReason("")
    codes = [each.status, *([] if reason.code is None else [f"code {reason.code}"])]
    codes += [f"{reason.source_name} {reason.source_code}".strip()] if reason.source_name or reason.source_code else []
    return TableRow(
        [
            f"{clipped(reason.text or NO_REASON, MAX_TEXT)} ({clipped(', '.join(codes), 120)})",
            grouped(each.count),
            f"{each.words.meaning}{guess_words(each.words)}" if each.words.meaning else "not known",
            each.words.advice,
            first_link(id_text(each.first), listed),
        ]
    )


def country_rows(countries: Sequence[CountryCounts], cost: Cost | None) -> list[TableRow]:
    """By country, in the order given. Messages without a known price say so."""
    prices = {} if cost is None else {each.country: each for each in cost.by_country}
    rows = []
    for each in countries[:MAX_COUNTRIES]:
        priced = prices.get(each.country)
        price = "" if priced is None else "unknown" if priced.price is None else price_text(priced.price)
        rows.append(TableRow([each.country, *map(grouped, (each.messages, each.accepted, each.segments)), price]))
    return rows


def run_rows(runs: Sequence[ReportedRun]) -> list[TableRow]:
    return [_run_row(each) for each in runs[-MAX_RUNS:]]


def _run_row(each: ReportedRun) -> TableRow:
    run, note = each.run, each.run.note
    lasted = "" if each.first is None else took_text(each.seconds)
    requests = "" if run.requests is None else grouped(run.requests)
    also = " (of all specs)" if run.specs > 1 and requests else ""
    plan = [] if note is None else [f"plan {digest_text(note.plan_digest)[:11]}"]
    plan += [f"commit {note.commit[:12]}"] if note is not None and note.commit else []
    return TableRow(
        [
            str(run.run),
            date_time(run.started_at),
            lasted,
            clipped(run.ending or _no_end(each), 300),
            requests + also,
            *map(grouped, (each.account.accepted, each.account.refused, each.in_doubt)),
            ", ".join(plan),
            approval_words(each),
        ],
        id=f"run-{run.run}",
    )


def _no_end(each: ReportedRun) -> str:
    if each.under_way is None:
        return "no end is noted: it was killed, or goes on"
    return f"it is sending: {grouped(each.under_way)} under way"


def approval_words(each: ReportedRun) -> str:
    """Signatures that were verified, apart from what somebody said."""
    note = each.run.note
    if note is None or not (note.verified or note.claimed):
        return "none noted"
    verified = [f"verified: {clipped(', '.join(note.verified), 300)}"] if note.verified else []
    claimed = [f"claimed, not verified: {clipped(note.claimed, 300)}"] if note.claimed else []
    return "; ".join([*verified, *claimed])


def earlier_columns(report: SendReport, earlier: EarlierGeneration) -> list[Column]:
    return [Column("What"), Column(f"Generation {earlier.generation}", True), Column(f"Generation {report.generation}", True), Column("Change", True)]  # fmt: skip


def earlier_rows(report: SendReport, earlier: EarlierGeneration) -> list[TableRow]:
    """This generation beside the one before."""
    before, now = earlier.account.as_dict(), report.account.as_dict()
    pairs = [(name.replace("_", " "), before[name], now[name]) for name in now]
    pairs += [
        ("segments accepted", earlier.segments.accepted, report.segments.accepted),
        ("segments together", earlier.segments.total, report.segments.total),
    ]
    rows = [TableRow([name, grouped(old), grouped(new), change_text(new - old)]) for name, old, new in pairs]
    if earlier.delivery is not None and report.delivery is not None:
        old, new = earlier.delivery.tally, report.delivery.tally
        rows.append(TableRow(["delivered", grouped(old.delivered), grouped(new.delivered), change_text(new.delivered - old.delivered)]))  # fmt: skip
        if old.accepted and new.accepted:
            rows.append(TableRow(["share delivered", share_text(old.delivered, old.accepted), share_text(new.delivered, new.accepted), ""]))  # fmt: skip
    return rows


def change_text(change: int) -> str:
    return "=" if not change else f"{'+' if change > 0 else '−'}{grouped(abs(change))}"
