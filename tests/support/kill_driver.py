"""Starts processes that are killed: forked from one that has everything imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mutants import Mutant

SECRET = "canary-9f3b1c7e5d2a"
"""The access key that they know."""


class Driver:
    """The process that forks the killed ones."""

    def __init__(
        self, folder: Path, mutant: Mutant | None, environ: Mapping[str, str] | None = None, out: str = "out"
    ) -> None:
        self.folder = folder
        support = Path(__file__).parent
        path = f"{support}:{support.parent.parent / 'runner'}"
        known = {**os.environ, "TEST_KEY": SECRET, "PYTHONPATH": path, **(environ or {})}
        known.pop("CI", None)
        self._process = subprocess.Popen(
            [sys.executable, str(support / "forking_driver.py"), *([mutant] if mutant else [])], cwd=folder, env=known,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.out = folder / out

    def start(self, *arguments: str) -> int:
        """The number of the process that does it."""
        assert self._process.stdin is not None
        for path in (self.out, self._errors):
            path.unlink(missing_ok=True)
        self._process.stdin.write(json.dumps({"arguments": arguments, "out": str(self.out)}) + "\n")
        self._process.stdin.flush()
        return self._number()

    def wait(self) -> int:
        """How the process ended: its exit code, or minus the signal."""
        return os.waitstatus_to_exitcode(self._number())

    def run(self, *arguments: str) -> int:
        self.start(*arguments)
        return self.wait()

    def said(self) -> str:
        """All that the last process wrote; nothing where it was killed before it could."""
        return "".join(path.read_text() for path in (self.out, self._errors) if path.exists())

    @property
    def _errors(self) -> Path:
        return self.out.with_name(self.out.name + ".err")

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()
