"""What a report's page says of its list of recipients: whom it has, what it leaves out, and where that is."""

from __future__ import annotations

from markupsafe import Markup

from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.send_report import ReportedRecipients
from sendspec.reading.files.confined_path import without_detour
from sendspec.showing.pages.report_fit import FittedRecipients
from sendspec.showing.pages.report_words import with_code

_FAILED = "that {was} refused, {be} in doubt, {was} not sent or not delivered"


def recipients_lead(people: ReportedRecipients, found: FittedRecipients, command: str) -> list[str | Markup]:
    if not people.total:
        return ["The ledger has no messages of this send."]
    lead: list[str | Markup] = []
    shown = len(found.shown)
    if not people.are_all:
        one, several = _FAILED.format(was="was", be="is"), _FAILED.format(was="were", be="are")
        failed = counted(people.failures, f"message {one}", f"messages {several}")
        lead += [
            f"Of {counted(people.total, 'message')}, the page lists {grouped(shown)} of {failed}; the most urgent first."
        ]
    elif shown < len(people.rows):
        lead += [f"{grouped(shown)} of {counted(people.total, 'message')} fit on a page, the most urgent first."]
    if found.plain_count:
        ids = "" if found.has_api_ids else " The API’s ids of these don’t fit on a page."
        lead += [f"A time in place of attempts: the first attempt was accepted then.{ids}"]
    return [*lead, with_code(f"All of them, as JSON lines with their attempts: `{command} --rows FILE.jsonl`")]


def rows_caption(people: ReportedRecipients, shown: int) -> str:
    return f"{counted(shown, 'message')}, each with its line in {table_words(people)}"


def table_words(people: ReportedRecipients) -> str:
    """Whose lines are told."""
    paths = {each.row.path for each in people.rows if isinstance(each.row, RecipientRow)}
    if len(paths) == 1:
        return f"today’s {without_detour(paths.pop())}"
    return "its table" if paths else "the table that was planned"


def data_note(people: ReportedRecipients, found: FittedRecipients, command: str) -> Markup:
    """What the data of the page has of the recipients."""
    if found.are_all_in_data and len(found.data) == len(people.rows):
        return with_code(f"The same data: `{command} --format json`")
    whole = "all of them" if people.are_all else f"{grouped(len(people.rows))} of them"
    return with_code(
        f"Of the {counted(len(found.shown), 'recipient')} listed here, the data has {grouped(len(found.data))};"
        f" `{command} --format json` has {whole}."
    )
