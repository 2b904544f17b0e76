"""The recipients whom the API accepted at the first attempt: a short row each, with the time of it in place of a block of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.composing.platforms.sms_segments import segments_in
from sendspec.ledger.delivery.observation import Fate
from sendspec.operations.send_report import ReportedMessage
from sendspec.planning.message_state import State
from sendspec.showing.pages.report_recipients import (
    fate_of,
    key_words,
    line_words,
    outcome_words,
    row_id,
    shown,
    states_of,
)
from sendspec.showing.pages.report_words import date_time
from sendspec.showing.report import country_of

_MOVES = (None, State.PLANNED), (State.PLANNED, State.SENDING), (State.SENDING, State.ACCEPTED)


def is_plain(each: ReportedMessage) -> bool:
    """Whether there is nothing to tell of its attempts but the time of the one that was accepted."""
    message, moves = each.message, each.attempts
    if message.state is not State.ACCEPTED or message.attempt > 1 or fate_of(each) is Fate.UNDELIVERED:
        return False
    if message.evidence or any(move.evidence for move in moves) or len({move.run for move in moves[-2:]}) > 1:
        return False
    return tuple((move.origin, move.target) for move in moves) in ((), _MOVES, _MOVES[1:])


def plain_row(each: ReportedMessage, *, has_api_id: bool, has_day: bool) -> str:
    """The cells are those of `recipient_row`. Thousands are on a page: tags that HTML lets out are left out."""
    message = each.message
    key = f"<br>{shown(words)}" if (words := key_words(each)) else ""
    at = date_time(each.attempts[-1].at if each.attempts else message.updated_at)
    cells = (
        f"<tr id={row_id(id_text(message.id))}><th scope=row>{line_words(each)}",
        f"{shown(message.masked)}{key}",
        outcome_words(each)[0],
        shown(country_of(each)),
        "" if message.size is None else str(segments_in(message.size)),
        "",
        shown(message.remote_id or "") if has_api_id else "",
        at if has_day else at.split()[1],
    )
    return "<td>".join(cells)


def plain_bodies(rows: Sequence[tuple[ReportedMessage, str]]) -> Markup:
    """The rows as bodies of the table, one for each state: the filter takes it from there."""
    by_states = sorted(((" ".join(states_of(each)), row) for each, row in rows), key=itemgetter(0))
    bodies = (
        f'<tbody class="plain" data-state="{states}">\n' + "\n".join(row for _, row in group) + "\n</tbody>"
        for states, group in groupby(by_states, key=itemgetter(0))
    )
    return Markup("\n".join(bodies))
