"""The people who opted out, as they count for a spec: looked up before a plan, and again while it is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain

from sendspec.composing.identity import suppression_hasher
from sendspec.diagnostics.exceptions import OptOutsLost
from sendspec.diagnostics.wording import counted
from sendspec.ledger.delivery.opt_out import OptOutSignal, SignalKind, opted_out
from sendspec.ledger.delivery.protocol import DeliveryFacts
from sendspec.operations.delivery_access import deliveries_to_read
from sendspec.operations.hash_prefix_set import HashPrefixes, HashPrefixSet
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.spooled_opt_outs import SpooledOptOuts
from sendspec.reading.environment import Channel
from sendspec.reading.suppress_setting import OptOutScope

CHECK_SECONDS = 1.0
"""Shortest time between two looks."""
SHARE_OF_TIME = 0.1
"""How much of a send may be spent on reading new opt-outs. After a long reading, more time passes until the next look."""

Opened = AbstractContextManager[DeliveryFacts | None]
Spooled = Callable[[], tuple[OptOutSignal, ...]]
Applies = Callable[[str | None], bool]
"""Whether a signal of this channel counts; None is about all channels."""


class OptedOut:
    """Some people, by the hashes of their addresses: 8 bytes each, but for the few who opted in again."""

    def __init__(self, salt: bytes, once_out: HashPrefixSet, in_again: frozenset[bytes]) -> None:
        """Everybody `once_out` has opted out, but those `in_again`."""
        self._hash = suppression_hasher(salt)
        self._once_out = once_out
        self._in_again = in_again

    def __contains__(self, address: str) -> bool:
        return self.has(self._hash(address))

    def has(self, receiver: bytes) -> bool:
        return receiver in self._once_out and receiver not in self._in_again

    def __len__(self) -> int:
        return len(self._once_out) - sum(receiver in self._once_out for receiver in self._in_again)


class OptOutList:
    """The opt-outs that count for one channel. Empty until `read` is called, which every plan does."""

    def __init__(
        self, salt: bytes, applies: Applies, opened: Callable[[], Opened], spooled: Spooled = lambda: ()
    ) -> None:
        """`salt` is the environment's; `opened` opens what is kept, and raises `LedgerTrouble` where it can't be trusted.

        `spooled` gives the signals that are on their way there.
        """
        self._salt = salt
        self.applies = applies
        self._opened = opened
        self._spooled = spooled
        self._on_the_way: tuple[OptOutSignal, ...] = ()
        self._signals = 0
        self.has_maybes = False
        """Whether something that may be an opt-out was ever noted on a channel that counts."""
        self._once_in: set[bytes] = set()
        self._listed = OptedOut(salt, HashPrefixSet(()), frozenset())
        self._since: dict[bytes, bool] = {}
        self._hash = suppression_hasher(salt)
        self._next_look = float("-inf")

    @property
    def snapshot(self) -> OptedOut:
        """The people who had opted out when `read` was last called; later looks don't change it."""
        return self._listed

    def __contains__(self, address: str) -> bool:
        receiver = self._hash(address)
        since = self._since.get(receiver) if self._since else None
        return self._listed.has(receiver) if since is None else since

    def look_at_spool(self) -> None:
        """Call it before what is kept is opened: a signal that is stored in between is seen twice, and never missed."""
        self._on_the_way = self._spooled()

    def read(self, facts: DeliveryFacts | None) -> None:
        """Takes the opt-outs from `facts`, and those that are on their way there; None: there are none yet."""
        self._once_in, self._since = set(), {}
        self._signals = 0 if facts is None else facts.signal_count
        self.has_maybes = False
        once_out = HashPrefixes()
        for signal in self._all(facts):
            if signal.kind is SignalKind.MAYBE:
                self.has_maybes = self.has_maybes or self.applies(signal.channel)
            elif self.applies(signal.channel):
                self._note_opt_in(signal)
                if signal.kind is SignalKind.OUT:
                    once_out.add(signal.receiver)
        standing = self._weighed(facts, self._once_in) if self._once_in else ()
        in_again = frozenset(self._once_in.difference(standing))
        self._listed = OptedOut(self._salt, once_out.as_set(), in_again)

    def refresh(self, monotonic: Callable[[], float]) -> None:
        """Looks whether somebody has opted out, or in again, since. Call it before claiming messages; a call soon after another does nothing.

        Raises `LedgerTrouble` if the opt-outs can't be read, or some are gone: nothing more may be claimed then.
        """
        now = monotonic()
        if now < self._next_look:
            return
        pause, began = CHECK_SECONDS, now
        before = self._on_the_way
        self.look_at_spool()
        fresh = [one for one in self._on_the_way if one not in before]
        with self._opened() as facts:
            count = 0 if facts is None else facts.signal_count
            if count < self._signals:
                raise OptOutsLost(
                    f"{self._signals - count} of {counted(self._signals, 'opt-out')} are gone since this run began",
                    "restore what is kept beside the ledger from a backup: it knows who has opted out",
                )
            if fresh or count > self._signals:
                self._take(facts, fresh)
                self._signals = count
        done = monotonic()
        self._next_look = done + max(pause, (done - began) / SHARE_OF_TIME)

    def _take(self, facts: DeliveryFacts | None, fresh: Iterable[OptOutSignal]) -> None:
        """Takes the signals that are new. Those of somebody who once opted in again are weighed with all earlier ones."""
        new = set()
        for one in chain(() if facts is None else facts.signals(self._signals), fresh):
            if self._counts(one):
                new.add(one.receiver)
                self._note_opt_in(one)
        self._since |= dict.fromkeys(new, True)
        if again := new & self._once_in:
            standing = self._weighed(facts, again)
            self._since |= {receiver: receiver in standing for receiver in again}

    def _all(self, facts: DeliveryFacts | None) -> Iterator[OptOutSignal]:
        return chain(() if facts is None else facts.signals(), self._on_the_way)

    def _weighed(self, facts: DeliveryFacts | None, receivers: Collection[bytes]) -> Collection[bytes]:
        """Those of `receivers` who stand opted out, after all that they said."""
        return opted_out((one for one in self._all(facts) if one.receiver in receivers), self.applies).keys()

    def _counts(self, signal: OptOutSignal) -> bool:
        return signal.kind is not SignalKind.MAYBE and self.applies(signal.channel)

    def _note_opt_in(self, signal: OptOutSignal) -> None:
        if signal.kind is SignalKind.IN:
            self._once_in.add(signal.receiver)


def opt_out_list(context: ProjectContext, channel: Channel, scope: OptOutScope) -> OptOutList:
    """The list for a spec's channel. Of `OptOutScope.ENVIRONMENT`, what was said on another platform's channel doesn't count."""
    own, opened, spooled = channel.channel.lower(), partial(deliveries_to_read, context), SpooledOptOuts(context).look
    if scope is OptOutScope.CHANNEL:
        return OptOutList(context.salt, lambda named: named is None or named == own, opened, spooled)
    others = context.environment.channels.values()
    foreign = {each.channel.lower() for each in others if each.platform != channel.platform}
    foreign -= {own, *(each.channel.lower() for each in others if each.platform == channel.platform)}
    return OptOutList(context.salt, lambda named: named not in foreign, opened, spooled)


def read_opt_outs(lists: Iterable[OptOutList], context: ProjectContext) -> None:
    """Reads the opt-outs for each list. Raises `LedgerTrouble` if they can't be read, or some are gone."""
    wanted = list(dict.fromkeys(lists))
    if wanted:
        for each in wanted:
            each.look_at_spool()
        with deliveries_to_read(context) as facts:
            for each in wanted:
                each.read(facts)
