"""Makes a new ledger, and decides what it holds from the start."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum

from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.diagnostics.exceptions import EnvironmentRenamed, InitRefused, LedgerTrouble, LockEntryLost
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.position import FILE_START
from sendspec.diagnostics.wording import counted
from sendspec.ledger.access import is_half_made, is_there
from sendspec.ledger.identity import LOCK_FILE, LedgerIdentity, read_identities
from sendspec.ledger.protocol import Ledger
from sendspec.operations.baseline import record_baseline
from sendspec.operations.git_command import GitUnreadable
from sendspec.operations.git_repository import changed_since_commit, committed_specs
from sendspec.operations.job_reader import read_jobs
from sendspec.operations.ledger_creation import make_environment_ledger
from sendspec.operations.ledger_place import ledger_place
from sendspec.operations.lockfile_entry import environment_sharing_channels, find_identity
from sendspec.operations.offline_plan import plan_without_ledger
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job
from sendspec.reading.spec import FileRecipients


class Beginning(StrEnum):
    """What a new ledger records of sends that were made before it."""

    EMPTY = "empty"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierSends:
    """What may have been sent before: the committed specs, and whether git could tell. `problem` says so in words.

    `lost` is the id of the ledger that sendspec.lock names, if that is gone.
    """

    specs: list[str]
    problem: str
    lost: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLedger:
    """`baselined` counts the messages that count as sent; None if the ledger begins empty.

    `is_completed`: an earlier `init` had been killed. `given_up` is the id of the ledger that sendspec.lock named, which is gone.
    """

    baselined: int | None
    is_completed: bool
    given_up: str | None


def is_begun(context: ProjectContext) -> bool:
    """Whether an earlier `init` was killed before it finished."""
    known = context.identity
    return known is not None and is_half_made(ledger_place(context), known)


def earlier_sends(context: ProjectContext) -> EarlierSends | None:
    """What a person has to decide about before a new ledger is made; None if there is nothing to decide."""
    if is_there(ledger_place(context)):
        return None
    known = context.identity
    if known is not None:
        problem = (
            f"{LOCK_FILE} names the ledger {known.ledger}, and {context.environment.ledger.shown} has none. A new one would not know"
            " what was sent"
        )
        return EarlierSends(specs=[], problem=problem, lost=known.ledger)
    try:
        specs = committed_specs(context.root, context.system.environ)
    except GitUnreadable as error:
        return EarlierSends(specs=[], problem=f"sendspec can't find out what was sent before: {error}")
    if not specs:
        return None
    found = f"the last commit holds {counted(len(specs), 'spec')}, which may have been sent before"
    return EarlierSends(specs=specs, problem=found)


def undecided_refusal(context: ProjectContext, found: EarlierSends) -> InitRefused:
    """The refusal for a caller that can't ask a person."""
    command = f"sendspec ledger init --env {context.environment.name}"
    if found.lost is not None:
        return InitRefused(
            found.problem,
            f"restore the ledger from a backup; if it is lost: {command} --baseline, so that the committed specs"
            " count as sent, or --empty, so that everybody gets them again",
            code="init-needs-choice",
        )
    return InitRefused(
        f"{found.problem}; a new ledger would send them to everybody again",
        f"if they were: {command} --baseline; if nothing was: --empty instead",
        code="init-needs-choice",
    )


def refuse_without_entry(context: ProjectContext, *, chosen: bool) -> None:
    """Raises `InitRefused` if a new entry in sendspec.lock would make every recipient a new one.

    `chosen`: somebody has said what the ledger begins with, and so that a new one is meant.
    """
    if context.identity is not None:
        return
    name = context.environment.name
    try:
        find_identity(context)
    except EnvironmentRenamed as trouble:
        if not chosen:
            raise InitRefused.because(trouble) from None
    except LockEntryLost as trouble:
        if name in read_identities(context.identity_file):
            raise _just_made(context) from None
        raise InitRefused.because(trouble) from None
    sharing = environment_sharing_channels(context)
    if sharing is not None and not chosen:
        raise InitRefused(
            f"'{name}' sends through channels of the environment '{sharing}', and its ledger would not know what that environment sent",
            f"if you want that: sendspec ledger init --env {name} --empty",
            code="channels-shared",
        )


def _just_made(context: ProjectContext) -> LedgerTrouble:
    """The error for an `init` that lost against another one, as if it had found the ledger a moment later."""
    return LedgerTrouble(
        f"{context.environment.ledger.named} was just made by another command",
        f"keep it, and commit {LOCK_FILE}, which names it",
    )


def init_ledger(context: ProjectContext, beginning: Beginning, problems: Problems, *, begun: bool) -> MadeLedger | None:
    """Makes the ledger, or completes one that was `begun`. None if a baselined spec is rejected: `problems` says why."""
    baselined = None
    if beginning is Beginning.BASELINE and not begun:
        baselined = _with_baseline(context, problems)
        if baselined is None:
            return None
    else:
        make_environment_ledger(context)
    given_up = None if begun or context.identity is None else context.identity.ledger
    return MadeLedger(baselined=baselined, is_completed=begun, given_up=given_up)


def _with_baseline(context: ProjectContext, problems: Problems) -> int | None:
    """Makes the ledger with the committed specs as sent. Returns how many messages they are."""
    jobs = _committed_jobs(context, problems)
    for job in jobs:
        plan_without_ledger(job, problems)
    if problems.has_errors:
        return None
    burned: list[int] = []

    def fill(ledger: Ledger, identity: LedgerIdentity) -> None:
        count, _ = record_baseline(replace(context, identity=identity), jobs, ledger)
        burned.append(count)

    make_environment_ledger(context, filling=fill)
    return sum(burned)


def _committed_jobs(context: ProjectContext, problems: Problems) -> list[Job]:
    """The committed specs. Specs and tables that differ from their commit go to `problems`. Raises `InitRefused`."""
    environ = context.system.environ
    try:
        specs = committed_specs(context.root, environ)
        paths = [os.path.relpath(context.root / path) for path in specs]
        jobs = read_jobs(paths, context, None, problems)
        tables = [context.relative(job.table.path) for job in jobs if isinstance(job.spec.recipients, FileRecipients)]
        changed = changed_since_commit(context.root, [*specs, *tables], environ)
    except GitUnreadable as error:
        raise InitRefused(
            f"sendspec can't find out what was sent before: {error}",
            "run it in the git work tree",
            code="init-needs-choice",
        ) from None
    for path in changed:
        problems.add(
            Diagnostic(
                code="baseline-uncommitted",
                path=path,
                span=FILE_START,
                problem="it has changed since the last commit, and only what was committed counts as sent",
                fix="commit the change, or put it aside: git stash",
            )
        )
    return jobs
