"""Compares what would be sent now with a plan file: whether all of it is named there, under the same settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import Any

from sendspec.composing.identity import ID_BYTES
from sendspec.composing.message import Message
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.operations.plan_file import PlanFile
from sendspec.operations.plan_staleness import Cause, PlanDifference, stale_plan
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.choice import Choice, choice_of
from sendspec.planning.decision import Decision, Retry, Skip
from sendspec.planning.pair_set import BUCKETS, PAIR_BYTES
from sendspec.planning.plan import Plan
from sendspec.reading.files.confined_path import without_detour

ROWS_SHOWN = 5
MAX_IDS = 10_000
"""Ids of new and changed messages that are kept to look up their rows."""
_MARK = PAIR_BYTES


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the messages due now differ from a plan's. `not_in_plan` are declared in the plan, but not marked to be sent.

    `new` and `changed` are counts; `new_ids` and `changed_ids` the ids, `MAX_IDS` of them at most.
    """

    new: int = 0
    changed: int = 0
    not_in_plan: set[bytes] = field(default_factory=set)
    new_ids: set[bytes] = field(default_factory=set)
    changed_ids: set[bytes] = field(default_factory=set)


def compare(plan_file: PlanFile, plans: Sequence[Plan]) -> Comparison:
    new = changed = 0
    found = Comparison()
    for number in range(BUCKETS):
        due = [pair for plan in plans for pair in plan.pairs.to_send.bucket(number)]
        if not due:
            continue
        approved = {entry[:ID_BYTES]: entry for entry in plan_file.pairs.bucket(number)}
        for pair in due:
            entry = approved.get(pair[:ID_BYTES])
            if entry is None:
                new += 1
                if len(found.new_ids) < MAX_IDS:
                    found.new_ids.add(pair[:ID_BYTES])
            elif entry[:PAIR_BYTES] != pair:
                changed += 1
                if len(found.changed_ids) < MAX_IDS:
                    found.changed_ids.add(pair[:ID_BYTES])
            elif entry[_MARK:] == b"-":
                found.not_in_plan.add(pair[:ID_BYTES])
    return Comparison(new, changed, found.not_in_plan, found.new_ids, found.changed_ids)


def differences(
    plan_file: PlanFile,
    comparison: Comparison,
    planned: Sequence[tuple[Job, Plan]],
    now: float,
    decided: Callable[[Job], Iterator[Decision]],
) -> Iterator[PlanDifference]:
    """Why the plan can't be carried out; nothing if it can. `now` is in Unix seconds.

    `decided` gives every row of a job with its decision; it is called only to find the rows of new and changed messages.
    """
    if plan_file.has_expired(now):
        yield PlanDifference(Cause.EXPIRED, f"it expired on {plan_file.expires}")
    approved = {spec["name"]: spec for spec in plan_file.specs}
    for _, plan in planned:
        if not plan.send:
            continue  # nothing goes out under its settings
        spec = approved.get(plan.target.name)
        if spec is None:
            yield PlanDifference(Cause.SPECS, f"it doesn't name the spec '{plan.target.name}'")
        else:
            yield from _setting_differences(spec, plan)
    if comparison.new or comparison.changed:
        yield PlanDifference(Cause.MESSAGES, _message_words(comparison, [job for job, _ in planned], decided))


def _setting_differences(approved: Mapping[str, Any], plan: Plan) -> Iterator[PlanDifference]:
    assert plan.settings is not None
    present = plan.settings.as_json()
    for group in ("target", "policy"):
        before, after = _flat(approved[group]), _flat(present[group])
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                earlier, present_value = _words(before.get(name)), _words(after.get(name))
                text = f"{plan.target.name}: `{name}` is {present_value}, and was {earlier} when it was made"
                yield PlanDifference(Cause.SETTINGS, text)
    if approved["generation"] != plan.target.generation:
        was, now = approved["generation"], plan.target.generation
        yield PlanDifference(
            Cause.SETTINGS, f"{plan.target.name}: `generation` is {now}, and was {was} when it was made"
        )


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings under dotted names, such as `limits.messages`."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    return flat


def _words(value: Any) -> str:
    """A setting's value as YAML writes it."""
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _message_words(comparison: Comparison, jobs: Sequence[Job], decided: Callable[[Job], Iterator[Decision]]) -> str:
    rows = {"new": list[str](), "changed": list[str]()}
    for job in jobs:
        for decision in decided(job):
            item = decision.item
            if decision.skip is None and isinstance(item, Message):
                for kind, ids in (("new", comparison.new_ids), ("changed", comparison.changed_ids)):
                    if item.id in ids and len(rows[kind]) <= ROWS_SHOWN:
                        rows[kind].append(f"{without_detour(job.table.path)}:{item.line}")
    parts = []
    if comparison.new:
        is_new = counted(comparison.new, "message that would be sent is", "messages that would be sent are")
        parts.append(f"{is_new} not in it{_row_words(rows['new'])}")
    if comparison.changed:
        has_other = counted(comparison.changed, "message has", "messages have")
        parts.append(f"{has_other} another text or reference than in it{_row_words(rows['changed'])}")
    return ", and ".join(parts)


def _row_words(places: Sequence[str]) -> str:
    """` (people.csv:3, people.csv:7, …)`; empty where no row was found."""
    if not places:
        return ""
    return f" ({', '.join(islice(places, ROWS_SHOWN))}{', …' if len(places) > ROWS_SHOWN else ''})"


def check_ledger(plan_file: PlanFile, context: ProjectContext) -> None:
    """Raises `PlanStale` for a plan that was made against another ledger than the environment's present one."""
    if context.identity is None or context.identity.ledger == plan_file.ledger:
        return  # an environment without a ledger is refused when it is opened
    why = (
        "it was made before the environment had a ledger"
        if plan_file.ledger is None
        else "it was made against another ledger"
    )
    raise stale_plan([PlanDifference(Cause.LEDGER, why)])


def choice_in(plan_file: PlanFile, ledger: Facts) -> Choice:
    """What the plan chose: with `--retry refused`, refusals older than the plan, and what a run of it left planned.

    A plan never tries the same refusal twice.
    """
    retry = plan_file.retry
    if retry is None or retry.kind is not Retry.REFUSED:
        return choice_of(None if retry is None else retry.kind)
    held = dict.fromkeys(ledger.refused_since(retry.refused_until or 0), Skip.REFUSED_BEFORE)
    return Choice(frozenset({Retry.REFUSED, Retry.NOT_SENT}), held)


def refuse_contradictions(plan_file: PlanFile, env: str | None, digest: str | None) -> None:
    """Raises `PlanStale` for a plan of another environment or digest than the user names."""
    if env not in (None, plan_file.environment):
        why = f"it was made for the environment '{plan_file.environment}', and --env says '{env}'"
        raise stale_plan([PlanDifference(Cause.ENVIRONMENT, why)])
    if digest not in (None, plan_file.digest):
        why = f"its digest is {plan_file.digest}, and --digest says {printable(str(digest))}"
        raise stale_plan([PlanDifference(Cause.DIGEST, why)])


def is_misstated(plan_file: PlanFile, plans: Sequence[Plan]) -> bool:
    """Whether all that the plan names would be sent now, and has other segments than it says: people saw wrong numbers."""
    everything = sum(plan.send for plan in plans) == plan_file.send
    return everything and plan_file.header["segments"] != {
        "total": sum(plan.segments.total for plan in plans),
        "gsm7": sum(plan.segments.gsm7 for plan in plans),
        "ucs2": sum(plan.segments.ucs2 for plan in plans),
    }
