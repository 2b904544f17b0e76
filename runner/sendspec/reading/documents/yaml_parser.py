"""Parses the tokens of a YAML text into events."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NoReturn

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents import yaml_event as events
from sendspec.reading.documents import yaml_token as kinds
from sendspec.reading.documents.token_reader import TokenReader
from sendspec.reading.documents.yaml_event import Event, Events
from sendspec.reading.documents.yaml_scanner import scan
from sendspec.reading.documents.yaml_token import YAML_1_1, Token, YamlError

_ESCAPED = lazy_pattern("%(.{0,2})", re.DOTALL)
_DEFAULT_HANDLES = {"!": "!", "!!": "tag:yaml.org,2002:"}
_DOCUMENT_BORDERS = (kinds.DIRECTIVE, kinds.DOCUMENT_START, kinds.DOCUMENT_END, kinds.STREAM_END)
_NO_BLOCK_NODE = (kinds.KEY, kinds.VALUE, kinds.BLOCK_END)
_NO_ENTRY = (kinds.ENTRY, kinds.BLOCK_END)
_NO_INDENTLESS_ENTRY = (kinds.ENTRY, kinds.KEY, kinds.VALUE, kinds.BLOCK_END)
_NO_PAIR_KEY = (kinds.VALUE, kinds.FLOW_ENTRY, kinds.FLOW_SEQUENCE_END)
_NO_PAIR_VALUE = (kinds.FLOW_ENTRY, kinds.FLOW_SEQUENCE_END)
_NO_FLOW_KEY = (kinds.VALUE, kinds.FLOW_ENTRY, kinds.FLOW_MAPPING_END)
_NO_FLOW_VALUE = (kinds.FLOW_ENTRY, kinds.FLOW_MAPPING_END)


def parse(text: str, max_depth: int) -> Events:
    """The events of a text whose line ends are `\\n`. `YamlError`, `TooDeep`, `TooManyTokens` and `TagTooLong` end them.

    ValueError or OverflowError stand for an escape or a number that is too large.
    """
    tokens, stop = scan(text, max_depth)
    parser = _Parser(text, tokens)
    try:
        parser.run()
    except IndexError:
        if stop is None:
            raise
    except (YamlError, ValueError, OverflowError) as error:
        stop = error
    return Events(parser.events, stop)


class _Parser(TokenReader):
    def __init__(self, text: str, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self._text = text
        self._handles = _DEFAULT_HANDLES
        self._version = (1, 2)

    def run(self) -> None:
        """Parses the whole stream. Raises YamlError, and ValueError for an escape in a tag."""
        may_be_bare = True
        while True:
            if may_be_bare and self._peek().kind not in (kinds.DIRECTIVE, kinds.DOCUMENT_START, kinds.STREAM_END):
                self._begin_bare_document()
            elif not self._begin_document():
                return
            may_be_bare = self._end_document() and self._version != YAML_1_1

    def _begin_bare_document(self) -> None:
        self._handles = _DEFAULT_HANDLES
        start = self._peek().start
        self._add(events.DOCUMENT_START, start, start)
        self._node(in_block=True)

    def _begin_document(self) -> bool:
        """Parses a document that begins with `---`, but for its end; False: there is none."""
        while self._peek().kind == kinds.DOCUMENT_END:
            self._next += 1
        if self._peek().kind == kinds.STREAM_END:
            token = self._take()
            self._add(events.STREAM_END, token.start, token.end)
            return False
        self._directives()
        if self._peek().kind != kinds.DOCUMENT_START:
            self._give_up("expected '<document start>', but found")
        token = self._take()
        self._add(events.DOCUMENT_START, token.start, token.end)
        if self._peek().kind in _DOCUMENT_BORDERS:
            self._add_nothing(self._peek().start)
        else:
            self._node(in_block=True)
        return True

    def _end_document(self) -> bool:
        """Whether the document ends with `...`."""
        token = self._peek()
        is_explicit = token.kind == kinds.DOCUMENT_END
        end = token.start
        if is_explicit:
            end = self._take().end
            follows = self._peek()
            if follows.kind != kinds.STREAM_END and "\n" not in self._text[end : follows.start]:
                self._give_up("found non-comment content after document end marker,")
        self._add(events.DOCUMENT_END, token.start, end)
        return is_explicit

    def _directives(self) -> None:
        handles: dict[str, str] = {}
        has_version = False
        while self._peek().kind == kinds.DIRECTIVE:
            token = self._take()
            name, value = token.value
            if name == "YAML":
                if has_version:
                    raise YamlError("found duplicate YAML directive", token.start)
                if value[0] != 1:
                    raise YamlError("found incompatible YAML document (version 1.* is required)", token.start)
                self._version, has_version = value, True
            elif name == "TAG":
                if value[0] in handles:
                    raise YamlError(f"duplicate tag handle {value[0]!r}", token.start)
                handles[value[0]] = value[1]
        self._handles = _DEFAULT_HANDLES | handles

    def _node(self, *, in_block: bool, may_be_indentless: bool = False) -> None:
        """Parses a value, or a key, and all that it holds."""
        token = self._peek()
        kind = token.kind
        if kind == kinds.SCALAR:
            self._next += 1
            self.events.append(token)
        elif kind == kinds.ALIAS:
            self._next += 1
            self.events.append(Event(events.ALIAS, token.start, token.end, anchor=token.value))
        elif kind in (kinds.ANCHOR, kinds.TAG):
            self._node_with_properties(in_block=in_block, may_be_indentless=may_be_indentless)
        elif not self._collection(token.start, in_block=in_block, may_be_indentless=may_be_indentless):
            self._no_node(token.start, in_block=in_block)

    def _no_node(self, start: int, *, in_block: bool) -> NoReturn:
        context = f"while parsing a {'block' if in_block else 'flow'} node"
        self._give_up("expected the node content, but found", context, start)

    def _node_with_properties(self, *, in_block: bool, may_be_indentless: bool) -> None:
        start, end, anchor, tag = self._properties()
        token = self._peek()
        is_untagged = tag is None or tag == "!"
        if token.kind == kinds.SCALAR:
            self._next += 1
            is_plain = is_untagged and (token.is_plain or tag is not None)
            self.events.append(Event(events.SCALAR, start, token.end, token.value, is_plain, anchor=anchor, tag=tag))
        elif not self._collection(
            start, in_block=in_block, may_be_indentless=may_be_indentless, anchor=anchor, tag=tag
        ):
            self.events.append(Event(events.SCALAR, start, end, "", is_untagged, anchor=anchor, tag=tag))

    def _properties(self) -> tuple[int, int, str | None, str | None]:
        """The place of a value's anchor and tag, and what they say. One that stands twice is no longer one of them."""
        first = self._take()
        start, end, tag_at = first.start, first.end, first.start
        anchor, tag = (first, None) if first.kind == kinds.ANCHOR else (None, first)
        other = self._peek()
        if first.kind == kinds.ANCHOR and other.kind == kinds.TAG:
            tag, end, tag_at = self._take(), other.end, other.start
        elif first.kind == kinds.TAG and other.kind == kinds.ANCHOR:
            anchor, start, end, tag_at = self._take(), other.start, other.end, other.start
        if tag is not None and tag.value[0] not in (None, *self._handles):
            raise YamlError(f"found undefined tag handle {tag.value[0]!r}", tag_at, "while parsing a node", start)
        return start, end, None if anchor is None else anchor.value, None if tag is None else self._written_out(tag)

    def _written_out(self, tag: Token) -> str:
        """A tag in full. Raises ValueError for a percent sign without digits."""
        handle, suffix = tag.value
        decoded = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), suffix)
        return decoded if handle is None else self._handles[handle] + decoded

    def _collection(
        self, start: int, *, in_block: bool, may_be_indentless: bool, anchor: str | None = None, tag: str | None = None
    ) -> bool:
        """Parses a list or a mapping; False: none begins here."""
        token = self._peek()
        kind = token.kind
        if kind == kinds.FLOW_MAPPING_START:
            self._begin(events.MAPPING_START, start, token.end, anchor, tag, in_flow=True)
            self._flow_mapping()
        elif kind == kinds.FLOW_SEQUENCE_START:
            self._begin(events.SEQUENCE_START, start, token.end, anchor, tag, in_flow=True)
            self._flow_sequence()
        elif in_block and kind == kinds.BLOCK_MAPPING_START:
            self._begin(events.MAPPING_START, start, token.start, anchor, tag)
            self._block_mapping()
        elif in_block and kind == kinds.BLOCK_SEQUENCE_START:
            self._begin(events.SEQUENCE_START, start, token.start, anchor, tag)
            self._block_sequence()
        elif may_be_indentless and kind == kinds.ENTRY:
            self._begin(events.SEQUENCE_START, start, token.end, anchor, tag)
            self._indentless_sequence()
        else:
            return False
        return True

    def _begin(
        self, kind: str, start: int, end: int, anchor: str | None, tag: str | None, *, in_flow: bool = False
    ) -> None:
        self.events.append(Event(kind, start, end, in_flow=in_flow, anchor=anchor, tag=tag))

    def _node_unless(self, ends: Collection[str], at: int, *, in_block: bool, may_be_indentless: bool = False) -> None:
        """Parses a value, unless what follows shows that it isn't written: then it is at `at`."""
        if self._peek().kind in ends:
            self._add_nothing(at)
        else:
            self._node(in_block=in_block, may_be_indentless=may_be_indentless)

    def _block_sequence(self) -> None:
        begin = self._take().start
        while self._peek().kind == kinds.ENTRY:
            self._node_unless(_NO_ENTRY, self._take().end, in_block=True)
        self._end_block(events.SEQUENCE_END, "while parsing a block collection", begin)

    def _end_block(self, kind: str, context: str, begin: int) -> None:
        if self._peek().kind != kinds.BLOCK_END:
            self._give_up("expected <block end>, but found", context, begin)
        token = self._take()
        self._add(kind, token.start, token.end)

    def _indentless_sequence(self) -> None:
        while self._peek().kind == kinds.ENTRY:
            self._node_unless(_NO_INDENTLESS_ENTRY, self._take().end, in_block=True)
        follows = self._peek().start
        self._add(events.SEQUENCE_END, follows, follows)

    def _block_mapping(self) -> None:
        begin = self._take().start
        while True:
            kind = self._peek().kind
            if kind == kinds.KEY:
                self._node_unless(_NO_BLOCK_NODE, self._take().end, in_block=True, may_be_indentless=True)
            elif kind == kinds.VALUE and self._version > YAML_1_1:
                self._add_nothing(self._peek().start)
            else:
                break
            if self._peek().kind == kinds.VALUE:
                self._next += 1  # ruamel.yaml places a missing value behind the next token
                self._node_unless(_NO_BLOCK_NODE, self._peek().end, in_block=True, may_be_indentless=True)
            else:
                self._add_nothing(self._peek().start)
        self._end_block(events.MAPPING_END, "while parsing a block mapping", begin)

    def _flow_sequence(self) -> None:
        begin = self._take().start
        is_first = True
        while self._peek().kind != kinds.FLOW_SEQUENCE_END:
            if not is_first:
                self._comma("expected ',' or ']', but got", "while parsing a flow sequence", begin)
            is_first = False
            token = self._peek()
            if token.kind == kinds.KEY:
                self._begin(events.MAPPING_START, token.start, token.end, None, None, in_flow=True)
                self._node_unless(_NO_PAIR_KEY, self._take().end, in_block=False)
                self._flow_value(_NO_PAIR_VALUE)
                follows = self._peek().start
                self._add(events.MAPPING_END, follows, follows)
            elif token.kind != kinds.FLOW_SEQUENCE_END:
                self._node(in_block=False)
        token = self._take()
        self._add(events.SEQUENCE_END, token.start, token.end)

    def _flow_mapping(self) -> None:
        begin = self._take().start
        is_first = True
        while self._peek().kind != kinds.FLOW_MAPPING_END:
            if not is_first:
                self._comma("expected ',' or '}', but got", "while parsing a flow mapping", begin)
            is_first = False
            token = self._peek()
            if token.kind == kinds.KEY:
                self._node_unless(_NO_FLOW_KEY, self._take().end, in_block=False)
                self._flow_value(_NO_FLOW_VALUE)
            elif token.kind == kinds.VALUE and self._version > YAML_1_1:
                self._add_nothing(token.end)
                self._flow_value(_NO_FLOW_VALUE)
            elif token.kind != kinds.FLOW_MAPPING_END:
                self._node(in_block=False)
                self._add_nothing(self._peek().start)
        token = self._take()
        self._add(events.MAPPING_END, token.start, token.end)

    def _comma(self, problem: str, context: str, begin: int) -> None:
        if self._peek().kind != kinds.FLOW_ENTRY:
            self._give_up(problem, context, begin)
        self._next += 1

    def _flow_value(self, ends: Collection[str]) -> None:
        if self._peek().kind == kinds.VALUE:
            self._node_unless(ends, self._take().end, in_block=False)
        else:
            self._add_nothing(self._peek().start)
