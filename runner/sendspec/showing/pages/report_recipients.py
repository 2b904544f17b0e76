"""The rows of a report's table of recipients, each with its attempts, and the order in which they get a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from sendspec.composing.identity import id_text
from sendspec.composing.platforms.sms_segments import segments_in
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.observation import Fate
from sendspec.operations.found_rows import RecipientRow
from sendspec.operations.recipient_row import Absence
from sendspec.operations.send_report import MessageMove, ReportedMessage
from sendspec.planning.message_state import State
from sendspec.showing.delivery import delivery_words
from sendspec.showing.pages.report_words import clipped, date_time, seconds_text
from sendspec.showing.pages.visible_text import visible_text
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

    `is_going_on`: what is on its way is being sent by a living run. Thousands of rows are made, so they are written as text.
    """
    message, identity = each.message, id_text(each.message.id)
    key = f'<span class="more">{shown(words)}</span>' if (words := key_words(each)) else ""
    words, tone = outcome_words(each, is_going_on=is_going_on)
    cells = (
        f'<th scope="row" class="number"><a href="#{row_id(identity)}">{line_words(each)}</a></th>',
        f"<td>{shown(message.masked)}{key}</td>",
        f'<td><span class="badge {tone}">{words}</span></td>',
        f"<td>{shown(country_of(each))}</td>",
        f'<td class="number">{"" if message.size is None else segments_in(message.size)}</td>',
        f"<td>{shown(clipped(why_words(each), REASON_LENGTH))}</td>",
        f'<td class="id">{shown(message.remote_id or "")}</td>',
        f"<td>{_attempts(each, identity)}</td>",
    )
    return Markup(f'<tr id="{row_id(identity)}" data-state="{" ".join(states_of(each))}">{"".join(cells)}</tr>')


def shown(text: str) -> str:
    """Foreign text as HTML."""
    return str(escape(visible_text(text)))


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
    fate = fate_of(each)
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
    if fate_of(each) is Fate.UNDELIVERED:
        return delivery_words(each.delivery).removeprefix("not delivered: ")
    return "" if each.message.state is State.ACCEPTED else each.message.evidence or ""


def fate_of(each: ReportedMessage) -> Fate | None:
    """What became of an accepted message, as far as that is known."""
    if each.delivery is None or each.message.state is not State.ACCEPTED:
        return None
    fate = each.delivery.report.fate
    return None if fate is Fate.UNKNOWN else fate


def outcome_words(each: ReportedMessage, *, is_going_on: bool = False) -> tuple[str, str]:
    """In words, and their tone."""
    fate = fate_of(each)
    if fate is not None:
        return _FATE_WORDS[fate]
    if is_going_on and each.message.state is State.SENDING:
        return "under way", "soft"
    return _WORDS[each.message.state]


def _attempts(each: ReportedMessage, identity: str) -> str:
    lines = [*_attempt_lines(each.attempts)]
    if each.delivery is not None:
        at = each.delivery.report.at or each.delivery.seen_at
        lines.append(f"{date_time(at)}: {clipped(delivery_words(each.delivery), REASON_LENGTH)}")
    listed = "".join(f"<li>{shown(line)}</li>" for line in lines)
    return (
        f"<details><summary>{counted(each.message.attempt, 'attempt')}</summary><p>message {identity}</p><ol>{listed}</ol></details>"
    )  # fmt: skip


def _attempt_lines(moves: Sequence[MessageMove]) -> Iterator[str]:
    """Each attempt with its result and how long that took, and each move that was no attempt. That it was planned is told if nothing else is."""
    claim: MessageMove | None = None
    for move in moves:
        if move.target == State.SENDING:
            claim = move
        elif claim is not None and (move.attempt, move.run) == (claim.attempt, claim.run):
            took = seconds_text(max(0.0, move.at - claim.at))
            yield f"{_where(claim)}: {_state_words(move.target)} after {took}{_why(move)}"
            claim = None
        elif move.origin is not None or len(moves) == 1:
            if claim is not None:
                yield f"{_where(claim)}: no result is noted"
                claim = None
            yield f"{_where(move)}: {_state_words(move.target)}{_why(move)}"
    if claim is not None:
        yield f"{_where(claim)}: no result yet"


def _where(move: MessageMove) -> str:
    """When, and in which run and attempt."""
    run = "" if move.run is None else f" run {move.run},"
    return (
        f"{date_time(move.at)}{run} attempt {move.attempt}"
        if move.attempt
        else f"{date_time(move.at)}{run.rstrip(',')}"
    )


def _why(move: MessageMove) -> str:
    return f": {clipped(move.evidence, REASON_LENGTH)}" if move.evidence else ""


def _state_words(state: str) -> str:
    return "not sent" if state == State.PLANNED else state.replace("_", " ")
