"""Whether a new spec name would send again what a spec that no longer exists has sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import Route
from sendspec.operations.decided_rows import Decided
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import name_in, other_names
from sendspec.operations.send_job import Job
from sendspec.operations.sent_before import most_alike, sent_by
from sendspec.operations.spec_identity_check import highest_used


def name_moves(
    job: Job, to_send: int, live: Collection[str], context: ProjectContext, ledger: Facts, decided: Decided
) -> Iterator[Diagnostic]:
    """Refuses a new name on a channel where a spec that no longer exists sent much the same. `live` are the names of this run's specs."""
    spec = job.spec
    if spec.moved_from is False or other_names(spec, ledger):
        return
    is_new = highest_used(ledger.sends(spec.name), ledger) is None
    if is_new and spec.moved_from is not None and ledger.sends():
        yield spec.document.diagnostic(
            ("moved_from",),
            code="moved-from-unknown",
            problem=f"the ledger knows no spec that was called '{spec.moved_from}'",
            fix="write the name as the ledger has it: sendspec status",
            severity=Severity.WARNING,
        )
    own = context.relative(spec.path)
    path_by_name = _gone_specs(job, own, context, ledger, is_new=is_new)
    sent_by_name = sent_by(path_by_name, job, ledger)
    if not sent_by_name:
        return
    former, same = most_alike(job, decided, sent_by_name)
    if 2 * same >= to_send:
        yield spec.document.diagnostic(
            ("name",),
            code="name-moved",
            problem=f"{same} of {counted(to_send, 'message')} {'was' if same == 1 else 'were'} sent before, to the same people, by '{former}',"
            f" which is gone ({path_by_name[former]})",
            fix=f"write `moved_from: {former}`, or `moved_from: false` to send them again",
        )
        return
    here = next((name for name in sorted(sent_by_name.keys() - set(live)) if path_by_name[name] == own), None)
    if is_new and here is not None:
        yield spec.document.diagnostic(
            ("name",),
            code="name-moved",
            problem=f"this file held '{here}' before, which sent {counted(len(sent_by_name[here]), 'message')}, with other texts"
            f" or to other people; the ledger takes this for a new send, so {'the recipient gets' if to_send == 1 else f'all {to_send} recipients get'} it",
            fix=f"write `moved_from: {here}` if it is the same send under another name: people who got that one are then skipped",
            severity=Severity.WARNING,
        )


def _gone_specs(job: Job, own: str, context: ProjectContext, ledger: Facts, *, is_new: bool) -> dict[str, str]:
    """The other specs that were sent through this job's channel and are gone: their noted paths by name."""
    route = Route(job.channel.workspace, job.channel.channel)
    return {
        name: path
        for name in sorted(ledger.specs_sent_through(route) - {job.spec.name})
        if _is_gone(name, path := ledger.spec_path(name) or "", own, context, is_new=is_new)
    }


def _is_gone(name: str, path: str, own: str, context: ProjectContext, *, is_new: bool) -> bool:
    """Whether a spec is gone from the path that the ledger noted: no file is there, or one with another name.

    The other file is read only for a new name. For a known name, a spec is gone if its file is, or if its file is now this
    spec's.
    """
    if path == own:
        return True
    return name_in(context.root / path) != name if is_new else not (context.root / path).is_file()
