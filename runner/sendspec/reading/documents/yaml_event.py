"""What a YAML text says, in order: where each value, list and mapping begins and ends. All places are offsets into the text."""

from __future__ import annotations

from typing import NamedTuple

from sendspec.reading.documents import yaml_token
from sendspec.reading.documents.yaml_token import Token

STREAM_END = "stream end"
DOCUMENT_START = "document start"
DOCUMENT_END = "document end"
ALIAS = "alias"
SCALAR = yaml_token.SCALAR
SEQUENCE_START = "sequence start"
SEQUENCE_END = "sequence end"
MAPPING_START = "mapping start"
MAPPING_END = "mapping end"


class Event(Token):
    """`value` is a scalar's text. `anchor` is an alias's name too. `tag` is written out. `in_flow`: a list or mapping has brackets.

    `is_plain`: a scalar has neither quotes nor a tag. A scalar without anchor and tag is its token: it needs no other object.
    """

    __slots__ = ("anchor", "in_flow", "tag")

    def __init__(
        self,
        kind: str,
        start: int,
        end: int,
        value: str = "",
        is_plain: bool = False,
        in_flow: bool = False,
        anchor: str | None = None,
        tag: str | None = None,
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.value = value
        self.is_plain = is_plain
        self.in_flow = in_flow
        self.anchor = anchor
        self.tag = tag


class Events(NamedTuple):
    """The events of a text, and what ended them too early: an error, or a limit."""

    items: list[Token]
    stop: Exception | None
