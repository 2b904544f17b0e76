"""No stage may take more machine instructions than its budget. Instructions are counted, not timed, so a busy machine changes nothing.

After a change that makes a stage dearer for a good reason, or much cheaper: `make budgets`, and say why in the commit.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from oracles import IN_CI

pytestmark = [pytest.mark.process, pytest.mark.long]
BUDGETS = Path(__file__).with_name("budgets.json")
CHECKOUT = Path(__file__).resolve().parents[2]
OVER, UNDER = 1.10, 0.75
"""A stage may take a tenth more than noted. One that takes a quarter less has a budget that guards nothing."""


def test_every_stage_keeps_to_its_budget() -> None:
    noted = json.loads(BUDGETS.read_text(encoding="utf-8"))
    if shutil.which("valgrind") is None:
        (pytest.fail if IN_CI else pytest.skip)("valgrind is not installed; .ci/run installs it")
    if not platform.python_version().startswith(noted["python"]):
        (pytest.fail if IN_CI else pytest.skip)(f"the budgets are for Python {noted['python']}: run `make budgets`")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.counted"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found, budgets = json.loads(done.stdout), noted["instructions"]
    assert sorted(found) == sorted(budgets), "stages and budgets differ: run `make budgets`"
    shares = {stage: found[stage] / budgets[stage] for stage in budgets}
    assert {stage: f"{share:.2f} of its budget" for stage, share in shares.items() if not UNDER < share < OVER} == {}
