"""Why planned messages were left out, as far as it can be told later: their recipients have opted out meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from sendspec.ledger.delivery.opt_out import opted_out
from sendspec.ledger.protocol import Facts
from sendspec.operations.delivery_access import deliveries_to_inspect
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.status import NOT_SENT, SpecStatus

BLOCK = 1_000
MAX_LOOKED_AT = 100_000
"""Messages up to which it is looked up; more would take seconds."""


def opted_out_meanwhile(context: ProjectContext, ledger: Facts, statuses: Sequence[SpecStatus]) -> Mapping[str, int]:
    """How many planned messages of each spec are to people who are known to have opted out, on any channel."""
    sends = {(status.name, status.generation) for status in statuses if status.account.not_sent}
    if not sends or sum(status.account.not_sent for status in statuses) > MAX_LOOKED_AT:
        return {}
    with deliveries_to_inspect(context) as facts:
        standing = opted_out(facts.signals()).keys() if facts is not None and facts.signal_count else frozenset()
    found: Counter[str] = Counter()
    planned = (one for one in ledger.messages(NOT_SENT) if (one.name, one.generation) in sends)
    while standing and (block := list(islice(planned, BLOCK))):
        known = ledger.known_messages([one.id for one in block])
        found.update(one.name for one in block if one.id in known and known[one.id].receiver in standing)
    return found
