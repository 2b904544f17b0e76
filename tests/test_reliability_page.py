"""The page on reliability says what the code does: its table of moves, and of who finds which way to break the protocol."""

from __future__ import annotations

import re
from pathlib import Path

from mutants import CAUGHT_BY, DONE_WRONG, SharedMutant
from sendspec.planning.message_state import MOVES

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_the_moves_are_those_of_the_ledger() -> None:
    for move in MOVES:
        targets = ", ".join(target.value for target in move.targets)
        row = f"| {move.name} | {move.origin.value} | {targets} | {move.condition} | {move.durable_before} |"
        assert row in PAGE


def test_the_diagram_has_every_move_and_no_other() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", PAGE, re.MULTILINE)
    assert sorted(drawn) == sorted((move.origin.value, to.value, move.name) for move in MOVES for to in move.targets)


def test_the_ways_to_break_the_protocol_are_those_that_the_harnesses_find() -> None:
    for mutant, harnesses in CAUGHT_BY.items():
        words = " | ".join("found" if name in harnesses else "–" for name in ("model", "machine", "processes"))
        assert f"| {mutant} | {words} |" in PAGE
    for shared in SharedMutant:
        assert f"| {shared} | {DONE_WRONG[shared]} |" in PAGE
