"""The command `sendspec`, which is `python -m sendspec` as well."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

GARBAGE_LOOKED_FOR = 100_000
"""Objects made before Python looks for cycles among them. Most live as long as the command, and looking after every 700, as usual,
costs a tenth of a short one.
"""

LAST_WORDS = b"""sendspec: it failed, and so did telling why; most likely memory ran out. What was sent is in the ledger: `sendspec status` shows it
"""


def start() -> NoReturn:
    """Runs the command line and exits the process with its code."""
    if "_SENDSPEC_COMPLETE" in os.environ:
        from sendspec.cli.complete import answer  # without the command line's imports: a shell waits for it

        answer(sys.argv[1:])
        sys.exit()
    from sendspec.cli.memory_shortage import is_memory_shortage

    gc.set_threshold(GARBAGE_LOOKED_FOR)
    try:
        from sendspec.cli.main import main

        main()
    except Exception as error:
        # `main` lets none out; without memory, Python itself raises odd ones while others are reported
        is_short = is_memory_shortage(error)
        if isinstance(error, ImportError) and not is_short:
            raise  # a package is missing: its name says what to do
        os.write(2, LAST_WORDS)
        if is_short:
            os._exit(6)  # Python may fail to leave in the usual way
        sys.exit(70)
    finally:
        gc.freeze()  # Python would look through everything once more on its way out


if __name__ == "__main__":
    start()
