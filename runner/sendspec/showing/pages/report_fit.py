"""Which recipients have a row on a report's page, and which of these are in its data too: as many as there is room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.send_report import ReportedMessage, SendReport
from sendspec.showing.pages.page import embedded_json
from sendspec.showing.pages.report_cut import cut_message
from sendspec.showing.pages.report_plain import is_plain, plain_bodies, plain_row
from sendspec.showing.pages.report_recipients import fair_order, recipient_row
from sendspec.showing.report import recipient_json

MAX_DATA_OF_ALL = 250_000
"""Bytes. If the data of all recipients is longer, it has only those of whom there is more to tell than their row does."""
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRecipients:
    """`told` are the rows with their attempts, `plain` the bodies of the others. `shown` are all of them.

    `data` has those that are in the page's data too, in the order of the report. `has_api_ids`: whether the plain rows have the API's ids.
    """

    shown: Sequence[ReportedMessage] = ()
    told: Sequence[Markup] = ()
    plain: Markup = field(default_factory=Markup)
    plain_count: int = 0
    data: Sequence[Mapping[str, Any]] = ()
    has_api_ids: bool = True

    @property
    def are_all_in_data(self) -> bool:
        return len(self.data) == len(self.shown)


def fitted(report: SendReport, room: int) -> FittedRecipients:
    """Those of whom there is something to tell come first, of each kind some; the plain ones take what they leave, the data comes last."""
    people, is_going_on = report.recipients.rows, report.under_way is not None
    plain = [each for each in people if is_plain(each)]
    told: dict[int, Markup] = {}
    indices = [index for index, each in enumerate(people) if not is_plain(each)]
    for at in fair_order([people[index] for index in indices]):
        row = recipient_row(cut_message(people[indices[at]]), is_going_on=is_going_on)
        if (size := _bytes(row)) > room:
            plain = []
            break
        room -= size
        told[indices[at]] = row
    has_api_ids, rows, room = _plain_rows(plain, _are_of_several_days(report), room)
    first = [people[index] for index in sorted(told)]
    place = {id_text(each.message.id): index for index, each in enumerate(people)}
    return FittedRecipients(
        shown=[*first, *plain[: len(rows)]],
        told=[told[index] for index in sorted(told)],
        plain=plain_bodies(list(zip(plain, rows, strict=False))),
        plain_count=len(rows),
        data=sorted(_data(first, plain[: len(rows)], room), key=lambda row: place[row["id"]]),
        has_api_ids=has_api_ids,
    )


def _plain_rows(plain: Sequence[ReportedMessage], has_day: bool, room: int) -> tuple[bool, list[str], int]:
    """Whether they have the API's ids, the rows that fit, and the room that is left. That all have a row matters more than the ids."""
    rows = [plain_row(each, has_api_id=True, has_day=has_day) for each in plain]
    size = sum(map(_bytes, rows))
    if size <= room:
        return True, rows, room - size
    rows = []
    for each in plain:
        row = plain_row(each, has_api_id=False, has_day=has_day)
        if _bytes(row) > room:
            break
        room -= _bytes(row)
        rows.append(row)
    return False, rows, room


def _data(told: Sequence[ReportedMessage], plain: Sequence[ReportedMessage], room: int) -> list[Mapping[str, Any]]:
    """Of all of them if that is short; else as many of the told ones as fit."""
    found: list[Mapping[str, Any]] = []
    size = 0
    for at, each in enumerate([*told, *plain]):
        row = recipient_json(cut_message(each))
        size += _bytes(embedded_json(row))
        if size > (room if at < len(told) else min(room, MAX_DATA_OF_ALL)):
            return found[: len(told)]
        found.append(row)
    return found


def _are_of_several_days(report: SendReport) -> bool:
    moments = [each.run.started_at for each in report.runs] + [
        each.message.updated_at for each in report.recipients.rows
    ]
    return len({moment // _DAY_SECONDS for moment in moments}) > 1


def _bytes(text: str) -> int:
    """With the character that divides it from the next."""
    return len(text.encode()) + 1
