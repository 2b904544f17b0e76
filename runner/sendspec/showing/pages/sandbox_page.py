"""The sandbox's page: conversations, what was planned beside them, faults, and the numbers that answer in set ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, assert_never

from sendspec.diagnostics.wording import counted
from sendspec.sandbox.ending import ENDINGS
from sendspec.sandbox.inbox import ArrivedMessage, Entry
from sendspec.sandbox.page_view import (
    AbsentView,
    ComparisonView,
    FaultsView,
    Frame,
    InboxView,
    NumbersView,
    RenderedPage,
    View,
)
from sendspec.showing.pages.page import content_policy, page_html
from sendspec.showing.pages.sandbox_comparison import comparison_context
from sendspec.showing.pages.sandbox_entry import MAX_SHOWN, entry_context
from sendspec.showing.pages.sandbox_faults import faults_context
from sendspec.showing.pages.sandbox_words import Moments, excerpt, headline, status_tone, title_of

MAX_LISTED = 100
"""Conversations in the list; further ones are found by searching."""
MAX_ENTRIES = 200
"""Messages and texts of one conversation, the newest."""
MAX_CHARACTERS = 150_000
"""Characters of their texts: it is fetched again with each change."""
SCRIPTS = ("live",)

LocalTime = Callable[[datetime], datetime]


def sandbox_page(view: View, frame: Frame, local_time: LocalTime) -> RenderedPage:
    """The page of a view. `local_time` is a moment as it reads here."""
    moments = Moments(partial(_local, local_time), frame.now)
    section, context = _context(view, frame, moments)
    lost_at = frame.lost_at
    lost = None if lost_at is None else (moments.short(lost_at), moments.iso(lost_at))
    shared = {"frame": frame, "section": section, "title": title_of(section), "lost": lost}
    scripts = () if isinstance(view, AbsentView) else SCRIPTS
    html = page_html(f"sandbox_{section}", {**shared, **context}, scripts=scripts, is_live=True, has_forms=True)
    policy = content_policy(scripts, is_live=True, has_forms=True)
    return RenderedPage(html, f"{policy}; frame-ancestors 'none'")


def _context(view: View, frame: Frame, moments: Moments) -> tuple[str, Mapping[str, Any]]:
    match view:
        case InboxView():
            return "inbox", _inbox(view, frame, moments)
        case ComparisonView():
            return "planned", comparison_context(view, moments, frame.base)
        case FaultsView():
            return "faults", faults_context(view)
        case NumbersView():
            return "numbers", {"endings": [(f"0000{each.digits}", each.does.replace("`", "")) for each in ENDINGS]}
        case AbsentView():
            return "absent", {"what": view.what}
    assert_never(view)


def _local(local_time: LocalTime, seconds: float) -> datetime:
    return local_time(datetime.fromtimestamp(seconds, UTC))


def _inbox(view: InboxView, frame: Frame, moments: Moments) -> Mapping[str, Any]:
    inbox, opened, comparison = view.inbox, view.opened, view.comparison
    listed = []
    for conversation in inbox.conversations[:MAX_LISTED]:
        message = conversation.newest_message
        status = "" if message is None else message.reached.step.status
        listed.append(
            {
                "id": conversation.id, "address": conversation.address, "excerpt": excerpt(conversation.newest),
                "time": moments.short(conversation.newest.at), "iso": moments.iso(conversation.newest.at),
                "status": status, "tone": status_tone(status), "count": len(conversation.entries),
                "is_open": opened is not None and opened.id == conversation.id,
            }
        )  # fmt: skip
    entries = [] if opened is None else _newest(opened.entries)
    return {
        "inbox": inbox,
        "headline": headline(inbox),
        "listed": listed,
        "unlisted": len(inbox.conversations) - len(listed),
        "opened": opened,
        "entries": [entry_context(entry, comparison, moments, frame.url) for entry in entries],
        "earlier": 0 if opened is None else len(opened.entries) - len(entries),
        "hidden": 0 if opened is None else opened.all - len(opened.entries),
        "planned_words": _planned_words(view),
        "differences": 0 if comparison is None else comparison.differences,
        "can_answer": opened is not None and opened.address.startswith("+"),
        "problem": view.problem,
        "typed": view.typed or {},
        "event_command": f"SENDSPEC_SANDBOX_URL={frame.url} sendspec sandbox event",
    }


def _newest(entries: Sequence[Entry]) -> Sequence[Entry]:
    """As many of the newest as a page has room for, at least one."""
    room = MAX_CHARACTERS
    for count, entry in enumerate(reversed(entries[-MAX_ENTRIES:])):
        room -= min(MAX_SHOWN, len(entry.text if isinstance(entry, ArrivedMessage) else entry.text.text))
        if room < 0:
            return entries[-max(1, count) :]
    return entries[-MAX_ENTRIES:]


def _planned_words(view: InboxView) -> str:
    comparison = view.comparison
    if comparison is None:
        return view.why_not
    gone = sum(comparison.forgotten.values())
    words = [f"{len(rows)} {difference}" for difference, rows in comparison.found.items()]
    if not words and comparison.same:
        words.append(f"{counted(comparison.same, 'message')} arrived as planned")
    if gone:
        words.append(f"{counted(gone, 'earlier one', 'earlier ones')} can no longer be compared")
    return " · ".join(words) or "nothing planned here has been sent yet"
