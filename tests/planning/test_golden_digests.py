"""Digests of every release: an upgrade of sendspec neither voids a plan nor makes sent messages look changed.

A folder here is what a release was given; its `digests.json` is what that release answered, and never changes.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sendspec
from sendspec.operations.plan_file_reader import read_plan_file
from sendspec.planning.pair_set import PairSet
from sendspec.planning.plan_digest import SpecSettings, digests

GOLDEN = Path(__file__).parent / "golden"
RELEASES = sorted(folder.name for folder in GOLDEN.iterdir())
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "plain": [{"name": "a", "generation": 1}],
    "several": [
        {"name": "b", "generation": 2, "target": {"api": "https://api.bird.com", "workspace": "w", "channel": "c", "platform": "sms", "batch": 100}},
        {"name": "a", "generation": 1, "target": {"api": "sandbox"},
         "policy": {"in_doubt": "hold", "limits": {"messages": 5, "cost": 1.5, "encoding": "gsm7"}, "retry": "refused"}},
    ],
}  # fmt: skip


def expected(release: str) -> Any:
    return json.loads((GOLDEN / release / "digests.json").read_text())


@pytest.fixture
def given(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "golden")
    return tmp_path / "golden"


@pytest.mark.parametrize("release", RELEASES)
def test_the_specs_of_a_release_have_the_digests_that_it_gave_them(release: str, given: Path) -> None:
    specs = sorted(path for path in (given / release).glob("*.yaml") if path.name != "sendspec.yaml")
    found = {}
    for chosen in ([each] for each in specs):
        report = sendspec.plan(chosen, environ={})
        found[chosen[0].stem] = {"plan": report.digest, "content": report.content_digest}
    report = sendspec.plan(specs, environ={})
    found["together"] = {"plan": report.digest, "content": report.content_digest}
    assert found == expected(release)["specs"]


@pytest.mark.parametrize("release", RELEASES)
def test_settings_and_pairs_of_a_release_have_the_digests_that_it_gave_them(release: str) -> None:
    pairs = PairSet()
    pairs.add([bytes([n]) * 40 for n in (3, 255, 0)])
    found = {
        name: digests("live", None if name == "plain" else "id", [SpecSettings(**spec) for spec in specs], [pairs], [])[
            0
        ]
        for name, specs in SETTINGS.items()
    }
    assert {**found, "content": digests("", None, [], [], [pairs])[1]} == expected(release)["rules"]


@pytest.mark.parametrize("release", RELEASES)
def test_the_plan_file_of_a_release_is_read(release: str) -> None:
    plan_file = read_plan_file(GOLDEN / release / "plan.json")
    assert plan_file.digest == expected(release)["specs"]["hello"]["plan"]
