"""The terminal that progress is drawn on."""

from __future__ import annotations

import os
import sys


def columns() -> int:
    """The present width of the terminal that stderr is; it may be resized at any time."""
    return size()[0]


def size() -> tuple[int, int]:
    """The present width and height of the terminal that stderr is."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24
