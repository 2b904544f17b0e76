"""What people do: the texts to a channel, and the interactions with a message, in the shapes of the API.

Both follow from a message's age and receiver (`life.py`), and from the texts that were put into the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.opt_out_keyword import KeywordSense, keyword_sense
from sendspec.provider.timestamp import format_timestamp
from sendspec.sandbox.ending import ENDINGS
from sendspec.sandbox.life import begins_at, derived_id, ending_of_message, replies_to
from sendspec.sandbox.query import ListQuery
from sendspec.sandbox.response_body import contacts_json, parts_of, tags_of
from sendspec.sandbox.store import Incoming, Store, Stored

INTERACTION_BY_SENSE = {KeywordSense.OUT: "unsubscribe-request", KeywordSense.IN: "subscribe-consent"}
PLATFORM_IDS = {"sms": "sms-messagebird", "email": "email-messagebird"}
"""The API's names of platforms; others are called as in a project file."""
_LINK = "https://example.com/"
_TIES = 16
"""Bits of a page token that tell texts of one millisecond apart."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something that a person, or a program, did with a message. `first` counts people alone, `first_of_all` programs too."""

    id: str
    kind: str
    at: float
    message: Stored
    details: str = ""
    bot: bool = False
    first: bool = True
    first_of_all: bool = True


def incoming_json(text: Incoming) -> dict[str, Any]:
    """A text from a person, as the list shows it and events carry it (`reference/delivery.md`, section 1.1)."""
    moment = format_timestamp(text.created_at)
    contact = {
        "id": derived_id(text.sender, "contact"), "identifierKey": "phonenumber", "identifierValue": text.sender
    }  # fmt: skip
    return {
        "id": text.id,
        "channelId": text.channel,
        "sender": {"contact": contact},
        "receiver": {"connector": {"id": text.channel}},
        "body": {"type": "text", "text": {"text": text.text}},
        "parts": [{"platformReference": derived_id(text.id, "part 0")}],
        "status": "delivered",
        "direction": "incoming",
        "lastStatusAt": moment,
        "createdAt": moment,
        "updatedAt": moment,
    }


def interactions_with(message: Stored, texts: Sequence[Incoming], pace: float) -> list[Interaction]:
    """The interactions with a message, what is to come included, oldest first. `texts` were put in and reply to it.

    Whether the API names the message or the reply as the one of an opt-out isn't documented. Here it is the message.
    """
    kinds = [
        Interaction(derived_id(text.id, "interaction"), kind, text.created_at, message, "keyword")
        for text in (*replies_to(message, pace), *texts)
        if (kind := INTERACTION_BY_SENSE.get(keyword_sense(text.text) or KeywordSense.CONTAINS)) is not None
    ]
    return sorted([*kinds, *_clicks(message, pace)], key=lambda interaction: interaction.at)


def _clicks(message: Stored, pace: float) -> Iterator[Interaction]:
    people = 0
    for index, click in enumerate(ending_of_message(message).clicks):
        yield Interaction(
            id=derived_id(message.id, f"click {index}"),
            kind="clicked",
            at=begins_at(message) + click.at * pace,
            message=message,
            bot=click.bot,
            first=not click.bot and people == 0,
            first_of_all=index == 0,
        )
        people += not click.bot


def interaction_json(interaction: Interaction, platform: str) -> dict[str, Any]:
    """An interaction as the API returns it and as events carry it (`reference/delivery.md`, section 2.2)."""
    message = interaction.message
    shown: dict[str, Any] = {
        "id": interaction.id,
        "messageId": message.id,
        "channelId": message.channel,
        "platformId": PLATFORM_IDS.get(platform, platform),
        "type": interaction.kind,
        "messagePartsCount": parts_of(message),
        "messageTags": tags_of(message),
        "receiver": {"contacts": contacts_json(message)},
        "createdAt": format_timestamp(interaction.at),
        "isFirstInteraction": interaction.first,
        "isFirstInteractionIncludingBots": interaction.first_of_all,
    }
    if "reference" in message.payload:
        shown["messageReference"] = message.payload["reference"]
    if interaction.details:
        shown["details"] = interaction.details
    if interaction.kind == "clicked":
        shown["metadata"] = {"link": {"url": _LINK}, "prefetched": interaction.bot}
    return shown


def page_of_incoming(
    store: Store, workspace: str, channel: str, wanted: ListQuery, now: float, pace: float
) -> tuple[list[Incoming], int | None]:
    """A page of the texts to a channel until `now`, and the number that the next one begins after."""
    if wanted.batch or wanted.receivers or wanted.tags or (wanted.statuses and "delivered" not in wanted.statuses):
        return [], None
    since = float("-inf") if wanted.since is None else wanted.since
    until = now if wanted.until is None else min(now, wanted.until)
    found = sorted(
        (
            (_place(text, is_derived=is_derived), text)
            for text, is_derived in _texts_to(store, workspace, channel, pace)
            if since <= text.created_at <= until and (not wanted.ids or text.id in wanted.ids)
        ),
        key=lambda each: each[0],
        reverse=not wanted.reverse,
    )
    if wanted.after is not None:
        found = [each for each in found if (each[0] > wanted.after if wanted.reverse else each[0] < wanted.after)]
    page = found[: wanted.limit]
    return [text for _, text in page], page[-1][0] if len(found) > len(page) else None


def _texts_to(store: Store, workspace: str, channel: str, pace: float) -> Iterator[tuple[Incoming, bool]]:
    """The texts to a channel, what is to come included, and whether they follow from a message's ending."""
    for ending in ENDINGS:
        if ending.replies:
            for message in store.with_text(f'0000{ending.digits}"', workspace, channel):
                if ending_of_message(message) is ending:
                    yield from ((text, True) for text in replies_to(message, pace))
    yield from ((text, False) for text in store.incoming(workspace, channel))


def _place(text: Incoming, *, is_derived: bool) -> int:
    """The place of a text in the list, by time. Of one kind, fewer texts are kept than numbers fit into the last bits."""
    tie: int = (text.number % 2 ** (_TIES - 1)) << 1 | is_derived
    return int(text.created_at * 1_000) << _TIES | tie
