"""Verifies of large specs what a send asks about: each message that is found, and that one which isn't found is really not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.diagnostics.wording import counted
from sendspec.ledger.record import KnownMessage, PlannedMessage, Send
from sendspec.ledger.sqlite.checked_rows import TEXT, WHOLE
from sendspec.ledger.sqlite.error import found_by, refuse_damage
from sendspec.ledger.sqlite.message_lookup import MAX_LOOKUP
from sendspec.ledger.sqlite.recent_check import RecentCheck
from sendspec.planning.fact import Fact, PriorState

READ_AT_ONCE = 1_000
"""Specs with no more messages than that are verified as a whole. That takes 10 ms."""
MOST_ASKED = 32
"""Who asks about more than one in so many messages has all of them verified: a message that is asked about takes longer."""
_BY_ID = "SELECT id, number FROM message INDEXED BY message_by_id WHERE id"
_NEXT = f"SELECT * FROM ({_BY_ID} < ?1 ORDER BY id DESC LIMIT 1) UNION ALL SELECT * FROM ({_BY_ID} > ?1 ORDER BY id LIMIT 1)"


class AskedCheck(RecentCheck):
    """A ledger that verifies messages before it tells of them, where the spec that they belong to was not verified."""

    _unread: Sequence[int] = ()
    """Specs that are verified where they are asked about."""
    _may_ask = 0
    """About how many messages may still be asked before these specs are verified as a whole."""

    def find_damage_of(self, names: Collection[str]) -> list[str]:
        """What is wrong with specs of these names, in words. Of specs with many messages, each is verified once it is asked about."""
        try:
            specs = [
                (number, messages)
                for number, name, messages in self._typed(
                    (WHOLE, TEXT, WHOLE), "SELECT number, name, messages FROM spec"
                )
                if name in names
            ]
            held, numbers = sum(messages for _, messages in specs), [number for number, _ in specs]
            if held <= READ_AT_ONCE:
                return self._damage_in(numbers)
            self._unread, self._may_ask = numbers, held // MOST_ASKED
            return self._miscounted_specs(number for number, messages in specs if messages <= READ_AT_ONCE)
        except LedgerTrouble as trouble:
            return [found_by(trouble)]

    def facts(self, ids: Sequence[bytes]) -> dict[bytes, Fact]:
        self._verify(ids)
        return super().facts(ids)

    def prior_states(self, ids: Sequence[bytes]) -> dict[bytes, PriorState]:
        self._verify(ids)
        return super().prior_states(ids)

    def known_messages(self, ids: Sequence[bytes]) -> dict[bytes, KnownMessage]:
        self._verify(ids)
        return super().known_messages(ids)

    def planned_under(
        self, ids: Sequence[bytes], references: Collection[str], sends: Collection[Send]
    ) -> Iterator[PlannedMessage]:
        self._verify(ids)
        return super().planned_under(ids, references, sends)

    def _verify(self, ids: Sequence[bytes]) -> None:
        """Raises `LedgerDamaged` unless the ledger can be relied on for these messages."""
        if not self._unread:
            return
        self._may_ask -= len(ids)
        if self._may_ask < 0:
            specs, self._unread = self._unread, ()
            refuse_damage(self.path, self._damage_in(specs))
        else:
            for start in range(0, len(ids), MAX_LOOKUP):
                refuse_damage(self.path, self._damage_among(ids[start : start + MAX_LOOKUP]))

    def _damage_in(self, specs: Sequence[int]) -> list[str]:
        return [*self._miscounted_specs(specs), *(word for spec in specs for word in self._wrong_messages_of(spec))]

    def _damage_among(self, ids: Sequence[bytes]) -> list[str]:
        """What is wrong with these messages, or with the places of the index by id where they would be."""
        entries = dict(self._rows(f"{_BY_ID} IN ({','.join('?' * len(ids))})", ids))
        found = self._wrong_messages_numbered(list(entries.values()))
        for identity in [identity for identity in ids if identity not in entries]:
            entries |= dict(self._rows(_NEXT, (identity,)))
        wrong = len(entries) - self._count_true(entries)
        return [*found, f"its index is wrong about {counted(wrong, 'message')}"] if wrong else found

    def _count_true(self, entries: Mapping[bytes, int]) -> int:
        """How many of these entries of the index by id, with the numbers of their messages, are true of the table."""
        marks = ",".join("?" * len(entries))
        rows = self._rows(f"SELECT number, id FROM message NOT INDEXED WHERE number IN ({marks})", [*entries.values()])
        return sum(entries.get(identity) == number for number, identity in rows)
