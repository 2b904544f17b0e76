"""What a plan hands to the next steps of a GitHub workflow.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sendspec.diagnostics.characters import without_surrogates
from sendspec.diagnostics.redaction import printable
from sendspec.operations.plan_report import PlanReport
from sendspec.planning.base_change import SpecChangeKind
from sendspec.planning.cost import Cost
from sendspec.showing.change_total import change_total
from sendspec.showing.markdown.words import cost_words, many, number


def job_outputs(report: PlanReport, plan_path: str | None) -> dict[str, str]:
    """The outputs by name, each of one line; `plan_path` is that of the plan file, if one was written, and `is_plain_path`.

    Nobody can approve an untrusted plan, so it has no digest.
    """
    cost, currency = _amount(report.cost)
    return {
        "environment": report.environment,
        "recipients": str(report.recipients),
        "send": str(report.send),
        "skip": str(report.skip),
        "segments": str(report.segments.total),
        "cost": cost,
        "currency": currency,
        "digest": "" if report.untrusted else report.digest,
        "content-digest": report.content_digest,
        "changed": _word(_has_changed(report)),
        "stopped": _word(bool(report.exceeded)),
        "title": _title(report),
        "plan": plan_path if plan_path is not None and is_plain_path(plan_path) else "",
    }


def is_plain_path(path: str) -> bool:
    """Whether an output can have the path to the letter. A line break, or a character that nobody sees, would make it another one."""
    return printable(path) == path == without_surrogates(path)


def outputs_text(outputs: Mapping[str, str], random_word: Callable[[], str]) -> str:
    """The outputs as the service reads them. Each value ends with a line that nobody can guess, and that isn't in it."""
    return "".join(_output(name, printable(value), random_word) for name, value in outputs.items())


def _output(name: str, value: str, random_word: Callable[[], str]) -> str:
    end = random_word()
    while end in value:
        end = random_word()
    return f"{name}<<{end}\n{value}\n{end}\n"


def _amount(cost: Cost | None) -> tuple[str, str]:
    """The most that it costs, and the currency. Both are empty unless that is one known amount: a part of it would pass for all."""
    if cost is None or cost.unknown_messages or len(cost.totals) != 1:
        return "", ""
    return f"{cost.totals[0].high:f}", cost.totals[0].currency


def _has_changed(report: PlanReport) -> bool:
    """Whether anything differs from the base; without one, whether there is anything to send."""
    if report.base is None:
        return report.send > 0
    changes = report.base.specs.values()
    if any(each.before is None or each.gone or any(map(each.is_new, each.texts)) for each in report.absent):
        return True
    return bool(report.base.removed) or any(change.kind is not SpecChangeKind.SAME for change in changes)


def _title(report: PlanReport) -> str:
    """`1,200 messages, 106.50 EUR`: short enough for the name of a job. Without a ledger, what changes against the base."""
    if report.untrusted and report.base is not None:
        return change_total(report.base, number)
    return ", ".join(filter(None, [many(report.send, "message"), cost_words(report.cost)]))


def _word(value: bool) -> str:
    return "true" if value else "false"
