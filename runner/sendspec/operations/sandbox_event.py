"""`sandbox event`: a text from a person comes into the sandbox, into one that runs or into its file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.operations.project_context import ProjectContext
from sendspec.operations.reachable_api import named_sandbox, sandbox_file, workspace_of
from sendspec.operations.sandbox_answer import sandbox_answer
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.provider.opt_out_keyword import KeywordSense
from sendspec.reading.api_url import Api
from sendspec.reading.environment import channel_of
from sendspec.reading.files.private_folder import make_private_folder
from sendspec.reading.schema.formats import is_uuid
from sendspec.sandbox.receive import MAX_TEXT, RECEIVE_PATH, NewText, Received, is_number, is_text, receive
from sendspec.sandbox.store import Store

ANSWER_SECONDS = 10.0


def put_text(context: ProjectContext, sender: str, text: str, channel: str | None) -> Received:
    """Puts a text in, as if it had just come. `channel` is an alias or the id of a channel.

    Without one, it comes to the channel of the newest message to the sender. Raises `WrongUsage`.
    """
    if not is_number(sender):
        raise WrongUsage(
            f"'{mask_in_place(printable(sender[:60]))}' is not a phone number such as +447700900001",
            "write it with + and its country code", option="--from",
        )  # fmt: skip
    if not is_text(text):
        raise WrongUsage(f"a text has 1 to {MAX_TEXT} characters, none of them U+0000", "shorten it", option="--text")
    channel_id, workspace = _channel(context, channel)
    running = named_sandbox(context)
    new = NewText(
        sender=sender, text=text, channel=channel_id,
        workspace=workspace if running is None else workspace_of(context.root),
    )  # fmt: skip
    received = _stored(context, new) if running is None else _posted(running, new)
    if received is None:
        raise WrongUsage(
            "no message in the sandbox went to this number: send to it first, or name the channel with --channel",
            "send to it first, or name the channel",
        )  # fmt: skip
    return received


def _channel(context: ProjectContext, channel: str | None) -> tuple[str | None, str]:
    """The id of the channel, None where none is named, and the workspace of the built-in sandbox."""
    found = channel_of(context.environment, channel or "sms")
    assert found is not None  # the sandbox has one for every alias
    if channel is None:
        return None, found.workspace
    return channel.lower() if is_uuid(channel) else found.channel, found.workspace


def _stored(context: ProjectContext, text: NewText) -> Received | None:
    make_private_folder(context.root)
    store = Store(sandbox_file(context.root))
    try:
        return receive(store, text, context.system.clock.wall())
    finally:
        store.close()


def _posted(api: Api, text: NewText) -> Received | None:
    """What the running sandbox says; None where it knows no message to the sender."""
    body = {"from": text.sender, "text": text.text, "channel": text.channel, "workspace": text.workspace}
    answer = sandbox_answer(api, RECEIVE_PATH, ANSWER_SECONDS, body)
    if answer is not None and answer.status == 404:
        return None
    received = None if answer is None or answer.status != 202 else _received(answer.read)
    if received is None:
        raise no_sandbox(api)
    return received


def _received(read: Any) -> Received | None:
    try:
        received = Received(**read)
        keyword = None if received.keyword is None else KeywordSense(received.keyword)
    except (TypeError, ValueError):
        return None
    return Received(**{**asdict(received), "keyword": keyword})


def no_sandbox(api: Api) -> WrongUsage:
    return WrongUsage(
        f"no sandbox answers at http://{api.authority}, which SENDSPEC_SANDBOX_URL names; `sendspec sandbox` starts one",
        "start it with `sendspec sandbox`, or unset the variable",
        is_typed=False,
    )
