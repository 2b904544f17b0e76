"""Results that the ledger could not take are kept beside it, and the next run reads them in."""

from __future__ import annotations

import json
import stat
import zlib
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import DIGEST, OWNER, claims
from sendspec.diagnostics.exceptions import (
    LedgerDamaged,
    LedgerForeign,
    LedgerUnwritable,
)
from sendspec.ledger.record import PlannedRecord, Route, RunOwner, SendIdentity, Settlement
from sendspec.ledger.spill_file import (
    RESULT_BYTES,
    SPILL_BYTES,
    SpilledResult,
    clear_spill,
    prepare_spill,
    read_spill,
    spill_path,
    write_spill,
)
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.planning.message_state import State

IDS = [bytes([n]) * 16 for n in range(4)]
ROUTE = Route("workspace", "channel")


def running(path: Path) -> SqliteLedger:
    """A ledger with a run begun and every message claimed."""
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=2.0)
    records = [PlannedRecord(identity, DIGEST, None, b"r" * 16, "+31••••••78") for identity in IDS]
    ledger.put_planned(SendIdentity("hello", 1, "hello.yaml"), records, b"p" * 32, now=2.0, route=ROUTE)
    ledger.exchange(settle=[], claim=claims(IDS), now=3.0)
    return ledger


def begun(path: Path) -> SqliteLedger:
    ledger = open_to_write(path, "one")
    ledger.begin(OWNER, now=9.0)
    return ledger


def test_the_room_for_results_is_taken_before_anything_is_sent_and_only_this_user_may_read_it(path: Path) -> None:
    begun(path).close()
    status = spill_path(path).stat()
    assert status.st_size == SPILL_BYTES
    assert status.st_blocks * 512 >= SPILL_BYTES
    assert stat.S_IMODE(status.st_mode) == 0o600


def test_more_messages_in_flight_have_more_room_taken_and_less_give_none_back(path: Path) -> None:
    ledger = running(path)
    ledger.make_room(3_200)
    assert spill_path(path).stat().st_size == 2 * 3_200 * RESULT_BYTES
    ledger.make_room(1)
    ledger.close()
    begun(path).close()
    assert spill_path(path).stat().st_size == 2 * 3_200 * RESULT_BYTES


def test_the_results_of_many_messages_are_kept_after_one_another(path: Path) -> None:
    many = [Settlement(n.to_bytes(16), 1, State.ACCEPTED, f"id-{n}", None, 202) for n in range(3_200)]
    for part in (many[:1_600], many[1_600:3_000], many[3_000:]):
        write_spill(path, "one", 7, part)
    assert [one.settlement for one in read_spill(path, "one")] == many


def test_kept_results_are_settled_by_the_next_run_and_the_rest_is_in_doubt(path: Path) -> None:
    ledger = running(path)
    ledger.spill([Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)])
    ledger.spill(
        [
            Settlement(IDS[1], 1, State.REFUSED, None, "422 no such number, ő\udcff", 422),
            Settlement(IDS[2], 1, State.PLANNED, None, "nothing left"),
        ]
    )
    ledger.abandon()
    ledger = begun(path)
    found = {message.id: message for message in ledger.messages()}
    assert [found[identity].state for identity in IDS] == [
        State.ACCEPTED, State.REFUSED, State.PLANNED, State.IN_DOUBT,
    ]  # fmt: skip
    assert found[IDS[0]].remote_id == "id-0"
    assert found[IDS[1]].http_status == 422
    assert ledger.find_damage() == []
    assert ledger.odd_moves() == []
    assert read_spill(path, "one") == []
    ledger.close()
    assert spill_path(path).stat().st_size == SPILL_BYTES


def test_a_kept_result_that_was_written_after_all_changes_nothing(path: Path) -> None:
    ledger = running(path)
    settlement = Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)
    ledger.exchange(settle=[settlement], claim=[], now=4.0)
    ledger.spill([settlement, Settlement(IDS[0], 1, State.REFUSED, None, "another", 422)])
    ledger.close()
    ledger = begun(path)
    assert ledger.facts([IDS[0]])[IDS[0]].state is State.ACCEPTED
    ledger.close()


def test_a_kept_result_of_another_attempt_or_run_changes_nothing(path: Path) -> None:
    ledger = running(path)
    ledger.spill([Settlement(IDS[0], 2, State.ACCEPTED, "id-0", None, 202)])
    write_spill(path, "one", 7, [Settlement(IDS[1], 1, State.ACCEPTED, "id-1", None, 202)])
    ledger.abandon()
    ledger = begun(path)
    assert {fact.state for fact in ledger.facts(IDS).values()} == {State.IN_DOUBT}
    ledger.close()


def test_a_result_that_was_cut_in_writing_is_left_out_with_all_that_follow(path: Path) -> None:
    ledger = running(path)
    ledger.spill([Settlement(IDS[n], 1, State.ACCEPTED, f"id-{n}", None, 202) for n in range(3)])
    ledger.abandon()
    written = spill_path(path).read_bytes()
    lines = written.rstrip(b"\0").split(b"\n")
    torn = lines[0] + b"\n" + lines[1][:-9]
    spill_path(path).write_bytes(torn.ljust(SPILL_BYTES, b"\0"))
    ledger = begun(path)
    states = [ledger.facts([identity])[identity].state for identity in IDS]
    assert states == [State.ACCEPTED, State.IN_DOUBT, State.IN_DOUBT, State.IN_DOUBT]
    ledger.close()


def test_results_of_another_ledger_are_refused_and_kept(path: Path) -> None:
    write_spill(path, "another", 1, [Settlement(IDS[0], 1, State.ACCEPTED, "id-0", None, 202)])
    ledger = open_to_write(path, "one")
    with pytest.raises(LedgerForeign, match="results of another ledger"):
        ledger.begin(OWNER, now=2.0)
    ledger.close()
    assert len(read_spill(path, "another")) == 1


def test_without_room_for_results_no_run_begins(path: Path) -> None:
    spill_path(path).mkdir()
    ledger = open_to_write(path, "one")
    with pytest.raises(LedgerUnwritable):
        ledger.begin(OWNER, now=2.0)
    ledger.abandon()


def accepted(n: int) -> Settlement:
    return Settlement(n.to_bytes(16), 1, State.ACCEPTED, f"id-{n}", "why" * 50, 202)


def test_results_of_several_times_follow_each_other_however_many_they_are(path: Path) -> None:
    lots = [[accepted(lot * 1_000 + n) for n in range(1_000)] for lot in range(3)]
    prepare_spill(path)
    for lot in lots:
        write_spill(path, "one", 7, lot)
    assert spill_path(path).stat().st_size > SPILL_BYTES
    assert read_spill(path, "one") == [SpilledResult(7, settlement) for lot in lots for settlement in lot]
    clear_spill(path)
    assert read_spill(path, "one") == []
    write_spill(path, "one", 8, [accepted(1)])
    assert read_spill(path, "one") == [SpilledResult(8, accepted(1))]


def test_a_result_that_only_lacks_the_end_of_its_line_is_whole(path: Path) -> None:
    write_spill(path, "one", 7, [accepted(1), accepted(2)])
    spill_path(path).write_bytes(spill_path(path).read_bytes().rstrip(b"\n"))
    assert read_spill(path, "one") == [SpilledResult(7, accepted(1)), SpilledResult(7, accepted(2))]


def test_the_room_that_was_taken_is_kept(path: Path) -> None:
    prepare_spill(path)
    write_spill(path, "one", 7, [accepted(1)])
    prepare_spill(path)
    assert read_spill(path, "one") == [SpilledResult(7, accepted(1))]


def test_without_room_for_results_it_is_said_before_anything_is_sent(path: Path, no_room: Any) -> None:
    with no_room(), pytest.raises(LedgerUnwritable, match="spill can't be written"):
        prepare_spill(path)
    with pytest.raises(LedgerUnwritable, match="no such file"):
        clear_spill(path.with_name("another.db"))
    spill_path(path).unlink()
    spill_path(path).mkdir()
    with pytest.raises(LedgerUnwritable):
        read_spill(path, "one")


def spilled(words: dict[str, Any]) -> bytes:
    content = json.dumps(words).encode()
    return b"%08x %b\n" % (zlib.crc32(content), content)


SOUND = {"ledger": "one", "run": 1, "id": "00" * 16, "attempt": 1, "to": "accepted"}


@pytest.mark.parametrize(
    "words", [{}, {"run": "one"}, {"attempt": None}, {"id": "x"}, {"id": 1}, {"to": "nowhere"}, {"more": 1}]
)
def test_a_result_that_no_run_has_written_is_refused(path: Path, words: dict[str, Any]) -> None:
    spill_path(path).write_bytes(spilled(SOUND | words if words else {}))
    with pytest.raises(LedgerDamaged, match="no result of a run"):
        read_spill(path, "one")


def test_a_file_in_the_results_place_that_holds_something_else_is_not_written_to(path: Path) -> None:
    spill_path(path).write_bytes(b"a letter\n")
    ledger = open_to_write(path, "one")
    with pytest.raises(LedgerDamaged, match="no file of sendspec's"):
        ledger.begin(RunOwner(pid=1, host="here", command="sendspec send"), now=2.0)
    ledger.close()
    assert spill_path(path).read_bytes() == b"a letter\n"
    for written in (b"", spilled(SOUND)[:4], spilled(SOUND)):
        spill_path(path).write_bytes(written)
        prepare_spill(path)
        assert spill_path(path).read_bytes() == written.ljust(SPILL_BYTES, b"\0")
