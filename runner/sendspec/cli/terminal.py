"""The terminal that progress is drawn on."""

from __future__ import annotations

import os
import sys


def columns() -> int:
    """The present width of the terminal that stderr is; it may be resized at any time."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
