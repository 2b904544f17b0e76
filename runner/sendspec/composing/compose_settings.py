"""What a spec's messages depend on besides the spec."""

from __future__ import annotations

from dataclasses import dataclass

from sendspec.reading.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """Where messages go, as whom, and within which limits."""

    platform: str
    salt: bytes
    limits: Limits
