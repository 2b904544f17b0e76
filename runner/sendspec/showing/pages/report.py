"""The page of a send's report. The first screen says how it went, who must be called, what it cost, and who won't get it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.send_report import Concern, SendReport, Warned
from sendspec.showing.account import accounting_line
from sendspec.showing.pages.page import page_html
from sendspec.showing.pages.report_answers import calls, cost_facts, figures, missing, nobody_missing
from sendspec.showing.pages.report_charts import accepted_line, accepted_title
from sendspec.showing.pages.report_cut import MAX_TEXT, MAX_WARNINGS, capped
from sendspec.showing.pages.report_fit import FittedRecipients, fitted
from sendspec.showing.pages.report_listing import data_note, recipients_lead, rows_caption, table_words
from sendspec.showing.pages.report_recipients import place_words
from sendspec.showing.pages.report_sections import sections
from sendspec.showing.pages.report_words import VERDICTS, clipped, date_time, period_text, tone_of, with_code
from sendspec.showing.report import report_document
from sendspec.showing.report_text import IN_SENTENCE
from sendspec.showing.report_words import claimed_words, verdict_sentence, warning_text

MAX_BYTES = 1_000_000
_SPARE_BYTES = 600
"""For what differs between the page and the same one without recipients: the tags around them, and their numbers."""
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


def report_page(report: SendReport, place: ReportPlace) -> str:
    """The whole page, with as many of the listed recipients as fit."""
    document = report_document(capped(report))
    room = MAX_BYTES - _SPARE_BYTES - len(_html(report, document, None, place).encode())
    return _html(report, document, fitted(report, room), place)


def _html(report: SendReport, document: Mapping[str, Any], found: FittedRecipients | None, place: ReportPlace) -> str:
    """With these recipients. None: without any, but otherwise as long as with all of them."""
    people = report.recipients
    found, shown = found or FittedRecipients(), people.rows if found is None else found.shown
    listed = {id_text(each.message.id): place_words(each) for each in shown}
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
        "pace": accepted_line(report.throughput),
        "pace_title": accepted_title(report.throughput),
        "calls": called,
        **_call_words(report, len(called)),
        "missing": missing(report),
        "nobody_missing": nobody_missing(report),
        "cost": cost_facts(report),
        "cost_note": _cost_note(report),
        "steps": place.steps,
        "commands": place.commands,
        "sections": sections(report, listed),
        "has_recipients": bool(shown),
        "recipients": found.told,
        "plain_recipients": found.plain,
        "recipients_lead": [*_claimed(report), *recipients_lead(people, found, place.command)],
        "rows_caption": rows_caption(people, len(shown)),
        "made": "" if place.made_at is None else f" at {date_time(place.made_at)}",
        "data_note": data_note(people, found, place.command),
    }
    listed_data = {"listed": len(shown), "all": people.are_all and len(shown) == len(people.rows), "rows": found.data}
    data = {**document, "recipients": {**document["recipients"], **listed_data}}
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
        "calls_table": f"Lines are those of {table_words(report.recipients)}." if shown else "",
        "calls_note": f"{counted(doubts, 'more is', 'more are')} in doubt, and may have it: ask the API first."
        if doubts
        else "",
    }


def _cost_note(report: SendReport) -> Markup | str:
    if report.warned(Concern.PRICES):
        return "The price table can’t be used: see the warning above."
    if report.cost is None:
        return with_code("Without `prices:` in sendspec.yaml, or without the table of recipients, no cost is known.")
    return f"By {report.cost.prices.written}; a country without a price is unknown, never 0."


def _claimed(report: SendReport) -> list[str]:
    words = claimed_words(report)
    return [f"{words[:1].upper()}{words[1:]}."] if words else []
