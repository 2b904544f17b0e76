"""A failure for want of memory is told from a bug."""

from __future__ import annotations

import errno

import pytest
from sendspec.cli.memory_shortage import is_memory_shortage


def raised_after(error: BaseException, cause: BaseException) -> BaseException:
    error.__context__ = cause
    return error


SHORTAGES = [
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    ImportError("/usr/lib/_ssl.so: failed to map segment from shared object"),
    ImportError("libz.so.1: cannot allocate memory in static TLS block"),
    RuntimeError("can't start new thread"),
    SystemError("<built-in function exec> returned NULL without setting an exception"),
    raised_after(KeyError("a"), MemoryError()),
]
OTHERS = [OSError(errno.ENOSPC, "full"), ImportError("No module named 'orjson'"), SystemError("bad argument to internal function"), raised_after(KeyError("a"), ValueError())]  # fmt: skip


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_a_shortage_is_known_in_every_form(error: BaseException) -> None:
    assert is_memory_shortage(error)


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_other_failures_are_none(error: BaseException) -> None:
    assert not is_memory_shortage(error)


def test_a_chain_of_errors_that_ends_in_itself_is_none() -> None:
    first, second = KeyError("a"), KeyError("b")
    first.__context__, second.__context__ = second, first
    assert not is_memory_shortage(first)
