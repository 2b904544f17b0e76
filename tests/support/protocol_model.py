"""An exhaustive model of the protocol for one key: two runners, a disk behind a cache, a server, an observer, every loss and kill.

Keys are independent of each other, so one is enough. Every state that can be reached is looked at. What the API's list proves
is a model of its own: `list_model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import list_model
from mutants import ABOUT_THE_LIST, Mutant
from state_search import search

MAX_ATTEMPTS = 3
OBSERVED = ("", "rejected", "delivered")
"""What an observer may note of a message, the strongest last; no other status means more than `rejected`."""
TEXTS = ("A", "B")
"""What a plan may want to send to the key: the spec is edited between two runs."""
FINAL = ("accepted", "refused")
RECOVERED = {Mutant.REQUEUE_AT_RECOVERY: "planned", Mutant.ROWS_DELETED: "none"}


@dataclass(frozen=True, slots=True)
class Row:
    """The key's row: `owner` is the runner whose claim it was; `none` is a row that isn't there; `text` is the planned one."""

    state: str = "none"
    attempt: int = 0
    owner: int = -1
    text: str = ""


@dataclass(frozen=True, slots=True)
class Runner:
    """`phase` is dead, idle, claimed, written or asked; `answer` what came back for its attempt, or from the list.

    `text` is what it composed and would send.
    """

    phase: str = "dead"
    attempt: int = 0
    answer: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """`wire` are requests that the server hasn't seen yet, `taken` counts what it accepted.

    `approved` is the text of the last plan that could still change what goes out; `other_text`: a request had another one.
    `noted` is what counts of all observations.
    """

    row: Row = Row()
    disk: Row = Row()
    runners: tuple[Runner, Runner] = (Runner(), Runner())
    wire: tuple[int, ...] = ()
    taken: int = 0
    listed: bool = False
    approved: str = ""
    other_text: bool = False
    noted: str = ""


def explore(mutant: Mutant | None = None, most: int = 2_000_000) -> tuple[int, list[str]]:
    """How many states there are, and the steps to the first in which the promise is broken; none if there is no such."""
    if mutant in ABOUT_THE_LIST:
        return list_model.explore(mutant)
    return search([World()], partial(_steps, mutant=mutant), _broken, _breaks, most)


def _broken(world: World) -> bool:
    false_accept = world.row.state == "accepted" and world.taken == 0 and not world.wire
    lost = world.row.state == "refused" and world.taken > 0
    return world.taken > 1 or false_accept or lost or world.other_text


def _breaks(world: World, after: World) -> bool:
    return _overwrites(world, after) or _loses(world, after) or _forgets(world, after)


def _overwrites(world: World, after: World) -> bool:
    """Whether a final state gives way to another."""
    return world.row.state in FINAL and after.row.state != world.row.state


def _loses(world: World, after: World) -> bool:
    """Whether a message that was claimed is gone: nobody would miss it."""
    return world.row.attempt > 0 and after.row.state == "none"


def _forgets(world: World, after: World) -> bool:
    """Whether what was noted of the message gives way to less."""
    return OBSERVED.index(after.noted) < OBSERVED.index(world.noted)


def _steps(world: World, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    yield from _server(world)
    yield "power cut", replace(world, row=world.disk, runners=(Runner(), Runner()))
    if world.disk != world.row:
        yield "the cache reaches the disk", replace(world, disk=world.row)
    for r in (0, 1):
        yield from _runner(world, r, mutant)
    yield from _observer(world, mutant)


def _observer(world: World, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    """Who notes what a list or an event says, without any lock: at any time, early, late, again, and of what was never sent.

    It has our reference. With our receiver it is noted if it is stronger than what was, with another one it is none of ours.
    """
    for status in OBSERVED[1:]:
        noted = replace(world, noted=max(world.noted, status, key=OBSERVED.index))
        yield f"an observer sees it {status}", _observed(noted, status, mutant)
        if mutant is Mutant.OBSERVED_OF_ANYBODY and world.row.state == "in_doubt":
            yield (
                f"an observer sees another's {status}",
                _committed(world, replace(world.row, state="accepted"), mutant),
            )


def _observed(world: World, status: str, mutant: Mutant | None) -> World:
    """What an observation does to the row: nothing."""
    wrong = (
        mutant is Mutant.REJECTED_IS_PLANNED and (world.row.state, status) == ("in_doubt", "rejected"),
        mutant is Mutant.FAILED_IS_RESENT and (world.row.state, status) == ("accepted", "rejected"),
    )
    return _committed(world, replace(world.row, state="planned"), mutant) if any(wrong) else world


def _server(world: World) -> Iterator[tuple[str, World]]:
    for attempt in dict.fromkeys(world.wire):
        rest = list(world.wire)
        rest.remove(attempt)
        seen = replace(world, wire=tuple(rest))
        taken = replace(seen, taken=seen.taken + 1)
        for answer in ("202", "500", "lost"):
            yield f"the server takes {attempt} and answers {answer}", _answered(taken, attempt, answer)
        for answer in ("422", "429", "500", "lost", "foreign 202"):
            yield f"the server takes nothing and answers {answer} to {attempt}", _answered(seen, attempt, answer)
    if world.taken and not world.listed:
        yield "the list shows it", replace(world, listed=True)


def _answered(world: World, attempt: int, answer: str) -> World:
    runners = tuple(
        replace(one, answer=answer) if one.phase == "written" and one.attempt == attempt and not one.answer else one
        for one in world.runners
    )
    return replace(world, runners=runners)  # type: ignore[arg-type]  # two of them


def _runner(world: World, r: int, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    me = world.runners[r]
    if me.phase == "dead":
        for text in TEXTS:
            yield f"{r} begins with text {text}", _begun(world, r, text, mutant)
            yield f"{r} continues with text {text}", _begun(world, r, text, mutant, continues=True)
        return
    yield f"{r} is killed", _with(world, r, Runner())
    if me.phase == "idle":
        yield from _idle(world, r, mutant)
    elif me.phase == "asked":
        yield f"{r} notes that it is {me.answer}", _moved(world, r, mutant)
    elif me.phase == "claimed":
        if mutant is Mutant.SEND_BEFORE_CLAIM:
            yield (
                f"{r} commits its claim late",
                _with(_committed(world, _claimed(world.row, r, me.attempt), mutant), r, replace(me, phase="written")),
            )
        else:
            written = _with(world, r, replace(me, phase="written"))
            yield f"{r} writes {me.attempt}", _on_the_wire(written, me.attempt, me.text)
            yield f"{r} gives {me.attempt} up before a byte", _settled(world, r, "planned", mutant)
    else:
        yield from _written(world, r, mutant)


def _claimed(row: Row, r: int, attempt: int) -> Row:
    return replace(row, state="sending", attempt=attempt, owner=r)


def _on_the_wire(world: World, attempt: int, text: str) -> World:
    return replace(world, wire=(*world.wire, attempt), other_text=world.other_text or text != world.approved)


def _begun(world: World, r: int, text: str, mutant: Mutant | None, *, continues: bool = False) -> World:
    """Also while the other one lives, as if the lock had been removed: the row's own guards have to do.

    The plan's text takes the place of the planned one as long as nothing was ever claimed; afterwards it is on hold, unless the
    spec `continues` with it.
    """
    row = world.row
    if row.state == "sending":
        row = replace(row, state="in_doubt" if mutant is None else RECOVERED.get(mutant, "in_doubt"))
    if row.state == "none" or mutant is Mutant.PLAN_OVERWRITES:
        row = replace(row, state="planned")
    is_free = row.state == "planned" or mutant is Mutant.CONTINUE_WITHOUT_STATE
    if is_free and (continues or row.attempt == 0):
        row, world = replace(row, text=text), replace(world, approved=text)
    return _with(_committed(world, row, mutant), r, Runner("idle", text=text))


def _idle(world: World, r: int, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    me, row = world.runners[r], world.row
    claimable = row.state == "planned" or (mutant is Mutant.CLAIM_WITHOUT_COMPARE and row.state == "sending")
    same_text = row.text == me.text or mutant is Mutant.CLAIM_WITHOUT_DIGEST
    if claimable and same_text and row.attempt < MAX_ATTEMPTS:
        attempt = row.attempt + 1
        if mutant is Mutant.SEND_BEFORE_CLAIM:
            sent = _with(world, r, replace(me, phase="claimed", attempt=attempt, answer=""))
            yield f"{r} writes {attempt} before it is claimed", _on_the_wire(sent, attempt, me.text)
        else:
            claimed = _committed(world, _claimed(row, r, attempt), mutant)
            yield f"{r} claims {attempt}", _with(claimed, r, replace(me, phase="claimed", attempt=attempt, answer=""))
    if row.state == "in_doubt":
        if world.listed:
            yield (
                f"{r} finds it in the list",
                _with(world, r, replace(me, phase="asked", attempt=row.attempt, answer="accepted")),
            )
        elif mutant is Mutant.ABSENT_AT_ONCE or (not world.taken and not world.wire and not _alive(world, row)):
            yield (
                f"{r} believes that it is absent",
                _with(world, r, replace(me, phase="asked", attempt=row.attempt, answer="planned")),
            )


def _moved(world: World, r: int, mutant: Mutant | None) -> World:
    """What was decided on the doubt is done, if it is still that doubt; else the run ends."""
    me, row = world.runners[r], world.row
    same = row.state == "in_doubt" and row.attempt == me.attempt
    if not same and mutant is not Mutant.MOVE_WITHOUT_COMPARE:
        return _with(world, r, Runner())
    return _with(_committed(world, replace(row, state=me.answer), mutant), r, Runner("idle", text=me.text))


def _alive(world: World, row: Row) -> bool:
    """Whether the attempt could still be written: absence is believed only long after its deadline."""
    return any(one.phase == "claimed" and one.attempt == row.attempt for one in world.runners)


def _written(world: World, r: int, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    me = world.runners[r]
    if not me.answer:
        yield f"{r} waits for {me.attempt} no longer", _settled(world, r, _meaning("lost", mutant), mutant)
        return
    if mutant is Mutant.SILENT_RESEND and me.answer == "lost":
        again = _with(world, r, replace(me, answer=""))
        if len(world.wire) < 2 and world.taken < 2:
            yield f"{r} sends {me.attempt} again by itself", replace(again, wire=(*again.wire, me.attempt))
    yield f"{r} reads {me.answer}", _settled(world, r, _meaning(me.answer, mutant), mutant)


def _meaning(answer: str, mutant: Mutant | None) -> str:
    if answer == "lost" and mutant in (Mutant.RETRY_ON_LOST_ANSWER, Mutant.FLAG_TOO_LATE):
        return "planned"
    if answer == "500" and mutant is Mutant.RETRY_ON_500:
        return "planned"
    if answer == "foreign 202" and mutant is Mutant.NO_REFERENCE_CHECK:
        return "accepted"
    return {"202": "accepted", "422": "refused", "429": "planned"}.get(answer, "in_doubt")


def _settled(world: World, r: int, to: str, mutant: Mutant | None) -> World:
    """Compare and set; one that is lost ends the run."""
    me, row = world.runners[r], world.row
    mine = row.attempt == me.attempt and row.owner == r
    if mutant is Mutant.SETTLE_WITHOUT_ATTEMPT:
        mine = True
    sending = row.state == "sending" or mutant is Mutant.SETTLE_WITHOUT_STATE
    if not (mine and sending):
        return _with(world, r, Runner())
    return _with(_committed(world, replace(row, state=to), mutant), r, Runner("idle", text=me.text))


def _committed(world: World, row: Row, mutant: Mutant | None) -> World:
    """With full syncs a commit is on the disk; else the cache has it, and the disk some time later."""
    if mutant is Mutant.SYNCHRONOUS_NORMAL:
        return replace(world, row=row)
    return replace(world, row=row, disk=row)


def _with(world: World, r: int, runner: Runner) -> World:
    runners = (runner, world.runners[1]) if r == 0 else (world.runners[0], runner)
    return replace(world, runners=runners)
