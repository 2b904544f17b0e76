"""Which of a job's messages other specs have sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sendspec.ledger.protocol import Facts
from sendspec.operations.decided_rows import Decided, messages_to_send
from sendspec.operations.hash_prefix_set import HashPrefixSet
from sendspec.operations.send_job import Job

REMEMBERED_SECONDS = 90 * 86_400.0
"""How long ago another spec may have sent what a new name would send again."""


def sent_by(names: Collection[str], job: Job, ledger: Facts) -> dict[str, HashPrefixSet]:
    """The digests that each of these specs has sent lately; specs without any are left out."""
    if not names:
        return {}
    return HashPrefixSet.by_name(ledger.digests_sent(names, job.now.timestamp() - REMEMBERED_SECONDS))


def most_alike(job: Job, decided: Decided, sent_by_name: Mapping[str, HashPrefixSet]) -> tuple[str, int]:
    """The name under which most of the job's messages to send were sent before, and how many were; "" and 0 if there is none."""
    if not sent_by_name:
        return "", 0
    same = dict.fromkeys(sent_by_name, 0)
    for message in messages_to_send(job, decided):
        for name, sent in sent_by_name.items():
            same[name] += message.digest in sent
    former = max(sorted(same), key=lambda name: same[name])
    return former, same[former]
