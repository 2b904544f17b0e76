"""What the tests of composing share."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_composer import SpecComposer


@pytest.fixture
def composer(tmp_path: Path) -> SpecComposer:
    return SpecComposer(tmp_path)
