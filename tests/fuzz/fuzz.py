"""Fuzzes targets with atheris, guided by what of the product each input reaches.

    python tests/fuzz/fuzz.py spec,table:200 -max_total_time=60

Whatever follows the targets' names is libFuzzer's, for each of them in turn; a number after a name limits that target's runs. Inputs
that reach new code are kept in `fuzz-spec/` in the working directory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent / "runner")]

with atheris.instrument_imports(include=["sendspec"]):
    from fuzz_targets import TARGETS


def main() -> None:
    """Each target runs in a fork: instrumenting the product takes seconds, and libFuzzer ends its process."""
    for target in sys.argv.pop(1).split(","):
        name, _, runs = target.partition(":")
        pid = os.fork()
        if pid == 0:
            _fuzz(name, [f"-runs={runs}"] if runs else [])
        status = os.waitpid(pid, 0)[1]
        if status:
            sys.exit(os.waitstatus_to_exitcode(status) or 1)


def _fuzz(name: str, limits: list[str]) -> NoReturn:
    found = Path.cwd() / f"fuzz-{name}"
    found.mkdir(exist_ok=True)
    folders = [str(found), str(HERE / "seeds" / name)]  # what is found goes to the first
    atheris.Setup([sys.argv[0], "-timeout=1", "-rss_limit_mb=1024", *sys.argv[1:], *limits, *folders], TARGETS[name])
    atheris.Fuzz()
    sys.exit("libFuzzer came back")


if __name__ == "__main__":
    main()
