"""Warnings about what a plan does with messages that were sent before, or may have been."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.cli.console import Console
from sendspec.operations.ledger_plan import names_resent_if_absent
from sendspec.operations.send_job import Job
from sendspec.planning.plan import Plan
from sendspec.showing.plan_notice import plan_notices


def warn_of_drift(console: Console, plans: Sequence[Plan]) -> None:
    """Warns of texts that changed after they were sent, and of messages on hold: both are easy to overlook."""
    for plan in plans:
        for notice in plan_notices(plan):
            console.warn(f"{plan.target.name}: {notice.title}: {notice.text}")


def warn_of_resending(console: Console, jobs: Sequence[Job]) -> None:
    """Warns of the risk that a spec takes if it has messages in doubt sent again."""
    for name in sorted(names_resent_if_absent([job.spec for job in jobs])):
        console.warn(
            f"{name}: resend_if_absent: a message in doubt that the API's list lacks is sent again;"
            " if the list is wrong, somebody gets it twice"
        )
