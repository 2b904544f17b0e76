"""Breadth-first search over every state that a model can reach."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

World = TypeVar("World")


def search(
    starts: Iterable[World],
    steps: Callable[[World], Iterable[tuple[str, World]]],
    broken: Callable[[World], bool],
    breaks: Callable[[World, World], bool] = lambda world, after: False,
    most: int = 2_000_000,
) -> tuple[int, list[str]]:
    """How many states there are, and the shortest way to one that is `broken`, or to a step that `breaks`; empty for none."""
    was_enabled = gc.isenabled()
    gc.disable()  # there are no cycles among the states, and looking for some among a million takes half the time
    try:
        return _search(starts, steps, broken, breaks, most)
    finally:
        if was_enabled:
            gc.enable()


def _search(
    starts: Iterable[World],
    steps: Callable[[World], Iterable[tuple[str, World]]],
    broken: Callable[[World], bool],
    breaks: Callable[[World, World], bool],
    most: int,
) -> tuple[int, list[str]]:
    came_from: dict[World, tuple[World, str] | None] = dict.fromkeys(starts)
    queue = deque(came_from)
    while queue:
        world = queue.popleft()
        if broken(world):
            return len(came_from), _path(world, came_from)
        for step, after in steps(world):
            origin = world, step
            if came_from.setdefault(after, origin) is origin:  # a state is hashed once: that is most of the work
                queue.append(after)
            if breaks(world, after):
                return len(came_from), [*_path(world, came_from), step]
        assert len(came_from) < most
    return len(came_from), []


def _path(world: World, came_from: dict[World, tuple[World, str] | None]) -> list[str]:
    steps = []
    while (origin := came_from[world]) is not None:
        world, step = origin
        steps.append(step)
    return steps[::-1]
