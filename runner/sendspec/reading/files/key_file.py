"""The files of access keys and ledger URLs, which are never read as input: an excerpt of one would show the key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The absolute paths of all key files that a project names."""

    paths: tuple[Path, ...] = ()

    def problem(self, descriptor: int, place: str, written: str) -> Problem | None:
        """Refuses an open file that is a key file: the same real path, or the same file under another name."""
        if not self.paths:
            return None
        if place not in map(os.path.realpath, self.paths):
            opened = os.fstat(descriptor)
            if not any(os.path.samestat(opened, status) for status in self._present()):
                return None
        return Problem(
            "key-file-as-input",
            f"'{printable(written[:200])}' is the file of an access key or of a ledger's URL, which is never read as input",
            "name another file",
        )

    def _present(self) -> Iterator[os.stat_result]:
        for path in self.paths:
            with suppress(OSError):
                yield path.stat()


NO_KEY_FILES = KeyFiles()
