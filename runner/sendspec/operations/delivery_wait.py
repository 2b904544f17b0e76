"""Waits until deliveries are decided, and never without a deadline.

The deadline is checked apart from answers. A poll that fails is followed by another poll; only when none succeeded, that is the reason why
nothing is known. Nothing is sent, and no message is moved.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

from sendspec.diagnostics.exceptions import DeliveriesBusy
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.ledger.delivery.protocol import DeliveryFacts, DeliveryStore
from sendspec.ledger.protocol import Facts
from sendspec.operations.delivery_access import deliveries_to_read, deliveries_to_write
from sendspec.operations.delivery_account import delivery_account, sum_of_accounts
from sendspec.operations.delivery_lookup import DeliveryLookup
from sendspec.operations.ledger_access import ledger_to_read, process_holding
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import reachable_api
from sendspec.operations.status import SpecStatus, status_of
from sendspec.operations.undecided_messages import UndecidedMessages
from sendspec.operations.wait_scope import GatedSend, WaitScope, refuse_late_schedule
from sendspec.operations.waited import Signalled, Waited, WaitedSend, WaitProgress
from sendspec.planning.delivery_gate import Verdict, judge
from sendspec.planning.totals import Totals
from sendspec.provider.outcome import RunRefused
from sendspec.reading.access_key import read_access_key
from sendspec.sending.delivery_sweep import Swept

FIRST_PAUSE, MAX_PAUSE = 2.0, 60.0
JITTER = 0.2
"""The share by which a pause is shorter or longer."""
LAST_LOOK_SECONDS = 15.0
"""How long a look at the deadline may take."""
SHORTEST_LOOK = 2.0
"""A look that would begin closer to the deadline than this begins at the deadline."""
OVERSLEPT = 2.0
"""Seconds behind the deadline from which on this process must have been stopped meanwhile; then it looks once more."""
BETWEEN_REPLIES = 60.0
MIN_PATIENCE, MAX_PATIENCE = 2.0, 15.0
NAP = 0.5


def wait_for_deliveries(
    context: ProjectContext,
    scope: WaitScope,
    *,
    until_final: bool = False,
    watch: Callable[[WaitProgress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda words: None,
    interruptible: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Waited:
    """Looks until every gate is decided (`until_final`: until every message is final) or the time is up.

    A run may hold the ledger meanwhile. Raises `LedgerTrouble`, and `WrongUsage` where a message is scheduled behind the deadline.
    """
    with ExitStack() as stack:
        return _Wait(context, scope, until_final, watch, say, stack).run(interruptible)


@dataclass(frozen=True, slots=True)
class _Picture:
    sends: tuple[WaitedSend, ...]
    undecided: UndecidedMessages
    moves: int
    may_grow: bool = False


class _Wait:
    def __init__(
        self,
        context: ProjectContext,
        scope: WaitScope,
        until_final: bool,
        watch: Callable[[WaitProgress], None],
        say: Callable[[str], None],
        stack: ExitStack,
    ) -> None:
        self._context = context
        self._clock = context.system.clock
        self._scope = scope
        self._until_final = until_final
        self._watch = watch
        self._say = say
        self._stack = stack
        self._lookup: DeliveryLookup | None = None
        self._picture: _Picture | None = None
        self._polls = self._failed = self._elsewhere = 0
        self._reason = ""
        self._as_of: float | None = None
        self._refusal: RunRefused | None = None
        self._replies_at = float("-inf")
        self._looks_at_failed = True
        """Whether the next look is at failed messages too: the first, and the one before the verdict is that too many failed."""
        self._began = self._clock.monotonic()
        self._until = self._began + scope.timeout_seconds

    def run(self, interruptible: Callable[[], AbstractContextManager[None]]) -> Waited:
        number: int | None = None
        try:
            with interruptible():
                self._watch_until_decided()
        except KeyboardInterrupt as interrupt:
            number = interrupt.number if isinstance(interrupt, Signalled) else signal.SIGINT
        sends = self._sends_without_look() if self._picture is None else self._picture.sends
        return Waited(
            environment=self._context.environment.name,
            sends=sends,
            timeout_seconds=self._scope.timeout_seconds,
            polls=self._polls,
            failed_polls=self._failed,
            seconds=self._clock.monotonic() - self._began,
            as_of=self._as_of if self._as_of is not None else sum_of_accounts(s.account for s in sends).as_of,
            reason=self._reason if self._failed == self._polls else "",
            elsewhere=self._elsewhere,
            refusal=self._refusal,
            signal=number,
        )

    def _watch_until_decided(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self._clock.monotonic()
            saw_failed = self._looks_at_failed
            swept = self._look(self._until - began if began < self._until else LAST_LOOK_SECONDS)
            now = self._clock.monotonic()
            if self._refusal is not None or began >= self._until:
                return
            if self._is_decided():
                if saw_failed or not self._has_failed():
                    return
                self._looks_at_failed = True
                continue
            if now >= self._until:
                if now < self._until + OVERSLEPT:
                    return
                continue  # this process was stopped meanwhile: one last look
            seconds = max(
                pause * (1 + JITTER * (2 * self._clock.random() - 1)), 0.0 if swept is None else swept.retry_after
            )
            if now + seconds > self._until - SHORTEST_LOOK:
                seconds = self._until - now
            self._tell(seconds, swept)
            self._sleep(now + seconds)
            pause = min(MAX_PAUSE, 2 * pause)

    def _tell(self, pause: float, swept: Swept | None) -> None:
        assert self._picture is not None
        account = sum_of_accounts(send.account for send in self._picture.sends)
        gates = {send.gate for send in self._picture.sends}
        self._watch(
            WaitProgress(
                account=account,
                pause=pause,
                left=self._until - self._clock.monotonic(),
                trouble="" if swept is None else swept.unread,
                gate=gates.pop() if len(gates) == 1 else None,
            )
        )

    def _sleep(self, until: float) -> None:
        while (left := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, NAP))

    def _is_decided(self) -> bool:
        assert self._picture is not None
        if self._until_final:
            return not (self._picture.may_grow or any(send.account.tally.undecided for send in self._picture.sends))
        return all(send.judgement.verdict is not Verdict.UNDECIDED for send in self._picture.sends)

    def _has_failed(self) -> bool:
        assert self._picture is not None
        return any(send.judgement.verdict is Verdict.FAILED for send in self._picture.sends)

    def _look(self, seconds: float) -> Swept | None:
        """Reads the ledger and what is kept, and the API where something is undecided. None if the API was not asked."""
        context, with_failed = self._context, self._looks_at_failed
        self._looks_at_failed = False
        with ledger_to_read(context) as ledger:
            if ledger is None:
                self._picture = _Picture((), UndecidedMessages(0.0, self._clock.random), 0)
                return None
            if with_failed or self._picture is None or self._picture.may_grow or self._picture.moves != ledger.moves:
                with deliveries_to_read(context) as facts:
                    self._picture = self._taken(ledger, facts, with_failed=with_failed)
                self._refuse_scheduled(self._picture.undecided)
            channels = self._picture.undecided.channels()
            if not channels:
                if self._picture.undecided.unrouted:
                    self._reason = "the ledger did not note the channel of these messages: an earlier version sent them"
                return None
            sends = [(send.name, send.generation) for send in self._scope.sends]
            try:
                with deliveries_to_write(context, patience=self._patience()) as store:
                    swept = self._reached().sweep(ledger, store, sends, channels, seconds)
                    if swept.is_whole:
                        self._look_at_replies(store)
                    self._picture = self._taken(ledger, store)
            except DeliveriesBusy as busy:
                swept = Swept(unread=busy.problem)
        self._note(swept)
        return swept

    def _patience(self) -> float:
        """For how many seconds another process may keep us from writing what is seen: the deadline counts then, too."""
        return min(MAX_PATIENCE, max(MIN_PATIENCE, self._until - self._clock.monotonic()))

    def _look_at_replies(self, store: DeliveryStore) -> None:
        """Notes who said stop meanwhile, at most once a minute."""
        now = self._clock.monotonic()
        if self._scope.reads_replies and now >= self._replies_at:
            self._replies_at = now + BETWEEN_REPLIES
            for words in self._reached().replies(store, max(self._until - now, LAST_LOOK_SECONDS)):
                self._say(words)

    def _note(self, swept: Swept) -> None:
        self._polls += 1
        self._elsewhere = max(self._elsewhere, swept.elsewhere)
        self._refusal = swept.refusal
        if swept.is_whole:
            self._as_of, self._reason = self._clock.wall(), ""
        else:
            self._failed += 1
            self._reason = swept.unread

    def _reached(self) -> DeliveryLookup:
        """The API, reached for once. The key may come from a command that asks a person."""
        if self._lookup is None:
            context = self._context
            key = read_access_key(context.environment.key, context.system.environ, context.root)
            self._lookup = DeliveryLookup(context, self._stack.enter_context(reachable_api(context)), key)
        return self._lookup

    def _taken(self, ledger: Facts, facts: DeliveryFacts | None, *, with_failed: bool = False) -> _Picture:
        undecided = UndecidedMessages(self._clock.wall(), self._clock.random, with_failed=with_failed)
        held_by = process_holding(self._context)
        moves = ledger.moves
        sends = tuple(self._seen(send, ledger, facts, undecided, held_by) for send in self._scope.sends)
        return _Picture(sends, undecided, moves, any(_may_grow(send.status, held_by) for send in sends))

    def _seen(
        self,
        send: GatedSend,
        ledger: Facts,
        facts: DeliveryFacts | None,
        undecided: UndecidedMessages,
        held_by: int | None,
    ) -> WaitedSend:
        status = status_of(ledger, send.name, send.generation, held_by=held_by)
        account = delivery_account(ledger, facts, send.name, send.generation, undecided)
        return WaitedSend(
            status=status,
            account=account,
            gate=send.gate,
            judgement=judge(
                send.gate,
                account.tally,
                may_grow=_may_grow(status, held_by),
                was_tried=_was_tried(status.account),
                is_lasting=self._until_final,
            ),
        )

    def _sends_without_look(self) -> tuple[WaitedSend, ...]:
        """What is kept, where a signal came before the first look was over."""
        with ledger_to_read(self._context) as ledger, deliveries_to_read(self._context) as facts:
            return () if ledger is None else self._taken(ledger, facts).sends

    def _refuse_scheduled(self, undecided: UndecidedMessages) -> None:
        last, timeout = undecided.last_scheduled, self._scope.timeout_seconds
        if last is None or not timeout or self._polls:
            return
        late = last - self._clock.wall() - timeout
        if late > 0:
            refuse_late_schedule(late, timeout)


def _may_grow(status: SpecStatus, held_by: int | None) -> bool:
    """Whether a run is sending it, or may be about to: a process holds the ledger, and nothing was accepted yet."""
    return status.under_way is not None or (held_by is not None and not status.account.accepted)


def _was_tried(account: Totals) -> bool:
    return bool(account.refused or account.in_doubt or account.not_sent)
