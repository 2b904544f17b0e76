"""The parts of a report's page below its first screen, each with its title, figures, chart and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.send_report import CountryCounts, Reasons, SendReport
from sendspec.planning.cost import price_text
from sendspec.showing.delivery import again_words, tally_line
from sendspec.showing.pages.parts import Column, Fact, TableRow
from sendspec.showing.pages.report_answers import cost_fact
from sendspec.showing.pages.report_charts import (
    MAX_BARS,
    CountryShare,
    country_chart,
    latency_chart,
    throughput_chart,
)
from sendspec.showing.pages.report_cut import MAX_REASONS, MAX_RUNS, few
from sendspec.showing.pages.report_tables import (
    COUNTRY_COLUMNS,
    DELIVERY_COLUMNS,
    GUARD_COLUMNS,
    MAX_COUNTRIES,
    REASON_COLUMNS,
    RUN_COLUMNS,
    SKIP_COLUMNS,
    country_rows,
    delivery_rows,
    earlier_columns,
    earlier_rows,
    guard_rows,
    reason_rows,
    run_rows,
    skip_rows,
)
from sendspec.showing.pages.report_words import date_time, seconds_text, with_code
from sendspec.showing.report_words import least_words, pace_text, shared_words, took_text

PAUSES = "A band is a pause: the API throttled the send, or wasn’t reached, or no run was sending."


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionTable:
    caption: str
    columns: Sequence[Column]
    rows: Sequence[TableRow]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """Words, figures, a chart and tables, in this order; `tail` says what was left out. Two that aren't wide may stand side by side."""

    id: str
    title: str
    lead: Sequence[str] = ()
    facts: Sequence[Fact] = ()
    chart: Markup | None = None
    tables: Sequence[SectionTable] = ()
    tail: Sequence[str | Markup] = ()
    is_wide: bool = False


def sections(report: SendReport, listed: Mapping[str, str]) -> list[PageSection]:
    """`listed` are the messages whose rows are on the page: the words for their places, by id."""
    return list(_sections(report, listed))


def _sections(report: SendReport, listed: Mapping[str, str]) -> Iterator[PageSection]:
    if report.guards:
        yield _guards(report)
    if report.earlier is not None:
        columns, rows = earlier_columns(report, report.earlier), earlier_rows(report, report.earlier)
        table = SectionTable(caption="This generation and the one before", columns=columns, rows=rows, id="generations")
        yield PageSection(id="earlier", title="The generation before", tables=[table])
    if report.throughput.buckets:
        yield PageSection(
            id="pace", title="Pace", facts=_pace_facts(report), chart=throughput_chart(report.throughput), tail=[PAUSES], is_wide=True
        )  # fmt: skip
    if report.latency.count:
        yield _latency(report)
    if report.account.skipped_total:
        table = SectionTable(caption="Skipped recipients by reason", columns=SKIP_COLUMNS, rows=skip_rows(report), id="skip-reasons")  # fmt: skip
        yield PageSection(id="skipped", title="Skipped", tables=[table])
    for identity, title, reasons in (
        ("refusals", "Refused, by reason", report.refusals),
        ("doubts", "In doubt, by reason", report.doubts),
    ):
        if reasons.listed or reasons.others:
            yield _reasons(identity, title, reasons, listed)
    if report.delivery is not None and report.account.accepted:
        yield _deliveries(report, listed)
    if report.segments.total or report.segments.unmeasured:
        yield _countries(report)
    if report.runs:
        yield _runs(report)


def _guards(report: SendReport) -> PageSection:
    table = SectionTable(caption="Today’s limits, and what this send came to", columns=GUARD_COLUMNS, rows=guard_rows(report.guards), id="guard-table")  # fmt: skip
    tail = "The limits are those that spec and environment have today: the ledger doesn’t keep earlier ones."
    return PageSection(id="guards", title="Guards", tables=[table], tail=[tail])


def _pace_facts(report: SendReport) -> list[Fact]:
    pace = report.attempts_per_second
    each_second = "–" if pace is None else pace_text(pace)
    requests = "not noted" if report.requests is None else f"{least_words(report)}{grouped(report.requests)}"
    return [
        Fact("sent for", took_text(report.seconds)),
        Fact("requests", requests, shared_words(report)),
        Fact("attempts a second", each_second),
    ]


def _latency(report: SendReport) -> PageSection:
    latency = report.latency
    named = (("median", latency.p50), ("90 of 100 within", latency.p90), ("99 of 100 within", latency.p99), ("longest", latency.max))  # fmt: skip
    facts = [Fact(label, seconds_text(value)) for label, value in named if value is not None]
    lead = [f"From the claim of a message to its result, of {counted(latency.count, 'attempt')}."]
    return PageSection(
        id="latency", title="How long the API took", lead=lead, facts=facts, chart=latency_chart(latency)
    )


def _reasons(identity: str, title: str, reasons: Reasons, listed: Mapping[str, str]) -> PageSection:
    rows = reason_rows(few(reasons), listed)
    table = SectionTable(
        caption=f"{title}, in the API’s words", columns=REASON_COLUMNS, rows=rows, id=f"{identity}-table"
    )
    return PageSection(id=identity, title=title, tables=[table])


def _deliveries(report: SendReport, listed: Mapping[str, str]) -> PageSection:
    account = report.delivery
    assert account is not None
    tally = account.tally
    facts = [
        Fact("delivered", grouped(tally.delivered), tone="good"),
        Fact("not delivered", grouped(tally.undelivered), tone="bad" if tally.undelivered else ""),
        Fact("under way", grouped(tally.under_way)),
        Fact("not known yet", grouped(tally.unknown)),
    ]
    as_of = "No report of a delivery is known yet." if account.as_of is None else f"As of {date_time(account.as_of)}."
    again = again_words(account)
    tables = []
    if account.reasons:
        rows = delivery_rows(account, listed, MAX_REASONS)
        tables = [
            SectionTable(
                caption="Not delivered, by reason", columns=DELIVERY_COLUMNS, rows=rows, id="undelivered-table"
            )
        ]
    hidden = account.reasons[MAX_REASONS:]
    more = [f"{counted(sum(each.count for each in hidden), 'message')} for {counted(len(hidden), 'more reason')} are not listed here."]  # fmt: skip
    did = account.interactions
    found = [
        *([counted(did.clicked, "click")] if did.clicked else []),
        *([counted(did.clicked_by_bots, "click by a machine", "clicks by machines")] if did.clicked_by_bots else []),
        *([counted(did.opted_out, "request to opt out", "requests to opt out")] if did.opted_out else []),
    ]
    lead = [tally_line(tally), as_of, *([f"Recipients: {', '.join(found)}."] if found else [])]
    tail = [*(more if hidden else []), *([with_code(f"{again[:1].upper()}{again[1:]}.")] if again else [])]
    return PageSection(
        id="deliveries", title="Deliveries", lead=lead, facts=facts, tables=tables, tail=tail, is_wide=True
    )


def _countries(report: SendReport) -> PageSection:
    segments = report.segments
    facts = [
        Fact("segments", grouped(segments.total), f"{grouped(segments.accepted)} accepted"),
        Fact("GSM-7", grouped(segments.gsm7), "messages"),
        Fact("UCS-2", grouped(segments.ucs2), "messages"),
        Fact("longest message", counted(segments.most, "segment")),
        *([Fact("not measured", grouped(segments.unmeasured), "messages")] if segments.unmeasured else []),
        *([cost_fact("cost", report.cost)] if report.cost is not None and report.cost.by_country else []),
    ]
    if report.countries is None:
        lead = ["The table of recipients wasn’t at hand, so the countries aren’t known."]
        return PageSection(id="countries", title="Segments and cost", lead=lead, facts=facts)
    countries = sorted(report.countries, key=lambda each: (-each.segments, -each.messages, each.country))
    shares = [_share(each, report) for each in countries]
    hidden = len(countries) - MAX_COUNTRIES
    chart = country_chart("Segments accepted, by country", shares, max(0, len(shares) - MAX_BARS)) if shares else None
    table = SectionTable(caption="By country", columns=COUNTRY_COLUMNS, rows=country_rows(countries, report.cost), id="country-table")  # fmt: skip
    tail = [f"{counted(hidden, 'more country', 'more countries')} are not listed here."] if hidden > 0 else []
    if any(each.country == "unknown" for each in countries):
        tail.append("unknown: the country can’t be told from the number, or the row is no longer in the table.")
    return PageSection(id="countries", title="Segments and cost", facts=facts, chart=chart, tables=[table] if countries else [], tail=tail, is_wide=True)  # fmt: skip


def _share(each: CountryCounts, report: SendReport) -> CountryShare:
    words = counted(each.segments, "segment")
    priced = next((one for one in report.cost.by_country if one.country == each.country), None) if report.cost else None
    price = "" if priced is None or priced.price is None else f" · {price_text(priced.price)}"
    return CountryShare(each.country, each.segments, f"{words}{price}")


def _runs(report: SendReport) -> PageSection:
    table = SectionTable(
        caption="Runs, the latest last", columns=RUN_COLUMNS, rows=run_rows(report.runs), id="run-table"
    )
    hidden = len(report.runs) - MAX_RUNS
    tail = [
        "An approval that is claimed was only said; one that is verified was signed, and the signature was checked."
    ]
    tail += [f"{counted(hidden, 'earlier run')} are not listed here."] if hidden > 0 else []
    return PageSection(id="runs", title="Runs and approvals", tables=[table], tail=tail, is_wide=True)
