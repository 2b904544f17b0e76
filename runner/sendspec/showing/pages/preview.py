"""The page of a preview: who gets it, who won't and why, what it costs and how to pay less; then a message of each shape, as on a phone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted, grouped
from sendspec.operations.edited_message import EditableValue
from sendspec.operations.preview import Preview
from sendspec.operations.preview_watch import Watched
from sendspec.showing.account import skipped_words
from sendspec.showing.cost import cost_words
from sendspec.showing.diagnostics import diagnostics_text
from sendspec.showing.pages.message_text import room_on
from sendspec.showing.pages.page import content_policy, embedded_json, page_html
from sendspec.showing.pages.parts import Column, Fact
from sendspec.showing.pages.spec_view import IF_UNSENT, spec_view
from sendspec.showing.preview_document import preview_document
from sendspec.showing.terminal_style import PLAIN

HARMLESS = frozenset({"duplicate-rows"})
"""Warnings that change nothing: who gets it says all of them in other words."""
MAX_DATA = 256_000
"""Characters of JSON that a page carries for people to save: with long texts, it may be many times what is shown of them."""
NO_DATA = "The preview as JSON is too long for this page: `sendspec preview --format json` prints it."
SCRIPTS, LIVE_SCRIPTS = ("filter",), ("filter", "watch")
SKIPPED_COLUMNS = (Column("Why"), Column("That is"), Column("Recipients", is_number=True), Column("First rows"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """What a page that follows its files says about that. `errors` lie over what is shown, which was read at `moment`; "" if there is none."""

    number: int
    following: str
    errors: str
    moment: str


def preview_page(preview: Preview, warnings: Sequence[Diagnostic] = (), *, is_public: bool = False) -> str:
    """A file for anybody's browser. `is_public`: no recipient's values are in the preview, and nobody's row may be quoted."""
    context = _context(preview, warnings, {}, is_public=is_public)
    return _page({**context, "live": None}, preview, SCRIPTS)


def live_page(watched: Watched, *, is_public: bool = False) -> str:
    """The page of `preview --watch`. Before the first picture, it has nothing but the errors."""
    picture, live = watched.picture, live_view(watched, is_public=is_public)
    if picture is None:
        empty = {
            "title": "Preview",
            "specs": (),
            "total": None,
            "warnings": "",
            "columns": SKIPPED_COLUMNS,
            "harmless": "",
            "no_data": "",
        }
        return page_html("preview", {**empty, "live": live}, scripts=LIVE_SCRIPTS, is_live=True)
    values = {
        (number, message.line): picture.editable(number, message.line)
        for number, spec in enumerate(picture.preview.specs)
        for message in spec.shown
    }
    context = _context(picture.preview, picture.warnings, values, is_public=is_public)
    return _page({**context, "live": live}, picture.preview, LIVE_SCRIPTS, is_live=True)


def live_view(watched: Watched, *, is_public: bool) -> LiveView:
    existing = [path for path in watched.files if os.path.lexists(path)]
    followed = counted(len(existing), "file")
    picture = watched.picture
    moment = "" if picture is None else f"{picture.moment:%H:%M:%S}"
    return LiveView(
        number=watched.number,
        following=f"Following {followed}." + (f" Read at {moment}." if moment else ""),
        errors=diagnostics_text(watched.errors, PLAIN, ending="nothing was sent", for_many=is_public),
        moment=moment,
    )


def _page(context: Mapping[str, Any], preview: Preview, scripts: Sequence[str], *, is_live: bool = False) -> str:
    document = preview_document(preview)
    is_long = len(embedded_json(document)) > MAX_DATA
    data = None if is_long else document
    context = {**context, "no_data": NO_DATA if is_long else ""}
    return page_html("preview", context, data=data, scripts=scripts, is_live=is_live)


def live_policy() -> str:
    return content_policy(LIVE_SCRIPTS, is_live=True)


def _context(
    preview: Preview,
    warnings: Sequence[Diagnostic],
    values: Mapping[tuple[int, int], tuple[EditableValue, ...]],
    *,
    is_public: bool,
) -> dict[str, Any]:
    specs = preview.specs
    room = room_on(sum(len(spec.shown) for spec in specs))
    return {
        "title": f"Preview of {', '.join(spec.name for spec in specs)}",
        "specs": tuple(spec_view(spec, number, values, room) for number, spec in enumerate(specs)),
        "total": _total(preview) if len(specs) > 1 else None,
        "warnings": _text([each for each in warnings if each.code not in HARMLESS], is_public=is_public),
        "harmless": _text([each for each in warnings if each.code in HARMLESS], is_public=is_public),
        "columns": SKIPPED_COLUMNS,
    }


def _text(warnings: Sequence[Diagnostic], *, is_public: bool) -> str:
    return diagnostics_text(warnings, PLAIN, ending="nothing was sent", for_many=is_public) if warnings else ""


def _total(preview: Preview) -> tuple[Fact, ...]:
    left = preview.recipients - preview.send
    costs = [] if preview.cost is None else [Fact("What it costs", cost_words(preview.cost) or "nothing")]
    return (
        Fact("Who gets it", grouped(preview.send), f"of {counted(preview.recipients, 'recipient')}, {IF_UNSENT}"),
        Fact("Who won’t, and why", grouped(left), skipped_words(preview.skipped, grouped), "warn" if left else ""),
        *costs,
        Fact("Segments", grouped(preview.segments)),
    )
