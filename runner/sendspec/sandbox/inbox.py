"""What arrived in the sandbox, as conversations: the messages to an address, what has become of them by now, and what its person wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeAlias

from sendspec.composing.payload_text import text_of
from sendspec.composing.platforms.sms_segments import Measure
from sendspec.composing.readable_text import readable_text
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.opt_out_keyword import KeywordSense, keyword_sense
from sendspec.sandbox.arrived import texts_of
from sendspec.sandbox.incoming import Interaction, interactions_with
from sendspec.sandbox.life import Reached, life_of, replies_to
from sendspec.sandbox.platforms import platform_of
from sendspec.sandbox.response_body import measure_of
from sendspec.sandbox.search import Search, Searched
from sendspec.sandbox.store import Incoming, Store, Stored

ID_DIGITS = 16
NO_ADDRESS = "no address"


@dataclass(frozen=True, kw_only=True)
class ArrivedMessage:
    """A message to a person as it is at `now`. `texts` were put in and reply to it."""

    stored: Stored
    platform: str
    texts: Sequence[Incoming]
    now: float
    pace: float

    @cached_property
    def passed(self) -> Sequence[Reached]:
        """The steps of its life until now, at least the first one."""
        life = life_of(self.stored, self.pace)
        return [reached for reached in life if reached.at <= self.now] or life[:1]

    @cached_property
    def interactions(self) -> Sequence[Interaction]:
        """What was done with it until now."""
        return [each for each in interactions_with(self.stored, self.texts, self.pace) if each.at <= self.now]

    @property
    def at(self) -> float:
        return self.stored.created_at

    @property
    def order(self) -> tuple[float, int, int]:
        return self.at, 0, self.stored.number

    @property
    def address(self) -> str:
        return address_of(self.stored)

    @property
    def reached(self) -> Reached:
        return self.passed[-1]

    @property
    def reference(self) -> str:
        return str(self.stored.payload.get("reference") or "")

    @cached_property
    def text(self) -> str:
        """All that can be read in it."""
        return readable_text(self.stored.payload) or ""

    @property
    def beginning(self) -> str:
        """What a list shows of it: an e-mail's subject, else its text."""
        html = (self.stored.payload.get("body") or {}).get("html") or {}
        return str((html.get("metadata") or {}).get("subject") or text_of(self.stored.payload) or self.text)

    @cached_property
    def measure(self) -> Measure | None:
        """The size of its text on a phone network; None for what has no segments."""
        return measure_of(self.stored, self.platform)

    @cached_property
    def searched(self) -> Searched:
        """By the texts that are to be seen, and by `name:value` and whole ids."""
        status, failure = self.reached.step.status, self.reached.step.failure
        texts = [self.address, *self.stored.receivers, *texts_of(self.stored.payload)]
        terms = [self.reference, self.stored.id, "from:us", f"status:{status}"]
        terms += [f"platform:{self.platform}", f"channel:{self.stored.channel}"]
        terms += [f"tag:{tag}" for tag in self.stored.payload.get("tags", ())]
        terms += [f"did:{each.kind}" for each in self.interactions]
        if self.measure is not None:
            terms += [f"encoding:{self.measure.encoding}", f"segments:{self.measure.segments}"]
        if failure is not None:
            texts.append(failure.text)
            terms += [f"failure:{failure.code}", f"failure:{failure.name}"]
        return Searched(texts, terms)


@dataclass(frozen=True, kw_only=True)
class ArrivedText:
    """A text from a person. `keyword` is what it says about opting out, or in."""

    text: Incoming

    @property
    def at(self) -> float:
        return self.text.created_at

    @property
    def order(self) -> tuple[float, int, int]:
        return self.at, 1, self.text.number

    @property
    def address(self) -> str:
        return self.text.sender

    @property
    def keyword(self) -> KeywordSense | None:
        return keyword_sense(self.text.text)

    @cached_property
    def searched(self) -> Searched:
        keyword = [] if self.keyword is None else [f"keyword:{self.keyword}"]
        return Searched([self.address, self.text.text], [self.text.id, "from:person", *keyword])


Entry: TypeAlias = ArrivedMessage | ArrivedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The entries with one address that a search leaves, oldest first, at least one; `all` is how many there are without it."""

    address: str
    entries: Sequence[Entry]
    all: int

    @property
    def id(self) -> str:
        return conversation_id(self.address)

    @property
    def newest(self) -> Entry:
        return self.entries[-1]

    @property
    def newest_message(self) -> ArrivedMessage | None:
        return next((each for each in reversed(self.entries) if isinstance(each, ArrivedMessage)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The conversations that a search leaves, the newest first. `messages`, `texts`, `channels` and `addresses` are of everything that is stored."""

    search: Search
    conversations: Sequence[Conversation]
    messages: int
    texts: int
    channels: Sequence[str]
    addresses: Collection[str]

    def find(self, identity: str) -> Conversation | None:
        return next((each for each in self.conversations if each.id == identity), None)


@dataclass(frozen=True, slots=True)
class Arrived:
    """All messages in the store, and the texts that were put in, both oldest first."""

    messages: Sequence[Stored]
    texts: Sequence[Incoming]


def read_arrived(store: Store) -> Arrived:
    return Arrived(store.all(), store.incoming_after(0))


def read_inbox(arrived: Arrived, search: Search, now: float, pace: float, platforms: Mapping[str, str]) -> Inbox:
    """Everything that has happened until `now`."""
    answers: dict[str, list[Incoming]] = {}
    for text in arrived.texts:
        answers.setdefault(text.answers or "", []).append(text)
    entries: list[Entry] = [ArrivedText(text=text) for text in arrived.texts]
    for message in arrived.messages:
        platform, texts = platform_of(message, platforms), answers.get(message.id, ())
        entries.append(ArrivedMessage(stored=message, platform=platform, texts=texts, now=now, pace=pace))
        entries += [ArrivedText(text=text) for text in replies_to(message, pace) if text.created_at <= now]
    grouped: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda each: each.order):
        grouped.setdefault(entry.address, []).append(entry)
    return Inbox(
        search=search,
        conversations=sorted(_found(grouped, search), key=lambda each: each.newest.order, reverse=True),
        messages=len(arrived.messages),
        texts=len(entries) - len(arrived.messages),
        channels=sorted({message.channel for message in arrived.messages}),
        addresses=grouped.keys(),
    )


def _found(grouped: Mapping[str, list[Entry]], search: Search) -> Iterator[Conversation]:
    for address, entries in grouped.items():
        left = [entry for entry in entries if search.matches(entry.searched)] if search else entries
        if left:
            yield Conversation(address=address, entries=left, all=len(entries))


def address_of(message: Stored) -> str:
    """Whom a message went to, as its conversation is called: its first receiver, or the id of the contact."""
    if message.receivers:
        return message.receivers[0]
    contacts: Sequence[Mapping[str, Any]] = message.payload["receiver"].get("contacts") or ()
    return next((str(contact["id"]) for contact in contacts if contact.get("id")), NO_ADDRESS)


def conversation_id(address: str) -> str:
    """What names a conversation in a link: its address would stay in the browser's history."""
    return sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]
