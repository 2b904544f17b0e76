"""The steps of a history of plan files, and the faults that befall its sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from plan_model import Person
from project_dir import Answer

PEOPLE: tuple[Person, ...] = ("A0", "A1", "A2", "A3")
FILES = ("first.json", "second.json")
Damage: TypeAlias = Literal["stop", "refuse", "lost", "taken", "kill, lost", "kill, taken"]
"""`stop` answers 401 and `refuse` 422 from then on; `lost` and `taken` drop one connection, without and with the message."""
LASTING = ("stop", "refuse")
Change: TypeAlias = Literal["person", "word", "order", "text", "reference", "comment", "in_doubt", "limit"]


@dataclass(frozen=True, slots=True)
class MakePlan:
    """A plan of all that is due; with `retry` of what was refused, if anything was."""

    file: str
    retry: bool


@dataclass(frozen=True, slots=True)
class Edit:
    what: Change
    person: Person


@dataclass(frozen=True, slots=True)
class Suppress:
    """Puts a person on the list of those who get nothing, or takes them off it."""

    person: Person


@dataclass(frozen=True, slots=True)
class Expire:
    file: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """A person settles what is in doubt, and is right."""

    to: Literal["not-sent", "skipped", "accepted"]


@dataclass(frozen=True, slots=True)
class Fault:
    damage: Damage
    at: int


@dataclass(frozen=True, slots=True)
class Send:
    """A send of a plan file; None: of the spec, of all that is due."""

    file: str | None
    fault: Fault | None = None


Step: TypeAlias = MakePlan | Edit | Suppress | Expire | Resolve | Send


def answer_of(fault: Fault | None, number: int) -> tuple[Answer, str]:
    """The server's answer to a send's nth request, and what that does to the message."""
    if fault is None or number < fault.at or (number > fault.at and fault.damage not in LASTING):
        return Answer(), "accepted"
    match fault.damage:
        case "stop":
            return Answer(401, b'{"code": "Unauthorized", "message": "no"}'), "stop"
        case "refuse":
            return Answer(422, b'{"code": "InvalidNumber", "message": "no"}'), "refused"
        case "lost" | "taken":
            return Answer(drop=True, taken=fault.damage == "taken"), fault.damage
        case "kill, lost" | "kill, taken":
            return Answer(drop=True, taken=False), "killed"
        case _:
            assert_never(fault.damage)
