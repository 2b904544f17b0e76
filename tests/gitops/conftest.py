"""What the tests of git histories share: a repository whose commits are planned and sent by jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_pipeline import Pipeline
from project_dir import SPEC, CountingServer, numbers, server

__all__ = ["pipeline", "server"]

PEOPLE = 10


@pytest.fixture
def pipeline(tmp_path: Path, server: CountingServer, request: pytest.FixtureRequest) -> Pipeline:
    return Pipeline(tmp_path, server, on_server=getattr(request, "param", "file") == "server")


@pytest.fixture
def added(pipeline: Pipeline) -> Pipeline:
    """A spec for ten people that is committed and not sent."""
    pipeline.desk.write("specs/hello.yaml", SPEC)
    pipeline.desk.write("specs/people.csv", numbers(PEOPLE))
    pipeline.desk.commit("Add hello")
    return pipeline


@pytest.fixture
def sent(added: Pipeline) -> Pipeline:
    """The same, and its plan was sent."""
    assert added.send(added.plan()).told == (0, PEOPLE)
    return added
