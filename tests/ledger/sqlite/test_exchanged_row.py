"""The checksums that exchanges compute are those that SQL computes from the row."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_samples import DIGEST, IDS, OWNER, SEND, claims
from sendspec.diagnostics.exceptions import MessagesMoved
from sendspec.ledger.record import Change, PlannedRecord, Settlement
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.exchanged_row import ExchangedRow, claimed, settled_checksum
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.tables import row_checksum
from sendspec.planning.message_state import MOVE_BY_NAME, State

BY_SQL = (
    "row_checksum(id, spec, state, digest, reference, receiver, attempt + (resend << 32), remote_id, first_claimed_at)"
)
TEXTS = st.none() | st.lists(st.sampled_from(["a", "|", "None", "\0", "é", "\ud800", "😀", " "]), max_size=4).map(
    "".join
)
ROWS = st.tuples(
    st.integers(1, 2**40),
    st.integers(0, 2**20),
    st.integers(1, 2**20),
    st.just("planned"),
    st.binary(min_size=24, max_size=24),
    TEXTS.map(lambda text: text and text.encode("utf-8", "backslashreplace").decode()),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 3),
    st.none() | st.just("id-1"),
    st.none() | st.integers(0, 2**40),
    st.just(0),
)


@given(ROWS, st.none() | st.integers(0, 2**40), st.none() | st.text("x|é", max_size=3))
def test_a_row_that_is_claimed_and_settled_has_the_checksum_of_its_values(
    row: ExchangedRow, claimed_at: int | None, remote_id: str | None
) -> None:
    """The law: whatever a row holds, its new checksum is `row_checksum` of what the table holds afterwards."""
    number, attempt, spec, _, digest, reference, receiver, resend, before, first, _ = row
    sending = claimed(IDS[0], row, claimed_at)
    first = first if attempt else claimed_at
    counted = attempt + 1 + (resend << 32)
    after = row_checksum(IDS[0], spec, "sending", digest, reference, receiver, counted, before, first)
    assert sending == (number, attempt + 1, spec, "sending", digest, reference, receiver, resend, before, first, after)
    assert settled_checksum(IDS[0], sending, "accepted", remote_id) == row_checksum(
        IDS[0], spec, "accepted", digest, reference, receiver, counted, remote_id, first
    )


STEPS = st.lists(
    st.tuples(st.sampled_from([State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PLANNED, None]), TEXTS, st.booleans()),
    max_size=8,
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(TEXTS, min_size=2, max_size=2), STEPS)
def test_every_row_matches_its_checksum_after_each_exchange(
    tmp_path_factory: pytest.TempPathFactory, references: list[str | None], steps: Any
) -> None:
    """The law: SQL finds the checksum of each row right after whatever claims, settlements, forced resends and new runs."""
    path = tmp_path_factory.mktemp("ledger") / "test.db"
    create_ledger(path, "one", now=1.0)
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    stored = [text and text.encode("utf-8", "backslashreplace").decode() for text in references]
    ledger.put_planned(
        SEND,
        [PlannedRecord(i, DIGEST, text, b"r" * 16, "m") for i, text in zip(IDS[:2], stored, strict=True)],
        b"p" * 32,
        now=2.0,
    )
    for to, text, again in steps:
        claiming = [
            one for i, reference in zip(IDS[:2], stored, strict=True) for one in claims([i], reference=reference)
        ]
        won = ledger.exchange(settle=[], claim=claiming, now=3.0).won
        if to is None:
            ledger.begin(OWNER, now=4.0)
            resends = [Change(id=i, attempt=a, to=State.PLANNED, reason="r", resend=again) for i, a in won.items()]
            ledger.move(MOVE_BY_NAME["resolve"], resends, now=5.0)
            ledger.note_clock(1.0)
        else:
            ledger.exchange(settle=[Settlement(i, a, to, text, text) for i, a in won.items()], claim=[], now=4.0)
        assert _wrong(ledger) == 0
    assert ledger.find_damage() == []
    ledger.close()


def _wrong(ledger: SqliteLedger) -> int:
    return int(ledger._connection.execute(f"SELECT count(*) FROM message WHERE checksum IS NOT {BY_SQL}").fetchone()[0])


def test_a_row_that_changed_after_its_claim_is_not_settled(running: SqliteLedger, path: Path) -> None:
    """Nobody else writes under the run lock. Whatever does so all the same is noticed: the former checksum is compared, too."""
    won = running.exchange(settle=[], claim=claims(IDS[:1]), now=3.0).won
    other = sqlite3.connect(path)
    other.execute("UPDATE message SET checksum = checksum + 1 WHERE id = ?", (IDS[0],))
    other.commit()
    other.close()
    with pytest.raises(MessagesMoved):
        running.exchange(settle=[Settlement(IDS[0], won[IDS[0]], State.ACCEPTED)], claim=[], now=4.0)


def test_a_settlement_of_a_message_that_is_not_in_the_ledger_moves_nothing(running: SqliteLedger) -> None:
    for _ in range(2):
        with pytest.raises(MessagesMoved):
            running.exchange(settle=[Settlement(b"?" * 16, 1, State.ACCEPTED)], claim=[], now=4.0)
    assert running.moves == 0
