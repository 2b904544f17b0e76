"""Limits on a send, from the spec and from its environment; the tighter one applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None is no limit. `segments` and `encoding` apply to each message, the others to a run; `failure_rate` is 0 to 1."""

    messages: int | None = None
    segments: int | None = None
    total_segments: int | None = None
    cost: float | None = None
    encoding: str | None = None
    failure_rate: float | None = None

    def tightened_by(self, other: Limits) -> Limits:
        """The lower of both values, limit by limit."""
        return Limits(**{f.name: _tighter(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)})


def _tighter(one: Any, other: Any) -> Any:
    present = [limit for limit in (one, other) if limit is not None]
    return min(present) if present else None


def read_limits(written: Mapping[str, Any] | None) -> Limits:
    """The limits of a checked mapping."""
    return Limits(**(written or {}))
