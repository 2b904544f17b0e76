"""What a plan warns of: opt-outs that nobody asked for, and what may be an opt-out and waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.wording import counted
from sendspec.operations.delivery_access import deliveries_to_read
from sendspec.operations.maybe_opt_outs import maybe_words, maybes
from sendspec.operations.opt_out_list import opt_out_list
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.suppress_setting import OptOutScope

if TYPE_CHECKING:
    from sendspec.operations.send_job import Job


def opt_out_warnings(jobs: Sequence[Job], context: ProjectContext) -> Iterator[Diagnostic]:
    """The warnings of a plan, after the opt-outs of its specs were read."""
    yield from _waiting(jobs, context)
    yield from _unused(jobs, context)


def _waiting(jobs: Sequence[Job], context: ProjectContext) -> Iterator[Diagnostic]:
    """One warning, where a person has to look at replies or failures before it is known who has opted out."""
    asking = [(job, job.opted_out) for job in jobs if job.opted_out is not None and job.opted_out.has_maybes]
    if not asking:
        return
    with deliveries_to_read(context) as facts:
        waiting = [one for one in maybes(facts) if any(listed.applies(one.channel) for _, listed in asking)]
    if waiting:
        yield _diagnostic(
            asking[0][0],
            "opt-outs-waiting",
            f"{maybe_words(waiting)}, and nobody has looked at {'it' if len(waiting) == 1 else 'them'}",
            "read them, and say what each was: sendspec opt-outs list --maybe",
        )


def _unused(jobs: Sequence[Job], context: ProjectContext) -> Iterator[Diagnostic]:
    """A warning for each spec that would text people although they are known to have opted out, because nothing says whether that counts."""
    silent = [job for job in jobs if _is_silent(job, context)]
    if not silent:
        return
    with deliveries_to_read(context) as facts:
        for job in silent if facts is not None and facts.signal_count else ():
            of_job = opt_out_list(context, job.channel, OptOutScope.ENVIRONMENT)
            of_job.read(facts)
            if known := len(of_job.snapshot):
                yield _diagnostic(
                    job,
                    "opt-outs-unused",
                    f"{counted(known, 'person has', 'people have')} opted out here, and this spec doesn't leave them out",
                    "add `opt_outs: true` under `suppress`, here or in the environment; `false` says that it is meant so",
                )


def _is_silent(job: Job, context: ProjectContext) -> bool:
    settings = (job.spec.opt_outs, context.environment.opt_outs)
    return job.opted_out is None and all(setting.asked is None for setting in settings)


def _diagnostic(job: Job, code: str, problem: str, fix: str) -> Diagnostic:
    document = job.spec.document
    at = ("suppress",) if "suppress" in document.data else ("channel",)
    return document.diagnostic(at, code=code, problem=problem, fix=fix, severity=Severity.WARNING, key=True)
