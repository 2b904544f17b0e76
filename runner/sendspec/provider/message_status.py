"""The statuses of a message, as the API spells them (`reference/api.md`, section 5)."""

from __future__ import annotations

REJECTED = "rejected"
MESSAGE_STATUSES = frozenset(
    [
        "accepted",
        REJECTED,
        "processing",
        "scheduled",
        "sent",
        "sending_failed",
        "delivered",
        "delivery_failed",
        "deleted",
        "skipped",
    ]
)


def is_undocumented_status(value: object) -> bool:
    """Whether `value` is no text, or another spelling of `rejected`: it then proves neither acceptance nor refusal."""
    return value is not None and value != REJECTED and (not isinstance(value, str) or value.strip().lower() == REJECTED)
