"""Who was planned, was never sent, and is no longer in the table."""

from __future__ import annotations

from runner.cli.earlier_names import other_names
from runner.cli.job import Job
from runner.composing.message import Message
from runner.ledger.sqlite import SqliteLedger
from runner.reading.diagnostic import Problems


def left_over(job: Job, ledger: SqliteLedger, problems: Problems) -> dict[bytes, int]:
    """The attempt of each such message by its id, of every generation and under every name of the spec.

    Where `problems` has errors afterwards, rows could not be read, and it is not known who is left.
    """
    names = (job.spec.name, *other_names(job.spec, ledger))
    attempts = {identity: attempt for name in names for identity, _, attempt in ledger.waiting(name)}
    for name in names if attempts else ():
        for item in job.called(name).composed(problems):
            if isinstance(item, Message):
                attempts.pop(item.id, None)
    return attempts
