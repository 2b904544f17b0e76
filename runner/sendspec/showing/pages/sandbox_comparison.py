"""The sandbox's page of what was planned beside what arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted, grouped
from sendspec.planning.message_state import State
from sendspec.sandbox.comparison import Compared, Comparison, Difference
from sendspec.sandbox.inbox import address_of
from sendspec.sandbox.page_view import ComparisonView
from sendspec.showing.pages.parts import Column, Fact, TableRow
from sendspec.showing.pages.sandbox_entry import planned_size, spec_words
from sendspec.showing.pages.sandbox_words import Moments

MAX_ROWS = 500
MEANINGS = {
    Difference.ABSENT: "The ledger has them as accepted or in doubt, and the sandbox has no such message.",
    Difference.ELSEWHERE: "What arrived under their reference or id went to somebody else.",
    Difference.TWICE: "The sandbox took a message more than once under one reference.",
    Difference.UNPLANNED: "The ledger has no such message: another program sent it, or the ledger is another one.",
    Difference.SIZE: "What arrived takes another number of segments, or another encoding, than what was planned.",
    Difference.CONTENT: "What arrived went to its address in the planned size, and something in it is another one.",
}
NO_LONGER_KEPT = "accepted before what the sandbox still has"
UNKNOWABLE = "in doubt from before what the sandbox still has: whether they arrived isn't known"
WAITING = {"planned": "not sent yet", "refused": "refused", "skipped": "skipped", "sending": "under way"}
COLUMNS = (Column("Message"), Column("Spec"), Column("State"), Column("Planned"), Column("Arrived"), Column("Time"))


def comparison_context(view: ComparisonView, moments: Moments, base: str) -> Mapping[str, Any]:
    comparison = view.comparison
    if comparison is None:
        return {"comparison": None, "why_not": view.why_not}
    gone = sum(comparison.forgotten.values())
    rows = [TableRow(cells=_cells(each, moments, base), state=each.difference) for each in _first(comparison)]
    return {
        "comparison": comparison,
        "gone": gone,
        "gone_words": f"{counted(gone, 'message was', 'messages were')} sent before what the sandbox still has"
        if gone
        else "",
        "facts": list(_facts(comparison)),
        "kinds": [(difference, len(rows), MEANINGS[difference]) for difference, rows in comparison.found.items()],
        "columns": COLUMNS,
        "rows": rows,
        "left_out": comparison.differences - len(rows),
    }


def _first(comparison: Comparison) -> Iterator[Compared]:
    """The differences, as many of each kind as there is room for."""
    each = MAX_ROWS // max(1, len(comparison.found))
    for rows in comparison.found.values():
        yield from rows[:each]


def _facts(comparison: Comparison) -> Iterator[Fact]:
    yield Fact("planned", grouped(comparison.planned), "in this project's ledger")
    yield Fact("arrived", grouped(comparison.arrived), "in this project's workspaces")
    yield Fact("as planned", grouped(comparison.same), tone="good" if comparison.same else "")
    for difference, rows in comparison.found.items():
        yield Fact(difference, grouped(len(rows)), tone="bad")
    for state, count in comparison.waiting.items():
        yield Fact(WAITING.get(state, state), grouped(count), "and not arrived, as it should be")
    for state, count in comparison.forgotten.items():
        yield Fact("no longer kept", grouped(count), UNKNOWABLE if state is State.IN_DOUBT else NO_LONGER_KEPT)
    if comparison.elsewhere:
        yield Fact("elsewhere", grouped(comparison.elsewhere), "in other workspaces, not compared")


def _cells(each: Compared, moments: Moments, base: str) -> list[str | Markup]:
    record, arrived = each.record, each.arrived
    name: str | Markup = "" if record is None else record.masked
    if arrived:
        links = [
            Markup('<a href="{}message/{}">{}</a>').format(base, message.id, escape(printable(address_of(message))))
            for message in arrived
        ]
        if record is not None and each.difference is Difference.ELSEWHERE:
            links.append(Markup("planned for {}").format(record.masked))
        name = Markup("<br>").join(links)
    return [
        name,
        "no spec" if record is None else spec_words(record),
        "not in the ledger" if record is None else record.state.replace("_", " "),
        "–" if record is None or record.size is None else planned_size(record.size),
        "not arrived" if not arrived else "arrived" if each.size is None else planned_size(each.size),
        moments.short(arrived[-1].created_at if arrived else 0.0 if record is None else record.updated_at),
    ]
