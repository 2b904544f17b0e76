"""Fuzzes one target with atheris, guided by what of the product each input reaches.

    python tests/fuzz/fuzz.py spec -max_total_time=60

Whatever follows the target's name is libFuzzer's. Inputs that reach new code are kept in `fuzz-spec/` in the working directory.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "runner")]

with atheris.instrument_imports(include=["sendspec"]):
    from fuzz_targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    found = Path.cwd() / f"fuzz-{name}"
    found.mkdir(exist_ok=True)
    folders = [str(found), str(HERE / "seeds" / name)]  # what is found goes to the first
    atheris.Setup([sys.argv[0], "-timeout=1", "-rss_limit_mb=1024", *sys.argv[1:], *folders], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
