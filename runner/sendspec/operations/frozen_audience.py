"""Refuses recipients who were added to a send with a frozen audience after it had begun."""

from __future__ import annotations

from sendspec.composing.row_diagnostic import row_diagnostic
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Facts
from sendspec.operations.decided_rows import Decided
from sendspec.operations.renamed_spec import other_names
from sendspec.operations.send_job import Job
from sendspec.operations.spec_identity_check import has_begun

CODE = "audience-frozen"


def check_audience(job: Job, ledger: Facts, problems: Problems, decided: Decided) -> None:
    """Adds an error for the rows that would be sent and that the ledger doesn't know, under any name of the spec."""
    spec, table = job.spec, job.table
    sends = [send for name in (spec.name, *other_names(spec, ledger)) for send in ledger.sends(name)]
    if not any(has_begun(send, ledger) for send in sends if send.generation == spec.generation):
        return
    for item, skip, fact in decided(job):
        if skip is None and fact is None:
            problems.add_row(
                (CODE, table.path),
                item.line,
                lambda line=item.line: row_diagnostic(  # type: ignore[misc]  # a default argument has no type
                    table,
                    line,
                    None,
                    code=CODE,
                    problem="the audience is frozen, and this recipient was not part of it when the send began",
                    fix="remove the row, or remove `audience: frozen` from the spec to send to added recipients too",
                ),
            )
