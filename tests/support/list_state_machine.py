"""A Hypothesis state machine over the real ledger, witness and reconciling: what the API's list is taken to prove of one key.

One process at a time, an hour for each tick; `list_model` is the same in the abstract. The list may lack its newest or its oldest
messages where it is asked for a doubt. Where the ledger was restored from a backup, the witness is asked, and its list is whole.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from ledger_samples import claims
from mutant_patches import broken
from mutants import Mutant
from protocol_answers import KEY, RECEIVER
from protocol_state_machine import NEIGHBOUR, OWNER, ROUTE, SALT, SPEC
from sendspec.composing.identity import id_text, receiver_hash
from sendspec.ledger.record import PlannedRecord, SendIdentity, Settlement
from sendspec.ledger.sqlite.creation import create_ledger
from sendspec.ledger.sqlite.ledger import SqliteLedger
from sendspec.ledger.sqlite.opening import open_to_write
from sendspec.ledger.sqlite.progress_mirror import mirror_path
from sendspec.planning.message_state import State
from sendspec.provider.message_list import Sighting
from sendspec.sending.reconciliation import reconcile
from sendspec.sending.witness import witness
from steady_provider import BACKEND

TICK = 3_600.0
OWN = "order-1"
DIGEST = b"d" * 24
SHARING = b"o" * 16
WEIGHTS = {
    "tick": 2, "neighbour": 3, "foreign": 2, "back up": 1, "restore": 2, "begin": 6, "end": 1, "send": 8, "look": 6, "witness": 6,
    "no witness": 2,
}  # fmt: skip
"""How likely each step is: what goes on is more likely than what ends."""
FOCUS: dict[Mutant, dict[str, int]] = {
    Mutant.ABSENCE_FROM_ONE_SIDE: {"back up": 0, "foreign": 0, "no witness": 6, "end": 0, "look": 12},
    Mutant.WITNESS_WINDOW_MOVED: {"back up": 3, "restore": 6, "foreign": 0, "no witness": 0, "end": 0},
}
"""Steps that the search for a mutant prefers, where it lies deep."""


class PartOfList:
    """The API's list from `oldest` to `newest`; its clock is ours."""

    skew = 0.0
    skipped = 0
    unread: frozenset[str] = frozenset()

    def __init__(self, sightings: Sequence[Sighting], oldest: float, newest: float) -> None:
        self._sightings = sightings
        self._oldest, self._newest = oldest, newest

    def pages(self, since: float, until: float, receivers: Sequence[str] = ()) -> Iterator[list[Sighting]]:
        oldest, newest = max(since, self._oldest), min(until, self._newest)
        yield [one for one in self._sightings if one.created_at is not None and oldest <= one.created_at <= newest]

    def close(self) -> None:
        """Nothing is open."""


class Lists(RuleBasedStateMachine):
    """`mutant` breaks what is believed in one place."""

    mutant: Mutant | None = None
    weights = WEIGHTS

    def __init__(self) -> None:
        super().__init__()
        self._broken = broken(self.mutant, fence=True)
        self._folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self._path = self._folder / "test.db"
        self._ledger: SqliteLedger | None = None
        self._now = self._begun_at = 1_000_000.0
        self._listed: list[Sighting] = []
        self._numbers: Counter[str] = Counter()
        self._backup: dict[str, bytes] | None = None
        self._restored = False
        self._own: str | None = None
        self._since: float | None = None
        self._asked = False
        create_ledger(self._path, "one", now=self._now)

    def teardown(self) -> None:
        self._ends()
        self._broken.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @initialize(own=st.booleans())
    def choose(self, own: bool) -> None:
        """Whether the key's reference is the user's own."""
        self._own = OWN if own else None

    @rule(which=st.integers(0, 9_999), cut=st.tuples(st.integers(-1, 3), st.integers(-1, 3)), way=st.integers(0, 3))
    def step(self, which: int, cut: tuple[int, int], way: int) -> None:
        """Something that can happen now."""
        chances: list[Callable[[], None]] = [self.time_passes] * self.weights["tick"]
        if self._ledger is None:
            chances += [self.begin] * self.weights["begin"]
            chances += [self.another_spec_sends] * (self.weights["neighbour"] * (self._numbers["neighbour"] < 4))
            if self._own and not self._numbers["foreign"] and not self._numbers["planned"]:
                chances += [partial(self.the_reference_is_used, credited=bool(way % 2))] * self.weights["foreign"]
            chances += [self.back_up] * (
                self.weights["back up"] * (self._backup is None and self._now > self._begun_at)
            )
            chances += [self.restore] * (self.weights["restore"] * (self._backup is not None and not self._restored))
        else:
            chances += [self._ends] * self.weights["end"]
            state = self._state()
            if not self._asked and state is State.IN_DOUBT:
                chances += [partial(self.look_up, cut)] * self.weights["look"]
            if not self._asked:
                chances += [self.ask_the_witness] * self.weights["witness"]
                chances += [self.ask_no_witness] * (self.weights["no witness"] * (not self._restored))
            elif state is State.PLANNED:
                chances += [partial(self.send, way)] * self.weights["send"]
        chances[which % len(chances)]()

    def time_passes(self) -> None:
        self._now += TICK

    def another_spec_sends(self) -> None:
        """Of the same ledger, on the same channel: it is accepted."""
        self._numbers["neighbour"] += 1
        number = self._numbers["neighbour"]
        self._accept(bytes([number]) * 16, f"near-{number}", None, NEIGHBOUR)

    def the_reference_is_used(self, *, credited: bool) -> None:
        """For the same person, long before: by another spec of this ledger, or by another ledger."""
        self._numbers["foreign"] += 1
        if credited:
            self._accept(SHARING, "sharing", OWN, RECEIVER)
        else:
            self._listed.append(Sighting("foreign", OWN, frozenset({RECEIVER}), False, self._now))
        self._now += TICK

    def _accept(self, identity: bytes, name: str, reference: str | None, receiver: str) -> None:
        ledger = open_to_write(self._path, "one")
        ledger.begin(OWNER, now=self._now)
        ledger.note_clock(0.0)
        spec = SendIdentity(name, 1, f"{name}.yaml")
        record = PlannedRecord(identity, DIGEST, reference, receiver_hash(SALT, receiver), "+44••••••02")
        ledger.put_planned(spec, [record], b"p" * 32, now=self._now, route=ROUTE)
        won = ledger.exchange(settle=[], claim=claims([identity], DIGEST, reference), now=self._now).won
        ledger.exchange(
            settle=[Settlement(identity, won[identity], State.ACCEPTED, name, None, 202)], claim=[], now=self._now
        )
        ledger.close()
        shown = reference or id_text(identity)
        self._listed.append(Sighting(name, shown, frozenset({receiver}), False, self._now))

    def back_up(self) -> None:
        with sqlite3.connect(self._path) as source:
            copy = sqlite3.connect(":memory:")
            source.backup(copy)
            self._backup = {self._path.name: bytes(copy.serialize())}
            copy.close()
        source.close()
        mirror = mirror_path(self._path)
        if mirror.exists():
            self._backup[mirror.name] = mirror.read_bytes()

    def restore(self) -> None:
        assert self._backup is not None
        for path in self._folder.iterdir():
            path.unlink()
        for name, content in self._backup.items():
            (self._folder / name).write_bytes(content)
        self._restored = True

    def begin(self) -> None:
        self._now += 1
        self._numbers["planned"] += 1
        ledger = open_to_write(self._path, "one")
        sends = ledger.sends(SPEC.name)
        self._since = sends[-1].last_claimed_at if sends else None
        ledger.begin(OWNER, now=self._now)
        record = PlannedRecord(KEY, DIGEST, self._own, receiver_hash(SALT, RECEIVER), "+44••••••01")
        ledger.put_planned(SPEC, [record], b"p" * 32, now=self._now, route=ROUTE)
        if self.mutant is Mutant.WITNESS_WINDOW_MOVED:
            moves = ledger._rows("SELECT at FROM event ORDER BY number DESC LIMIT 1")
            self._since = moves[0][0] if moves else None
        self._ledger, self._asked = ledger, False

    def _ends(self) -> None:
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger._connection.close()

    def ask_the_witness(self) -> None:
        """Also tells the API's clock."""
        ledger = self._running()
        found = witness(
            ledger, lambda: PartOfList(self._listed, 0.0, self._now),  # type: ignore[arg-type, return-value]
            partial(receiver_hash, SALT), {(SPEC.name, SPEC.generation): self._since}, list, now=self._now,
        )  # fmt: skip
        if found.behind or found.unproved:
            self._ends()
            return
        ledger.note_clock(0.0)
        self._asked = True

    def ask_no_witness(self) -> None:
        self._asked = True

    def send(self, way: int) -> None:
        """A claim, and what becomes of it: accepted, accepted or not while the run is killed, not processed."""
        ledger = self._running()
        won = ledger.exchange(settle=[], claim=claims([KEY], DIGEST, self._own), now=self._now).won
        if KEY not in won:
            return
        if way in (0, 1):
            self._numbers["taken"] += 1
            remote = f"ours-{self._numbers['taken']}"
            shown = Sighting(remote, self._own or id_text(KEY), frozenset({RECEIVER}), False, self._now)
            self._listed.append(shown)
        if way in (1, 2):
            self._ends()
            return
        settled = (
            Settlement(KEY, won[KEY], State.ACCEPTED, remote) if way == 0 else Settlement(KEY, won[KEY], State.PLANNED)
        )
        ledger.exchange(settle=[settled], claim=[], now=self._now)

    def look_up(self, cut: tuple[int, int]) -> None:
        """Twice, so that absence may be believed; both lists lack the same."""
        ledger = self._running()
        moments = sorted({one.created_at or 0.0 for one in self._listed})
        oldest = moments[cut[0]] if 0 <= cut[0] < len(moments) else 0.0
        newest = moments[cut[1]] if 0 <= cut[1] < len(moments) else self._now
        whole = newest > max(moments, default=0.0)
        for _ in range(2):
            self._now += TICK
            shown = PartOfList(self._listed, oldest, self._now if whole else newest)
            reconcile(
                ledger, ledger.doubts(), lambda route, shown=shown: shown,  # type: ignore[misc]
                partial(receiver_hash, SALT), resends_if_absent=lambda doubt: True, now=self._now,
            )  # fmt: skip

    def _running(self) -> SqliteLedger:
        assert self._ledger is not None
        return self._ledger

    def _state(self) -> State:
        return self._running().facts([KEY])[KEY].state

    @invariant()
    def the_promise_holds(self) -> None:
        assert self._numbers["taken"] <= 1, "accepted twice"
        if self._ledger is None or self._state() is not State.ACCEPTED:
            return
        remote = next(message.remote_id for message in self._ledger.messages() if message.id == KEY)
        assert str(remote).startswith("ours"), "called accepted, and it was not"


def run_list_machine(mutant: Mutant | None = None, *, number: int = 0, examples: int = 60, steps: int = 40) -> None:
    """Raises AssertionError when the promise breaks. `number` decides what is tried."""
    weights = WEIGHTS | (FOCUS.get(mutant, {}) if mutant else {})
    machine: Any = type("ListMachine", (Lists,), {"mutant": mutant, "weights": weights})
    phases = [Phase.generate] if mutant is not None else [Phase.generate, Phase.shrink]
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, database=None, deadline=None,
            phases=phases, backend=BACKEND, suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        ),
    )  # fmt: skip
