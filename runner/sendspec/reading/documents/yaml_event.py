"""What a YAML text says, in order: where each value, list and mapping begins and ends. All places are offsets into the text."""

from __future__ import annotations

STREAM_END = "stream end"
DOCUMENT_START = "document start"
DOCUMENT_END = "document end"
ALIAS = "alias"
SCALAR = "scalar"
SEQUENCE_START = "sequence start"
SEQUENCE_END = "sequence end"
MAPPING_START = "mapping start"
MAPPING_END = "mapping end"


class Event:
    """`anchor` is an alias's name too. `tag` is written out. `is_plain`: a scalar has neither quotes nor a tag.

    `in_flow`: a list or mapping has brackets.
    """

    __slots__ = ("anchor", "end", "in_flow", "is_plain", "kind", "start", "tag", "text")

    def __init__(
        self,
        kind: str,
        start: int,
        end: int,
        text: str = "",
        is_plain: bool = False,
        in_flow: bool = False,
        anchor: str | None = None,
        tag: str | None = None,
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text
        self.is_plain = is_plain
        self.in_flow = in_flow
        self.anchor = anchor
        self.tag = tag
