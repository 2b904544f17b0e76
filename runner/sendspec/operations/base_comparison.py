"""Compares what the files say now with what those of another commit say. The ledger has no part in it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace

from sendspec.composing.eligibility import Eligibility
from sendspec.composing.identity import ID_BYTES
from sendspec.composing.message import Composed, Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.base_commit import BaseCommit, path_in_repository, unusable
from sendspec.operations.base_files import BaseFolder, base_folder, base_tree
from sendspec.operations.base_job import BaseJob, NotComparable, base_job, refuse, with_identity, without_reference
from sendspec.operations.base_match import match_specs
from sendspec.operations.base_settings import REFERENCE, base_settings, setting_changes
from sendspec.operations.base_texts import ChangedTexts, changed_texts
from sendspec.operations.git_command import GitUnreadable
from sendspec.operations.ledger_plan import decide_all
from sendspec.operations.message_pairs import ChangedIds
from sendspec.operations.plan_blocks import plan_rows
from sendspec.operations.plan_cost import costed, project_prices
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.operations.temporary_store import TemporaryStore
from sendspec.planning.base_change import BaseComparison, SpecChange, SpecChangeKind
from sendspec.planning.cost import Cost
from sendspec.planning.decision import History, Skip, nothing_known
from sendspec.planning.ledger_view import LedgerView
from sendspec.planning.pair_set import BUCKETS, PairSet
from sendspec.planning.plan import NOT_DECLARED, DeclaredPairs, Plan, PlanTally
from sendspec.planning.send_size import SendSize, size_of


def compare_with_base(
    base: BaseCommit,
    jobs: Sequence[Job],
    plans: Sequence[Plan],
    context: ProjectContext,
    *,
    recipients: str | None,
    processes: int,
    counts_new: bool = False,
    folder_of: Callable[[BaseCommit], AbstractContextManager[BaseFolder]] = base_folder,
) -> BaseComparison:
    """What changes for the recipients of each job. `plans` are those of the jobs; `recipients` is the table that the command line names.

    `counts_new`: also how large a send of what is new would be. `folder_of` makes the folder that the base's files are in.

    Raises `BaseUnusable`.
    """
    try:
        scope = "" if context.project.path is None else path_in_repository(base, str(context.root))
        paths = [path_in_repository(base, job.spec.path) for job in jobs]
        tree = base_tree(base, "" if scope == "." else scope, paths)
        matches = match_specs(tree, [(job.spec, path) for job, path in zip(jobs, paths, strict=True)])
        changes = {}
        with folder_of(base) as folder:
            for job, plan, path in zip(jobs, plans, paths, strict=True):
                spec = _SpecComparison(base, folder, job, plan, context, recipients, processes, counts_new)
                changes[job.spec.name] = spec.change(path, matches.path_by_name.get(job.spec.name))
    except GitUnreadable as error:
        raise unusable(error) from error
    return BaseComparison(ref=base.ref, commit=base.commit, specs=changes, removed=matches.removed)


@dataclass(frozen=True, slots=True)
class _SpecComparison:
    base: BaseCommit
    folder: BaseFolder
    job: Job
    plan: Plan
    context: ProjectContext
    recipients: str | None
    processes: int
    counts_new: bool

    def change(self, path: str, path_before: str | None) -> SpecChange:
        """The change of a spec at `path`, which the base has at `path_before`; None: it has no such spec."""
        if path_before is None:
            now = self._declared_now()
            added = sum(map(len, (now.pairs.to_send, now.pairs.others)))
            return SpecChange(
                kind=SpecChangeKind.ADDED,
                added=added,
                segments_after=now.segments.total,
                cost_after=now.cost,
                new=size_of(self.plan) if self.counts_new else None,
            )
        try:
            before = base_job(self.base, self.folder, path_before, self.context, self.recipients)
            with closing(before.job.table):
                change = self._against(before)
        except NotComparable as error:
            change = SpecChange(kind=SpecChangeKind.NOT_COMPARED, problem=str(error))
        return change if path == path_before else replace(change, path_before=self._shown(path_before))

    def _against(self, base: BaseJob) -> SpecChange:
        problems = Problems()
        spec, old = self.job.spec, base.job.spec
        before = with_identity(base.job, spec.name, spec.generation)
        was = _declared(before, base.context, self.processes, problems)
        refuse(problems, self.folder)
        now = self._declared_now()
        found = _Recipients(was.pairs, now.pairs)
        is_other = old.generation != spec.generation or old.name not in (spec.name, spec.moved_from)
        texts = ChangedTexts()
        if found.changed:
            named = not self.context.system.is_ci
            repeats = any(plan.skipped.get(Skip.DUPLICATE) for plan in (was, now))
            texts = changed_texts(
                before, self.job, found.changed_ids, found.changed, names_values=named, repeats=repeats
            )
        fields = texts.fields
        if REFERENCE not in fields and self._has_other_references(before, base.context, found.changed):
            fields = (REFERENCE, *fields)
        change = SpecChange(
            kind=SpecChangeKind.SAME,
            added=found.added,
            dropped=found.dropped,
            changed=found.changed,
            same=found.same,
            segments_before=was.segments.total,
            segments_after=now.segments.total,
            cost_before=was.cost,
            cost_after=now.cost,
            texts=texts.texts,
            other_texts=texts.other_texts,
            other_messages=texts.other_messages,
            fields=fields,
            settings=setting_changes(base.settings, base_settings(self.job, self.context)),
            changed_values=texts.changed_values,
            new=self._new(was.pairs, is_other=is_other, added=found.added) if self.counts_new else None,
            name_before=None if old.name == spec.name else old.name,
            generation_before=None if old.generation == spec.generation else old.generation,
        )
        return replace(change, kind=_kind(change))

    def _has_other_references(self, before: Job, context: ProjectContext, changed: int) -> bool:
        """Whether messages have another reference of the user's own, besides the `changed` ones that differ anyway."""
        if not (before.program.own_reference or self.job.program.own_reference):
            return False
        problems = Problems()
        was = _declared(before, context, self.processes, problems, with_references=True)
        now = _declared(self.job, self.context, self.processes, Problems(), with_references=True)
        return problems.has_errors or _Recipients(was.pairs, now.pairs).changed > changed

    def _new(self, before: DeclaredPairs, *, is_other: bool, added: int) -> SendSize:
        """The size of what isn't among the messages `before`. `is_other`: none of it is, because all have other ids."""
        if is_other:
            return size_of(self.plan)
        known = frozenset(pair[:ID_BYTES] for number in range(BUCKETS) for pair in _bucket(before, number))

        def counted(job: Job) -> Plan:
            tally = PlanTally(job.target, count_countries=job.setting.count_countries)
            decided = decide_all(job, self.context, None, Problems()) if added else ()
            for _ in tally.counted(each for each in decided if each.skip is None and _is_new(each.item, known)):
                pass
            return tally.plan()

        return size_of(costed(self.job, project_prices(self.context, Problems()), counted))

    def _declared_now(self) -> Plan:
        """The plan of all that the files declare, whatever was sent already. Mostly, that is the plan that there is."""
        if NOT_DECLARED.issuperset(self.plan.skipped) and not self.job.program.own_reference:
            return self.plan
        return _declared(self.job, self.context, self.processes, Problems())

    def _shown(self, path: str) -> str:
        return posixpath.relpath(path, path_in_repository(self.base, str(self.context.root)))


def _kind(change: SpecChange) -> SpecChangeKind:
    if change.name_before is not None:
        return SpecChangeKind.RENAMED
    if change.generation_before is not None:
        return SpecChangeKind.RAISED
    counts = change.added or change.dropped or change.changed
    sizes = change.segments_before != change.segments_after or _price(change.cost_before) != _price(change.cost_after)
    is_changed = counts or sizes or change.fields or change.settings
    return SpecChangeKind.CHANGED if is_changed else SpecChangeKind.SAME


def _price(cost: Cost | None) -> tuple[object, int] | None:
    return None if cost is None else (cost.totals, cost.unknown_messages)


def _declared(
    job: Job, context: ProjectContext, processes: int, problems: Problems, *, with_references: bool = False
) -> Plan:
    """The plan without a ledger. Its pairs cover references only `with_references`."""
    eligibility = Eligibility(context.environment.only_to, job.suppressed)
    view = LedgerView(nothing_known, nothing_known, History(started=False), eligibility)
    pairs = DeclaredPairs(PairSet(store=TemporaryStore()), PairSet(store=TemporaryStore()))
    return costed(
        job if with_references else without_reference(job),
        project_prices(context, problems),
        lambda counted: plan_rows(counted, view, problems, processes, pairs=pairs),
    )


def _is_new(item: Composed, known: frozenset[bytes]) -> bool:
    return isinstance(item, Message) and item.id not in known


class _Recipients:
    """Compares two sets of pairs by their ids."""

    def __init__(self, before: DeclaredPairs, after: DeclaredPairs) -> None:
        self.added = self.dropped = self.changed = self.same = 0
        self.changed_ids = ChangedIds()
        for number in range(BUCKETS):
            self._compare(set(_bucket(before, number)), set(_bucket(after, number)))

    def _compare(self, old: set[bytes], new: set[bytes]) -> None:
        same = len(old & new)
        old_ids, new_ids = ({pair[:ID_BYTES] for pair in pairs} for pairs in (old - new, new - old))
        changed = old_ids & new_ids
        self.same += same
        self.changed += len(changed)
        self.added += len(new_ids) - len(changed)
        self.dropped += len(old_ids) - len(changed)
        for identity in changed:
            self.changed_ids.add(identity)


def _bucket(pairs: DeclaredPairs, number: int) -> Iterator[bytes]:
    yield from pairs.to_send.bucket(number)
    yield from pairs.others.bucket(number)
