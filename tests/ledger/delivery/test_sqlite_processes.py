"""Processes that write to `<ledger>.delivery` at once, and ones that are killed while they do."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from long_rows import all_but
from sendspec.ledger.delivery.observation import Observation, Source, StatusReport
from sendspec.ledger.delivery.opt_out import Ground, OptOutSignal, SignalKind
from sendspec.ledger.delivery.sqlite.opening import open_to_read, open_to_write
from sendspec.ledger.identity import LedgerIdentity

pytestmark = pytest.mark.process
IDENTITY = LedgerIdentity("one", bytes(32))


def stop(name: str) -> OptOutSignal:
    return OptOutSignal(b"r" * 16, SignalKind.OUT, Ground.KEYWORD, 50.0, "channel", name, 51.0)


def seen(n: int) -> Observation:
    return Observation(n.to_bytes(16, "big"), StatusReport("sent", float(n)), Source.LIST, 30.0)


def in_child(act: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    finally:
        os._exit(code)


def joined(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_several_make_it_at_once_and_each_writes_all_of_its_rows(tmp_path: Path) -> None:
    ledger = tmp_path / "test.db"

    def write(own: int) -> None:
        for block in range(10):
            with closing(open_to_write(ledger, IDENTITY)) as store:
                store.observe(seen(n) for n in range(100 * block, 100 * block + 150))
                store.put_signals([stop(f"{own} {block}"), stop(f"shared {block}")])

    assert [joined(child) for child in [in_child(lambda own=own: write(own)) for own in range(4)]] == [0] * 4  # type: ignore[misc]
    facts = open_to_read(ledger, IDENTITY)
    assert facts is not None
    with closing(facts):
        assert (facts.counts().deliveries, facts.signal_count, facts.find_damage()) == (1_050, 50, [])
    assert (tmp_path / "test.db.opt-outs").read_text() == "50\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test.db.delivery", "test.db.opt-outs"]


@pytest.mark.parametrize("rounds", all_but([6], [6, 60]))
def test_what_a_killed_writer_had_been_answered_is_there(tmp_path: Path, rounds: int) -> None:
    """Killed at any moment, also while the file is made. It tells each write that returned through a pipe."""
    chance = random.Random(5)
    answered = 0
    for trial in range(rounds):
        ledger = tmp_path / f"{trial}.db"
        reader, writer = os.pipe()

        def write(ledger: Path = ledger, writer: int = writer) -> None:
            with closing(open_to_write(ledger, IDENTITY)) as store:
                for n in range(5_000):
                    store.put_signals([stop(str(n))])
                    store.observe([seen(n)])
                    os.write(writer, b".")

        child = in_child(write)
        os.close(writer)
        told = len(os.read(reader, 1)) if trial % 2 else 0  # every other one has begun to write, however slow it is
        time.sleep(chance.uniform(0.0, 0.12))
        os.kill(child, signal.SIGKILL)
        assert joined(child) in (-signal.SIGKILL, 0)
        while block := os.read(reader, 65_536):
            told += len(block)
        os.close(reader)
        with closing(open_to_write(ledger, IDENTITY)) as store:
            assert told <= store.signal_count <= told + 1
            assert told <= len(store.deliveries([n.to_bytes(16, "big") for n in range(told + 1)])) <= told + 1
            assert store.find_damage() == []
        answered += told
    assert answered
