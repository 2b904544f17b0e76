"""Environments: the built-in sandbox, and the rate of a channel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sendspec.reading.access_key import NoKey
from sendspec.reading.environment import Channel, LedgerFile, Rate, channel_of, sandbox_environment
from sendspec.reading.limits import Limits
from sendspec.reading.project import Project, project_without_file

CHANNEL = Channel(alias="news", workspace="w", channel="c", platform="email", rate=Rate(1, 3_600), batch=9)


@pytest.mark.parametrize(
    ("rate", "batch", "per_second"),
    [(Rate(5, 1), None, 5.0), (Rate(300, 60), 100, 500.0), (None, 100, None)],
)
def test_a_rate_counts_requests_and_each_carries_up_to_a_batch_of_messages(
    rate: Rate | None, batch: int | None, per_second: float | None
) -> None:
    assert replace(CHANNEL, rate=rate, batch=batch).messages_per_second == per_second


def test_the_sandbox_is_there_without_a_project_file(tmp_path: Path) -> None:
    sandbox = project_without_file(tmp_path).environment("sandbox")
    assert sandbox is not None
    assert sandbox.is_sandbox
    assert sandbox.api.loopback
    assert sandbox.key == NoKey()
    assert sandbox.ledger == LedgerFile(tmp_path / ".sendspec" / "sandbox.db", durable=True)
    assert sandbox.only_to is None
    assert sandbox.limits == Limits()
    assert project_without_file(tmp_path).environment("live") is None


def test_in_the_sandbox_every_alias_works_with_the_platform_that_it_has_elsewhere(tmp_path: Path) -> None:
    live = replace(sandbox_environment(tmp_path, {}), name="live", channels={"news": CHANNEL})
    project = Project(path=None, root=tmp_path, default_environment="live", environments={"live": live})
    sandbox = project.environment("sandbox")
    assert sandbox is not None
    news, unknown = channel_of(sandbox, "news"), channel_of(sandbox, "anything")
    assert news is not None
    assert unknown is not None
    assert (news.alias, news.platform, news.rate, news.timeout_seconds, news.batch) == (
        "news", "email", None, 30.0, None,
    )  # fmt: skip
    assert (unknown.alias, unknown.platform) == ("anything", "sms")
    assert CHANNEL.workspace != news.workspace
    assert CHANNEL.channel != news.channel


def test_elsewhere_an_unknown_alias_has_no_channel(tmp_path: Path) -> None:
    live = replace(sandbox_environment(tmp_path, {}), name="live", channels={"news": CHANNEL})
    assert channel_of(live, "anything") is None


def test_limits_and_addresses_of_other_environments_do_not_apply_in_the_sandbox(tmp_path: Path) -> None:
    live = replace(sandbox_environment(tmp_path, {}), name="live", only_to=frozenset(), limits=Limits(messages=0))
    project = Project(path=None, root=tmp_path, default_environment="live", environments={"live": live})
    sandbox = project.environment("sandbox")
    assert sandbox is not None
    assert sandbox.only_to is None
    assert sandbox.limits == Limits()
