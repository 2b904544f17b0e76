"""Messages that were planned, never sent, and whose recipient is no longer in the table.

A recipient whose row `where` filters out now is still in the table, so the message is no orphan.
"""

from __future__ import annotations

from sendspec.composing.message import Filtered, Message
from sendspec.diagnostics.diagnostic import Problems
from sendspec.ledger.protocol import Facts
from sendspec.operations.renamed_spec import other_names
from sendspec.operations.send_job import Job


def find_orphans(job: Job, ledger: Facts, problems: Problems) -> dict[bytes, int]:
    """The last attempt of each orphan, by message id: of every generation, under every name of the spec.

    If `problems` has errors afterwards, some rows could not be read, and the result means nothing.
    """
    names = (job.spec.name, *other_names(job.spec, ledger))
    attempts = {identity: attempt for name in names for identity, _, attempt in ledger.planned_of(name)}
    for name in names if attempts else ():
        renamed, has_filtered = job.with_name(name), False
        for item in renamed.composed(problems):
            has_filtered |= isinstance(item, Filtered)
            if isinstance(item, Message):
                attempts.pop(item.id, None)
        if has_filtered and attempts and not problems.has_errors:
            composer = renamed.composer(Problems())
            for row in renamed.table.rows(Problems()):
                attempts.pop(composer.identity_of(row) or b"", None)
    return attempts
