"""What the tests of the ledger share: limits of this process that make its disk full, and its files too many."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

Limit = Callable[[], AbstractContextManager[None]]


@contextmanager
def limited(kind: int, most: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


@pytest.fixture
def no_room() -> Limit:
    """While it holds, no file takes another byte, as on a full disk."""
    return lambda: limited(resource.RLIMIT_FSIZE, 0)


@pytest.fixture
def no_more_files() -> Limit:
    """While it holds, no file can be opened."""

    @contextmanager
    def limit() -> Iterator[None]:
        taken: list[int] = []
        soft = max(int(opened.name) for opened in Path("/proc/self/fd").iterdir()) + 1
        with limited(resource.RLIMIT_NOFILE, soft):
            try:
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                pass
            try:
                yield
            finally:
                for descriptor in taken:
                    os.close(descriptor)

    return limit
