"""`sandbox wait`: waits until messages have arrived in the sandbox, for tests of programs that send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import Measure, measure
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import named_sandbox, sandbox_file
from sendspec.operations.sandbox_answer import sandbox_answer
from sendspec.operations.sandbox_event import no_sandbox
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.api_url import Api
from sendspec.sandbox.api import EVERY_MESSAGE_PATH, LOST
from sendspec.sandbox.arrived import Wanted, addresses_of, texts_of
from sendspec.sandbox.life import DEFAULT_PACE, reached_by
from sendspec.sandbox.receive import is_number
from sendspec.sandbox.response_body import stored_json
from sendspec.sandbox.store import Store

FIRST_PAUSE, MAX_PAUSE = 0.05, 0.5
"""Seconds between two looks: the first pause, and the longest."""
ANSWER_SECONDS, LAST_SECONDS = 10.0, 3.0
"""How long one answer may take, and how long at least at the end."""
SHOWN_INSTEAD = 5

Listed: TypeAlias = Mapping[str, Any]
"""A message as the API shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRequest:
    """`count` messages that match `wanted`, within so many seconds. `only_new`: those that were there before don't count."""

    wanted: Wanted
    count: int
    timeout_seconds: float
    only_new: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Messages that are in the sandbox, oldest first. `lost_at` is when the file of the running one was removed or replaced, as it writes it."""

    messages: Sequence[Listed] = ()
    lost_at: str | None = None

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(each["id"] for each in self.messages)


@dataclass(frozen=True, slots=True)
class ArrivedHere:
    """A message that is in the sandbox."""

    listed: Listed

    @property
    def addresses(self) -> Sequence[str]:
        return addresses_of(self.listed)

    @property
    def text(self) -> str:
        """Its text; without one, all that can be read in it."""
        text = text_of(self.listed)
        return "\n".join(texts_of(self.listed)) if text is None else text

    @property
    def measure(self) -> Measure | None:
        """Its size on a phone network; None for what isn't a text to a number."""
        is_text = (self.listed.get("body") or {}).get("type") == "text"
        is_mail = any("@" in address for address in self.addresses)
        return measure(text_of(self.listed) or "") if is_text and not is_mail else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalReport:
    """How a wait ended. `instead` are the newest others, if there were too few; `total` counts all messages in the sandbox.

    `lost_at` is as in `Seen`: what had arrived before is not counted.
    """

    environment: str
    request: WaitRequest
    found: Sequence[ArrivedHere]
    instead: Sequence[ArrivedHere]
    total: int
    seconds: float
    lost_at: str | None = None

    @property
    def is_enough(self) -> bool:
        return len(self.found) >= self.request.count


def wait_for_arrivals(context: ProjectContext, request: WaitRequest) -> ArrivalReport:
    """Looks again and again, into the running sandbox that is named, or else into the project's file. Raises `WrongUsage`.

    A sandbox that doesn't answer yet may be starting: it is waited for as well.
    """
    if request.wanted.to is not None and not (is_number(request.wanted.to) or "@" in request.wanted.to):
        raise WrongUsage(
            f"'{mask_in_place(printable(request.wanted.to[:60]))}' is no phone number such as +447700900001 and no e-mail address",
            "write a number with + and its country code", option="--to",
        )  # fmt: skip
    clock = context.system.clock
    began, pause = clock.monotonic(), FIRST_PAUSE
    deadline = began + request.timeout_seconds
    look = _look(context, deadline)
    before: frozenset[str] | None = None if request.only_new else frozenset()
    while True:
        seen = look(request.wanted)
        if before is None and seen is not None:
            before = seen.ids
        found = [each for each in (seen or Seen()).messages if each["id"] not in (before or ())]
        now = clock.monotonic()
        if len(found) >= request.count or now >= deadline:
            break
        clock.sleep(min(pause, deadline - now))
        pause = min(2 * pause, MAX_PAUSE)
    everything = None if seen is None else look(Wanted()) or seen
    if seen is None and (api := named_sandbox(context)) is not None:
        raise no_sandbox(api)
    return _report(context, request, found, everything or Seen(), now - began)


def _report(
    context: ProjectContext, request: WaitRequest, found: Sequence[Listed], everything: Seen, seconds: float
) -> ArrivalReport:
    ids, is_enough = Seen(found).ids, len(found) >= request.count
    others = [] if is_enough else [each for each in everything.messages if each["id"] not in ids]
    return ArrivalReport(
        environment=context.environment.name,
        request=request,
        found=[ArrivedHere(each) for each in found],
        instead=[ArrivedHere(each) for each in others[-SHOWN_INSTEAD:][::-1]],
        total=len(everything.messages),
        seconds=seconds,
        lost_at=everything.lost_at,
    )


def _look(context: ProjectContext, deadline: float) -> Callable[[Wanted], Seen | None]:
    """Looks for messages, oldest first, hardly longer than until the deadline. None: nothing answers, or there is no file yet."""
    api, monotonic = named_sandbox(context), context.system.clock.monotonic
    if api is None:
        return lambda wanted: _stored(context, wanted)
    return lambda wanted: _asked(api, wanted, min(max(deadline - monotonic(), LAST_SECONDS), ANSWER_SECONDS))


def _stored(context: ProjectContext, wanted: Wanted) -> Seen | None:
    path = sandbox_file(context.root)
    if not path.exists():
        return None
    store, now = Store(path), context.system.clock.wall()
    try:
        found = [message for message in store.all() if wanted.matches(message.payload)]
    finally:
        store.close()
    return Seen([stored_json(message, reached_by(message, now, DEFAULT_PACE)) for message in found])


def _asked(api: Api, wanted: Wanted, seconds: float) -> Seen | None:
    answer = sandbox_answer(api, f"{EVERY_MESSAGE_PATH}?{wanted.query}", seconds)
    if answer is None or answer.status != 200:
        return None
    read = answer.read
    try:
        is_list = all(isinstance(each["id"], str) for each in read["results"])
        lost_at = read.get(LOST)
        found = [each for each in read["results"] if wanted.matches(each)]
        return Seen(found, lost_at if isinstance(lost_at, str) else None) if is_list else None
    except (TypeError, KeyError, AttributeError):
        return None
