"""Whether a spec's name and generation may be used: a name belongs to one file, and generations are used in turn."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import SendRecord
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import name_in, other_names
from sendspec.operations.send_job import Job
from sendspec.planning.message_state import State
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.spec import Spec

_REACHED = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.SENDING)


def check_identity(jobs: Sequence[Job], context: ProjectContext, ledger: Facts | None, problems: Problems) -> None:
    """Refuses a name that another file was sent under and still has: that makes this a second spec, not a moved one."""
    if ledger is None:
        return
    names = {job.spec.name for job in jobs}
    for job in jobs:
        spec, own = job.spec, context.relative(job.spec.path)
        path = ledger.spec_path(spec.name)
        if path is not None and path != own and name_in(context.root / path) in (spec.name, ""):
            problems.add(
                spec.document.diagnostic(
                    ("name",),
                    code="name-taken",
                    problem=f"'{spec.name}' is the name of {path}, which was sent before",
                    fix="give this spec a name of its own, or remove the other file if this one replaces it",
                )
            )
        former = spec.moved_from
        path = ledger.spec_path(former) if former else None
        if former in names or (path is not None and path != own and name_in(context.root / path) in (former, "")):
            problems.add(
                spec.document.diagnostic(
                    ("moved_from",),
                    code="name-taken",
                    problem=f"'{former}' is still the name of {path or 'another spec of this run'}",
                    fix="remove that spec if this one replaces it, or write `moved_from: false` for a new send",
                )
            )


def check_generations(jobs: Sequence[Job], context: ProjectContext, ledger: Facts | None, problems: Problems) -> None:
    """Refuses a generation other than the highest used one or the next. The sandbox only warns: it reaches nobody."""
    for job in jobs if ledger is not None else ():
        assert ledger is not None
        found = _generation_fault(job.spec, ledger)
        if found is not None:
            code, problem, fix = found
            at: KeyPath = ("generation",) if "generation" in job.spec.document.data else ("name",)
            severity = Severity.WARNING if context.environment.is_sandbox else Severity.ERROR
            problems.add(job.spec.document.diagnostic(at, code=code, problem=problem, fix=fix, severity=severity))


def _generation_fault(spec: Spec, ledger: Facts) -> tuple[str, str, str] | None:
    generation = spec.generation
    sends = [send for name in (spec.name, *other_names(spec, ledger)) for send in ledger.sends(name)]
    highest = highest_used(sends, ledger)
    if highest is None:
        return None
    if generation < highest:
        return (
            "generation-old",
            f"generation {generation} of '{spec.name}' is older than {highest}, which was used before",
            f"write `generation: {highest}`, or `generation: {highest + 1}` to send it again",
        )
    if any(send.generation == generation and send.given_up is not None for send in sends):
        return (
            "generation-old",
            f"generation {generation} of '{spec.name}' was given up",
            f"write `generation: {highest + 1}`",
        )
    if generation > highest + 1:
        return (
            "generation-skipped",
            f"generation {generation} of '{spec.name}' skips {highest + 1}: the highest that was used is {highest}",
            f"write `generation: {highest + 1}`, or give that one up:"
            f" sendspec resolve SPEC --generation {highest + 1} --as skipped --reason …",
        )
    return None


def highest_used(sends: Sequence[SendRecord], ledger: Facts) -> int | None:
    """The highest generation that was sent or given up; None if there is none."""
    used = [send.generation for send in sends if send.is_used or has_begun(send, ledger)]
    return max(used, default=None)


def has_begun(send: SendRecord, ledger: Facts) -> bool:
    """Whether some of the send was sent: by the ledger's claims, its baseline, or what the API's list showed a restored ledger."""
    if send.claimed or send.baselined:
        return True
    return any(state in _REACHED for state in ledger.states(send.name, send.generation))
