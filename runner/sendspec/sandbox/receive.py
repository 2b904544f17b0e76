"""Puts a text from a person into the sandbox, as if it had just come in."""

from __future__ import annotations

import re
import uuid
from typing import Any

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.provider.opt_out_keyword import KeywordSense, keyword_sense
from sendspec.reading.schema.formats import is_uuid
from sendspec.sandbox.incoming import INTERACTION_BY_SENSE
from sendspec.sandbox.query_parameter import NOT_A_UUID
from sendspec.sandbox.refusal import Details
from sendspec.sandbox.store import Incoming, Store

RECEIVE_PATH = "/_sandbox/incoming"
"""POST takes a text; the API has no such path."""
MAX_TEXT = 2_000
_NUMBER = lazy_pattern(r"\+[1-9][0-9]{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """A text to be put in. `channel` None is the channel of the newest message to the sender; `workspace` is for a channel without one."""

    sender: str
    text: str
    channel: str | None
    workspace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a text was taken for. `interaction` is the API's word for what its keyword does; `answers` is the message that it replies to."""

    id: str
    keyword: KeywordSense | None
    interaction: str | None
    answers: str | None


def receive(store: Store, text: NewText, now: float) -> Received | None:
    """Adds the text; None where no message went to its sender and no channel is named."""
    store.forget(now)
    sent = store.with_text(f'"{text.sender}"', channel=text.channel)
    answered = next((message for message in sent if text.sender in message.receivers), None)
    channel = text.channel if answered is None else answered.channel
    workspace = text.workspace if answered is None else answered.workspace
    if channel is None or workspace is None:
        return None
    sense = keyword_sense(text.text)
    answers = None if answered is None else answered.id
    added = store.add_incoming(Incoming(0, str(uuid.uuid4()), workspace, channel, text.sender, text.text, now, answers))
    kind = INTERACTION_BY_SENSE.get(sense) if sense is not None and answers is not None else None
    return Received(id=added.id, keyword=sense, interaction=kind, answers=answers)


def read_text(body: Any) -> NewText | Details:
    """The text in a request's JSON; what is wrong with it otherwise."""
    if not isinstance(body, dict):
        return {".": ["value must be an object"]}
    details: Details = {f".{name}": ["property is unsupported"] for name in body.keys() - NAMES}
    for name in sorted(NAMES):
        problem = _problem(name, body.get(name))
        if problem:
            details[f".{name}"] = [problem]
    return details or NewText(
        sender=body["from"], text=body["text"], channel=body.get("channel"), workspace=body.get("workspace")
    )


def received_json(received: Received) -> dict[str, Any]:
    return {
        "id": received.id, "keyword": received.keyword, "interaction": received.interaction, "answers": received.answers
    }  # fmt: skip


NAMES = frozenset({"from", "text", "channel", "workspace"})


def _problem(name: str, value: Any) -> str:
    if name in ("channel", "workspace"):
        return "" if value is None or (isinstance(value, str) and is_uuid(value)) else NOT_A_UUID
    if not isinstance(value, str):
        return "value must be a string"
    if name == "from":
        return "" if is_number(value) else "value must be a phone number such as +447700900001"
    return "" if is_text(value) else f"value must have 1 to {MAX_TEXT} characters, none of them U+0000"


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Whether a person can have sent it: U+0000 can't be part of a command line either."""
    return 0 < len(text) <= MAX_TEXT and "\0" not in text
