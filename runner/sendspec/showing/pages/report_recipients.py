"""The rows of a report's table of recipients, each with its attempts, and how many of them fit on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from sendspec.composing.identity import id_text
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.observation import Fate
from sendspec.operations.recipient_row import Absence, RecipientRow
from sendspec.operations.send_report import MessageMove, ReportedMessage
from sendspec.planning.message_state import State
from sendspec.showing.account import skip_words
from sendspec.showing.delivery import delivery_words
from sendspec.showing.pages.element import element
from sendspec.showing.pages.report_words import clipped, date_time
from sendspec.showing.report import country_of

REASON_LENGTH = 240
"""Characters of a reason in the table; the page's data has more of it."""
_WORDS = {
    State.ACCEPTED: ("accepted", "good"),
    State.REFUSED: ("refused", "bad"),
    State.IN_DOUBT: ("in doubt", "doubt"),
    State.SENDING: ("in doubt", "doubt"),
    State.PLANNED: ("not sent", "warn"),
    State.SKIPPED: ("skipped", "soft"),
}
_FATE_WORDS = {
    Fate.DELIVERED: ("delivered", "good"),
    Fate.UNDELIVERED: ("not delivered", "bad"),
    Fate.UNDER_WAY: ("under way", "soft"),
}


def row_id(identity: str) -> str:
    """What `#m=` leads to."""
    return f"m-{identity}"


def recipient_row(each: ReportedMessage, *, is_going_on: bool = False) -> Markup:
    """A row: the line, the masked recipient, what became of it, the country, segments, why, the API's id, and its attempts.

    `is_going_on`: what is on its way is being sent by a living run.
    """
    message, identity = each.message, id_text(each.message.id)
    link = element("a", line_words(each), href=f"#{row_id(identity)}")
    key = key_words(each)
    country = country_of(each)
    cells = [
        element("th", link, scope="row", class_="number"),
        element("td", message.masked, *([element("span", key, class_="more")] if key else [])),
        element("td", _badge(each, is_going_on=is_going_on)),
        element("td", country),
        element("td", "" if message.size is None else str(message.size >> 1), class_="number"),
        element("td", clipped(why_words(each), REASON_LENGTH)),
        element("td", message.remote_id or "", class_="id"),
        element("td", _attempts(each, identity)),
    ]
    return element("tr", *cells, id=row_id(identity), data_state=" ".join(states_of(each)))


def fair_order(rows: Sequence[ReportedMessage]) -> list[int]:
    """The order in which rows get a place if there isn't one for all, as indices: the first of each kind, then the second of each."""
    ranks: Counter[str] = Counter()
    order = []
    for index, each in enumerate(rows):
        kind = states_of(each)[-1]
        order.append((ranks[kind], index))
        ranks[kind] += 1
    return [index for _, index in sorted(order)]


def states_of(each: ReportedMessage) -> list[str]:
    """The words that the filter chooses by: the message's state, and what became of it after it was accepted."""
    state = {State.PLANNED: "not_sent", State.SENDING: "in_doubt"}.get(each.message.state, each.message.state.value)
    fate = _fate(each)
    return [state] if fate is None else [state, fate.value]


def place_words(each: ReportedMessage) -> str:
    """Where the recipient is, as a link's words."""
    match each.row, each.message.line:
        case RecipientRow(line=line), _:
            return f"line {line}"
        case Absence.GONE, _:
            return "no longer in the table"
        case _, int(line):
            return f"line {line} when it was planned"
        case _:
            return f"message {id_text(each.message.id)}"


def line_words(each: ReportedMessage) -> str:
    match each.row:
        case RecipientRow(line=line):
            return str(line)
        case Absence.GONE:
            return "gone"
        case _:
            return "?" if each.message.line is None else str(each.message.line)


def key_words(each: ReportedMessage) -> str:
    """The recipient's key, where it may be shown and isn't the number again."""
    if not isinstance(each.row, RecipientRow) or each.row.key in (None, each.message.masked):
        return ""
    return f"{each.row.key_column or 'key'} {each.row.key}"


def why_words(each: ReportedMessage) -> str:
    """Why it was not accepted, or not delivered; empty where all went well."""
    if _fate(each) is Fate.UNDELIVERED:
        return delivery_words(each.delivery).removeprefix("not delivered: ")
    if each.message.state is State.SKIPPED:
        return skip_words(each.message.evidence or "")
    return "" if each.message.state is State.ACCEPTED else each.message.evidence or ""


def _fate(each: ReportedMessage) -> Fate | None:
    if each.delivery is None or each.message.state is not State.ACCEPTED:
        return None
    fate = each.delivery.report.fate
    return None if fate is Fate.UNKNOWN else fate


def _badge(each: ReportedMessage, *, is_going_on: bool) -> Markup:
    words, tone = _WORDS[each.message.state]
    if is_going_on and each.message.state is State.SENDING:
        words, tone = "under way", "soft"
    fate = _fate(each)
    if fate is not None:
        words, tone = _FATE_WORDS[fate]
    return element("span", words, class_=f"badge {tone}")


def _attempts(each: ReportedMessage, identity: str) -> Markup:
    lines = [element("li", _move(move)) for move in each.attempts]
    if each.delivery is not None:
        report = each.delivery.report
        at = date_time(report.at or each.delivery.seen_at)
        lines.append(element("li", f"{at} {clipped(delivery_words(each.delivery), REASON_LENGTH)}"))
    summary = element("summary", counted(each.message.attempt, "attempt"))
    return element("details", summary, element("p", f"message {identity}"), element("ol", *lines))


def _move(move: MessageMove) -> str:
    run = "" if move.run is None else f" run {move.run},"
    origin = "" if move.origin is None else f"{_state_words(move.origin)} → "
    why = f": {clipped(move.evidence, REASON_LENGTH)}" if move.evidence else ""
    return f"{date_time(move.at)}{run} attempt {move.attempt}: {origin}{_state_words(move.target)}{why}"


def _state_words(state: str) -> str:
    return state.replace("_", " ")
