"""A limit that a plan exceeds, or may exceed."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ExceededLimit:
    """`limit` is its key under `limits`."""

    limit: str
    problem: str
    fix: str

    @property
    def names_limit(self) -> bool:
        """Whether the fix is to change the limit itself, so that it matters where that is written."""
        return "`limits: {" in self.fix
