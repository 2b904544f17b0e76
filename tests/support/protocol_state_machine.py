"""A Hypothesis state machine over a real ledger: one key, two runners at once, every loss, kill and late answer.

The row's own guards have to do: what else keeps runs apart can be left out. `SharedProtocol` has what only a shared ledger sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from unittest.mock import patch

from contested_ledgers import ContestedLedger, ContestedSqlite
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from ledger_samples import claims
from mutant_patches import changed, module_of
from mutants import Mutant, SharedMutant
from protocol_answers import ANSWERS, KEY, RECEIVER, outcome_of, settlement_of
from sendspec.composing.identity import id_text, receiver_hash
from sendspec.diagnostics.exceptions import LedgerDamaged, LedgerTrouble, LedgerUnwritable
from sendspec.ledger.delivery.observation import UNDELIVERED, Delivery, Source, StatusReport, merged
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Change, Claim, Exchanged, PlannedRecord, Route, RunOwner, SendIdentity, Settlement
from sendspec.planning.fact import Fact
from sendspec.planning.message_state import MOVE_BY_NAME, State
from sendspec.provider.message_list import Sighting
from sendspec.provider.outcome import NotSent, Outcome
from sendspec.sending.reconciliation import reconcile
from sendspec.sending.report_match import ReportMatch
from steady_provider import BACKEND
from step_weights import FOCUS, OBSERVED, WEIGHTS

NEIGHBOUR, SALT = "+447700900002", b"s" * 32
ROUTE = Route("workspace", "channel")
SPEC = SendIdentity("hello", 1, "hello.yaml")
OWNER = RunOwner(pid=1, host="here", command="sendspec send")
TEXTS = (b"a" * 24, b"b" * 24)
"""The digests of what a plan may want to send to the key: the spec is edited between two runs."""
BROKEN = r"^(accepted twice|another text|gone from the ledger|called \w+, and it was|\w+ became )"
"""What the machine says when the promise is broken, and not itself."""
FINAL = {State.ACCEPTED, State.REFUSED, State.SKIPPED}
STATUSES = ("accepted", "sent", "rejected", "delivery_failed", "delivered", "a new word")


class Runner:
    """A process: its ledger, the digest of what it would send, and how far its attempt has come."""

    def __init__(self, ledger: Ledger, run: int, text: bytes) -> None:
        self.ledger = ledger
        self.run = run
        self.text = text
        self.phase = "idle"
        self.attempt = 0
        self.answer = ""
        self.late = False
        self.decided: Callable[[], object] | None = None


class List:
    """The API's list, as it stands; its clock is ours."""

    skew = 0.0
    skipped = 0
    unread: frozenset[str] = frozenset()

    def __init__(self, sightings: list[Sighting]) -> None:
        self._sightings = sightings

    def pages(self, since: float, until: float, receivers: Sequence[str] = ()) -> Iterator[list[Sighting]]:
        yield [one for one in self._sightings if one.created_at is not None and since <= one.created_at <= until]

    def close(self) -> None:
        """Nothing is open."""


class Protocol(RuleBasedStateMachine):
    """`mutant` breaks the protocol in one place; `fence` keeps the fence between runs; `contested` is the ledger, already so broken."""

    contested: ContestedLedger
    mutant: Mutant | SharedMutant | None = None
    fence = False
    weights = WEIGHTS

    def __init__(self) -> None:
        super().__init__()
        self._now = 1_000_000.0
        self._runners: list[Runner | None] = [None, None]
        self._wire: list[int] = []
        self._taken = 0
        self._made_at = 0.0
        self._neighbours: list[tuple[int, bytes, float]] = []
        self._planned_neighbours = 0
        self._listed = False
        self._final: State | None = None
        self._approved = b""
        self._claimed = False
        self._noted: Delivery | None = None
        self.contested.clear(now=self._now)

    def teardown(self) -> None:
        for r in (0, 1):
            self._dies(r)

    @initialize()
    def plan(self) -> None:
        """A message of another spec was accepted before: the list has to show it, or it is not believed."""
        ledger = self.contested.open()
        ledger.begin(OWNER, now=self._now)
        ledger.note_clock(0.0)
        self._accept_another(ledger)
        self.contested.kill(ledger)
        self._now += 100

    def _accept_another(self, ledger: Ledger) -> None:
        """A message of a spec of its own is accepted, and the list shows it from now on."""
        number, self._planned_neighbours = self._planned_neighbours, self._planned_neighbours + 1
        identity = bytes([number]) * 16
        receiver = receiver_hash(SALT, NEIGHBOUR)
        spec = SendIdentity(f"other-{number}", 1, f"other-{number}.yaml")
        record = PlannedRecord(identity, b"d" * 24, None, receiver, "+44••••••02")
        ledger.put_planned(spec, [record], b"p" * 32, now=self._now, route=ROUTE)
        won = ledger.exchange(settle=[], claim=claims([identity]), now=self._now).won
        assert identity in won, "forgotten: nobody else wanted it, and the claim is lost"
        accepted = Settlement(identity, won[identity], State.ACCEPTED, f"id-{number}", None, 202)
        ledger.exchange(settle=[accepted], claim=[], now=self._now)
        self._neighbours.append((number, identity, self._now))

    @rule(
        which=st.integers(0, 9_999), takes=st.booleans(), answer=st.sampled_from(ANSWERS), text=st.sampled_from(TEXTS)
    )
    def step(self, which: int, takes: bool, answer: str, text: bytes) -> None:
        """Something that can happen now; what goes on is more likely than what ends."""
        chances = self._chances(takes, answer, text)
        if not chances:
            chances = [partial(self.begin, 0, text) if self._runners[0] is None else partial(self.go_on, 0)]
        chances[which % len(chances)]()

    def _chances(self, takes: bool, answer: str, text: bytes) -> list[Callable[[], None]]:
        chances: list[Callable[[], None]] = []
        for r, runner in enumerate(self._runners):
            if runner is None:
                chances += [partial(self.begin, r, text)] * self.weights["begin"]
                chances += [partial(self.begin, r, text, continues=True)] * self.weights["continue"]
                continue
            waits = runner.phase == "written" and not runner.answer
            chances += [partial(self.go_on, r)] * self.weights["give up" if waits else "go on"]
            chances += [partial(self._dies, r)] * self.weights["die"]
            doubtful = self._state() is State.IN_DOUBT
            if runner.decided is not None:
                chances += [partial(self.note_what_was_decided, r)] * self.weights["note"]
            elif doubtful:
                chances += [partial(self.ask_the_list, r)] * self.weights["reconcile"]
            if runner.decided is None and doubtful and not self._taken and not self._wire:
                chances += [partial(self.ask_a_person, r)] * self.weights["person"]
        if self._wire:
            chances += [partial(self.the_server_sees_a_request, takes, answer)] * self.weights["server"]
        else:
            chances += [self.half_an_hour_passes] * self.weights["time"]
        if self._taken and not self._listed:
            chances += [self.the_list_shows_it] * self.weights["list"]
        if any(self._runners):
            for status in STATUSES if self.weights["observer"] else ():
                chances += [partial(self.an_observer_sees, status, ours=answer != "foreign 202")] * self.weights[
                    "observer"
                ]
        return chances

    def begin(self, r: int, text: bytes, *, continues: bool = False) -> None:
        """A plan that still can change what goes out is what was approved last; one that can't leaves the message on hold."""
        ledger = self.contested.open()
        run = ledger.begin(OWNER, now=self._now).run
        ledger.note_clock(0.0)
        receiver = receiver_hash(SALT, RECEIVER)
        fact = self.contested.facts(KEY)
        if not self._claimed or (continues and fact is not None and fact.state is State.PLANNED):
            self._approved = text
        record = PlannedRecord(KEY, text, None, receiver, "+44••••••01")
        ledger.put_planned(SPEC, [record], b"p" * 32, now=self._now, route=ROUTE, continues=continues)
        self._runners[r] = Runner(ledger, run, text)

    def _dies(self, r: int) -> None:
        runner, self._runners[r] = self._runners[r], None
        if runner is not None:
            self.contested.kill(runner.ledger)

    def go_on(self, r: int) -> None:
        """The runner takes its next step."""
        runner = self._running(r)
        try:
            if runner.phase == "idle":
                self._claim(runner)
            elif runner.phase == "claimed":
                self._write(runner)
            else:
                self._read(runner)
        except LedgerTrouble:
            self._dies(r)

    def _running(self, r: int) -> Runner:
        runner = self._runners[r]
        assert runner is not None
        return runner

    def _claim(self, runner: Runner) -> None:
        if self.mutant is Mutant.SEND_BEFORE_CLAIM and self._state() is State.PLANNED:
            self._wire.append(0)
            runner.phase, runner.attempt = "unclaimed", 0
            return
        won = self._exchange(runner, claim=claims([KEY], runner.text)).won
        if KEY in won:
            self._claimed = True
            runner.phase, runner.attempt, runner.answer, runner.late = "claimed", won[KEY], "", False

    def _write(self, runner: Runner) -> None:
        if runner.late:
            self._settle(runner, NotSent("its deadline passed before it could be sent"))
            return
        planned = self._fact().digest
        assert runner.text == planned == self._approved, "another text goes out than was planned and approved last"
        self._wire.append(runner.attempt)
        runner.phase = "written"

    def _read(self, runner: Runner) -> None:
        if runner.phase == "unclaimed":
            won = self._exchange(runner, claim=claims([KEY], runner.text)).won
            self._claimed = self._claimed or KEY in won
            runner.phase, runner.attempt = ("written", won[KEY]) if KEY in won else ("idle", 0)
            return
        if self.mutant is Mutant.SILENT_RESEND and runner.answer == "lost" and len(self._wire) < 2:
            runner.answer = ""
            self._wire.append(runner.attempt)
            return
        self._settle(runner, outcome_of(runner.answer or "lost", self.mutant))

    def _settle(self, runner: Runner, outcome: Outcome) -> None:
        settlement = settlement_of(outcome, runner.attempt)
        try:
            self._exchange(runner, settle=[settlement])
        except (LedgerUnwritable, LedgerDamaged):
            runner.ledger.spill([settlement])
            raise
        runner.phase = "idle"

    def _exchange(self, runner: Runner, *, settle: Sequence[Settlement] = (), claim: Sequence[Claim] = ()) -> Exchanged:
        return runner.ledger.exchange(settle=settle, claim=claim, now=self._now)

    def ask_the_list(self, r: int) -> None:
        """What it says of the doubts is noted some time later."""
        runner = self._running(r)
        ours = Sighting("id-k", id_text(KEY), frozenset({RECEIVER}), False, self._made_at)
        others = [
            Sighting(f"id-{number}", id_text(identity), frozenset({NEIGHBOUR}), False, moment)
            for number, identity, moment in self._neighbours
        ]
        shown = [*others, *([ours] if self._listed else [])]
        runner.decided = partial(
            reconcile,
            runner.ledger, runner.ledger.doubts(), lambda route: List(shown),  # type: ignore[arg-type, return-value]
            lambda receiver: receiver_hash(SALT, receiver), resends_if_absent=lambda doubt: True, now=self._now,
        )  # fmt: skip

    def ask_a_person(self, r: int) -> None:
        """Who says that it was not sent, and is right; that, too, is noted later."""
        runner = self._running(r)
        if any(one is not None and one.phase == "claimed" for one in self._runners):
            return
        changes = [
            Change(id=doubt.id, attempt=doubt.attempt, to=State.PLANNED, reason="the log says so")
            for doubt in runner.ledger.doubts()
        ]
        runner.decided = partial(runner.ledger.move, MOVE_BY_NAME["resolve"], changes, now=self._now)

    def note_what_was_decided(self, r: int) -> None:
        runner = self._running(r)
        decided, runner.decided = runner.decided, None
        assert decided is not None
        with suppress(LedgerTrouble):
            decided()

    def an_observer_sees(self, status: str, *, ours: bool) -> None:
        """An event or a page of the list, at any time, however late or untrue: what it says is noted, and nothing moves."""
        ledger = next(runner.ledger for runner in self._runners if runner is not None)
        receivers = frozenset({RECEIVER if ours else NEIGHBOUR})
        seen = Sighting(
            "id-k", id_text(KEY), receivers, status == "rejected", self._now, StatusReport(status, self._now)
        )
        before, match = self._fact(), ReportMatch(ledger, lambda receiver: receiver_hash(SALT, receiver), lambda: ())
        for _, observation in match.matched([seen], Source.WEBHOOK, self._now):
            assert ours, "accepted became what another's message is"
            known, self._noted = self._noted, merged(self._noted, observation)
            assert known is None or known.report.rank <= self._noted.report.rank
        self._does_wrong(ledger, before, status, ours=ours)
        if self.mutant is None:
            assert self._fact() == before, f"{before.state} became {self._fact().state}"

    def _does_wrong(self, ledger: Ledger, before: Fact, status: str, *, ours: bool) -> None:
        """What an observer must not do."""
        move = partial(Change, id=KEY, attempt=before.attempt, reason="it was observed")
        doubtful = before.state is State.IN_DOUBT
        with suppress(LedgerTrouble):
            if self.mutant is Mutant.REJECTED_IS_PLANNED and ours and status == "rejected" and doubtful:
                ledger.move(MOVE_BY_NAME["absent"], [move(to=State.PLANNED)], now=self._now)
            if self.mutant is Mutant.OBSERVED_OF_ANYBODY and not ours and doubtful:
                ledger.move(MOVE_BY_NAME["find"], [move(to=State.ACCEPTED, remote_id="id-k")], now=self._now)
            if (
                self.mutant is Mutant.FAILED_IS_RESENT
                and ours
                and status in UNDELIVERED
                and before.state is State.ACCEPTED
            ):
                free = Mutant.MOVE_WITHOUT_COMPARE
                with patch.object(module_of(free), *changed(free)):
                    ledger.move(MOVE_BY_NAME["resolve"], [move(to=State.PLANNED)], now=self._now)

    def the_server_sees_a_request(self, takes: bool, answer: str) -> None:
        attempt = self._wire.pop(0)
        if takes and answer in ("422", "429", "foreign 202"):
            answer = "202"
        if not takes and answer == "202":
            answer = "lost"
        if takes:
            self._taken += 1
            self._made_at = self._now
        for runner in self._runners:
            if runner is not None and runner.phase == "written" and runner.attempt == attempt and not runner.answer:
                runner.answer = answer

    def the_list_shows_it(self) -> None:
        self._listed = True

    def half_an_hour_passes(self) -> None:
        """No request lies on the wire for so long, nothing stays out of the list, and no claim is still to be written.

        Meanwhile another spec sends.
        """
        self._now += 950
        running = next((runner for runner in self._runners if runner is not None), None)
        if running is not None:
            with suppress(LedgerTrouble):  # another run may have begun since
                self._accept_another(running.ledger)
        self._now += 950
        self._listed = self._taken > 0
        for runner in self._runners:
            if runner is not None and runner.phase == "claimed":
                runner.late = True

    def _state(self) -> State:
        return self._fact().state

    def _fact(self) -> Fact:
        fact = self.contested.facts(KEY)
        assert fact is not None, "gone from the ledger"
        return fact

    @invariant()
    def the_promise_holds(self) -> None:
        assert self._taken <= 1, "accepted twice"
        if any(self._runners):
            self._check_all()

    def _check_all(self) -> None:
        state = self._state()
        assert self._final in (None, state), f"{self._final} became {state}"
        assert state is not State.ACCEPTED or self._taken or self._wire, "called accepted, and it was not"
        assert state is not State.REFUSED or not self._taken, "called refused, and it was accepted"
        if state in FINAL:
            self._final = state


def run_machine(
    mutant: Mutant | None = None, *, number: int = 0, fence: bool = False, examples: int = 60, steps: int = 40
) -> None:
    """Raises AssertionError when the promise breaks. `number` decides what is tried."""
    weights = OBSERVED if mutant is None else WEIGHTS | FOCUS.get(mutant, {})
    with ContestedSqlite(mutant, fence=fence) as contested:
        search(Protocol, number, examples, steps, contested=contested, mutant=mutant, fence=fence, weights=weights)


def search(machine: type[Protocol], number: int, examples: int, steps: int, **known: Any) -> None:
    """Runs a machine with these attributes. Where it is broken on purpose, the first find will do."""
    phases = [Phase.generate] if known["mutant"] is not None else [Phase.generate, Phase.shrink]
    run_state_machine_as_test(
        seed(number)(type("Machine", (machine,), known)),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, database=None, deadline=None,
            phases=phases, backend=BACKEND, suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        ),
    )  # fmt: skip
