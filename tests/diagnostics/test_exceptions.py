"""The tree of exceptions at the top of their module is the tree of the classes."""

from __future__ import annotations

import re

import pytest
from sendspec.diagnostics import exceptions
from sendspec.diagnostics.exceptions import SendspecError

DRAWN = dict(re.findall(r"[├└]── (\w+)(?: +exit (\d+))?", exceptions.__doc__ or ""))


def below(kind: type[SendspecError]) -> list[type[SendspecError]]:
    return [each for child in kind.__subclasses__() for each in (child, *below(child))]


KINDS = [kind for kind in below(SendspecError) if kind.__module__ == exceptions.__name__]


def test_every_exception_is_drawn() -> None:
    assert {kind.__name__ for kind in KINDS} == set(DRAWN)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if SendspecError in kind.__bases__])
def test_the_exit_code_is_the_one_drawn(kind: type[SendspecError]) -> None:
    assert int(DRAWN[kind.__name__]) == kind.exit_code
