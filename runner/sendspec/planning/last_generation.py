"""The generation of a spec that was sent before the planned one."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.planning.cost import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGeneration:
    """What was accepted of it. `segments` is None unless all of it was measured, `cost` is None where nothing is known of it."""

    generation: int
    messages: int
    segments: int | None
    cost: Cost | None = None
