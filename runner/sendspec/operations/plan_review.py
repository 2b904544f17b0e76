"""What became of a plan file: what the ledger has of its messages, and what would be sent of it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sendspec.composing.identity import ID_BYTES
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.protocol import Facts
from sendspec.operations.ledger_plan import decide_all, plan_jobs
from sendspec.operations.plan_check import choice_in, compare, differences
from sendspec.operations.plan_file import PlanFile
from sendspec.operations.plan_staleness import PlanDifference
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.planning.choice import ALL_DUE
from sendspec.planning.message_state import State
from sendspec.planning.pair_set import BUCKETS

_WORDS = {
    State.PLANNED: "not_sent",
    State.SENDING: "in_doubt",
    State.IN_DOUBT: "in_doubt",
    State.ACCEPTED: "accepted",
    State.REFUSED: "refused",
    State.SKIPPED: "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentPlan:
    """What a send of the plan would do now. `send` messages would go out, unless there are `differences`."""

    send: int
    not_in_plan: int
    new: int
    changed: int
    differences: Sequence[PlanDifference]


def count_by_state(plan_file: PlanFile, ledger: Facts | None) -> Mapping[str, int]:
    """What the ledger has of the messages that the plan names to be sent, by the words of `status`; their sum is `plan_file.send`."""
    found = Counter(accepted=0, refused=0, in_doubt=0, not_sent=0, skipped=0)
    for number in range(BUCKETS):
        ids = [entry[:ID_BYTES] for entry in plan_file.pairs.bucket(number) if entry.endswith(b"+")]
        known = {} if ledger is None or not ids else ledger.facts(ids)
        found.update(_WORDS[fact.state] for fact in known.values())
        found["not_sent"] += len(ids) - len(known)
    return dict(found)


def present_plan(
    plan_file: PlanFile,
    jobs: Sequence[Job],
    context: ProjectContext,
    ledger: Facts | None,
    problems: Problems,
    *,
    processes: int,
) -> PresentPlan:
    """What a send of the plan would do with the present files and ledger. Faults go to `problems`."""
    choice = ALL_DUE if ledger is None else choice_in(plan_file, ledger)
    plans = plan_jobs(jobs, context, ledger, problems, choice, processes=processes, retry=plan_file.retry)
    found = compare(plan_file, plans)
    to_send = sum(plan.send for plan in plans) - found.new - found.changed - len(found.not_in_plan)
    stale: list[PlanDifference] = []
    if any(plan.send for plan in plans):
        now = context.system.clock.wall()
        stale = list(
            differences(
                plan_file,
                found,
                list(zip(jobs, plans, strict=True)),
                now,
                lambda job: decide_all(job, context, ledger, Problems(), choice),
            )
        )
    return PresentPlan(
        send=to_send, not_in_plan=len(found.not_in_plan), new=found.new, changed=found.changed, differences=stale
    )
