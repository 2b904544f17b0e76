"""The page of a send's report. The first screen says how it went, who must be called, what it cost, and who won't get it and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.recipient_row import RecipientRow
from sendspec.operations.send_report import SendReport, Warned
from sendspec.showing.account import accounting_line
from sendspec.showing.pages.page import embedded_json, page_html
from sendspec.showing.pages.report_answers import calls, cost_facts, figures, missing, nobody_missing
from sendspec.showing.pages.report_cut import MAX_TEXT, MAX_WARNINGS, capped, cut_message
from sendspec.showing.pages.report_recipients import fair_order, place_words, recipient_row
from sendspec.showing.pages.report_sections import sections
from sendspec.showing.pages.report_words import VERDICTS, clipped, date_time, period_text, tone_of, with_code
from sendspec.showing.report import recipient_json, report_document
from sendspec.showing.report_text import IN_SENTENCE
from sendspec.showing.report_words import verdict_sentence, warning_text

MAX_BYTES = 1_000_000
"""Of the page of a send that is too large to list everybody."""
MAX_BYTES_OF_ALL = 12 * MAX_BYTES
"""Of one that lists everybody. Only reasons of hundreds of characters, different for each, make it as long."""
SCRIPTS = ("filter", "report")
_LINKS = {
    "guard": ("guards", "limits"),
    "killed": ("runs", "runs"),
    "stopped": ("runs", "runs"),
}
"""Where the page tells more of a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlace:
    """What the page says of itself. `command` makes it again, with a form and files; `steps`, in words, and then `commands` come next.

    `made_at` is in Unix seconds, None if that is not to be said.
    """

    command: str
    steps: Sequence[str] = ()
    commands: Sequence[str] = ()
    made_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A recipient on the page, and in its data."""

    index: int
    shown: Markup
    data: Mapping[str, Any]


def report_page(report: SendReport, place: ReportPlace) -> str:
    """The whole page, with as many of the listed recipients as fit."""
    document = report_document(capped(report))
    room = (MAX_BYTES_OF_ALL if report.recipients.are_all else MAX_BYTES) - len(
        _html(report, document, None, place).encode()
    )
    chosen = []
    for row in _rows(report):
        room -= len(row.shown.encode()) + len(embedded_json(row.data).encode()) + 2
        if room < 0:
            break
        chosen.append(row)
    return _html(report, document, sorted(chosen, key=attrgetter("index")), place)


def _rows(report: SendReport) -> Iterator[_Row]:
    """The rows in the order in which they get a place."""
    is_going_on = report.under_way is not None
    for index in fair_order(report.recipients.rows):
        each = cut_message(report.recipients.rows[index])
        yield _Row(index=index, shown=recipient_row(each, is_going_on=is_going_on), data=recipient_json(each))


def _html(report: SendReport, document: Mapping[str, Any], rows: Sequence[_Row] | None, place: ReportPlace) -> str:
    """With these rows. None: without any, but otherwise as long as with all of them."""
    people = report.recipients.rows
    shown = people if rows is None else [people[row.index] for row in rows]
    listed = {id_text(each.message.id): place_words(each) for each in shown}
    count = 0 if rows is None else len(rows)
    words, tone = VERDICTS[report.verdict]
    sentence = verdict_sentence(report)
    warnings = [each for each in report.warnings if each.concern not in IN_SENTENCE]
    called = calls(report, listed)
    context = {
        "name": report.name,
        "about": _about(report),
        "verdict": {"words": words, "tone": tone, "sentence": sentence[:1].upper() + sentence[1:] + "."},
        "warnings": [_warning(each) for each in warnings[:MAX_WARNINGS]],
        "warnings_more": _more_warnings(warnings[MAX_WARNINGS:]),
        "account": accounting_line(report.account, report.under_way or 0),
        "figures": figures(report),
        "calls": called,
        **_call_words(report, len(called)),
        "missing": missing(report),
        "nobody_missing": nobody_missing(report),
        "cost": cost_facts(report),
        "cost_note": _cost_note(report),
        "steps": place.steps,
        "commands": place.commands,
        "sections": sections(report, listed),
        "recipients": [row.shown for row in rows or ()],
        "recipients_lead": _recipients_lead(report, count, place),
        "rows_caption": _caption(report, count),
        "made": "" if place.made_at is None else f" at {date_time(place.made_at)}",
        "json_command": f"{place.command} --format json",
    }
    people_data = {**document["recipients"], "listed": count, "rows": [row.data for row in rows or ()]}
    data = {**document, "recipients": people_data}
    return page_html("report", context, data=data, scripts=SCRIPTS)


def _about(report: SendReport) -> list[str]:
    """Which send it is, and when it was."""
    begun = [each.run.started_at for each in report.runs]
    ended = [each.run.ended_at or each.last or each.run.started_at for each in report.runs]
    parts = [f"environment {report.environment}"]
    if report.generation is not None:
        parts.append(f"generation {report.generation}")
    if report.only_run is not None:
        parts.append(f"run {report.only_run} alone")
    elif report.runs:
        parts.append(counted(len(report.runs), "run"))
    if begun:
        parts.append(f"{period_text(min(begun), max(ended))} UTC")
    return parts


def _warning(warned: Warned) -> dict[str, str]:
    link, words = _LINKS.get(warned.concern.value, ("", ""))
    return {
        "word": warned.concern.value.replace("_", " "),
        "tone": tone_of(warned.concern),
        "text": clipped(warning_text(warned), MAX_TEXT),
        "link": link,
        "link_words": words,
    }


def _more_warnings(hidden: Sequence[Warned]) -> str:
    return f"And {counted(len(hidden), 'warning')} more." if hidden else ""


def _call_words(report: SendReport, shown: int) -> dict[str, Any]:
    count, doubts = report.to_call, report.in_doubt
    left = count - shown
    links = [("#state=refused", "refused")] * bool(report.account.refused)
    links += [("#state=undelivered", "not delivered")] * bool(report.undelivered)
    return {
        "to_call": count,
        "to_call_words": counted(count, "person", "people"),
        "calls_more": f"And {grouped(left)} more:" if left > 0 else "",
        "calls_links": [{"target": target.removeprefix("#"), "words": words} for target, words in links],
        "calls_note": f"{counted(doubts, 'more is', 'more are')} in doubt, and may have it: ask the API first."
        if doubts
        else "",
    }


def _cost_note(report: SendReport) -> Markup | str:
    if report.cost is None:
        return with_code("Without `prices:` in sendspec.yaml, or without the table of recipients, no cost is known.")
    return f"By {report.cost.prices.written}; a country without a price is unknown, never 0."


def _recipients_lead(report: SendReport, shown: int, place: ReportPlace) -> list[str | Markup]:
    people = report.recipients
    every = f"{place.command} --rows FILE.jsonl"
    if people.are_all and shown == len(people.rows):
        return [] if people.total else ["The ledger has no messages of this send."]
    if people.are_all:
        why = f"{grouped(shown)} of {counted(people.total, 'message')} fit on a page."
    else:
        failed = counted(people.failures, "message that was refused, is in doubt, was not sent or not delivered", "messages that were refused, are in doubt, were not sent or not delivered")  # fmt: skip
        why = f"Of {counted(people.total, 'message')}, the page lists {grouped(shown)} of {failed}; the most urgent first."
    return [why, with_code(f"All of them, as JSON lines with their attempts: `{every}`")]


def _caption(report: SendReport, shown: int) -> str:
    paths = dict.fromkeys(each.row.path for each in report.recipients.rows if isinstance(each.row, RecipientRow))
    where = (
        f"today’s {next(iter(paths))}" if len(paths) == 1 else "its table" if paths else "the table that was planned"
    )
    return f"{counted(shown, 'message')}, each with its line in {where}"
