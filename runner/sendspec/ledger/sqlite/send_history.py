"""What the ledger knows of sends: their states, their channels, and what earlier generations and names reached.

Long results are iterators over one scan, so that the caller decides how much of them to keep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sendspec.ledger.record import MOVED_EVIDENCE, PURGED, Route, SendRecord, SentMessage
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.seen_run import SeenRun
from sendspec.ledger.sqlite.checked_rows import (
    BYTES,
    NO_BYTES,
    NO_NUMBER,
    NO_TEXT,
    NO_WHOLE,
    NUMBER,
    TEXT,
    WHOLE,
    Kinds,
)
from sendspec.ledger.sqlite.move_sql import BASELINE, IS_BASELINED
from sendspec.ledger.sqlite.open_ledger import NUMBER_OF_SEND
from sendspec.ledger.sqlite.state_tally import StateTally
from sendspec.ledger.stored_row import former_trees_of, planned_run_of, sent_message_of
from sendspec.planning.message_state import State

FORMER_TREES = "former-trees-"
"""Prefix of the note in `meta` that holds a send's earlier trees; the number of its row in `spec` follows."""
SPEC_NOTES = ("key_tree", "to_tree", "text_digest", "moved_from", "last_claimed_at", "given_up")
"""The notes that version 3 added, as `SendRecord` names them."""
_SPEC_COLUMNS = "key_tree, to_tree, text_digest, moved_from, claimed_at, given_up"
_SENT = f"(state IN ('accepted', 'in_doubt', 'sending') OR {IS_BASELINED})"
_CLAIMED = f"(attempt > 0 OR {IS_BASELINED})"
_OF_SEND = f"spec = ({NUMBER_OF_SEND})"

ACCEPTED_KINDS: Kinds = (BYTES, NO_TEXT, NUMBER, NO_TEXT, NO_TEXT, NO_NUMBER, NO_NUMBER)


class SendHistory(StateTally):
    """A ledger, asked about sends."""

    def sends(self, name: str | None = None) -> list[SendRecord]:
        """All sends, or those of one name; the newest generation of a name last."""
        more = f", baselined, {_SPEC_COLUMNS}" if self.version >= 3 else ""
        notes: Kinds = (WHOLE, NO_TEXT, NO_TEXT, NO_TEXT, NO_TEXT, NO_NUMBER, NO_TEXT) if more else ()
        rows = self._typed(
            (TEXT, WHOLE, TEXT, WHOLE, WHOLE, *notes),
            f"SELECT name, generation, path, messages, claimed{more} FROM spec WHERE ?1 IS NULL OR name = ?1"
            " ORDER BY name, generation",
            (name,),
        )
        return [
            SendRecord(
                name=row[0], generation=row[1], path=row[2], messages=row[3], claimed=bool(row[4]),
                **(dict(zip(SPEC_NOTES, row[6:], strict=True))
                   | {"baselined": bool(row[5])} if more else {}),
            )
            for row in rows
        ]  # fmt: skip

    def spec_path(self, name: str) -> str | None:
        """The path that the spec's newest generation was read from, relative to the project; None for an unknown spec."""
        rows = self._rows("SELECT path FROM spec WHERE name = ? ORDER BY generation DESC LIMIT 1", (name,))
        return str(rows[0][0]) if rows else None

    def claimed_before(self, name: str, generation: int) -> bool:
        """Whether any message of the send was ever claimed."""
        rows = self._rows("SELECT claimed FROM spec WHERE name = ? AND generation = ?", (name, generation))
        return bool(rows and rows[0][0])

    def has_messages(self, name: str, generation: int) -> bool:
        """Whether the ledger has any message of the send."""
        rows = self._rows("SELECT messages FROM spec WHERE name = ? AND generation = ?", (name, generation))
        return bool(rows and rows[0][0])

    def states(self, name: str, generation: int) -> dict[State, int]:
        """The count of the send's messages by state."""
        numbers = [number for (number,) in self._rows(NUMBER_OF_SEND, (name, generation))]
        counted = self._true_counts_of(numbers)
        if counted is not None:
            return {state: count for number in numbers for state, count in self._by_state(counted[number]).items()}
        sql = f"SELECT state, count(*) FROM message WHERE {_OF_SEND} GROUP BY state"
        return self._by_state(dict(self._rows(sql, (name, generation))))

    def under_way(self, name: str, generation: int) -> int | None:
        """None: a file doesn't know which processes live."""
        return None

    def runs_at_work(self, name: str | None = None) -> list[SeenRun]:
        """Empty, for the same reason; the run lock tells."""
        return []

    def states_of_run(self, run: int, name: str, generation: int) -> dict[State, int]:
        """The same, of the messages whose latest claim was this run's."""
        for (number,) in self._rows(NUMBER_OF_SEND, (name, generation)):
            counted = self._counts_of_run(run, number)
            if counted is not None:
                return self._by_state(counted)
        sql = f"SELECT state, count(*) FROM message WHERE run = ? AND {_OF_SEND} GROUP BY state"
        return self._by_state(dict(self._rows(sql, (run, name, generation))))

    def planned_counts(self, name: str) -> dict[int, int]:
        """The count of a spec's planned messages by generation."""
        generations = dict(self._typed((WHOLE, WHOLE), "SELECT number, generation FROM spec WHERE name = ?", (name,)))
        counted = self._true_counts_of(generations)
        if counted is not None:
            planned = {generations[number]: counts.get(State.PLANNED.value, 0) for number, counts in counted.items()}
            return {generation: count for generation, count in sorted(planned.items()) if count}
        rows = self._typed(
            (WHOLE, WHOLE),
            "SELECT s.generation, count(*) FROM message m JOIN spec s ON s.number = m.spec"
            " WHERE m.state = 'planned' AND m.spec IN (SELECT number FROM spec WHERE name = ?) GROUP BY s.generation",
            (name,),
        )
        return dict(rows)

    def skips(self, name: str, generation: int) -> dict[str, int]:
        """The count of the send's skipped messages by reason.

        `baseline`; `moved`, for those reached under another name of the spec; `settled-by-hand`, for all others.
        """
        rows = self._rows(
            f"SELECT CASE WHEN evidence IS '{BASELINE}' THEN 'baseline' WHEN evidence GLOB '{MOVED_EVIDENCE}*' THEN 'moved'"
            f" ELSE 'settled-by-hand' END AS why, count(*) FROM message WHERE state = 'skipped' AND {_OF_SEND} GROUP BY why",
            (name, generation),
        )
        return dict(rows)

    def specs_sent_through(self, route: Route) -> set[str]:
        """The specs that were sent through this channel, or through one that was not noted."""
        if self.version < 2:
            return {send.name for send in self.sends()}
        rows = self._rows(
            "SELECT DISTINCT s.name FROM spec s LEFT JOIN plan p ON p.spec = s.number"
            " WHERE p.channel IS NULL OR (p.workspace = ? AND p.channel = ?)",
            (route.workspace, route.channel),
        )
        return {row[0] for row in rows}

    def digests_sent(self, names: Collection[str], since: float) -> Iterator[tuple[str, bytes]]:
        """Spec name and payload digest of each message of these specs that was sent, or may have been, since then.

        `since` is in Unix seconds by this machine's clock. Baselined messages count as sent.
        """
        sql = f"SELECT {self._digest} FROM message WHERE spec = ? AND updated_at >= ? AND {_SENT}"
        for number, name in self._rows("SELECT number, name FROM spec"):
            if name in names:
                yield from ((name, digest) for (digest,) in self._stream(sql, (number, since)))

    def former_expressions(self, name: str, generation: int) -> list[tuple[str, str, int]]:
        """The earlier trees of `key` and `to` of a send, oldest first, each pair with its last message's number."""
        rows = self._rows(
            "SELECT m.value FROM meta m JOIN spec s ON m.name = ?1 || s.number WHERE s.name = ?2 AND s.generation = ?3",
            (FORMER_TREES, name, generation),
        )
        return [each for (written,) in rows for each in former_trees_of(str(written), f"the ledger {self.path}")]

    def receivers_claimed(
        self, name: str, generation: int, after: int = 0, until: int | None = None
    ) -> Iterator[bytes]:
        """The receiver hashes of the claimed or baselined messages numbered above `after` and up to `until`.

        `PURGED` stands for a purged one.
        """
        rows = self._stream(
            f"SELECT receiver FROM message WHERE {_OF_SEND} AND {_CLAIMED} AND number > ? AND number <= ?",
            (name, generation, after, 2**62 if until is None else until),
        )
        return (row[0] for row in rows)

    def other_references(self, name: str, generation: int) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and own reference of every message of any other send.

        Messages dropped before anything was sent are left out.
        """
        # SQLite takes the table for cheaper than an index of few of its rows
        through = "INDEXED BY message_referenced" if self.version >= 4 else ""
        return self._stream(
            f"SELECT receiver, reference FROM message {through} WHERE reference IS NOT NULL"
            " AND spec IS NOT (SELECT number FROM spec WHERE name = ? AND generation = ?)"
            f" AND (state <> 'skipped' OR {_CLAIMED})",
            (name, generation),
        )

    def has_other_references(self, name: str, generation: int) -> bool:
        return next(self.other_references(name, generation), None) is not None

    def masked_receivers(self) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and masked form of each recipient who was not purged, of any send."""
        yield from self._typed((BYTES, TEXT), "SELECT receiver, masked FROM message WHERE receiver <> ?", (PURGED,))

    def shapes_accepted(self, names: Collection[str]) -> set[int]:
        """The marks of the shapes of these specs' accepted messages, of any generation, as far as they were noted."""
        if self.version < 3:
            return set()
        numbers = [(number,) for number, name in self._rows("SELECT number, name FROM spec") if name in names]
        found = "SELECT DISTINCT shape FROM message WHERE spec = ? AND state = 'accepted' AND shape IS NOT NULL"
        return {shape for number in numbers for (shape,) in self._typed((WHOLE,), found, number)}

    def accepted_of(self, name: str, generation: int) -> Iterator[SentMessage]:
        """The accepted messages of a send, in plan order; read one at a time, however many there are."""
        route = "p.workspace, p.channel" if self.version >= 2 else "NULL, NULL"
        more = "r.clock_offset, m.scheduled_for" if self.version >= 3 else "NULL, NULL"
        rows = self._typed(
            ACCEPTED_KINDS,
            f"SELECT m.id, m.remote_id, m.updated_at, {route}, {more} FROM message m"
            " LEFT JOIN plan p ON p.run = m.run AND p.spec = m.spec LEFT JOIN run r ON r.number = m.run"
            f" WHERE m.{_OF_SEND} AND m.state = 'accepted' ORDER BY m.{self._number}",
            (name, generation),
        )
        return map(sent_message_of, rows)

    def runs_of(self, name: str, generation: int, most: int) -> list[PlannedRun]:
        """The newest `most` runs that planned messages of the send, the latest first."""
        notes = (
            "r.plan_digest, r.commit_id, r.approval_claimed, r.approval_verified"
            if self.version >= 3
            else "NULL, NULL, NULL, NULL"
        )
        rows = self._typed(
            (WHOLE, WHOLE, NUMBER, NO_NUMBER, NO_TEXT, WHOLE, NO_BYTES, NO_TEXT, NO_TEXT, NO_TEXT, NO_WHOLE, WHOLE),
            f"SELECT r.number, r.pid, r.started_at, r.ended_at, r.ending, p.messages, {notes}, r.requests,"
            " (SELECT count(*) FROM plan WHERE run = r.number) FROM plan p"
            " JOIN run r ON r.number = p.run JOIN spec s ON s.number = p.spec"
            " WHERE s.name = ? AND s.generation = ? ORDER BY r.number DESC LIMIT ?",
            (name, generation, most),
        )
        return list(map(planned_run_of, rows))
