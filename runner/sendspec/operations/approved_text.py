"""The text that an approver signs, and the signature file beside a plan."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sendspec.diagnostics.exceptions import SignaturesUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import os_reason
from sendspec.operations.signature_block import MAX_BYTES, too_large
from sendspec.reading.files.nofollow_open import read_beneath

SUFFIX = ".sig"
_HEADING = "sendspec-plan v1"
_LINE = lazy_pattern(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedText:
    """A plan, as an approver signs it: its digest, where it may go, by which ledger, and until when (RFC 3339, UTC).

    Raises ValueError for a value that is not one word: it could pass for another line.
    """

    digest: str
    environment: str
    ledger: str
    expires: str

    def __post_init__(self) -> None:
        for value in (self.digest, self.environment, self.ledger, self.expires):
            if not _LINE.fullmatch(value):
                raise ValueError(f"'{printable(value[:60])}' can't be signed")

    @property
    def content(self) -> bytes:
        """Five lines, each with its end."""
        lines = (_HEADING, self.digest, self.environment, self.ledger, self.expires)
        return "".join(f"{line}\n" for line in lines).encode()


def signature_file(plan: Path) -> Path:
    """Where the signatures of a plan file are."""
    return plan.with_name(plan.name + SUFFIX)


def read_signatures(plan: Path) -> bytes:
    """The signatures beside a plan file; empty if there are none. Raises `SignaturesUnusable`."""
    file = signature_file(plan)
    shown = printable(str(file)[:200])
    try:
        return read_beneath(os.path.realpath(file.parent), file.name, MAX_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        match error.errno:
            case errno.EFBIG:
                raise too_large() from None
            case errno.ELOOP:
                problem, fix = f"'{shown}' is a link", "put the file itself there"
            case errno.EISDIR | errno.ENXIO:
                problem, fix = f"'{shown}' is not a regular file", "put the file with the signatures there"
            case _:
                problem, fix = f"'{shown}' can't be read: {os_reason(error)}", "make it readable for this user"
        raise SignaturesUnusable(problem, fix) from None
