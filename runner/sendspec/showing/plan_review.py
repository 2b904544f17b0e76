"""A plan file and what became of it, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.approve import Tally, Uncounted
from sendspec.operations.plan_file import PlanFile
from sendspec.operations.plan_review import PresentPlan
from sendspec.showing.planned_spec import Reading, planned_spec_lines
from sendspec.showing.terminal_style import TerminalStyle

_FATES = {
    "accepted": "accepted",
    "refused": "refused",
    "in_doubt": "in doubt",
    "not_sent": "not sent",
    "skipped": "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReview:
    """`path` is the file as the user named it. `became` counts its messages by what the ledger has of them, `now` says what a send would do.

    Both are None where they can't be told; `note` then says why. `approvals` is None where the environment asks for none. `reading` is
    when and where it is read.
    """

    path: str
    plan_file: PlanFile
    has_expired: bool
    became: Mapping[str, int] | None
    approvals: Tally | Uncounted | None
    now: PresentPlan | None
    note: str
    reading: Reading


def review_text(review: PlanReview, style: TerminalStyle) -> str:
    return "\n".join(_lines(review, style))


def _lines(review: PlanReview, style: TerminalStyle) -> Iterator[str]:
    header, plan_file = review.plan_file.header, review.plan_file
    yield style.bold(printable(f"{review.path}: a plan for {plan_file.environment}"))
    yield f"  digest   {plan_file.digest}"
    if "content_digest" in header:
        yield f"  content  {header['content_digest']}"
    yield f"  made     {plan_file.created} by sendspec {printable(header['tool'])}{_origin(header)}"
    expiry = style.yellow(f"expired on {plan_file.expires}") if review.has_expired else plan_file.expires
    yield f"  expires  {expiry}"
    yield f"  ledger   {printable(plan_file.ledger or 'none: it was made before there was one, and can not be sent')}"
    for spec in plan_file.specs:
        yield from planned_spec_lines(spec, style, review.reading)
    if review.became is not None:
        words = " + ".join(f"{count} {_FATES[word]}" for word, count in review.became.items())
        yield f"  became   {counted(plan_file.send, 'message')} to send = {words}"
    yield from _signed_lines(review.approvals, style)
    if review.now is not None:
        yield from _now_lines(review.now, style)
    if review.note:
        yield f"  {style.yellow('note:')} {printable(review.note)}"


def _signed_lines(approvals: Tally | Uncounted | None, style: TerminalStyle) -> Iterator[str]:
    match approvals:
        case None:
            return
        case Uncounted(reason):
            yield f"  signed   {style.yellow('not known:')} {printable(reason)}"
        case Tally(wanted, verified):
            by = f": {printable(', '.join(verified.approvers))}" if verified.approvers else ""
            yield f"  signed   {len(verified.approvers)} of {counted(wanted.need, 'approval')}{by}"
            yield from (f"           not counted: {printable(reason)}" for reason in verified.rejected)
        case _:
            assert_never(approvals)


def _origin(header: Mapping[str, Any]) -> str:
    commit = f", at commit {header['commit'][:12]}" if "commit" in header else ""
    if header.get("changed_since"):
        commit += f" with {counted(len(header['changed_since']), 'changed file')}"
    return printable(commit + (f" of {header['repository']}" if "repository" in header else ""))


def _now_lines(now: PresentPlan, style: TerminalStyle) -> Iterator[str]:
    yield f"  now      {counted(now.send, 'message')} of it would be sent" + (
        f", {counted(now.not_in_plan, 'other')} skipped as not in plan" if now.not_in_plan else ""
    )
    for difference in now.differences:
        yield f"    {style.yellow('stale:')} {printable(difference.text)}"


def review_document(review: PlanReview) -> dict[str, Any]:
    """The `sendspec.show/1` document."""
    document: dict[str, Any] = {
        "schema": "sendspec.show/1",
        "environment": review.plan_file.environment,
        "path": review.path,
        "plan": dict(review.plan_file.header),
        "expired": review.has_expired,
        "became": None if review.became is None else dict(review.became),
    }
    if review.now is not None:
        now = review.now
        document["now"] = {
            "send": now.send,
            "not_in_plan": now.not_in_plan,
            "new": now.new,
            "changed": now.changed,
            "causes": [{"cause": each.cause.value, "text": each.text} for each in now.differences],
        }
    if isinstance(review.approvals, Tally):
        found = review.approvals
        document["approvals"] = {
            "need": found.approvals.need,
            "approvers": list(found.verified.approvers),
            "rejected": list(found.verified.rejected),
        }
    return document | ({"note": review.note} if review.note else {})
