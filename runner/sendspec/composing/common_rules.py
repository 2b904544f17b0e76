"""The rules that every platform's messages follow, and the rule for scheduled times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sendspec.composing.rule import Rule
from sendspec.reading.media_url import media_url_problem
from sendspec.reading.schema.formats import date_time
from sendspec.reading.schema.schema_problem import SchemaProblem

MAX_IMAGES = 10
MAX_SCHEDULE_DAYS = 35
"""The API refuses a message scheduled further ahead (the vendor's prose on `scheduledFor`)."""


def body_or_template(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """`body` and `template` exclude each other (the vendor's prose; the schema accepts both)."""
    if "body" in payload and "template" in payload:
        yield SchemaProblem(
            at=("template",),
            code="body-and-template",
            problem="the message has a body and a template; it can have one of them",
            fix="remove `body` to send the template, or `template` to send the body",
            at_key=True,
        )


def image_count(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """One image message carries at most ten media URLs."""
    body = payload.get("body")
    if isinstance(body, Mapping) and body.get("type") == "image":
        images = body["image"]["images"]
        if len(images) > MAX_IMAGES:
            yield SchemaProblem(
                at=("body", "image", "images"),
                code="too-many-images",
                problem=f"the message has {len(images)} images; {MAX_IMAGES} is the most",
                fix=f"remove {len(images) - MAX_IMAGES} of them, or send a second message",
                at_key=True,
            )


def public_media(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """The API fetches media itself. Only a public https URL can work, and only that is safe to pass on."""
    for holder, at in _media_holders(payload):
        url = holder.get("mediaUrl")
        if isinstance(url, str) and (found := media_url_problem(url)) is not None:
            yield SchemaProblem(
                at=(*at, "mediaUrl"), code=found.code, problem=found.problem, fix=found.fix, at_key=False
            )


def frequency_cap(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """`capFrequency` works only for marketing messages, which `meta.extraInformation.useCase` declares."""
    if payload.get("capFrequency") is not True:
        return
    information = payload.get("meta", {}).get("extraInformation", {})
    if information.get("useCase") != "marketing":
        yield SchemaProblem(
            at=("capFrequency",),
            code="cap-frequency",
            problem="`capFrequency` is true, and the message doesn't say that it is marketing",
            fix="add `meta: {extraInformation: {useCase: marketing}}` beside it, under `message`, or remove `capFrequency`",
            at_key=True,
            beside="meta",
        )


def schedule_rule(now: datetime, not_after: datetime | None = None) -> Rule:
    """`scheduledFor` is in the future, not too far, and not after the spec's `not_after`.

    The API sends a message scheduled in the past at once.
    """

    def problems(payload: Mapping[str, Any]) -> Iterator[SchemaProblem]:
        written = payload.get("scheduledFor")
        if written is None:
            return
        moment = date_time(written)
        ahead = moment - now
        if ahead < timedelta(0) or ahead > timedelta(days=MAX_SCHEDULE_DAYS):
            past = ahead < timedelta(0)
            yield SchemaProblem(
                at=("scheduledFor",),
                code="scheduled-past" if past else "scheduled-far",
                problem=f"'{written}' is in the past, and the API would send at once"
                if past
                else f"'{written}' is more than {MAX_SCHEDULE_DAYS} days ahead, and the API refuses that",
                fix=f"write a time within the next {MAX_SCHEDULE_DAYS} days, or remove `scheduledFor` to send at once"
                if past
                else f"write a time within the next {MAX_SCHEDULE_DAYS} days",
                at_key=False,
            )
        elif not_after is not None and moment > not_after:
            yield SchemaProblem(
                at=("scheduledFor",),
                code="scheduled-late",
                problem=f"'{written}' is later than `not_after`, so people would get the message too late",
                fix="write an earlier time, or a later `not_after`",
                at_key=False,
            )

    return Rule(problems, lambda at: at == ("scheduledFor",))


COMMON_RULES: tuple[Rule, ...] = (
    Rule(body_or_template, lambda at: False),
    Rule(image_count, lambda at: at == ("body", "type")),
    Rule(public_media, lambda at: at[-1] == "mediaUrl"),
    Rule(frequency_cap, lambda at: at[0] in ("capFrequency", "meta")),
)


def _media_holders(payload: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], tuple[str | int, ...]]]:
    body = payload.get("body")
    if isinstance(body, Mapping):
        yield from _below(body, ("body",))
    template = payload.get("template")
    if isinstance(template, Mapping):
        for index, attachment in enumerate(template.get("attachments") or ()):
            yield attachment, ("template", "attachments", index)


def _below(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[Mapping[str, Any], tuple[str | int, ...]]]:
    if isinstance(value, Mapping):
        if "mediaUrl" in value:
            yield value, at
        for key, child in value.items():
            yield from _below(child, (*at, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _below(child, (*at, index))
