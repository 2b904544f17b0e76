"""The work of an untrusted check's child, done in the test's own process."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

from sendspec.operations.untrusted.child_check import report_on
from sendspec.operations.untrusted.limits import UntrustedLimits
from sendspec.operations.untrusted.report import UntrustedRequest
from sendspec.operations.untrusted.value_codec import decoded, encoded


def here(request: bytes, folder: Path, limits: UntrustedLimits, end: float) -> bytes:
    """Does in this process what a child would do: what it finds in the files is the same, and a start is half a second."""
    with chdir(folder):
        return encoded(report_on(decoded(UntrustedRequest, request)))
