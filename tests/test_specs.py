"""The example specs: one for every platform and every kind of body, each sent to the sandbox."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sendspec.cli.main import run
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.project_context import ProjectContext, open_context
from sendspec.operations.system import real_system
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import read_spec

TOP = Path(__file__).resolve().parent.parent
FOLDER = TOP / "specs"
EXAMPLES = sorted(path.name for path in FOLDER.glob("*.yaml"))


@pytest.fixture(params=["with the project file", "without one"])
def copied(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shutil.copytree(FOLDER, tmp_path / "specs")
    if request.param == "with the project file":
        shutil.copyfile(TOP / "sendspec.yaml", tmp_path / "sendspec.yaml")
    monkeypatch.chdir(tmp_path)
    return [f"specs/{name}" for name in EXAMPLES]


@pytest.mark.process  # a send asks git which commit it is at
def test_every_example_is_sent_to_the_sandbox(copied: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["test", *copied]) == 0
    capfdbinary.readouterr()
    assert run(["send", *copied, "--yes", "--format", "json"]) == 0
    sent = json.loads(capfdbinary.readouterr().out)
    assert len(sent["specs"]) == len(EXAMPLES)
    assert all(spec["totals"]["accepted"] for spec in sent["specs"])


def test_the_examples_show_every_platform_and_every_kind_of_body() -> None:
    problems = Problems()
    context = open_context((str(FOLDER / EXAMPLES[0]),), "sandbox", problems, real_system("test"))
    assert isinstance(context, ProjectContext)
    specs = [spec for name in EXAMPLES if (spec := read_spec(str(FOLDER / name), problems)) is not None]
    channels = [channel for spec in specs if (channel := context.channel(spec, dict)) is not None]
    assert {channel.platform for channel in channels} == set(PLATFORMS)
    kinds = {spec.message["body"]["type"] for spec in specs if "body" in spec.message}
    assert kinds == set(load_schema("message").document["$defs"]["Body"]["properties"]["type"]["enum"])
    assert any("template" in spec.message for spec in specs)
