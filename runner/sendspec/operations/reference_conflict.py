"""References of the user's own that another spec's message to the same receiver already has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

from sendspec.composing.identity import ID_BYTES, id_text, receiver_hash
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.ledger.protocol import Facts
from sendspec.operations.decided_rows import Decided, messages_to_send
from sendspec.operations.hash_prefix_set import MAX_CONFIRMED, HashPrefixSet
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.send_job import Job


def reference_conflicts(
    jobs: Sequence[Job], context: ProjectContext, ledger: Facts | None, decided: Decided
) -> Iterator[Diagnostic]:
    """The conflicts of each job with the ledger, and with the jobs before it."""
    before: list[Job] = []
    for job in jobs:
        if not job.program.own_reference:
            continue
        others: list[Callable[[], Iterator[_ReceiverAndReference]]] = [
            lambda other=other: _own_references(other, context, decided)  # type: ignore[misc]
            for other in before
        ]
        name, generation = job.spec.name, job.spec.generation
        if ledger is not None and ledger.has_other_references(name, generation):
            others.append(lambda name=name, generation=generation: ledger.other_references(name, generation))  # type: ignore[misc]
        before.append(job)
        taken = _first_taken(lambda job=job: _own_references(job, context, decided), others) if others else None  # type: ignore[misc]
        if taken is not None:
            yield job.spec.document.diagnostic(
                ("message", "reference"),
                code="reference-taken",
                problem=f"another spec's message to the same receiver has the reference '{taken}'",
                fix=f"write a reference that no other spec has, such as '{{{{ order_id }}}}-{name}'",
            )


_ReceiverAndReference = tuple[bytes, str]
"""The receiver's hash and the user's own reference of a message."""


def _own_references(job: Job, context: ProjectContext, decided: Decided) -> Iterator[_ReceiverAndReference]:
    for message in messages_to_send(job, decided):
        if message.reference != id_text(message.id):
            yield receiver_hash(context.salt, message.receiver), message.reference


def _first_taken(
    own: Callable[[], Iterator[_ReceiverAndReference]], others: Sequence[Callable[[], Iterator[_ReceiverAndReference]]]
) -> str | None:
    """A reference that `own` and one of `others` use for the same receiver; each may be read more than once."""
    hashes = HashPrefixSet(map(_pair_hash, own()))
    hits: set[_ReceiverAndReference] = set()
    for other in others:
        for pair in other():
            if _pair_hash(pair) in hashes:
                hits.add(pair)
                if len(hits) >= MAX_CONFIRMED:
                    break
    return next((pair[1] for pair in own() if pair in hits), None) if hits else None


def _pair_hash(pair: _ReceiverAndReference) -> bytes:
    return blake2b(pair[0] + pair[1].encode(), digest_size=ID_BYTES).digest()
