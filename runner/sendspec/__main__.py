"""The command `sendspec`, which is `python -m sendspec` as well."""

from __future__ import annotations

import gc
from typing import NoReturn

GARBAGE_LOOKED_FOR = 100_000
"""Objects made before Python looks for cycles among them. Most live as long as the command, and looking after every 700, as usual,
costs a tenth of a short one.
"""


def start() -> NoReturn:
    """Runs the command line and exits the process with its code."""
    gc.set_threshold(GARBAGE_LOOKED_FOR)
    try:
        from sendspec.cli.main import main

        main()
    finally:
        gc.freeze()  # Python would look through everything once more on its way out


if __name__ == "__main__":
    start()
