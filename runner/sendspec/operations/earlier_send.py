"""Looks up whom an earlier send did not reach, for `only: undelivered`.

What was observed changes nothing of that send. A row that is kept is a message of its own, under the present send's key: once the
ledger has that, its own state decides, whatever is still observed of the earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite
from typing import assert_never

from sendspec.composing.compact_key_set import CompactKeySet
from sendspec.composing.identity import ID_BYTES, ids_of_keys
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.wording import counted, duration_text
from sendspec.ledger.delivery.observation import Delivery, Fate
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.operations.delivery_access import deliveries_to_read
from sendspec.operations.hash_prefix_set import HashPrefixes
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import linked_names, other_names
from sendspec.operations.send_job import Job
from sendspec.operations.spec_identity_check import has_begun
from sendspec.planning.earlier_send import OUTWEIGHS, EarlierSend, Reach
from sendspec.planning.fact import PlanningState, PriorState
from sendspec.planning.message_state import State
from sendspec.provider.failure_words import FailureKind, failure_words
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.undelivered import REFUSED, Undelivered

LOOKUP_ROWS = 2_000
"""Rows that are looked up together."""
OUTDATED_AFTER = 86_400.0
_NO_VALUE = bytes(8)
_NEVER = float("-inf")
ONLY: KeyPath = ("recipients", "only", "undelivered")
_BY_STATE: Mapping[PriorState, str] = {
    State.PLANNED: Reach.NOT_SENT,
    State.SKIPPED: Reach.NOT_SENT,
    State.SENDING: Reach.IN_DOUBT,
    State.IN_DOUBT: Reach.IN_DOUBT,
    PlanningState.UNDER_WAY: Reach.IN_DOUBT,
    PlanningState.BASELINED: Reach.UNKNOWN,
    State.REFUSED: REFUSED,
}
"""What became of a message that the ledger doesn't have as accepted."""
_NOT_ACCEPTED = (Reach.NOT_PART, Reach.NOT_SENT, Reach.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class SendNames:
    """One generation of a spec, under all of its names. The first is the one to show."""

    names: tuple[str, ...]
    generation: int

    @property
    def words(self) -> str:
        return f"'{self.names[0]}', generation {self.generation}"


def earlier_send(job: Job, context: ProjectContext, ledger: Facts | None) -> EarlierSend | None:
    """Whom the job keeps; None if it keeps everybody, there is no ledger, or its earlier send is none (`check_earlier_send`)."""
    wanted = job.spec.only
    if wanted is None or ledger is None:
        return None
    if job.earlier.found is None:
        send = _send_named(job, wanted, ledger)
        if isinstance(send, SendNames):
            with deliveries_to_read(context) as deliveries:
                job.earlier.found = _looked_up(job, wanted, send, ledger, deliveries)
    return job.earlier.found


def send_meant(job: Job, ledger: Facts) -> SendNames | None:
    """The earlier send of a job with `only`; None if there is none."""
    send = None if job.spec.only is None else _send_named(job, job.spec.only, ledger)
    return send if isinstance(send, SendNames) else None


def kept_messages(job: Job, send: SendNames, ledger: Facts) -> Iterator[tuple[bytes, Sequence[bytes]]]:
    """The ids of messages that are kept and weren't accepted yet, each with those of its recipient in the earlier send."""
    found = job.earlier.found
    for window in () if found is None else _windows(job, send):
        kept = {own: others for own, others in window.items() if found is not None and own in found.kept}
        states = {key[:ID_BYTES]: state for key, state in ledger.prior_states(list(kept)).items()}
        yield from ((own, others) for own, others in kept.items() if states.get(own) is not State.ACCEPTED)


def looked_up_again(job: Job, context: ProjectContext, ledger: Facts, send: SendNames) -> EarlierSend:
    """Whom the job would keep by what is known now; its plan stays as it is."""
    assert job.spec.only is not None
    with deliveries_to_read(context) as deliveries:
        return _looked_up(job, job.spec.only, send, ledger, deliveries)


def check_earlier_sends(jobs: Sequence[Job], context: ProjectContext, ledger: Facts | None, problems: Problems) -> None:
    """Adds an error where a spec's `only: undelivered` can't be decided, and a warning where a look at the API would tell more."""
    for job in jobs:
        wanted = job.spec.only
        if wanted is None or ledger is None:
            continue
        send = _send_named(job, wanted, ledger)
        if isinstance(send, SendNames):
            found = earlier_send(job, context, ledger)
            assert found is not None  # there is a send, and a ledger
            _check_found(job, context, send, found, problems)
            _check_between(job, ledger, send, problems)
        else:
            at, fault = send
            problems.add(job.spec.document.place((*ONLY, *at), fault))


def _send_named(job: Job, wanted: Undelivered, ledger: Facts) -> SendNames | tuple[KeyPath, Problem]:
    """The send that is meant, or what is wrong, with the place below `only.undelivered`."""
    spec = job.spec
    own = (spec.name, *other_names(spec, ledger))
    is_own = wanted.spec is None or wanted.spec in own
    named = spec.name if wanted.spec is None else wanted.spec
    names = own if is_own else (named, *linked_names(named, None, ledger))
    at: KeyPath = ("generation",) if wanted.generation is not None else () if wanted.spec is None else ("spec",)
    sent = {send.generation for name in names for send in ledger.sends(name) if has_begun(send, ledger)}
    if is_own and (wanted.generation or 0) >= spec.generation:
        was_sent = wanted.generation in sent or wanted.generation == spec.generation
        return at, Problem(
            "undelivered-itself",
            f"generation {wanted.generation} of '{spec.name}' is not an earlier send than this one, generation {spec.generation}",
            f"raise the spec's own `generation` to {(wanted.generation or 0) + 1}"
            if was_sent
            else f"name a generation below {spec.generation} that was sent, or leave `generation` out for the newest",
        )
    if is_own:
        sent = {generation for generation in sent if generation < spec.generation}
    if wanted.generation is not None:
        sent &= {wanted.generation}
    if not sent:
        near = (
            None
            if is_own
            else near_miss(named, sorted({send.name for send in ledger.sends() if has_begun(send, ledger)} - {named}))
        )
        which = "" if wanted.generation is None else f"generation {wanted.generation} of "
        before = f" before generation {spec.generation}" if is_own and wanted.generation is None else ""
        return at, Problem(
            "undelivered-unsent",
            f"{which}'{named}' was never sent from this environment{before}, so there is nobody whom it did not reach",
            f"write '{near}'" if near else "name a spec and a generation that were sent: `sendspec status` lists them",
        )
    shown = (wanted.spec or spec.name, *(name for name in names if name != (wanted.spec or spec.name)))
    return SendNames(shown, max(sent))


def _looked_up(
    job: Job, wanted: Undelivered, send: SendNames, ledger: Facts, deliveries: DeliveryFacts | None
) -> EarlierSend:
    outcomes: Counter[str] = Counter()
    kept, newest = HashPrefixes(), _NEVER
    for window in _windows(job, send):
        found = _outcomes(ledger, deliveries, [identity for ids in window.values() for identity in ids])
        newest = max((newest, *(seen_at for _, seen_at in found.values())))
        for own, ids in window.items():
            told = [found[identity][0] for identity in ids if identity in found]
            outcome = told[0] if len(told) == 1 else _telling(told, wanted.statuses)
            outcomes[outcome] += 1
            if outcome in wanted.statuses:
                kept.add(own)
    return EarlierSend(
        name=send.names[0],
        generation=send.generation,
        kept=kept.as_set(),
        wanted=wanted.statuses,
        outcomes={
            str(outcome): count for outcome, count in sorted(outcomes.items(), key=lambda each: (-each[1], each[0]))
        },
        newest=newest if isfinite(newest) else None,
    )


def _windows(job: Job, send: SendNames) -> Iterator[dict[bytes, tuple[bytes, ...]]]:
    """The ids of the rows' messages in this send, each with the ids of its recipient in the earlier one. A repeated recipient counts once.

    Rows that `where` leaves out are none; those with an error are reported elsewhere.
    """
    spec, salt = job.spec, job.setting.salt
    composer, known = job.composer(Problems()), CompactKeySet(ID_BYTES + len(_NO_VALUE))
    keys = filter(None, map(composer.wanted_key_of, job.table.rows(Problems())))
    while window := list(islice(keys, LOOKUP_ROWS)):
        ids = ids_of_keys(salt, spec.name, spec.generation, window)
        earlier = zip(*(ids_of_keys(salt, name, send.generation, window) for name in send.names), strict=True)
        repeated = {index for index, *_ in known.add(b"".join(each + _NO_VALUE for each in ids), range(len(ids)))}
        pairs = enumerate(zip(ids, earlier, strict=True))
        yield {own: others for index, (own, others) in pairs if index not in repeated}


def _outcomes(ledger: Facts, deliveries: DeliveryFacts | None, ids: Sequence[bytes]) -> dict[bytes, tuple[str, float]]:
    """What became of each message that the ledger knows, and when that was seen: never is before all times."""
    states = {key[:ID_BYTES]: state for key, state in ledger.prior_states(ids).items()}
    accepted = [identity for identity, state in states.items() if state is State.ACCEPTED]
    seen = deliveries.deliveries(accepted) if deliveries is not None else {}
    found: dict[bytes, tuple[str, float]] = {}
    for identity, state in states.items():
        delivery = seen.get(identity)
        if state is not State.ACCEPTED:
            found[identity] = _BY_STATE[state], _NEVER
        elif delivery is None:
            found[identity] = Reach.UNKNOWN, _NEVER
        else:
            found[identity] = _outcome_of(delivery), delivery.seen_at
    return found


def _outcome_of(delivery: Delivery) -> str:
    match delivery.report.fate:
        case Fate.DELIVERED:
            return Reach.DELIVERED
        case Fate.UNDELIVERED:
            means = failure_words(delivery.report.status, delivery.report.reason)
            return Reach.OPTED_OUT if means.kind is FailureKind.OPTED_OUT else delivery.report.status
        case Fate.UNDER_WAY | Fate.UNKNOWN:
            return Reach.UNDER_WAY
        case _:
            assert_never(delivery.report.fate)


def _telling(outcomes: Sequence[str], wanted: Collection[str]) -> str:
    """What counts of what became of one recipient under several names of the spec: whatever could have reached him comes first, then
    what nobody wants to try again.
    """
    for outcome in OUTWEIGHS:
        if outcome in outcomes:
            return outcome
    failed = sorted((each for each in outcomes if each != Reach.NOT_SENT), key=lambda each: each in wanted)
    return next(iter((*failed, *outcomes)), Reach.NOT_PART)


def _check_found(job: Job, context: ProjectContext, send: SendNames, found: EarlierSend, problems: Problems) -> None:
    rows, undecided = sum(found.outcomes.values()), found.undecided
    look = f"look at the API first: sendspec status --delivery --refresh --env {context.environment.name}"
    accepted = rows - sum(found.outcomes.get(each, 0) for each in (*_NOT_ACCEPTED, REFUSED))
    age = None if found.newest is None else context.system.clock.wall() - found.newest
    severity, told = Severity.WARNING, None
    if rows and found.outcomes.get(Reach.NOT_PART, 0) == rows:
        told = Problem(
            "undelivered-unmatched",
            f"none of the {counted(rows, 'recipient')} was part of {send.words}: recipients are compared by their `key`",
            "write the same `recipients.key` in both specs, or name the send that they were part of",
        )
    elif accepted and age is None and found.wanted != {REFUSED}:
        severity = Severity.ERROR
        told = Problem(
            "undelivered-unseen",
            f"nobody has looked yet at what became of {send.words}, so everybody would be skipped",
            look,
        )
    elif undecided and age is not None and age > OUTDATED_AFTER:
        told = Problem(
            "undelivered-outdated",
            f"{counted(undecided, 'message')} of {send.words} may still be delivered or fail, and the newest status is"
            f" {duration_text(age)} old; they get nothing",
            look,
        )
    if told is not None:
        problems.add(job.spec.document.place(ONLY, told, severity=severity))


def _check_between(job: Job, ledger: Facts, send: SendNames, problems: Problems) -> None:
    """Warns of a try that came after the send that is named: whom that reached would get the message again."""
    spec = job.spec
    names = (spec.name, *other_names(spec, ledger))
    after = send.generation if spec.name in send.names else 0
    sent = [each.generation for name in names for each in ledger.sends(name) if has_begun(each, ledger)]
    newest = max((each for each in sent if after < each < spec.generation), default=None)
    if newest is not None:
        told = Problem(
            "undelivered-between",
            f"generation {newest} of '{spec.name}' was sent after {send.words}; whom it reached gets the message again",
            f"name that one: `only: {{undelivered: {{generation: {newest}}}}}`",
        )
        problems.add(spec.document.place(ONLY, told, severity=Severity.WARNING))
