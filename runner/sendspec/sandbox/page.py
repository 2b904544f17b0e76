"""The sandbox's page: what each of its addresses shows, and what its forms do. Without sockets, and without who may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Protocol
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.sandbox.api import EVERY_MESSAGE_PATH, Sandbox
from sendspec.sandbox.comparison import Comparison, Planned, compare
from sendspec.sandbox.fault import FAULT_STATUSES, LIST_KINDS, POST_KINDS, WEBHOOK_KINDS, parse_fault
from sendspec.sandbox.fault_switch import TooManyFaults
from sendspec.sandbox.inbox import Arrived, Conversation, Inbox, address_of, conversation_id, read_arrived, read_inbox
from sendspec.sandbox.life import DEFAULT_PACE
from sendspec.sandbox.page_view import (
    AbsentView,
    ComparisonView,
    FaultsView,
    Frame,
    InboxView,
    NumbersView,
    Render,
    View,
)
from sendspec.sandbox.platforms import NO_PLATFORMS
from sendspec.sandbox.receive import MAX_TEXT, RECEIVE_PATH, NewText, is_number, is_text, receive
from sendspec.sandbox.search import Search, parse_search

PAGE_PATH = "/_sandbox/"
MAX_FORM, MAX_FIELDS = 32_768, 20
"""Bytes and fields of a form."""
OPTIONS = ("every", "from", "to", "ms", "retry-after")


class PlannedMessages(Protocol):
    """The messages of the project's ledger for the sandbox."""

    def read(self) -> Planned | str:
        """The messages; in words why they can't be read."""

    def mark(self) -> object:
        """Changes when the ledger does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReply:
    """An answer: a page, or where to go on (`Location`)."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Look:
    """The ledger's messages, or why there are none, with the ledger's mark; and what had arrived a moment later."""

    mark: str
    planned: Planned | str
    arrived: Arrived


class SandboxPage:
    """Thread-safe. `planned` is what the project's ledger has for the sandbox."""

    def __init__(
        self,
        sandbox: Sandbox,
        clock: Callable[[], float],
        render: Render,
        planned: PlannedMessages,
        *,
        platforms: Mapping[str, str] = NO_PLATFORMS,
        has_webhook: bool = False,
    ) -> None:
        self.sandbox = sandbox
        self._clock = clock
        self._render = render
        self._planned = planned
        self._last_planned: tuple[object, Planned | str] = (None, "")
        self._last_compared: tuple[object, Comparison | None] = (None, None)
        self.url = ""
        """Where the sandbox listens, once it does."""
        self.base = PAGE_PATH
        """The path of its pages as a browser has it."""
        self._platforms = platforms
        kinds = [*map(str, sorted(FAULT_STATUSES)), *POST_KINDS, *LIST_KINDS]
        self._kinds: Sequence[str] = [*kinds, *WEBHOOK_KINDS] if has_webhook else kinds

    @staticmethod
    def owns(path: str) -> bool:
        """Whether the page answers at this path, and not the API."""
        return path.startswith(PAGE_PATH) and path not in (EVERY_MESSAGE_PATH, RECEIVE_PATH)

    def get(self, target: str) -> PageReply:
        """What an address shows."""
        path, _, query = target.partition("?")
        search = parse_search(_given(query).get("q", ""))
        place, _, identity = path.removeprefix(PAGE_PATH).partition("/")
        match place, identity:
            case "", "":
                return self._inbox(search, None)
            case "latest", "":
                return self._latest(search)
            case "with", _:
                return self._inbox(search, identity)
            case "message", _:
                return self._message(identity)
            case "planned", "":
                comparison, why_not = self._compared(self._look())
                return self._page(ComparisonView(comparison=comparison, why_not=why_not))
            case "faults", "":
                return self._page(self._faults())
            case "numbers", "":
                return self._page(NumbersView())
        return self._page(AbsentView("there is no such page"), 404)

    def post(self, target: str, body: bytes) -> PageReply:
        """What a form does. Afterwards the browser is sent to where it shows."""
        try:
            typed = dict(
                parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
            )
        except ValueError:
            return self._page(AbsentView("the form can't be read"), 400)
        faults = self.sandbox.faults
        match target.partition("?")[0].removeprefix(PAGE_PATH):
            case "text":
                return self._text(typed)
            case "faults/add":
                return self._add_fault(typed)
            case "faults/remove":
                number = typed.get("id", "")
                faults.remove(int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)
            case "faults/clear":
                faults.clear()
            case _:
                return self._page(AbsentView("there is no such form"), 404)
        return self._go_on("faults")

    def _page(self, view: View, status: int = 200, *, here: str | None = None) -> PageReply:
        """A page. `here` is its place, if it isn't what was asked for."""
        address = "" if here is None else self.base + here
        frame = Frame(
            now=self._clock(), url=self.url, base=self.base, here=address,
            faults=len(self.sandbox.faults.state().faults), lost_at=self.sandbox.store.lost_at,
        )  # fmt: skip
        rendered = self._render(view, frame)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": rendered.policy,
            "Referrer-Policy": "same-origin",  # without a referrer, a form's `Origin` would be `null`, as another page's
        }
        return PageReply(status=status, body=rendered.html.encode("utf-8", "replace"), headers=headers)

    def _go_on(self, place: str, search: Search | None = None, message: str = "") -> PageReply:
        query = f"?{urlencode({'q': search.written})}" if search else ""
        there = f"{self.base}{place}{query}{f'#m-{quote(message)}' if message else ''}"
        return PageReply(status=303, headers={"Location": there})

    def _inbox(self, search: Search, identity: str | None) -> PageReply:
        """The inbox, with the conversation of this id open; None opens the newest."""
        look = self._look()
        inbox = self._read(look.arrived, search)
        if identity is None:
            return self._inbox_page(look, inbox, inbox.conversations[0] if inbox.conversations else None)
        if not any(conversation_id(address) == identity for address in inbox.addresses):
            return self._page(AbsentView("nothing is stored with this person any more"), 404)
        return self._inbox_page(look, inbox, inbox.find(identity))

    def _inbox_page(
        self, look: _Look, inbox: Inbox, opened: Conversation | None, problem: str = "", typed: Mapping[str, str] | None = None
    ) -> PageReply:  # fmt: skip
        comparison, why_not = self._compared(look)
        view = InboxView(
            inbox=inbox, opened=opened, comparison=comparison, why_not=why_not, problem=problem, typed=typed
        )
        if not problem:
            return self._page(view)
        return self._page(view, 422, here="" if opened is None else f"with/{opened.id}")

    def _arrived(self) -> Arrived:
        self.sandbox.store.forget(self._clock())
        return read_arrived(self.sandbox.store)

    def _read(self, arrived: Arrived, search: Search) -> Inbox:
        return read_inbox(arrived, search, self._clock(), self.sandbox.pace, self._platforms)

    def _latest(self, search: Search) -> PageReply:
        """The newest conversation that a search leaves."""
        inbox = self._read(self._arrived(), search)
        if not inbox.conversations:
            what = f"no message matches {search.written}" if search else "nothing has arrived yet"
            return self._page(AbsentView(what), 404)
        return self._go_on(f"with/{inbox.conversations[0].id}", search)

    def _message(self, named: str) -> PageReply:
        """Leads to a message by its id, or by its reference: to the newest one that has it."""
        wanted = unquote(named)
        found = [each for each in self.sandbox.store.all() if wanted in (each.id, each.payload.get("reference"))]
        if not found:
            return self._page(AbsentView("no message here has this id or reference"), 404)
        return self._go_on(f"with/{conversation_id(address_of(found[-1]))}", message=found[-1].id)

    def _look(self) -> _Look:
        """Reads the ledger first: what it has as accepted then is in the store already."""
        mark = repr(self._planned.mark())
        known, planned = self._last_planned
        if known != mark:
            planned = self._planned.read()
            self._last_planned = (mark, planned)
        return _Look(mark, planned, self._arrived())

    def _compared(self, look: _Look) -> tuple[Comparison | None, str]:
        """The comparison, or why there is none; made again only if the ledger or the messages are other ones."""
        if isinstance(look.planned, str):
            return None, look.planned
        messages, lost_at = look.arrived.messages, self.sandbox.store.lost_at
        mark = (look.mark, lost_at, len(messages), messages[-1].number if messages else 0)
        known, comparison = self._last_compared
        if known != mark:
            comparison = compare(look.planned, messages, self._clock(), self._platforms, lost_at)
            self._last_compared = (mark, comparison)
        return comparison, ""

    def _text(self, typed: Mapping[str, str]) -> PageReply:
        """Puts a text from a person in, as `sendspec sandbox event` does."""
        sender, text = typed.get("from", "").strip(), typed.get("text", "").replace("\r\n", "\n")
        channel, workspace = self._channel(typed.get("channel", ""))
        problem, received = "", None
        if not is_number(sender):
            problem = "this is not a phone number such as +447700900001: write it with + and its country code"
        elif not is_text(text):
            problem = f"a text has 1 to {MAX_TEXT} characters, none of them U+0000"
        else:
            new = NewText(sender=sender, text=text, channel=channel, workspace=workspace)
            received = receive(self.sandbox.store, new, self._clock())
            problem = "" if received else "no message here went to this number: send to it first, or choose a channel"
        if received is None:
            look = self._look()
            inbox = self._read(look.arrived, Search())
            return self._inbox_page(look, inbox, inbox.find(conversation_id(sender)), problem, typed)
        return self._go_on(f"with/{conversation_id(sender)}", message=received.id)

    def _channel(self, named: str) -> tuple[str | None, str | None]:
        """A channel that a message went through, and its workspace."""
        newest = next((each for each in reversed(self.sandbox.store.all()) if each.channel == named), None)
        return (None, None) if newest is None else (newest.channel, newest.workspace)

    def _faults(self, problem: str = "", typed: Mapping[str, str] | None = None) -> FaultsView:
        """The faults, with the options that this sandbox was started with, as far as they matter to them."""
        pace, rate = self.sandbox.pace, self.sandbox.per_second
        options = [f"--port {urlsplit(self.url).port}"]
        options += [f"--pace {pace:g}"] if pace != DEFAULT_PACE else []
        options += [f"--rate {rate}"] if rate is not None else []
        state = self.sandbox.faults.state()
        return FaultsView(state=state, kinds=self._kinds, options=options, problem=problem, typed=typed)

    def _add_fault(self, typed: Mapping[str, str]) -> PageReply:
        kind = typed.get("kind", "")
        options = ",".join(f"{name}={value}" for name in OPTIONS if (value := typed.get(name, "").strip()))
        problem = "" if kind in self._kinds else "choose a fault"
        if not problem:
            try:
                self.sandbox.faults.add(parse_fault(f"{kind}:{options}" if options else kind))
            except ValueError as error:
                problem = str(error)
            except TooManyFaults:
                problem = "so many faults are on already: remove one first"
        if problem:
            return self._page(self._faults(problem, typed), 422, here="faults")
        return self._go_on("faults")


def _given(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}
