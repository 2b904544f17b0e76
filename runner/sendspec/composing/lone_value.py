"""What to write where a template is all of a text and gives a number or a truth value, which no text can be."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.documents.unquoted_template import quoted_template

MAX_SHOWN = 60
MAX_LENGTH = 500
_TEXT_KEYS = frozenset({"text", "title", "subject", "html", "description"})
_LONE = lazy_pattern(r"\s*\{\{-?\s*((?:(?!\{\{|\}\}|\{%).)+?)\s*-?\}\}\s*", re.DOTALL)
_PLAIN = lazy_pattern(r"[\w.]+(?:\[[^\]]*\])?(?:\s*\|\s*\w+(?:\([^()]*\))?)*")
_TO_NUMBER = lazy_pattern(r"\s*(\|\s*(?:int|float|round)(?:\([^()]*\))?)\Z")


def text_instead(value: object, found: str) -> str | None:
    """What to write instead of the lone template `value`, by the words for what it gives. None if it is no such template."""
    expression = _expression(value)
    if expression is None or len(expression) > MAX_SHOWN:
        return None
    inner = quoted(expression)
    if found in ("true", "false"):
        return f"write a text for each case: {quoted_template(f'{{% if {inner} %}}…{{% else %}}…{{% endif %}}')}"
    if not found.startswith("the number"):
        return None
    operand = inner if _PLAIN.fullmatch(inner) else f"({inner})"
    return f"write {quoted_template(f'{{{{ {operand} | string }}}}')}"


def _expression(value: object) -> str | None:
    """What is between the braces of the lone template `value`; None if it is none, or a long one."""
    lone = _LONE.fullmatch(value) if isinstance(value, str) and len(value) <= MAX_LENGTH else None
    return None if lone is None or "\n" in lone[1] else lone[1]


def without_number(value: object, at: KeyPath) -> str | None:
    """What to write where a text at `at` needs none of the number that its only template asks for. None if it doesn't ask so."""
    expression = _expression(value) if at[:2] == ("message", "body") and at[-1] in _TEXT_KEYS else None
    asked = None if expression is None else _TO_NUMBER.search(expression)
    if expression is None or asked is None:
        return None
    rest = expression[: asked.start()]
    what = f"write {{{{ {quoted(rest)} }}}}" if len(rest) <= MAX_SHOWN else f"remove `{asked[1]}`"
    return f"{what}: a text needs no number"
