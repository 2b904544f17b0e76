"""An exhaustive model of what the API's list proves of one key: sightings, the witness and absence, with restored ledgers.

Its states are named tuples, which are copied, hashed and compared by the million in a third of the time of dataclasses.

One process at a time, as the run lock has it; `model` is about several. Time goes in ticks, each longer than the clocks'
margins. The list may lack its newest or its oldest messages where it is asked for a doubt; before a send it is whole, or not
asked at all where the ledger is no restored one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from mutants import Mutant
from state_search import search

LAST_TICK = 3
MAX_ATTEMPTS = 2
MAX_NEIGHBOURS = 2


class Ledger(NamedTuple):
    """Ticks. `claimed_at` is the spec's last claim by the API's clock, `moved_at` the last move of any spec, `tried_at` the key's claim.

    `neighbours` are when accepted messages of other specs on the channel were made; `credited`: another spec has the id of the
    message that carries our reference. `remote` is whose id the key was given.
    """

    state: str = "none"
    attempt: int = 0
    first_claimed: int | None = None
    claimed_at: int | None = None
    moved_at: int | None = None
    tried_at: int | None = None
    remote: str = ""
    credited: bool = False
    neighbours: frozenset[int] = frozenset()


class World(NamedTuple):
    """`made` is when the API accepted the key's message, once for each time; `foreign` when it accepted another's of its reference.

    `own`: the reference is the user's own. `run` is none, begun, sending, or blind: sending without having asked for the list, and
    so without the API's clock. `since` is from when on its witness looks.
    """

    own: bool
    now: int = 0
    ledger: Ledger = Ledger()
    backup: Ledger | None = None
    restored: bool = False
    made: tuple[int, ...] = ()
    foreign: int | None = None
    run: str = "none"
    since: int = 0


def explore(mutant: Mutant | None = None) -> tuple[int, list[str]]:
    """How many states there are, and the steps to the first in which the promise is broken; none if there is no such."""
    return search([World(own=False), World(own=True)], partial(_steps, mutant=mutant), _broken)


def _broken(world: World) -> bool:
    """Accepted twice, called accepted and was not, or accepted under the id of somebody else's message."""
    ledger = world.ledger
    false_accept = ledger.state == "accepted" and (not world.made or ledger.remote == "foreign")
    return len(world.made) > 1 or false_accept


def _steps(world: World, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    if world.ledger.state == "accepted" and (world.restored or world.backup is None):
        return  # for good
    yield from _others(world)
    if world.run == "none":
        yield "a run begins", _begun(world, mutant)
    else:
        yield "the run ends", world._replace(run="none", since=0)
    if world.run == "begun":
        yield "the witness looks", _witnessed(world, mutant)
        if not world.restored:
            yield "no witness is asked", world._replace(run="blind", since=0)
    if world.run in ("sending", "blind") and world.ledger.state == "planned" and world.ledger.attempt < MAX_ATTEMPTS:
        yield from _sent(world)
    if world.run in ("none", "begun") and world.ledger.state == "in_doubt":
        yield from _looked_up(world, mutant)


def _others(world: World) -> Iterator[tuple[str, World]]:
    """Time, backups, and what is sent that is not the key's."""
    ledger = world.ledger
    if world.now < LAST_TICK:
        yield "time passes", world._replace(now=world.now + 1)
    if world.backup is None and world.run == "none":
        yield "the ledger is backed up", world._replace(backup=ledger)
    elif world.backup is not None and world.backup != ledger and not world.restored and world.run == "none":
        yield "the ledger is restored", world._replace(ledger=world.backup, restored=True)
    if world.now not in ledger.neighbours and len(ledger.neighbours) < MAX_NEIGHBOURS and world.run == "none":
        neighbours = ledger.neighbours | {world.now}
        yield "another spec sends", world._replace(ledger=ledger._replace(moved_at=world.now, neighbours=neighbours))
    if world.own and world.foreign is None and world.now == 0 and ledger.state == "none" and world.backup is None:
        elsewhere = world._replace(foreign=world.now)
        yield "another ledger's spec sends under the reference", elsewhere
        known = ledger._replace(moved_at=world.now, credited=True)
        yield "another spec sends under the reference", elsewhere._replace(ledger=known)


def _begun(world: World, mutant: Mutant | None) -> World:
    """What the witness looks from is noted before the run writes anything; recovery is a move."""
    ledger = world.ledger
    since = ledger.claimed_at or 0
    if ledger.state == "sending":
        ledger = ledger._replace(state="in_doubt", moved_at=world.now)
    if ledger.state == "none":
        ledger = ledger._replace(state="planned")
    if mutant is Mutant.WITNESS_WINDOW_MOVED:
        since = ledger.moved_at or 0
    return world._replace(ledger=ledger, run="begun", since=since)


def _witnessed(world: World, mutant: Mutant | None) -> World:
    ledger = world.ledger
    if ledger.state != "planned":
        return world._replace(run="sending", since=0)
    shown = _listed(world, world.since, world.now)
    if world.own and ledger.first_claimed is None and mutant is not Mutant.SIGHTING_BY_TEXT:
        stops = any(who == "ours" or not ledger.credited for who, _ in shown)
        return world._replace(run="none" if stops else "sending", since=0)
    sighted = _sighting(world, shown, mutant)
    if sighted is None:
        return world._replace(run="sending", since=0)
    return _found(world, sighted)._replace(run="none", since=0)


def _listed(world: World, since: int, until: int) -> list[tuple[str, int]]:
    """The listed messages that carry the reference: whose each is, and when it was made."""
    foreign = [] if world.foreign is None else [("foreign", world.foreign)]
    ours = [("ours", moment) for moment in world.made]
    return [one for one in [*foreign, *ours] if since <= one[1] <= until]


def _sighting(world: World, shown: list[tuple[str, int]], mutant: Mutant | None) -> str | None:
    """Whose message is believed to be ours."""
    if mutant is Mutant.SIGHTING_BY_TEXT:
        return next((who for who, _ in shown), None)
    ledger = world.ledger
    for who, moment in shown:
        credited = who == "foreign" and ledger.credited
        in_time = not world.own or (ledger.first_claimed is not None and moment >= ledger.first_claimed)
        if in_time and not credited:
            return who
    return None


def _found(world: World, whose: str) -> World:
    return world._replace(ledger=world.ledger._replace(state="accepted", remote=whose, moved_at=world.now))


def _sent(world: World) -> Iterator[tuple[str, World]]:
    """A claim and what becomes of it; a lost answer is that of a run that was killed."""
    now, ledger = world.now, world.ledger
    clock = None if world.run == "blind" else now
    claimed = ledger._replace(
        state="sending",
        attempt=ledger.attempt + 1,
        first_claimed=clock if ledger.attempt == 0 else ledger.first_claimed,
        claimed_at=ledger.claimed_at if clock is None else clock,
        moved_at=now,
        tried_at=now,
    )
    taken = world._replace(made=(*world.made, now))
    killed = {"run": "none", "since": 0}
    yield "it is accepted", taken._replace(ledger=claimed._replace(state="accepted", remote="ours"))
    yield "it is accepted, and the run is killed", taken._replace(ledger=claimed, **killed)  # type: ignore[arg-type]
    yield "it is not accepted, and the run is killed", world._replace(ledger=claimed, **killed)  # type: ignore[arg-type]
    yield "it is not processed", world._replace(ledger=claimed._replace(state="planned"))


def _looked_up(world: World, mutant: Mutant | None) -> Iterator[tuple[str, World]]:
    """The list is asked for the doubt; it lacks what was made before `oldest` or after `newest`.

    One that shows the reference proves no absence, also where it proves no acceptance.
    """
    ledger = world.ledger
    for oldest in range(world.now + 1):
        for newest in range(oldest, world.now + 1):
            shown = _listed(world, oldest, newest)
            sighted = _sighting(world, shown, mutant)
            if sighted is not None:
                yield f"the list of {oldest} to {newest} shows it", _found(world, sighted)
            elif not shown and _absent(ledger, oldest, newest, mutant):
                freed = ledger._replace(state="planned", moved_at=world.now)
                yield f"the list of {oldest} to {newest} lacks it", world._replace(ledger=freed)


def _absent(ledger: Ledger, oldest: int, newest: int, mutant: Mutant | None) -> bool:
    """Whether the list shows messages of ours from before the doubt and from after it."""
    doubt = ledger.tried_at
    assert doubt is not None
    before = any(oldest <= moment < doubt for moment in ledger.neighbours)
    after = any(doubt < moment <= newest for moment in ledger.neighbours)
    return (before or after) if mutant is Mutant.ABSENCE_FROM_ONE_SIDE else (before and after)
