"""The template code that a fix shows, in quotes that the YAML value around it can contain."""

from __future__ import annotations

import re

from sendspec.diagnostics.lazy_pattern import lazy_pattern

_CODE = lazy_pattern(
    r"""`[^`]*`|row\[(?:'[^'"]*'|"[^'"]*")\]|default\('[^']*'\)|\{\{ (?:'[^']*'|"[^"]*") \}\}|\{\{.*?\}\}|\{%.*?%\}"""
)
_OTHER = {"'": '"', '"': "'"}


def with_requoted_code(fix: str, written: str) -> str:
    """`fix`, with the other kind of quotes in its code where those at hand would end the YAML value `written`.

    Quotes in prose stay, and those around a text that contains quotes itself.
    """
    own = written[:1]
    other = _OTHER.get(own)
    if other is None or own not in fix:
        return fix
    text = re.compile(rf"{own}([^'\"\\]*){own}")
    return _CODE.sub(lambda code: text.sub(rf"{other}\1{other}", code[0]), fix)
