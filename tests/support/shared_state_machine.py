"""The same state machine over a ledger that runs share: connections and answers are lost, and a run is taken for dead and comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from contested_ledgers import ContestedPostgres
from mutants import Mutant, SharedMutant
from protocol_answers import KEY
from protocol_state_machine import BROKEN as BROKEN_ALONE
from protocol_state_machine import Protocol, Runner, search
from sendspec.diagnostics.exceptions import LedgerTrouble
from sendspec.ledger.protocol import Ledger
from sendspec.ledger.record import Claim, Exchanged, Settlement
from sendspec.planning.message_state import State
from step_weights import FOCUS, WEIGHTS

SHARED_WEIGHTS = WEIGHTS | {"cut": 2, "lose answer": 2, "lose lock": 1, "meddle": 1}
_UNTOUCHED = {"cut": 0, "lose answer": 0, "meddle": 0}
FOCUS_SHARED: dict[Mutant | SharedMutant, dict[str, int]] = {
    Mutant.MOVE_WITHOUT_COMPARE: FOCUS[Mutant.MOVE_WITHOUT_COMPARE] | _UNTOUCHED,
    SharedMutant.REJOIN_WITHOUT_FENCE: {"cut": 6, "begin": 6},
    SharedMutant.FENCE_NOT_CHECKED: _UNTOUCHED
    | {"lose lock": 12, "begin": 6, "reconcile": 6, "note": 12, "time": 6, "go on": 3},
    SharedMutant.IMPORT_WITHOUT_ATTEMPT: {"meddle": 4, "begin": 4, "cut": 0},
}
"""Steps that the search for a mutant prefers, where it lies deep."""
BROKEN = BROKEN_ALONE.replace("^(", "^(a living run |a run taken for dead |forgotten|a result was taken |")
"""What the machine says when the promise is broken, and not itself."""


class SharedProtocol(Protocol):
    """Without `fence`, no function looks whether its run was taken for dead, and its results and claims must not matter all the same."""

    contested: ContestedPostgres

    def __init__(self) -> None:
        super().__init__()
        self._dead: set[int] = set()
        self._lockless: set[int] = set()

    def _chances(self, takes: bool, answer: str, text: bytes) -> list[Callable[[], None]]:
        chances = super()._chances(takes, answer, text)
        for runner in self._runners:
            if runner is None or not self.contested.is_connected(runner.ledger):
                continue
            chances += [partial(self.its_connection_is_lost, runner)] * self.weights["cut"]
            chances += [partial(self.contested.lose_next_answer, runner.ledger)] * self.weights["lose answer"]
            chances += [partial(self.its_lock_is_lost, runner)] * (self.weights["lose lock"] * self.fence)
            if self._state() is not State.SENDING or self.contested.owner(KEY) != runner.run:
                chances += [partial(self.it_meddles, runner), partial(self.it_leaves_a_result, runner)] * self.weights[
                    "meddle"
                ]
        return chances

    def its_connection_is_lost(self, runner: Runner) -> None:
        self._lockless.discard(runner.run)  # when it comes back, it takes its lock again
        self.contested.cut(runner.ledger)

    def its_lock_is_lost(self, runner: Runner) -> None:
        self._lockless.add(runner.run)
        self.contested.take_lock_away(runner.ledger)

    def it_meddles(self, runner: Runner) -> None:
        """It hands in a result for the attempt of another run, or for one that is over."""
        with suppress(LedgerTrouble):
            runner.ledger.exchange(
                settle=[Settlement(KEY, self._fact().attempt, State.REFUSED)], claim=[], now=self._now
            )
            raise AssertionError("a result was taken that was not its to give")

    def it_leaves_a_result(self, runner: Runner) -> None:
        """Such a result lies on its machine when it ends, and the next run there reads it."""
        runner.ledger.spill([Settlement(KEY, runner.attempt or self._fact().attempt, State.REFUSED)])
        self._dies(self._runners.index(runner))

    def begin(self, r: int, text: bytes, *, continues: bool = False) -> None:
        """Only a run that has lost its lock is taken for dead."""
        owner = self._sender()
        is_lockless = owner is not None and (
            owner.run in self._lockless or not self.contested.is_connected(owner.ledger)
        )
        super().begin(r, text, continues=continues)
        if owner is not None and self._state() is not State.SENDING:
            assert is_lockless, "a living run lost what it was sending"
            self._dead.add(owner.run)

    def _sender(self) -> Runner | None:
        """The runner that has the message on its way, by the ledger's account, if it is still there."""
        fact = self.contested.facts(KEY)
        run = self.contested.owner(KEY) if fact is not None and fact.state is State.SENDING else None
        return next((one for one in self._runners if one is not None and one.run == run), None)

    def _exchange(self, runner: Runner, *, settle: Sequence[Settlement] = (), claim: Sequence[Claim] = ()) -> Exchanged:
        exchanged = super()._exchange(runner, settle=settle, claim=claim)
        assert not self._may_not_write(runner), "a run taken for dead wrote"
        return exchanged

    def note_what_was_decided(self, r: int) -> None:
        before = self._fact()
        super().note_what_was_decided(r)
        assert self._fact() == before or not self._may_not_write(self._running(r)), "a run taken for dead wrote"

    def _accept_another(self, ledger: Ledger) -> None:
        super()._accept_another(ledger)
        runner = next((one for one in self._runners if one is not None and one.ledger is ledger), None)
        assert runner is None or not self._may_not_write(runner), "a run taken for dead wrote"

    def _may_not_write(self, runner: Runner) -> bool:
        return self.fence and runner.run in self._dead

    def ask_the_list(self, r: int) -> None:
        with suppress(LedgerTrouble):  # it was taken for dead
            super().ask_the_list(r)

    def ask_a_person(self, r: int) -> None:
        with suppress(LedgerTrouble):
            super().ask_a_person(r)

    def _check_all(self) -> None:
        super()._check_all()
        sender = self._sender()
        for runner in self._runners:
            is_back = runner and self.contested.is_connected(runner.ledger) and runner.run not in self._lockless
            assert not (runner and is_back and self._may_not_write(runner)), "a run taken for dead came back"
        assert sender is None or sender.phase != "idle", "forgotten: it is on its way, and its run sends nothing"


def run_shared_machine(
    mutant: Mutant | SharedMutant | None = None,
    *,
    number: int = 0,
    fence: bool = False,
    examples: int = 60,
    steps: int = 40,
) -> None:
    """Raises AssertionError when the promise breaks. `number` decides what is tried."""
    focus = FOCUS_SHARED.get(mutant, {}) if mutant else {}
    with ContestedPostgres(mutant, fence=fence) as contested:
        known = {"contested": contested, "mutant": mutant, "fence": fence, "weights": SHARED_WEIGHTS | focus}
        search(SharedProtocol, number, examples, steps, **known)
