"""What an operation is handed of the machine: given values take the place of the real ones."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from sendspec.diagnostics.clock import Clock
from sendspec.operations.system import System, real_system

STOPPED = Clock(monotonic=lambda: 1.0, wall=lambda: 86_400.0, sleep=lambda seconds: None, random=lambda: 0.5)


def test_given_variables_and_a_given_clock_are_used() -> None:
    system = real_system("test", environ={"A": "b"}, clock=STOPPED)
    assert system.environ == {"A": "b"}
    assert system.now == datetime(1970, 1, 2, tzinfo=UTC)
    assert system.since == "1970-01-02T00:00:00+00:00"


def test_without_them_they_are_the_real_ones() -> None:
    system = real_system("sendspec send")
    assert system.environ is os.environ
    assert system.stdin is None


@pytest.mark.parametrize(
    ("environ", "is_ci"), [({}, False), ({"CI": ""}, False), ({"CI": "false"}, False), ({"CI": "true"}, True)]
)
def test_a_ci_runner_is_known_by_its_variable(environ: dict[str, str], is_ci: bool) -> None:
    assert System(environ=environ, clock=STOPPED, command="test").is_ci is is_ci
