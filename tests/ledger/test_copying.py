"""A copied ledger: everything is in it, and of the two only one can send, wherever the command was killed."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import psycopg
import pytest
from full_ledger import HELLO, fill, id_of, told
from ledger_samples import OWNER, claims
from long_rows import all_but
from postgres_server import server_url
from sendspec.diagnostics.exceptions import (
    LedgerBusy,
    LedgerDamaged,
    LedgerMissing,
    LedgerMoved,
    LedgerTrouble,
    OptOutsLost,
)
from sendspec.ledger import access
from sendspec.ledger.copying import Copied, copy_ledger
from sendspec.ledger.delivery.interaction import Interaction
from sendspec.ledger.delivery.observation import FailureReason, Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery.protocol import NOTHING_KEPT, DeliveryStore, PendingReport
from sendspec.ledger.delivery_access import open_deliveries, read_deliveries
from sendspec.ledger.delivery_copying import refuse_less
from sendspec.ledger.identity import LedgerIdentity
from sendspec.ledger.place import LedgerPlace, Secret, ServerPlace
from sendspec.ledger.record import ClaimLost
from sendspec.reading.environment import LedgerFile

pytestmark = pytest.mark.process
IDENTITY = LedgerIdentity("one", bytes(32))
KINDS = ("file", "server")
T = TypeVar("T")
WAYS = [(here, there) for here in KINDS for there in KINDS]


@pytest.fixture
def new_place(tmp_path: Path) -> Callable[[str], LedgerPlace]:
    """A place where no ledger is yet."""

    def new(kind: str) -> LedgerPlace:
        name = f"test_{uuid4().hex}"
        if kind == "file":
            return LedgerFile(tmp_path / f"{name}.db", durable=True)
        return ServerPlace(Secret(server_url()), name, "the server at TEST_URL", tmp_path)

    return new


@pytest.fixture
def new_ledger(new_place: Callable[[str], LedgerPlace], tmp_path: Path) -> Callable[[str], LedgerPlace]:
    """A ledger that holds every kind of row."""

    def new(kind: str) -> LedgerPlace:
        place = new_place(kind)
        access.make(place, tmp_path / f"{kind}.lock", "test", IDENTITY, OWNER, since="now", now=0.5)
        with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
            fill(ledger)
        with open_deliveries(place, IDENTITY) as kept:
            keep(kept)
        return place

    return new


def keep(kept: DeliveryStore) -> None:
    """Every kind of what is kept of deliveries, with signals that were lost."""
    failed = StatusReport("delivery_failed", 7.0, FailureReason("unknown subscriber", 1), 2)
    reports = [failed, StatusReport("delivered", 6.0)]
    kept.observe(Observation(id_of(n), report, Source.LIST, 8.0) for n in (1, 2) for report in reports[: 3 - n])
    kept.put_interactions([Interaction("i-1", id_of(1), "clicked", 8.5, is_bot=True)])
    stop = OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.LINK, 8.0, "c", "i-2", 8.0)
    kept.put_signals([stop, replace(stop, kind=SignalKind.IN, at=9.0)])
    kept.replace_lost([replace(stop, ground=Ground.IMPORT)], noted=5, reason="a broken disk", now=9.0)
    kept.put_pending([PendingReport("r-1", (b"r" * 16,), failed, Source.WEBHOOK, 8.0)])
    kept.set_mark("c", 8.0)


def kept_in(place: LedgerPlace) -> list[object]:
    with read_deliveries(place, IDENTITY) as kept:
        assert kept is not None
        signals = sorted(kept.signals(), key=repr)
        rows = [dict(kept.all_deliveries()), list(kept.all_interactions()), signals, list(kept.pending()), kept.marks()]
        return [*rows, kept.signal_count, kept.find_damage()]


def copied(here: LedgerPlace, there: LedgerPlace, tell: Callable[[str], None] = lambda words: None) -> Copied:
    return copy_ledger(here, there, IDENTITY, OWNER, since="now", now=9.0, ci=False, tell=tell)


def all_of(place: LedgerPlace) -> dict[str, object]:
    with access.read(place, IDENTITY) as facts:
        return told(facts) | {"kept": kept_in(place)}


def can_send(place: LedgerPlace) -> bool:
    try:
        with access.hold(place, IDENTITY, OWNER, since="now", ci=False):
            return True
    except LedgerTrouble:
        return False


@pytest.mark.parametrize(("here", "there"), all_but([("file", "server"), ("server", "file")], WAYS))
def test_a_ledger_goes_there_and_back_and_nothing_is_missing(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace], here: str, there: str
) -> None:
    first, second, third = new_ledger(here), new_place(there), new_place(here)
    done = copied(first, second)
    assert (done.is_completed, done.content.states["planned"], done.content.rows["message"]) == (False, 4, 10)
    before = all_of(first)
    assert before["doubts"]
    assert before["damage"] == []
    assert all_of(second) == before
    copied(second, third)
    assert all_of(third) == before
    assert [can_send(place) for place in (first, second, third)] == [False, False, True]


@pytest.mark.parametrize(("here", "there"), [("file", "server"), ("server", "file")])
def test_what_is_begun_here_goes_on_there(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace], here: str, there: str
) -> None:
    first, second = new_ledger(here), new_place(there)
    copied(first, second)
    with access.hold(second, IDENTITY, OWNER, since="now", ci=False) as ledger:
        begun = ledger.begin(OWNER, now=10.0)
        assert (begun.run, begun.recovered) == (3, 0)
        moves = ledger.moves
        claimed = [*claims([id_of(1)], bytes([1]) * 24, "own-1"), *claims([id_of(8)], bytes([8]) * 24)]
        exchanged = ledger.exchange(settle=[], claim=claimed, now=10.0)
        assert (exchanged.won, exchanged.lost) == ({id_of(8): 1}, {id_of(1): ClaimLost.TAKEN_ELSEWHERE})
        assert ledger.moves == moves + 1
        ledger.put_planned(replace(HELLO, generation=2), [], b"p" * 32, now=10.0)
        assert {send.generation for send in ledger.sends("hello")} == {1, 2}
        assert ledger.find_damage() == []
    with pytest.raises(LedgerMoved, match="was moved to"), access.hold(first, IDENTITY, OWNER, since="now", ci=False):
        pass


STEPS = [(here, there, step) for here, there in WAYS for step in range(1, 6)]
SOME_STEPS = [row for row in STEPS if row[:2] == ("file", "file") or (row[0] != row[1] and row[2] in (3, 4))]
"""Around the mark, which is what decides who can send."""


@pytest.mark.parametrize(("here", "there", "step"), all_but(SOME_STEPS, STEPS))
def test_wherever_it_is_killed_one_can_send_at_most_and_the_next_finishes_it(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace], here: str, there: str, step: int
) -> None:
    first, second = new_ledger(here), new_place(there)
    _killed(first, second, step)
    assert [can_send(first), can_send(second)] == [step < 4, False]
    done = _settled(partial(copied, first, second))
    assert done.is_completed is (step > 3)
    assert [can_send(first), can_send(second)] == [False, True]
    assert all_of(second) == all_of(first)
    assert copied(first, second).is_completed


def _killed(here: LedgerPlace, there: LedgerPlace, step: int) -> None:
    """Copies in a process that is killed before the step of that number: to copy, to compare, to mark, to add deliveries, to make usable."""
    child = os.fork()
    if child == 0:
        left = [step]

        def tell(words: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)

        with suppress(BaseException):
            copied(here, there, tell)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def _settled(act: Callable[[], T]) -> T:
    """The result, once the server has noticed that a process is gone."""
    until = time.monotonic() + 30
    while True:
        try:
            return act()
        except LedgerBusy:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_only_an_empty_place_takes_a_copy_and_only_the_copy_that_was_made(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    """The source is marked once, so another copy of it would lack what the first has sent since."""
    taken = {kind: new_ledger(kind) for kind in KINDS}
    first = new_ledger("file")
    for place in taken.values():
        with pytest.raises(LedgerTrouble, match="already"):
            copied(first, place)
        assert can_send(first)
    copied(first, new_place("file"))
    for place in (*taken.values(), new_place("file"), new_place("server")):
        with pytest.raises(LedgerMoved):
            copied(first, place)
    assert all(can_send(place) for place in taken.values())


def test_there_is_something_to_copy_and_nobody_uses_it(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    for kind in KINDS:
        with pytest.raises(LedgerMissing):
            copied(new_place(kind), new_place(kind))
        place = new_ledger(kind)
        with access.hold(place, IDENTITY, OWNER, since="now", ci=False) as ledger:
            ledger.begin(OWNER, now=9.0)
            with pytest.raises(LedgerBusy):
                copied(place, new_place(kind))
        assert _settled(partial(copied, place, new_place("file"))).content.rows["run"] == 3


@pytest.mark.parametrize("there", KINDS)
def test_a_copy_that_differs_is_not_used(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace], there: str
) -> None:
    first, second = new_ledger("file"), new_place(there)
    for damage in (
        "DELETE FROM event WHERE number = 3",
        "UPDATE message SET state = 'planned' WHERE state = 'refused'",
    ):

        def tell(words: str, damage: str = damage) -> None:
            if words.startswith("comparing"):
                _change_copy(second, damage)

        with pytest.raises(LedgerTrouble, match="is not what was copied: it holds"):
            copied(first, second, tell)
        assert can_send(first)
        assert not can_send(second)
    copied(first, second)
    assert all_of(second) == all_of(first)


def _change_copy(place: LedgerPlace, sql: str) -> None:
    if isinstance(place, ServerPlace):
        with psycopg.connect(place.url.reveal(), autocommit=True) as connection:
            connection.execute(f"SET search_path = {place.schema}")
            connection.execute(sql.encode())
        return
    with sqlite3.connect(place.file.with_name(f".{place.file.name}.copy")) as file:
        file.execute(sql)
    file.close()


def test_a_copy_with_two_names_is_a_copy_that_was_being_renamed(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    first, second = new_ledger("file"), new_place("file")
    assert isinstance(second, LedgerFile)
    copied(first, second)
    other = second.file.with_name(f".{second.file.name}.copy")
    os.link(second.file, other)
    assert copied(first, second).is_completed
    assert not other.exists()
    os.link(second.file, other)
    assert can_send(second)
    assert not other.exists()


def test_a_copy_that_was_never_finished_is_told_wherever_it_is(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    """Named as the environment's ledger, before the command was run again."""
    for kind in KINDS:
        first, second = new_ledger("file"), new_place(kind)

        def stop(words: str) -> None:
            if words.startswith("making"):
                raise InterruptedError

        with suppress(InterruptedError):
            copied(first, second, stop)
        for opened in (access.read(second, IDENTITY), access.hold(second, IDENTITY, OWNER, since="now", ci=False)):
            with pytest.raises(LedgerMissing, match="was never finished") as told, opened:
                pass
            assert "`sendspec ledger copy` again" in told.value.fix
        assert copied(first, second).is_completed


def test_a_copy_from_before_a_backup_is_not_taken_for_the_ledger(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    first = new_ledger("file")
    assert isinstance(first, LedgerFile)
    backup = first.file.read_bytes()
    copied(first, new_place("file"))
    first.file.write_bytes(backup)
    with pytest.raises(LedgerTrouble, match="is older than its last run"):
        copied(first, new_place("server"))
    assert not can_send(first)


def test_a_ledger_in_a_file_counts_its_moves_on_from_where_the_server_was(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    """A server counts on when a write is undone, and a plan file holds that number."""
    first, second, third = new_ledger("server"), new_place("file"), new_place("server")

    def tell(words: str) -> None:
        if words.startswith("copying"):
            _change_copy(first, "SELECT nextval('event_number'), nextval('event_number')")

    copied(first, second, tell)
    moves = all_of(first)["moves"]
    assert all_of(second)["moves"] == moves
    with access.hold(second, IDENTITY, OWNER, since="now", ci=False) as ledger:
        ledger.begin(OWNER, now=10.0)
        ledger.exchange(settle=[], claim=claims([id_of(8)], bytes([8]) * 24), now=10.0)
        assert ledger.moves == int(str(moves)) + 1
    copied(second, third)
    assert all_of(third) == all_of(second)


def test_a_ledger_that_ends_with_its_job_is_no_place_for_a_copy(
    new_ledger: Callable[[str], LedgerPlace], tmp_path: Path
) -> None:
    first = new_ledger("file")
    (tmp_path / ".git").mkdir()
    with pytest.raises(LedgerTrouble, match="CI job"):
        copy_ledger(
            first, LedgerFile(tmp_path / "new.db", durable=False), IDENTITY, OWNER, since="now", now=9.0, ci=True
        )
    assert can_send(first)


@pytest.mark.parametrize("here", KINDS)
def test_who_has_it_open_while_it_is_copied_writes_nothing_that_the_copy_would_lack(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace], here: str
) -> None:
    first, second = new_ledger(here), new_place("file")
    with open_deliveries(first, IDENTITY) as kept:
        copied(first, second)
        with pytest.raises(LedgerMoved, match="was moved to"):
            kept.set_mark("c", 99.0)
    assert kept_in(second) == kept_in(first)


def test_deliveries_that_did_not_all_arrive_are_told(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    full, less = new_ledger("file"), new_place("file")
    with read_deliveries(full, IDENTITY) as here, open_deliveries(less, IDENTITY) as there:
        assert here is not None
        with pytest.raises(LedgerDamaged, match="lacks deliveries or opt-outs"):
            refuse_less(here, there, less)


def test_a_ledger_that_nothing_was_kept_beside_is_copied_alone(
    new_place: Callable[[str], LedgerPlace], tmp_path: Path
) -> None:
    first, second = new_place("file"), new_place("file")
    access.make(first, tmp_path / "sendspec.lock", "test", IDENTITY, OWNER, since="now", now=0.5)
    assert copied(first, second).kept == NOTHING_KEPT
    with read_deliveries(second, IDENTITY) as kept:
        assert kept is None


def test_deliveries_that_can_not_be_copied_leave_the_ledger_usable(
    new_ledger: Callable[[str], LedgerPlace], new_place: Callable[[str], LedgerPlace]
) -> None:
    first, second = new_ledger("file"), new_place("file")
    assert isinstance(first, LedgerFile)
    assert isinstance(second, LedgerFile)
    taken = second.file.with_name(f"{second.file.name}.delivery")
    taken.write_text("somebody else's")
    with pytest.raises(LedgerTrouble, match="already"):
        copied(first, second)
    taken.unlink()
    kept = first.file.with_name(f"{first.file.name}.delivery")
    sound = kept.read_bytes()
    kept.write_bytes(sound.replace(b"i-2", b"i-9"))
    with pytest.raises(LedgerDamaged, match="checksum"):
        copied(first, second)
    kept.unlink()
    with pytest.raises(OptOutsLost):
        copied(first, second)
    assert can_send(first)
