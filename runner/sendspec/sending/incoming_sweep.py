"""One look at what people sent to a channel since the last one: the list's pages, and how far they reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.incoming_message import IncomingMessage
from sendspec.sending.list_reader import ListBounds, ListReader, ListUnread
from sendspec.sending.list_window import MARGIN, MAX_WINDOW, in_api_time

OVERLAP = 3_600.0
"""Seconds before the last look that are read again: a message may be listed some time after it came."""
INCOMING_BOUNDS = ListBounds(pages=1_000, seconds=120.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingSwept:
    """What one look found. Times are in Unix seconds by the API's clock.

    `until`: everything that came before is read; None where the list broke off, for the reason in `unread`. Messages that came in the
    `gap` seconds after the last look are no longer listed. `skipped` counts entries that can't be read.
    """

    until: float | None
    gap: float = 0.0
    skipped: int = 0
    unread: ListUnread | None = None


def sweep_incoming(
    reader: ListReader, mark: float | None, now: float, keep: Callable[[Sequence[IncomingMessage]], None]
) -> IncomingSwept:
    """Hands what came since `mark` to `keep`, page by page; None: of the last 7 days, which is all that the API lists.

    `mark` is the `until` of the last look, `now` the time by this machine's clock. What was handed over before the list broke off counts.
    """

    def window(skew: float) -> tuple[float, float]:
        until = now + skew + MARGIN
        earliest = until - MAX_WINDOW
        # a mark in the future was made by a wrong clock: it says nothing of what was read
        known = None if mark is None or mark > until else mark
        return earliest if known is None else max(known - OVERLAP, earliest), until

    unread: ListUnread | None = None
    try:
        for page in in_api_time(reader, reader.incoming_pages, window):
            keep(page)
    except ListUnread as error:
        unread = error
    finally:
        reader.close()
    api_now = now + (reader.skew or 0.0)
    gap = 0.0 if mark is None else max(0.0, api_now + MARGIN - MAX_WINDOW - mark)
    return IncomingSwept(until=api_now if unread is None else None, gap=gap, skipped=reader.skipped, unread=unread)
