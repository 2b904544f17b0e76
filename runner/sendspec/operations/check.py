"""One thing that `doctor` looked at."""

from __future__ import annotations

from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass


class CheckStatus(StrEnum):
    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `more` are lines that follow `found`. `fix` is empty unless there is something to do."""

    status: CheckStatus
    what: str
    found: str
    fix: str = ""
    more: tuple[str, ...] = ()
