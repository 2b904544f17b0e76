"""The page on the architecture names rooms and modules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "runner" / "sendspec"
PAGE = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE)) - {"test_x.py"}))
def test_a_module_that_the_page_names_exists(name: str) -> None:
    if name.startswith("tests/"):
        assert (CHECKOUT / name).is_file()
    else:
        assert any(path.as_posix().endswith(f"/{name}") for path in PACKAGE.rglob("*.py"))


def test_the_page_has_every_room() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)) == rooms
