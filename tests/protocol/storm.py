"""The long storm: kills, signals, tables edited in place, odd answers, lists with lies, shared references, all at once.

    python tests/protocol/storm.py --kills 5000 --seed 1 --minutes 60

Prints the seed of each round that broke something, and exits with 1 when any did; `--round` begins with that one.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "runner")]

from storm import storm  # noqa: E402  # after the path is set

MAX_NOTES = 20


def main() -> int:
    parser = argparse.ArgumentParser(description="Tries to break the promise in all ways at once.")
    parser.add_argument("--kills", type=int, default=5_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, default=0, help="the round to begin with")
    arguments = parser.parse_args()
    begun = time.monotonic()
    end = begun + arguments.minutes * 60
    print(f"storm, seed {arguments.seed}", flush=True)
    total = storm(arguments.seed, arguments.kills, stop=lambda: time.monotonic() > end, first_round=arguments.round)
    print(total.said())
    for note in total.notes[:MAX_NOTES]:
        print(f"  {note}")
    print(f"{'BROKEN' if total.broken else 'kept'}, after {time.monotonic() - begun:.0f} s")
    return int(total.broken)


if __name__ == "__main__":
    sys.exit(main())
