"""Warnings about what a plan does with messages that were sent before, or may have been."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.cli.console import Console
from sendspec.diagnostics.wording import counted
from sendspec.operations.ledger_plan import names_resent_if_absent
from sendspec.operations.send_job import Job
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan


def warn_of_drift(console: Console, plans: Sequence[Plan]) -> None:
    """Warns of texts that changed after they were sent, and of messages on hold: both are easy to overlook."""
    for plan in plans:
        name = plan.target.name
        drift, held = plan.skipped.get(Skip.DRIFT, 0), plan.skipped.get(Skip.ON_HOLD, 0)
        if drift:
            console.warn(
                f"{name}: drift: {counted(drift, 'message')} changed after being sent; these people get nothing more"
                " (raise `generation` to send the new text: then everybody gets it again)"
            )
        if held:
            console.warn(
                f"{name}: on hold: {counted(held, 'message')} changed in the middle of the send, and nobody gets them;"
                f" to send them, write `continue_with: '{plan.text_digest}'` for the present text, or change the text back"
            )


def warn_of_resending(console: Console, jobs: Sequence[Job]) -> None:
    """Warns of the risk that a spec takes if it has messages in doubt sent again."""
    for name in sorted(names_resent_if_absent([job.spec for job in jobs])):
        console.warn(
            f"{name}: resend_if_absent: a message in doubt that the API's list lacks is sent again;"
            " if the list is wrong, somebody gets it twice"
        )
