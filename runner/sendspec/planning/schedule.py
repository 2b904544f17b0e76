"""When the messages of a plan go out, and how long sending them takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`scheduled_for` is when the API is to send the messages, as it reads here; None for at once. It is `ahead` of the time of the plan.

    `varies`: each row has a moment of its own. `validity_seconds` is how long delivery is tried; None: the API's default, or it varies.
    `per_second` is the channel's limit in messages; None without one.
    """

    scheduled_for: datetime | None = None
    ahead: timedelta = timedelta(0)
    varies: bool = False
    validity_seconds: int | None = None
    per_second: float | None = None

    def seconds(self, messages: int) -> float | None:
        """How long it takes to hand over as many messages, at least; None without a limit."""
        return None if self.per_second is None else messages / self.per_second
