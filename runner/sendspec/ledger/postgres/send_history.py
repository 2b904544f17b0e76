"""What the ledger knows of sends: their states, their channels, and what earlier generations and names reached."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sendspec.ledger.postgres.function_words import BASELINE
from sendspec.ledger.postgres.open_ledger import IS_BASELINED, LIVING, OpenLedger
from sendspec.ledger.postgres.session import TIMELINE
from sendspec.ledger.record import MOVED_EVIDENCE, PURGED, Route, SendRecord, SentMessage
from sendspec.ledger.run_note import PlannedRun
from sendspec.ledger.seen_run import SeenRun
from sendspec.ledger.stored_row import former_trees_of, planned_run_of, sent_message_of
from sendspec.planning.message_state import State

_SENT = f"(m.state IN ('accepted', 'in_doubt', 'sending') OR {IS_BASELINED})"
_CLAIMED = f"(m.attempt > 0 OR {IS_BASELINED})"
_OF_SEND = "m.spec = (SELECT number FROM spec WHERE name = %(name)s AND generation = %(generation)s)"
SENDS = """SELECT name, generation, path, messages, claimed, baselined, key_tree, to_tree, text_digest, moved_from, claimed_at, given_up
    FROM spec WHERE %(name)s::text IS NULL OR name = %(name)s ORDER BY name, generation"""
SKIPS = f"""SELECT CASE WHEN m.evidence = '{BASELINE}' THEN 'baseline' WHEN starts_with(m.evidence, '{MOVED_EVIDENCE}') THEN 'moved'
    ELSE 'settled-by-hand' END, count(*) FROM message m WHERE m.state = 'skipped' AND {_OF_SEND} GROUP BY 1"""
RUNS = """SELECT r.number, r.pid, r.started_at, r.ended_at, r.ending, p.messages, r.plan_digest, r.commit_id, r.approval_claimed, r.approval_verified,
        r.requests, (SELECT count(*) FROM plan WHERE run = r.number)
    FROM plan p JOIN run r ON r.number = p.run JOIN spec s ON s.number = p.spec
    WHERE s.name = %(name)s AND s.generation = %(generation)s ORDER BY r.number DESC LIMIT %(most)s"""
AT_WORK = f"""SELECT r.number, r.started_at, r.host, r.command, r.on_the_way FROM run r
    WHERE r.number IN ({LIVING}) AND r.ended_at IS NULL AND r.number IS DISTINCT FROM %(own)s::integer AND EXISTS (
        SELECT FROM plan p JOIN spec s ON s.number = p.spec WHERE p.run = r.number AND (%(name)s::text IS NULL OR s.name = %(name)s))
    ORDER BY r.number"""
ACCEPTED = f"""SELECT m.id, m.remote_id, m.updated_at, p.workspace, p.channel, r.clock_offset, m.scheduled_for::float8 FROM message m
    LEFT JOIN plan p ON p.run = m.run AND p.spec = m.spec LEFT JOIN run r ON r.number = m.run
    WHERE {_OF_SEND} AND m.state = 'accepted' ORDER BY m.number"""
UNDER_WAY = f"""WITH living AS (SELECT p.run, p.spec FROM plan p JOIN spec s ON s.number = p.spec
        WHERE s.name = %(name)s AND s.generation = %(generation)s AND p.run IN ({LIVING}) AND (SELECT ended_at FROM run WHERE number = p.run) IS NULL)
    SELECT (SELECT count(*) FROM living), (SELECT count(*) FROM message m JOIN living l ON l.run = m.run AND l.spec = m.spec
        WHERE m.state = 'sending')"""


class SendHistory(OpenLedger):
    """A ledger, asked about sends."""

    def sends(self, name: str | None = None) -> list[SendRecord]:
        """All sends, or those of one name; the newest generation of a name last.

        After a fail-over, or on a restored server, no earlier claim counts as the last: later ones may be lost.
        """
        since = self._timeline_since()
        return [
            SendRecord(
                name=row[0], generation=row[1], path=row[2], messages=row[3], claimed=row[4], baselined=row[5], key_tree=row[6],
                to_tree=row[7], text_digest=row[8], moved_from=row[9],
                last_claimed_at=None if row[10] is None or row[10] < since else row[10], given_up=row[11],
            )
            for row in self._rows(SENDS, {"name": name})
        ]  # fmt: skip

    def _timeline_since(self) -> float:
        """The Unix seconds before which claims may be missing: when a run first met the server on its present timeline."""
        server, timeline = self._rows(TIMELINE)[0]
        noted = (self._noted("server"), self._noted("timeline"))
        if noted == (None, None):
            return 0.0
        if timeline is not None and noted != (server, timeline):
            return float("inf")
        return self._moment_noted("timeline_since")

    def spec_path(self, name: str) -> str | None:
        """The path that the spec's newest generation was read from, relative to the project; None for an unknown spec."""
        sends = self._rows(
            "SELECT path FROM spec WHERE name = %(name)s ORDER BY generation DESC LIMIT 1", {"name": name}
        )
        return str(sends[0][0]) if sends else None

    def claimed_before(self, name: str, generation: int) -> bool:
        """Whether any message of the send was ever claimed."""
        return bool(self._of_spec("claimed", name, generation))

    def has_messages(self, name: str, generation: int) -> bool:
        """Whether the ledger has any message of the send."""
        return bool(self._of_spec("messages", name, generation))

    def _of_spec(self, column: str, name: str, generation: int) -> object:
        sql = f"SELECT {column} FROM spec WHERE name = %(name)s AND generation = %(generation)s"
        rows = self._rows(sql, {"name": name, "generation": generation})
        return rows[0][0] if rows else None

    def states(self, name: str, generation: int) -> dict[State, int]:
        """The count of the send's messages by state."""
        sql = f"SELECT m.state, count(*) FROM message m WHERE {_OF_SEND} GROUP BY m.state"
        return {self._state(word): count for word, count in self._rows(sql, {"name": name, "generation": generation})}

    def under_way(self, name: str, generation: int) -> int | None:
        """How many of the send's messages its living runs are sending; None if none lives."""
        living, sending = self._rows(UNDER_WAY, {"name": name, "generation": generation})[0]
        return int(sending) if living else None

    def runs_at_work(self, name: str | None = None) -> list[SeenRun]:
        """The living runs that planned messages of a spec, or of any, without the one that asks."""
        rows = self._rows(AT_WORK, {"name": name, "own": self._run})
        return [
            SeenRun(number=row[0], started_at=row[1], host=row[2], command=row[3], on_the_way=row[4], is_living=True)
            for row in rows
        ]

    def states_of_run(self, run: int, name: str, generation: int) -> dict[State, int]:
        """The same, of the messages whose latest claim was this run's."""
        sql = f"SELECT m.state, count(*) FROM message m WHERE m.run = %(run)s AND {_OF_SEND} GROUP BY m.state"
        found = self._rows(sql, {"run": run, "name": name, "generation": generation})
        return {self._state(word): count for word, count in found}

    def planned_counts(self, name: str) -> dict[int, int]:
        """The count of a spec's planned messages by generation."""
        sql = """SELECT s.generation, count(*) FROM message m JOIN spec s ON s.number = m.spec
            WHERE m.state = 'planned' AND s.name = %(name)s GROUP BY s.generation"""
        return dict(self._rows(sql, {"name": name}))

    def skips(self, name: str, generation: int) -> dict[str, int]:
        """The count of the send's skipped messages by reason.

        `baseline`; `moved`, for those reached under another name of the spec; `settled-by-hand`, for all others.
        """
        return dict(self._rows(SKIPS, {"name": name, "generation": generation}))

    def specs_sent_through(self, route: Route) -> set[str]:
        """The specs that were sent through this channel, or through one that was not noted."""
        rows = self._rows(
            "SELECT DISTINCT s.name FROM spec s LEFT JOIN plan p ON p.spec = s.number"
            " WHERE p.channel IS NULL OR (p.workspace = %(workspace)s AND p.channel = %(channel)s)",
            {"workspace": route.workspace, "channel": route.channel},
        )
        return {name for (name,) in rows}

    def digests_sent(self, names: Collection[str], since: float) -> Iterator[tuple[str, bytes]]:
        """Spec name and payload digest of each message of these specs that was sent, or may have been, since then.

        `since` is in Unix seconds by the clock of the machine that sent it. Baselined messages count as sent.
        """
        return self._stream(
            "SELECT s.name, m.digest FROM message m JOIN spec s ON s.number = m.spec"
            f" WHERE s.name = ANY (%(names)s) AND m.updated_at >= %(since)s AND {_SENT}",
            {"names": list(names), "since": since},
        )

    def former_expressions(self, name: str, generation: int) -> list[tuple[str, str, int]]:
        """The earlier trees of `key` and `to` of a send, oldest first, each pair with its last message's number."""
        written = self._of_spec("former_trees", name, generation)
        return [] if written is None else former_trees_of(str(written), self.path)

    def receivers_claimed(
        self, name: str, generation: int, after: int = 0, until: int | None = None
    ) -> Iterator[bytes]:
        """The receiver hashes of the claimed or baselined messages numbered above `after` and up to `until`.

        `PURGED` stands for a purged one.
        """
        rows = self._stream(
            f"SELECT m.receiver FROM message m WHERE {_OF_SEND} AND {_CLAIMED} AND m.number > %(after)s AND m.number <= %(until)s"
            " ORDER BY m.number",
            {"name": name, "generation": generation, "after": after, "until": 2**62 if until is None else until},
        )
        return (receiver for (receiver,) in rows)

    def other_references(self, name: str, generation: int) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and own reference of every message of any other send.

        Messages dropped before anything was sent are left out.
        """
        return self._stream(
            f"SELECT m.receiver, m.reference FROM message m WHERE m.reference IS NOT NULL AND ({_OF_SEND}) IS NOT TRUE"
            f" AND (m.state <> 'skipped' OR {_CLAIMED}) ORDER BY m.number",
            {"name": name, "generation": generation},
        )

    def has_other_references(self, name: str, generation: int) -> bool:
        return next(self.other_references(name, generation), None) is not None

    def masked_receivers(self) -> Iterator[tuple[bytes, str]]:
        """Receiver hash and masked form of each recipient who was not purged, of any send."""
        sql = "SELECT m.receiver, m.masked FROM message m WHERE m.receiver <> %(purged)s"
        return self._stream(sql, {"purged": PURGED})

    def shapes_accepted(self, names: Collection[str]) -> set[int]:
        """The marks of the shapes of these specs' accepted messages, of any generation, as far as they were noted."""
        sql = """SELECT DISTINCT m.shape FROM message m JOIN spec s ON s.number = m.spec
            WHERE s.name = ANY (%(names)s) AND m.state = 'accepted' AND m.shape IS NOT NULL"""
        return {shape for (shape,) in self._rows(sql, {"names": list(names)})}

    def accepted_of(self, name: str, generation: int) -> Iterator[SentMessage]:
        """The accepted messages of a send, in plan order."""
        return map(sent_message_of, self._stream(ACCEPTED, {"name": name, "generation": generation}))

    def runs_of(self, name: str, generation: int, most: int) -> list[PlannedRun]:
        """The newest `most` runs that planned messages of the send, the latest first."""
        rows = self._rows(RUNS, {"name": name, "generation": generation, "most": most})
        return list(map(planned_run_of, rows))
