"""Warnings about what a plan does with messages that were sent before, or may have been."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.cli.console import Console
from sendspec.planning.plan import Plan
from sendspec.showing.plan_notice import RESENT_IF_ABSENT, is_resent_if_absent, plan_notices


def warn_of_drift(console: Console, plans: Sequence[Plan]) -> None:
    """Warns of texts that changed after they were sent, and of messages on hold: both are easy to overlook."""
    for plan in plans:
        for notice in plan_notices(plan):
            console.warn(f"{plan.target.name}: {notice.title}: {notice.text}")


def warn_of_resending(console: Console, plans: Sequence[Plan]) -> None:
    """Warns of the risk that a spec takes if it has messages in doubt sent again."""
    for name in sorted(plan.target.name for plan in plans if is_resent_if_absent(plan)):
        console.warn(f"{name}: resend_if_absent: {RESENT_IF_ABSENT}")
