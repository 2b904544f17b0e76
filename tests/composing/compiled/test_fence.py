"""The fast path has one door: its package."""

from __future__ import annotations

from pathlib import Path

import sendspec

PACKAGE = Path(sendspec.__file__).parent
COMPILED = PACKAGE / "composing" / "compiled"


def test_nothing_outside_imports_the_modules_of_the_fast_path() -> None:
    importing = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if COMPILED not in path.parents and "composing.compiled." in path.read_text(encoding="utf-8")
    ]
    assert importing == []
