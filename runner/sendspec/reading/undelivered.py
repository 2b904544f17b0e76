"""`recipients: {only: {undelivered: …}}`: only those whom an earlier send did not reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass

REFUSED = "refused"
"""The API refused the message when it was sent. All other outcomes are statuses that an accepted message can end with."""
OUTCOMES = (REFUSED, "rejected", "sending_failed", "delivery_failed", "skipped", "deleted", "invalid")
DEFAULT_OUTCOMES = ("rejected", "sending_failed")
"""Those that tell that the message never left for a network."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Whom to keep: those whose message in the send `spec` and `generation` ended with one of `statuses`.

    `spec` None: this spec. `generation` None: the newest that was sent, before this spec's own.
    """

    spec: str | None
    generation: int | None
    statuses: frozenset[str]


def read_undelivered(options: Mapping[str, Any]) -> Undelivered | None:
    """What `only` of the checked mapping `recipients` says; None without it."""
    if "only" not in options:
        return None
    written = options["only"]["undelivered"]
    statuses = frozenset(written.get("statuses", DEFAULT_OUTCOMES))
    return Undelivered(written.get("spec"), written.get("generation"), statuses)
