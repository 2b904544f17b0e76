"""What is easy to overlook in a plan: messages that changed after they were sent or planned, and messages left behind."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted
from sendspec.planning.decision import Skip
from sendspec.planning.plan import Plan
from sendspec.reading.spec import InDoubtPolicy


@dataclass(frozen=True, slots=True)
class PlanNotice:
    """`title` is what it is about, such as `drift`. Neither quotes foreign text."""

    title: str
    text: str


RESENT_IF_ABSENT = (
    "a message in doubt that the API's list lacks is sent again; if the list is wrong, somebody gets it twice"
)


def is_resent_if_absent(plan: Plan) -> bool:
    """Whether the spec has messages in doubt sent again."""
    return plan.settings is not None and plan.settings.policy.get("in_doubt") == InDoubtPolicy.RESEND_IF_ABSENT


def plan_notices(plan: Plan) -> Iterator[PlanNotice]:
    """Those that need a decision of somebody."""
    drift, held = plan.skipped.get(Skip.DRIFT, 0), plan.skipped.get(Skip.ON_HOLD, 0)
    if drift:
        yield PlanNotice(
            "drift",
            f"{counted(drift, 'message')} changed after being sent; these people get nothing more"
            " (raise `generation` to send the new text: then everybody gets it again)",
        )
    if held:
        yield PlanNotice(
            "on hold",
            f"{counted(held, 'message')} changed in the middle of the send, and nobody gets them;"
            f" to send them, write `continue_with: '{plan.text_digest}'` for the present text, or change the text back",
        )
