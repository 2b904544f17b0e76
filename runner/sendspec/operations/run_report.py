"""What a run did, for every recipient of every spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sendspec.composing.identity import id_text
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.run_ending import EndingWords, describe_ending
from sendspec.planning.decision import Skip
from sendspec.planning.message_state import State
from sendspec.planning.plan import Plan, Target
from sendspec.planning.totals import Totals, sum_of_totals, totals_of
from sendspec.sending.ending import Ending, Finished
from sendspec.sending.run import Cause, RunResult

REPORTS_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why messages were refused or are in doubt: the text, how many messages share it, and the id of the first."""

    text: str
    count: int
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecReport:
    """What a run did for one spec."""

    target: Target
    account: Totals
    digest: str
    refusals: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def generation(self) -> int:
        return self.target.generation


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run as a whole. `run` is its number in the ledger, None if it did not begin; `requests` are POSTs.

    `ending` says why it stopped early, empty if it did not; `code` is the error code of such an ending, if it is an error.
    `endings` has how each spec that was begun ended. `earlier_doubts` is whether the ledger holds doubts under any name of the
    specs, also of messages that today's recipients do not include. `next_steps` are commands.
    """

    run: int | None
    environment: str
    specs: Sequence[SpecReport]
    requests: int
    seconds: float
    ending: str
    fix: str
    next_steps: Sequence[str]
    code: str = ""
    endings: Sequence[Ending] = ()
    earlier_doubts: bool = False

    @property
    def account(self) -> Totals:
        """All specs' totals as one."""
        return sum_of_totals(spec.account for spec in self.specs)

    @property
    def has_doubts(self) -> bool:
        """Whether a message of today's recipients is in doubt, from this run or from an earlier one."""
        account = self.account
        return bool(account.in_doubt or account.skipped.get(Skip.IN_DOUBT_BEFORE))


def spec_report(
    plan: Plan, states: Mapping[State, int], result: RunResult | None, witnessed: int, taken: int
) -> SpecReport:
    """`states` are those of the messages that the run claimed; `witnessed` counts those that the API's list proved accepted, `taken` those
    that other runs took before this one could plan them."""
    lost = Counter({} if result is None else result.unclaimed)
    if taken:
        lost[Skip.TAKEN_ELSEWHERE] += taken
    if witnessed:
        lost[Skip.ALREADY_ACCEPTED] = witnessed
    return SpecReport(
        target=plan.target,
        account=totals_of(plan, states, lost),
        digest=plan.digest,
        refusals=() if result is None else _reasons(result.refusals),
        doubts=() if result is None else _reasons(result.doubts),
    )


def run_report(
    run: int | None,
    environment: str,
    specs: Sequence[SpecReport],
    results: Sequence[RunResult],
    words: EndingWords,
    *,
    earlier_doubts: bool,
) -> RunReport:
    """The report of a run that has begun or had nothing to send; `words` say why it stopped early."""
    code = next((code for result in results if (code := describe_ending(result.ending).code)), "")
    return RunReport(
        run=run,
        environment=environment,
        specs=specs,
        requests=sum(result.requests for result in results),
        seconds=sum(result.seconds for result in results),
        ending=words.problem,
        fix=words.fix,
        next_steps=_next_steps(specs, environment),
        code=code,
        endings=[result.ending for result in results],
        earlier_doubts=earlier_doubts,
    )


def unsent_report(environment: str, plans: Sequence[Plan] = (), ending: Ending | None = None) -> RunReport:
    """The report of a run that did not begin; `ending`, if there is one, is why."""
    words = EndingWords("nothing was sent") if ending is None else describe_ending(ending)
    return RunReport(
        run=None,
        environment=environment,
        specs=[SpecReport(target=plan.target, account=totals_of(plan, {}, {}), digest=plan.digest) for plan in plans],
        requests=0,
        seconds=0.0,
        ending=words.problem,
        fix=words.fix,
        next_steps=(),
        endings=() if ending is None else (ending,),
    )


def first_stop(results: Sequence[RunResult]) -> EndingWords:
    """Why a run stopped early, in words; empty words if no spec of it did."""
    stopped = (result.ending for result in results if not isinstance(result.ending, Finished))
    return next(map(describe_ending, stopped), EndingWords())


def _next_steps(specs: Sequence[SpecReport], environment: str) -> list[str]:
    """What is to be settled, and then how it went: of the first specs of which this run has sent something."""
    total = sum_of_totals(spec.account for spec in specs)
    steps = [f"sendspec status --failed --env {environment}"] if total.refused else []
    if total.in_doubt:
        steps.append(f"sendspec reconcile --env {environment}")
    elif total.skipped.get(Skip.IN_DOUBT_BEFORE):  # the send has just looked them up
        settling = (
            f'sendspec resolve SPEC --as accepted --reason "how you know" --env {environment}   # or --as not-sent'
        )
        steps += [f"sendspec status --in-doubt --env {environment}", settling]
    sent = [spec for spec in specs if spec.account.accepted + spec.account.refused + spec.account.in_doubt]
    return steps + [f"sendspec report {spec.target.name} --env {environment}" for spec in sent[:REPORTS_NAMED]]


def _reasons(causes: Sequence[Cause]) -> tuple[Reason, ...]:
    return tuple(Reason(text=cause.text, count=cause.count, first=id_text(cause.first)) for cause in causes)
