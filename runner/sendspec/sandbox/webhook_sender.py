"""Posts the sandbox's events to a webhook as they come due: signed, and again at growing intervals until it answers 2xx.

Nothing is handed over by those who answer clients. The store is the queue: what is in it says which events are due, also for messages
that another process put there. Only the events of the newest messages wait in memory.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.webhook_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from sendspec.sandbox.fault import SandboxFault
from sendspec.sandbox.fault_switch import Counted, FaultSwitch, switch_of
from sendspec.sandbox.life import DEFAULT_PACE
from sendspec.sandbox.platforms import NO_PLATFORMS, SMS, platform_of
from sendspec.sandbox.store import Incoming, Store, Stored
from sendspec.sandbox.webhook_event import Event, events_of, events_of_text
from sendspec.sandbox.webhook_post import WebhookConnection, WebhookTarget

MAX_WAITING = 20_000
"""Events in memory. While there are more, further messages wait in the store."""
TAKEN_AT_ONCE = 500
RETRY_SECONDS, MAX_RETRY_SECONDS, MAX_TRIES = 1.0, 600.0, 20
"""The first interval, which doubles; the longest one; and how often an event is posted. The API gives up after 8 hours."""
POLL_SECONDS = 0.1
"""How often the store is looked at for what is new."""
EARLY_SECONDS = 10.0
"""How long an answer waits for its event, with the fault `webhook-before-answer`."""


@dataclass(order=True, slots=True)
class _Waiting:
    """An event to be posted. A retry has the body, and the timestamp in Unix seconds, of the first try."""

    due: float
    order: int
    event: Event = field(compare=False)
    faults: tuple[str, ...] = field(compare=False)
    message: int = field(compare=False, default=0)
    body: bytes = field(compare=False, default=b"")
    timestamp: int = field(compare=False, default=0)
    tries: int = field(compare=False, default=0)


@dataclass(slots=True)
class WebhookCounts:
    """Events answered 2xx, tries that were not, and events that were given up."""

    delivered: int = 0
    failed_tries: int = 0
    given_up: int = 0


class WebhookSender:
    """`step` does all the work, in one thread; `running` is that thread. `tell` hears when the webhook doesn't answer 2xx, and when it does again."""

    def __init__(
        self,
        store: Store,
        target: WebhookTarget,
        clock: Callable[[], float],
        *,
        pace: float = DEFAULT_PACE,
        platforms: Mapping[str, str] = NO_PLATFORMS,
        faults: FaultSwitch | Sequence[SandboxFault] = (),
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.counts = WebhookCounts()
        self._store = store
        self._target = target
        self._clock = clock
        self._pace = pace
        self._platforms = platforms
        self._faults = switch_of(faults)
        self._connection = WebhookConnection(target)
        self._tell = tell
        self._started = clock()
        self._heap: list[_Waiting] = []
        self._order = itertools.count()
        self._cursors = (0, 0)
        self._lost_at = store.lost_at
        self._said = ""
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._early = threading.Condition()
        self._first_tried = 0

    def step(self) -> float | None:
        """Posts every event that is due. Returns when the next one is, None where none waits."""
        self._take_in()
        while self._heap and self._heap[0].due <= self._clock() and not self._stopped.is_set():
            self._try(heapq.heappop(self._heap))
        return self._heap[0].due if self._heap else None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs in a thread of its own while the block runs. A POST under way at its end is cut off."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._wake.set()
            self._connection.end()
            thread.join()

    def wait_for_first_events(self) -> None:
        """Returns once the first event of every message in the store was posted, or at the latest after `EARLY_SECONDS`."""
        newest = self._store.newest_numbers()[0]
        self._wake.set()
        with self._early:
            self._early.wait_for(lambda: self._first_tried >= newest, EARLY_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                due = self.step()
            except Exception as error:  # the file may be locked, or the disk full: the next round tries again
                due = None
                self._say(f"events can't be read from the sandbox's messages: {error}")
            seconds = POLL_SECONDS if due is None else max(0.0, min(POLL_SECONDS, due - self._clock()))
            self._wake.wait(seconds)
            self._wake.clear()

    def _take_in(self) -> None:
        """Queues the events of what is new in the store. Its numbers begin again when everything in it was forgotten, or lost."""
        newest, lost_at = self._store.newest_numbers(), self._store.lost_at
        if lost_at != self._lost_at:
            self._cursors, self._first_tried, self._lost_at = (0, 0), 0, lost_at
        messages, texts = (min(pair) for pair in zip(self._cursors, newest, strict=True))
        with self._early:
            self._first_tried = min(self._first_tried, newest[0])
        while len(self._heap) < MAX_WAITING and (found := self._store.after(messages, TAKEN_AT_ONCE)):
            for message in found:
                self._queue(events_of(message, platform_of(message, self._platforms), self._pace), message.number)
            messages = found[-1].number
        for text in self._store.incoming_after(texts):
            self._queue(list(self._events_of_text(text)), 0)
            texts = text.number
        self._cursors = (messages, texts)

    def _events_of_text(self, text: Incoming) -> Iterator[Event]:
        answered: Stored | None = None
        if text.answers is not None:
            answered = self._store.get(text.workspace, text.channel, text.answers)
        platform = self._platforms.get(text.channel.lower(), SMS)
        return events_of_text(text, answered, platform, self._pace)

    def _queue(self, events: list[Event], message: int) -> None:
        """Queues the events of a message, or of a text, as the faults for it say. What happened before the start is not reported."""
        faults = self._faults.next(Counted.MESSAGES)
        kinds = tuple(fault.kind for fault in faults)
        late = sum(fault.milliseconds for fault in faults if fault.kind == "webhook-late") / 1_000
        waiting = [
            _Waiting(event.at + late, 0, event, kinds, message if index == 0 else 0)
            for index, event in enumerate(events)
            if event.at >= self._started
        ]
        if "webhook-reversed" in kinds:
            last = max((each.due for each in waiting), default=0.0)
            waiting.reverse()
            for each in waiting:
                each.due = last
        for each in waiting:
            each.order = next(self._order)
            heapq.heappush(self._heap, each)

    def _try(self, waiting: _Waiting) -> None:
        if not waiting.tries:
            waiting.body, waiting.timestamp = waiting.event.body(), int(self._clock())
        waiting.tries += 1
        status = self._posted(waiting)
        if "webhook-twice" in waiting.faults and waiting.tries == 1:
            status = self._posted(waiting)
        with self._early:
            self._first_tried = max(self._first_tried, waiting.message)
            self._early.notify_all()
        if status is not None and 200 <= status < 300:
            self.counts.delivered += 1
            self._note_answer(status, answers=True)
            return
        self._note_answer(status, answers=False)
        self.counts.failed_tries += 1
        if waiting.tries == MAX_TRIES:
            self.counts.given_up += 1
            return
        interval = min(RETRY_SECONDS * 2.0 ** (waiting.tries - 1), MAX_RETRY_SECONDS) * self._pace
        waiting.due, waiting.order = self._clock() + interval, next(self._order)
        heapq.heappush(self._heap, waiting)

    def _posted(self, waiting: _Waiting) -> int | None:
        timestamp = str(waiting.timestamp)
        headers = {
            "Content-Type": "application/json", "User-Agent": "sendspec-sandbox", TIMESTAMP_HEADER: timestamp
        }  # fmt: skip
        if "webhook-unsigned" not in waiting.faults:
            headers[SIGNATURE_HEADER] = sign(self._target.key, timestamp, self._target.url, waiting.body)
        return self._connection.post(waiting.body, headers)

    def _note_answer(self, status: int | None, *, answers: bool) -> None:
        if answers and self._said == "":
            return
        said = "does not answer" if status is None else f"answers {status}"
        self._say(f"the webhook {said}" + ("" if answers else "; events are posted again at growing intervals"))
        if answers:
            self._said = ""

    def _say(self, words: str) -> None:
        """Tells it, unless it was the last that was told."""
        if words != self._said:
            self._said = words
            self._tell(words)
