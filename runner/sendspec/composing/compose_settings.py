"""What a spec's messages depend on besides the spec."""

from __future__ import annotations

from dataclasses import dataclass

from sendspec.composing.platforms.platform import Platform
from sendspec.reading.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """Where messages go, as whom, and within which limits."""

    platform: Platform
    salt: bytes
    limits: Limits
