"""The page on the architecture names rooms and modules that exist."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "runner" / "sendspec"
PAGE = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_module_that_the_page_names_exists() -> None:
    there = [path.as_posix() for path in PACKAGE.rglob("*.py")]
    named = set(re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE)) - {"test_x.py"}
    ours = {name for name in named if not name.startswith("tests/")}
    assert len(ours) > 100
    assert [name for name in sorted(ours) if not any(path.endswith(f"/{name}") for path in there)] == []
    assert [name for name in sorted(named - ours) if not (CHECKOUT / name).is_file()] == []


def test_the_page_has_every_room() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)) == rooms
