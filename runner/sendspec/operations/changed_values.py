"""In how many messages recipients' values change, told from the rows of both sides, whatever their templates do with them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from hashlib import blake2b

import orjson

from sendspec.composing.error_cells import columns_of
from sendspec.operations.plan_detail import rows_at
from sendspec.operations.send_job import Job

DIGEST_BYTES = 8


class ChangedValues:
    """Takes the rows of one message after another, on both sides, and reads them again at the end. 8 bytes a message are kept meanwhile."""

    def __init__(self, before: Job, after: Job) -> None:
        self._jobs = before, after
        self._names = sorted(_columns(before) & _columns(after))
        self._lines = array("I"), array("I")

    def add(self, before: int, after: int) -> None:
        """Notes a message by its lines."""
        self._lines[0].append(before)
        self._lines[1].append(after)

    def count(self) -> int:
        """The messages in which a value that both sides use is another one.

        Recipients that share a line in a spec are told apart by all of that line.
        """
        if not self._names:
            return 0
        before, after = (_Values(job, lines, self._names) for job, lines in zip(self._jobs, self._lines, strict=True))
        return sum(before.at(old) != after.at(new) for old, new in zip(*self._lines, strict=True))


class _Values:
    """A digest of the values on each line."""

    def __init__(self, job: Job, lines: Sequence[int], names: Sequence[str]) -> None:
        self._lines, self._digests = array("I"), array("Q")
        for row in rows_at(job, dict.fromkeys(lines)):
            values = row.values
            written = orjson.dumps([values.get(name) for name in names], default=str)
            digest = int.from_bytes(blake2b(written, digest_size=DIGEST_BYTES).digest())
            if self._lines and self._lines[-1] == row.line:
                digest ^= self._digests.pop()
            else:
                self._lines.append(row.line)
            self._digests.append(digest)

    def at(self, line: int) -> int | None:
        place = bisect_left(self._lines, line)
        return self._digests[place] if place < len(self._lines) and self._lines[place] == line else None


def _columns(job: Job) -> frozenset[str]:
    """The columns that the message uses."""
    return columns_of(job.program.content) - job.spec.variables.keys()
