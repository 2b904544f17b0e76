"""What is kept of deliveries for `status`: refreshed by one sweep where that is asked for, and listed message by message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from sendspec.diagnostics.wording import duration_text
from sendspec.ledger.delivery.observation import Delivery, Fate
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.ledger.protocol import Facts
from sendspec.ledger.record import MessageRecord
from sendspec.operations.delivery_access import deliveries_to_write
from sendspec.operations.delivery_account import BLOCK, delivery_account
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import connecting_words, reachable_api
from sendspec.operations.status import SpecStatus
from sendspec.operations.undecided_messages import UndecidedMessages
from sendspec.planning.message_state import State
from sendspec.reading.access_key import read_access_key
from sendspec.sending.delivery_sweep import Swept

REFRESH_SECONDS = 300.0
"""How long one sweep may take."""


def refreshed(
    context: ProjectContext,
    ledger: Facts,
    statuses: Sequence[SpecStatus],
    *,
    replies: bool,
    warn: Callable[[str], None],
) -> Swept:
    """Asks the API about these sends' messages that aren't known to be delivered, and keeps what it says. Makes no request if all are.

    With `replies`, it also looks at who said stop since the last look.
    """
    from sendspec.operations.delivery_lookup import DeliveryLookup  # loads the network stack: most looks do without

    clock = context.system.clock
    undecided = UndecidedMessages(clock.wall(), clock.random, with_failed=True)
    sends = [(status.name, status.generation) for status in statuses]
    with deliveries_to_write(context) as store:
        for name, generation in sends:
            delivery_account(ledger, store, name, generation, undecided)
        channels = undecided.channels()
        if not channels and not replies:
            return Swept()
        key = read_access_key(context.environment.key, context.system.environ, context.root)
        context.system.tell(connecting_words(context))
        if any(channel.recent > len(channel.few) for channel in channels):
            context.system.tell(f"reading the API's list, for at most {duration_text(REFRESH_SECONDS)}")
        with reachable_api(context) as reachable:
            lookup = DeliveryLookup(context, reachable, key)
            swept = lookup.sweep(ledger, store, sends, channels, REFRESH_SECONDS)
            for words in lookup.replies(store, REFRESH_SECONDS) if replies and swept.is_whole else ():
                warn(words)
            return swept


def accepted_with_fate(
    ledger: Facts, facts: DeliveryFacts | None, statuses: Sequence[SpecStatus], fates: Collection[Fate]
) -> Iterator[tuple[MessageRecord, Delivery | None]]:
    """The accepted messages of these sends that are known to have one of these fates, each with what is known."""
    sends = {(status.name, status.generation) for status in statuses}
    accepted = (each for each in ledger.messages((State.ACCEPTED,)) if (each.name, each.generation) in sends)
    while block := list(islice(accepted, BLOCK)):
        known = {} if facts is None else facts.deliveries([message.id for message in block])
        for message in block:
            delivery = known.get(message.id)
            if (Fate.UNKNOWN if delivery is None else delivery.report.fate) in fates:
                yield message, delivery
