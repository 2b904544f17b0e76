"""Approves a plan: what is signed, and how many approvals the plan has then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.approval_check import PlanToSend, Verified, verify_files
from sendspec.operations.approval_signing import Signed, sign
from sendspec.operations.approved_text import ApprovedText
from sendspec.operations.plan_file import PlanFile, PlanUnreadable
from sendspec.operations.plan_staleness import Cause, PlanDifference, stale_plan
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.system import System
from sendspec.reading.approvals import Approvals


@dataclass(frozen=True, slots=True)
class Tally:
    """The approvals that a plan has, of those that its environment needs."""

    approvals: Approvals
    verified: Verified


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Why nobody knows how many approvals the plan has or needs."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReport:
    """What became of an approval. `tally` is None if the environment asks for no approvals."""

    plan: Path
    text: ApprovedText
    signed: Signed
    tally: Tally | Uncounted | None


def plan_to_send(plan: PlanFile) -> PlanToSend | None:
    """The plan file with what its approvers must have signed; None if it was made before there was a ledger.

    Raises `PlanUnreadable` for values that can't be signed.
    """
    if plan.ledger is None:
        return None
    try:
        text = ApprovedText(digest=plan.digest, environment=plan.environment, ledger=plan.ledger, expires=plan.expires)
    except ValueError:
        raise PlanUnreadable("its environment or its ledger has a name that can't be signed") from None
    return PlanToSend(Path(plan.path), text)


def text_to_sign(plan: PlanFile, now: datetime) -> ApprovedText:
    """The text that approves `plan`. Raises `PlanStale` and `PlanUnreadable`."""
    signable = plan_to_send(plan)
    if signable is None:
        why = f"it was made before '{plan.environment}' had a ledger, and can't be sent"
        raise stale_plan([PlanDifference(Cause.LEDGER, why)])
    if plan.has_expired(now.timestamp()):
        raise stale_plan([PlanDifference(Cause.EXPIRED, f"it expired on {plan.expires}")])
    return signable.text


def approve(
    plan: Path,
    text: ApprovedText,
    key: Path,
    system: System,
    *,
    asks: bool,
    note_environment: Callable[[str], None] = lambda name: None,
) -> ApprovalReport:
    """Signs `text` for the plan file `plan`, and counts its approvals. Raises what `sign` raises."""
    signed = sign(text, plan, key, system.environ, asks=asks)
    return ApprovalReport(plan=plan, text=text, signed=signed, tally=_tally(plan, text, system, note_environment))


def _tally(
    plan: Path, text: ApprovedText, system: System, note_environment: Callable[[str], None]
) -> Tally | Uncounted | None:
    """The approvals by the project of the working directory. The signature is written already, so nothing is raised."""
    try:
        context = open_context((), text.environment, Problems(), system, note_environment=note_environment)
        if context is None:
            return Uncounted("the project file has errors")
        if context.project.path is None:
            return Uncounted("there is no project here")
        return _tally_in(context, PlanToSend(plan, text))
    except SendspecError as error:
        return Uncounted(error.problem)


def tally_of(context: ProjectContext, plan: PlanFile) -> Tally | Uncounted | None:
    """The approvals that a plan has of those that its environment asks for; None if it asks for none."""
    signable = plan_to_send(plan)
    if signable is None:
        return None
    try:
        return _tally_in(context, signable)
    except SendspecError as error:
        return Uncounted(error.problem)


def _tally_in(context: ProjectContext, plan: PlanToSend) -> Tally | None:
    approvals, system = context.environment.approvals, context.system
    if approvals is None:
        return None
    verified = verify_files(
        approvals,
        plan,
        root=context.root,
        environ=system.environ,
        now=system.now,
        key_files=context.key_files,
    )
    return Tally(approvals, verified)
