"""Python 3.11.2 matches too much, or too little, where a group is repeated possessively (cpython gh-106052, mended in 3.11.5)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

_POSSESSIVE_GROUP = re.compile(r"(?:(?<![\\(])\)|\0)(?:[*+?]|\{[0-9,\0]*\})\+|\(\?>")
"""A group, or whatever a pattern gets from elsewhere, with a possessive repeat; or an atomic group, which fails in the same way."""

_POSSIBLE = re.compile(r"[*+?}]\+|\(\?>")
"""In the source of each of them: most modules have none, and needn't be parsed."""


def _texts(source: str) -> list[str]:
    """The texts in a module, in which U+0000 is what an f-string puts in. Patterns in pieces are read as one, as Python does."""
    whole = ast.parse(source)
    joined = [node for node in ast.walk(whole) if isinstance(node, ast.JoinedStr)]
    inside = {piece for node in joined for piece in node.values}
    plain = [node for node in ast.walk(whole) if isinstance(node, ast.Constant) and node not in inside]
    return [*("".join(map(_text, node.values)) for node in joined), *map(_text, plain)]


def _text(piece: ast.expr) -> str:
    value = piece.value if isinstance(piece, ast.Constant) else "\0"
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def test_no_pattern_repeats_a_group_possessively(checkout: Path) -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in sorted((checkout / "runner").rglob("*.py"))}
    possible = {path: source for path, source in sources.items() if _POSSIBLE.search(source)}
    found = [
        f"{path.relative_to(checkout)}: {text}"
        for path, source in possible.items()
        for text in _texts(source)
        if _POSSESSIVE_GROUP.search(text)
    ]
    assert possible
    assert found == []


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ('r"(?:a|b)*+"', True), ('r"(?:a?b){6,}+"', True), ('r"(a)?+"', True), ('r"(?>a?)"', True), ('rb"(?:a|b)++"', True),
        ('rf"{part}++"', True), ('rf"(?:a{part}){{6,}}+"', True), ('rf"(?:a){{1,{most}}}+"', True), ('r"(?:a" "|b)*+"', True),
        ('r"[ab]*+"', False), ('r"\\)++"', False), ('r"(?:a|b)+"', False), ('rf" {{0,{most}}}+"', False), ('rf"{part}+[+]"', False),
        ('r"(?:a++|b)*"', False),
    ],
)  # fmt: skip
def test_such_a_repeat_is_found_in_a_source(source: str, is_found: bool) -> None:
    assert not is_found or _POSSIBLE.search(source)
    assert any(_POSSESSIVE_GROUP.search(text) for text in _texts(source)) == is_found
