"""What today's table tells a report: where people stand, and their countries. It is read once, as standard input can't be read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import SendRecord
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.recipient_row import MAX_NAMED, RecipientRows, find_rows
from sendspec.operations.report_countries import CountryTally
from sendspec.operations.report_recipients import ChosenMessages
from sendspec.operations.report_sizes import ReportedSizes
from sendspec.operations.send_report import CountryCounts
from sendspec.reading.contacts.number_country import UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLook:
    """The rows of the listed messages, and of everybody as far as they were asked for. `countries` None: no table tells any."""

    rows: RecipientRows
    all_rows: RecipientRows
    countries: tuple[CountryCounts, ...] | None


def look_at_table(
    context: ProjectContext,
    ledger: Facts,
    send: SendRecord,
    chosen: ChosenMessages,
    sizes: ReportedSizes,
    *,
    paths: Sequence[str],
    recipients: str | None,
    for_all: bool,
) -> TableLook:
    """`sizes` are those of the messages that are counted, `for_all` asks for the rows of all messages, if there are at most `MAX_NAMED`."""
    countries = CountryTally(sizes.measured)
    named = (send.name, send.generation)
    has_all = for_all and sum(each.count for each in ledger.sizes(*named)) <= MAX_NAMED
    wanted = ledger.messages_of_send(*named) if has_all else iter(chosen.messages)
    rows = find_rows((message for _, message in wanted), context, ledger, paths, recipients, {named: countries})
    found = countries.counts(sizes.counts) if countries.has_recipients else ()
    return TableLook(
        rows=rows,
        all_rows=rows if has_all else replace(rows, read=frozenset()),  # nobody else was looked for
        countries=None if all(each.country == UNKNOWN for each in found) else found,
    )
