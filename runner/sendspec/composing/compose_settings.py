"""The settings that a spec's messages depend on, besides the spec itself."""

from __future__ import annotations

from sendspec.composing.platforms.platform import Platform
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.reading.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSettings:
    """`salt` is the environment's. Each of `limits` is the tighter of the spec's and the environment's.

    With `count_countries`, a plan counts messages and segments by country: `Plan.segments_by_country`. With `keeps_records`, it also
    keeps what the ledger is to hold of each message.
    """

    platform: Platform
    salt: bytes
    limits: Limits
    count_countries: bool = False
    keeps_records: bool = False
