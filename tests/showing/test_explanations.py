"""Every code that the source gives is explained, and every explained code is given."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from runner.showing.explanations import EXPLANATIONS, explanation_text
from runner.showing.ink import PLAIN

PACKAGE = Path(__file__).resolve().parent.parent.parent / "runner"
CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
BUILT = {"limit-messages", "limit-total-segments", "limit-cost", "unknown-filter", "unknown-test"}
"""Made from parts where they are given: `limit-…` in cli/check.py, `unknown-…` in composing/allowed.py."""
NO_CODES = {"in-doubt", "not-sent", "not-on-hold"}
MAKERS = re.compile(
    r".*(?:Fault|Finding|Unreached|Refused)$|_about|_about_file|_at|_add|_blame_spec|_fault|_note|_plain_diagnostic|_limit"
)


def codes_given() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "explained" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= set(_codes_in(node))
    return found - NO_CODES


def _codes_in(node: ast.AST) -> list[str]:
    if isinstance(node, ast.keyword) and node.arg == "code":
        return _literals(node.value)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(name, ast.Name) and name.id == "code" for target in targets for name in ast.walk(target)):
            return [] if node.value is None else _literals(node.value)
    if isinstance(node, ast.Call):
        name = (
            node.func.id
            if isinstance(node.func, ast.Name)
            else node.func.attr
            if isinstance(node.func, ast.Attribute)
            else ""
        )
        if MAKERS.fullmatch(name):
            return [code for argument in node.args[:4] for code in _literals(argument)]
    return []


def _literals(node: ast.AST) -> list[str]:
    """Kebab-case constants directly in the expression, also as the branches of a condition."""
    if isinstance(node, ast.IfExp):
        return _literals(node.body) + _literals(node.orelse)
    if isinstance(node, ast.Tuple):
        return [code for item in node.elts for code in _literals(item)]
    is_code = isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    return [node.value] if is_code and isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def test_every_code_that_the_source_gives_is_explained() -> None:
    assert sorted(codes_given() - set(EXPLANATIONS)) == []


def test_every_explained_code_stands_in_the_source() -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py") if "explained" not in p.parts)
    assert (
        sorted(
            code for code in EXPLANATIONS if f'"{code}"' not in text and f"[{code}]" not in text and code not in BUILT
        )
        == []
    )


def test_an_explanation_shows_the_wrong_and_the_right_way() -> None:
    text = explanation_text("unquoted-template", PLAIN)
    assert text.startswith("unquoted-template: a template stands without quotes\n")
    assert "wrong:\n    tags: {{ tags }}\n" in text
    assert 'right:\n    tags: "{{ tags }}"\n' in text
