"""A running sandbox for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_client import Client, sandboxed


@pytest.fixture
def client() -> Iterator[Client]:
    with sandboxed() as found:
        yield found
