"""What has become of a message by now: pure functions of its age and its receiver, so that nothing has to run meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.provider.timestamp import parse_timestamp
from sendspec.sandbox.ending import Ending, Step, ending_of
from sendspec.sandbox.store import Incoming, Stored

DEFAULT_PACE = 1.0
"""Seconds a step: most messages are delivered after three."""
SOON_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Reached:
    """A step of a message's life, and when it is reached, in Unix seconds."""

    step: Step
    at: float


def ending_of_message(message: Stored) -> Ending:
    return ending_of(message.receivers)


def begins_at(message: Stored) -> float:
    """When its life begins, in Unix seconds: when it was taken in, or the time that it is scheduled for.

    The API may send at once what is scheduled for a time less than ten minutes ahead. The sandbox does.
    """
    written = message.payload.get("scheduledFor")
    scheduled = parse_timestamp(written) if isinstance(written, str) else None
    if scheduled is None or scheduled < message.created_at + SOON_SECONDS:
        return message.created_at
    return scheduled


def life_of(message: Stored, pace: float) -> list[Reached]:
    """Its whole life, what is to come included."""
    begin = begins_at(message)
    waits = [Reached(Step(0, "scheduled"), message.created_at)] if begin > message.created_at else []
    return [*waits, *(Reached(step, begin + step.at * pace) for step in ending_of_message(message).life)]


def reached_by(message: Stored, now: float, pace: float) -> Reached:
    """The step that it has reached at `now`."""
    life = life_of(message, pace)
    return next((reached for reached in reversed(life) if reached.at <= now), life[0])


def status_of(message: Stored, now: float, pace: float) -> str:
    return reached_by(message, now, pace).step.status


def replies_to(message: Stored, pace: float) -> Iterator[Incoming]:
    """What its receiver writes back by its ending, what is to come included."""
    begin = begins_at(message)
    for index, reply in enumerate(ending_of_message(message).replies):
        yield Incoming(
            number=message.number,
            id=derived_id(message.id, f"reply {index}"),
            workspace=message.workspace,
            channel=message.channel,
            sender=message.receivers[0],
            text=reply.text,
            created_at=begin + reply.at * pace,
            answers=message.id,
        )


def derived_id(identity: str, what: str) -> str:
    """The id of something that follows from a message: always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{identity} {what}"))
