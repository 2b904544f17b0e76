"""The range of time to list, by the API's clock, and the pages in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from sendspec.provider.message_list import MAX_WINDOW_DAYS, Sighting
from sendspec.sending.list_reader import ListReader

DAY = 86_400.0
MAX_WINDOW = MAX_WINDOW_DAYS * DAY - 60
MARGIN = 600.0
"""Seconds by which a window is extended at both ends, since clocks differ."""
MIN_SKEW_CORRECTED = 5.0
"""From this many seconds of clock skew on, the list is requested again in the API's time."""
MAX_SKEW = DAY
"""A `Date` further off may be nonsense. Then the list is requested in both times."""
RECEIVERS_PER_QUERY = 16

_Entry = TypeVar("_Entry")
Window = Callable[[float], tuple[float, float]]
"""The range to request, by the API's clock, where that is ahead of ours by so many seconds."""


def pages_in_api_time(reader: ListReader, window: Window) -> Iterator[list[Sighting]]:
    """The pages of a window. When the first response shows that the clocks differ, the corrected window is read as well."""
    return in_api_time(reader, reader.pages, window)


def in_api_time(
    reader: ListReader, pages: Callable[[float, float], Iterator[list[_Entry]]], window: Window
) -> Iterator[list[_Entry]]:
    """The same, of any pages that the reader reads."""
    requested = window(0.0)
    corrected = requested
    for number, page in enumerate(pages(*requested)):
        yield page
        skew = reader.skew
        if number == 0 and skew is not None and abs(skew) > MIN_SKEW_CORRECTED:
            corrected = window(skew)
            if (
                corrected != requested and 0 < skew <= MAX_SKEW
            ):  # else the corrected window may end before the last messages
                break
    if corrected != requested:
        yield from pages(*corrected)
