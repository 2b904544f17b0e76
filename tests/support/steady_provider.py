"""Draws for Hypothesis that depend on the seed alone.

Its own provider also draws constants that it finds in the project's sources, so any change there changes what a seed finds.
`settings(backend="steady")` uses this one.
"""

from __future__ import annotations

from typing import Any

from hypothesis.internal.conjecture import providers

BACKEND = "steady"


class SteadyProvider(providers.HypothesisProvider):
    def _maybe_draw_constant(self, choice_type: Any, constraints: Any, *, p: float = 0.05) -> Any:
        return None


providers.AVAILABLE_PROVIDERS[BACKEND] = f"{__name__}.SteadyProvider"
