"""What `doctor` says of a channel's state, and of webhooks that may keep events from other ones. It only reads, two requests a channel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import assert_never

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.check import Check, CheckStatus
from sendspec.operations.planned_specs import yaml_files
from sendspec.provider.channel_state import ACTIVE, Ability, ChannelState, read_channel_state, read_subscriptions
from sendspec.provider.http_response import HttpResponse, UnreadableResponse
from sendspec.reading.documents.yaml_reader import read_document
from sendspec.reading.environment import Channel
from sendspec.reading.files.text_file import MAX_SPEC_BYTES, read_text_file
from sendspec.sending.connection import ConnectionFailed

MAX_FILES = 500
"""YAML files of a project that are looked at for specs with pictures or files."""
OPT_OUT_LINK = "{{ '{{optOutLink}}' }}"
MMS_BODIES = ("image", "file")
OK, NOTE, PROBLEM = CheckStatus.OK, CheckStatus.NOTE, CheckStatus.PROBLEM
Ask = Callable[[], HttpResponse]
"""Asks for one thing of the API. Raises `ConnectionFailed` and `UnreadableResponse`."""


def channel_state(alias: str, channel: Channel, root: Path, ask: Ask) -> Iterator[Check]:
    """Whether the channel is active, and whether it can send what the project's specs need."""
    what = f"state of {alias}"
    answer = _answer(ask)
    if isinstance(answer, str):
        yield Check(NOTE, what, f"unknown: {answer}", "look at the channel in the API's console")
        return
    state = read_channel_state(answer.body)
    if state.status is None:
        yield Check(NOTE, what, "unknown: the API's answer doesn't say it", "look at the channel in the API's console")
    elif state.status != ACTIVE:
        fix = "activate the channel: what is sent through it may be accepted, and fail afterwards"
        yield Check(PROBLEM, what, f"'{state.status}', not '{ACTIVE}'", fix)
    else:
        yield Check(OK, what, f"active{_abilities(state)}")
    if channel.platform == "sms":
        yield from _mms(alias, state.mms, root)
        if state.sender_name is not None:
            found = f"'{printable(state.sender_name)}' is a name, which nobody can answer: no STOP arrives"
            yield Check(
                NOTE, f"sender of {alias}", found, f"give people a link to opt out, such as the API's {OPT_OUT_LINK}"
            )


def _abilities(state: ChannelState) -> str:
    able = [name for name, ability in (("SMS", state.sms), ("MMS", state.mms)) if ability is Ability.YES]
    return f", can send {' and '.join(able)}" if able else ""


def _mms(alias: str, ability: Ability, root: Path) -> Iterator[Check]:
    """Nothing where no spec needs it, or the channel can."""
    match ability:
        case Ability.YES:
            return
        case Ability.NO:
            found = "the channel can't send pictures and files"
        case Ability.UNKNOWN:
            found = "whether the channel can send pictures and files is unknown"
        case _:
            assert_never(ability)
    specs = _specs_with_media(alias, root)
    if specs:
        listed = printable(", ".join(specs[:3])) + (", …" if len(specs) > 3 else "")
        yield Check(NOTE, f"MMS of {alias}", f"{found}; {listed} has them", "ask the provider, or send a link instead")


def _specs_with_media(alias: str, root: Path) -> list[str]:
    """The project's specs for this channel whose body is a picture or a file."""
    return [os.path.relpath(path, root) for path in islice(yaml_files(root), MAX_FILES) if _has_media(path, alias)]


def _has_media(path: Path, alias: str) -> bool:
    try:
        if path.stat().st_size > MAX_SPEC_BYTES or b"spec:" not in path.read_bytes():
            return False
    except OSError:
        return False
    problems = Problems()
    source = read_text_file(str(path), problems)
    document = None if source is None else read_document(source, problems)
    data = document.data if document is not None and isinstance(document.data, dict) else {}
    message = data.get("message")
    body = message.get("body") if isinstance(message, dict) else None
    return data.get("channel") == alias and isinstance(body, dict) and body.get("type") in MMS_BODIES


def subscription_check(what: str, ask: Ask) -> Iterator[Check]:
    """Whether some of a workspace's webhooks are filtered: they take events that would have come to the others. Silent where that can't be read."""
    answer = _answer(ask)
    found = None if isinstance(answer, str) else read_subscriptions(answer.body)
    if found is None or not found.active:
        return
    more = " or more" if found.is_part else ""
    told = f"{counted(found.active, 'active webhook')}{more} for channels"
    if found.filtered in (0, found.active):
        yield Check(OK, what, told)
    else:
        yield Check(
            NOTE,
            what,
            f"{told}, {found.filtered} with a filter: events that a filter takes may not come to those without one",
            "give each of them a filter, or none",
        )


def _answer(ask: Ask) -> HttpResponse | str:
    """The answer 200, or why there is none."""
    try:
        answer = ask()
    except ConnectionFailed as error:
        return error.reason
    except UnreadableResponse as error:
        return error.evidence
    return answer if answer.status == 200 else f"the API answers {answer.status}"
