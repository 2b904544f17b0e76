"""The tokens of a YAML text, and what ends it too early. All places are offsets into the text."""

from __future__ import annotations

from typing import Any

# A kind is the name that ruamel.yaml gives it in its errors.
STREAM_END = "<stream end>"
DIRECTIVE = "<directive>"
DOCUMENT_START = "<document start>"
DOCUMENT_END = "<document end>"
BLOCK_SEQUENCE_START = "<block sequence start>"
BLOCK_MAPPING_START = "<block mapping start>"
BLOCK_END = "<block end>"
FLOW_SEQUENCE_START = "["
FLOW_SEQUENCE_END = "]"
FLOW_MAPPING_START = "{"
FLOW_MAPPING_END = "}"
ENTRY = "-"
FLOW_ENTRY = ","
KEY = "?"
VALUE = ":"
ALIAS = "<alias>"
ANCHOR = "<anchor>"
TAG = "<tag>"
SCALAR = "<scalar>"

OPENING = frozenset(
    {DOCUMENT_START, BLOCK_SEQUENCE_START, BLOCK_MAPPING_START, FLOW_SEQUENCE_START, FLOW_MAPPING_START}
)
"""One of them is blamed if the nesting is too deep."""
BLANK = frozenset(" \t\n\0")
"""Blanks and line ends; the scanner ends each text with a NUL."""

MAX_TOKENS = 84_000
"""A key with its value is four tokens, a list item two."""
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
YAML_1_1 = (1, 1)
"""The version that reads a few signs otherwise. A text is YAML 1.2, unless a directive says otherwise."""


class Token:
    """Anchor and tag are tokens of their own; the attributes are those of an `Event`. `value` is a scalar's text, an anchor's name, a tag's handle and suffix, or a directive's name and value."""

    __slots__ = ("end", "is_plain", "kind", "start", "value")
    anchor: str | None = None
    tag: str | None = None
    in_flow = False

    def __init__(self, kind: str, start: int, end: int, value: Any = None, is_plain: bool = False) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.value = value
        self.is_plain = is_plain


class YamlError(Exception):
    """The text is no YAML. `problem` was found at the offset `at`, while reading what begins at `context_at`.

    Both sentences are those of ruamel.yaml, which `yaml_error` knows.
    """

    def __init__(
        self, problem: str | None, at: int | None, context: str | None = None, context_at: int | None = None
    ) -> None:
        super().__init__(problem or context)
        self.problem = problem
        self.at = at
        self.context = context
        self.context_at = context_at


class TooDeep(Exception):
    """A list or mapping is nested too deep. `start` and `end` are offsets into the text."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__("the nesting is too deep")
        self.start = start
        self.end = end


class TooManyTokens(Exception):
    """The document is too large. `start` and `end` are offsets into the text."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__("there are too many tokens")
        self.start = start
        self.end = end


class TagTooLong(Exception):
    """A tag that is too long begins at the offset `start`."""

    def __init__(self, start: int) -> None:
        super().__init__("the tag is too long")
        self.start = start
