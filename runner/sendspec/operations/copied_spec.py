"""Whether a spec that was never sent is a copy of one that was, and is still there."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.canonical_template import text_digest
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import Route
from sendspec.operations.decided_rows import Decided
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.renamed_spec import name_in, other_names
from sendspec.operations.send_job import Job
from sendspec.operations.sent_before import most_alike, sent_by
from sendspec.operations.spec_identity_check import highest_used


def copies(job: Job, to_send: int, context: ProjectContext, ledger: Facts, decided: Decided) -> Iterator[Diagnostic]:
    """Warns of a new spec whose messages another one sent, with the same text, to the same people.

    The ledger's messages are read only if another spec on this channel had the same text.
    """
    spec = job.spec
    if spec.moved_from is False or other_names(spec, ledger):
        return
    path_by_name = _same_text(job, context, ledger)
    if not path_by_name or highest_used(ledger.sends(spec.name), ledger) is not None:
        return
    former, same = most_alike(job, decided, sent_by(path_by_name, job, ledger))
    if not same:
        return
    yield spec.document.diagnostic(
        ("name",),
        code="same-as-sent",
        problem=f"{same} of {counted(to_send, 'message')} would go to the same people with the same text as those of"
        f" '{former}' ({printable(path_by_name[former])})",
        fix=f"send {printable(path_by_name[former])} if this is a copy of it; write `moved_from: false` if they should get it again",
        severity=Severity.WARNING,
    )


def _same_text(job: Job, context: ProjectContext, ledger: Facts) -> dict[str, str]:
    """The other specs that were sent with this text through this job's channel and are still there: their paths by name.

    Not the one that `only: undelivered` names: its people are meant.
    """
    own, text = job.spec.name, text_digest(job.spec)
    known = {own} if job.spec.only is None else {own, job.spec.only.spec}
    sends = [send for send in ledger.sends() if send.name not in known and send.text_digest == text]
    if not sends:
        return {}
    on_channel = ledger.specs_sent_through(Route(job.channel.workspace, job.channel.channel))
    return {
        send.name: send.path
        for send in sends
        if send.name in on_channel and name_in(context.root / send.path) == send.name
    }
