"""What the ledger can tell of a send's past: who its earlier forms reached, and under which references.

Everything here is one scan of the messages, told row by row, so that whoever asks decides how much of it to keep.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from sendspec.ledger.record import MOVED, Route
from sendspec.ledger.sqlite.move_sql import BASELINE
from sendspec.ledger.sqlite.reader import LedgerReader

FORMER_TREES = "former-trees-"
"""What the name of the note begins with that holds a send's former trees; the number of its row in `spec` follows."""
_SENT = f"(state IN ('accepted', 'in_doubt', 'sending') OR (state = 'skipped' AND evidence IS '{BASELINE}'))"
_CLAIMED = f"(attempt > 0 OR (state = 'skipped' AND evidence IS '{BASELINE}'))"


class SendHistory(LedgerReader):
    """An open ledger, asked about sends that came before the one at hand."""

    def names_on(self, route: Route) -> set[str]:
        """The specs whose messages went to this channel, or to one that the ledger did not note."""
        if self.version < 2:
            return {send.name for send in self.sends()}
        rows = self._rows(
            "SELECT DISTINCT s.name FROM spec s LEFT JOIN plan p ON p.spec = s.number"
            " WHERE p.channel IS NULL OR (p.workspace = ? AND p.channel = ?)",
            (route.workspace, route.channel),
        )
        return {row[0] for row in rows}

    def digests_sent(self, names: Collection[str], since: float) -> Iterator[tuple[str, bytes]]:
        """The payload digest of each message of these specs that was sent, or may have been, since then (Unix seconds).

        Each with its spec's name.
        """
        name_by_number = {number: name for number, name in self._rows("SELECT number, name FROM spec") if name in names}
        rows = self._stream(f"SELECT spec, {self._digest} FROM message WHERE updated_at >= ? AND {_SENT}", (since,))
        return ((name_by_number[spec], digest) for spec, digest in rows if spec in name_by_number)

    def former_trees(self, name: str, generation: int) -> list[tuple[str, str, int]]:
        """The trees of `key` and `to` that a send had before those it has now, oldest first, each with its last message's number."""
        rows = self._rows(
            "SELECT m.value FROM meta m JOIN spec s ON m.name = ?1 || s.number WHERE s.name = ?2 AND s.generation = ?3",
            (FORMER_TREES, name, generation),
        )
        return [(key, to, until) for (written,) in rows for key, to, until in json.loads(written)]

    def receivers_claimed(
        self, name: str, generation: int, after: int = 0, until: int | None = None
    ) -> Iterator[bytes]:
        """The receivers' hashes of a send's messages that were ever claimed, or baselined; `PURGED` where it was forgotten.

        Only of those whose numbers are above `after` and not above `until`.
        """
        rows = self._stream(
            "SELECT receiver FROM message"
            f" WHERE spec = (SELECT number FROM spec WHERE name = ? AND generation = ?) AND {_CLAIMED}"
            " AND number > ? AND number <= ?",
            (name, generation, after, 2**62 if until is None else until),
        )
        return (row[0] for row in rows)

    def other_references(self, name: str, generation: int) -> Iterator[tuple[bytes, str]]:
        """Receiver's hash and reference of every message of any other send that has a reference of the user's own.

        Those that were dropped before anything was sent are left out.
        """
        return self._stream(
            "SELECT receiver, reference FROM message WHERE reference IS NOT NULL"
            " AND spec IS NOT (SELECT number FROM spec WHERE name = ? AND generation = ?)"
            f" AND (state <> 'skipped' OR {_CLAIMED})",
            (name, generation),
        )

    def skips(self, name: str, generation: int) -> dict[str, int]:
        """Why how many messages of a send are skipped: `baseline`, `moved` for those whom the spec reached under another name,
        `settled-by-hand` for all others."""
        rows = self._rows(
            f"SELECT CASE WHEN evidence IS '{BASELINE}' THEN 'baseline' WHEN evidence GLOB '{MOVED}*' THEN 'moved'"
            " ELSE 'settled-by-hand' END AS why, count(*) FROM message WHERE state = 'skipped'"
            " AND spec = (SELECT number FROM spec WHERE name = ? AND generation = ?) GROUP BY why",
            (name, generation),
        )
        return dict(rows)

    def has_other_references(self, name: str, generation: int) -> bool:
        return next(self.other_references(name, generation), None) is not None

    def waiting(self, name: str) -> Iterator[tuple[bytes, int, int]]:
        """Id, generation and attempt of each message of a spec, of whatever generation, that is planned and was not sent."""
        return self._stream(
            "SELECT m.id, s.generation, m.attempt FROM message m JOIN spec s ON s.number = m.spec"
            " WHERE m.state = 'planned' AND m.spec IN (SELECT number FROM spec WHERE name = ?)",
            (name,),
        )
