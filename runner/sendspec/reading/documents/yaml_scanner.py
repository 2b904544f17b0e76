"""Splits a YAML text into tokens, within limits of nesting, of number and of the length of tags.

It reads YAML as ruamel.yaml does, with the same tokens, places and errors; a test compares the two. It reads all tokens before
the first is parsed, since patterns then read most characters, and since nothing of the text has to be copied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sendspec.diagnostics.characters import is_clean
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.reading.documents import yaml_token as kinds
from sendspec.reading.documents.possible_key import MAX_SIMPLE_KEY, PossibleKeys
from sendspec.reading.documents.yaml_property import scan_directive, scan_name, scan_tag
from sendspec.reading.documents.yaml_scalar import (
    BLOCK_KEY,
    Scanned,
    is_separator,
    scan_block,
    scan_double,
    scan_plain,
    scan_single,
)
from sendspec.reading.documents.yaml_token import (
    BLANK,
    MAX_TOKENS,
    YAML_1_1,
    TagTooLong,
    Token,
    TooDeep,
    TooManyTokens,
    YamlError,
)

_NOT_PRINTABLE = lazy_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""All that is none of the characters that YAML calls printable, and U+0085. Compiling the complement of those takes 60 times as long."""
_NO_PLAIN_START = frozenset("\0 \t\n-?:,[]{}#&*!|>'\"%@`")


class Tokens(NamedTuple):
    """The tokens that can be parsed, and what ended them too early."""

    items: list[Token]
    stop: Exception | None


def scan(text: str, max_depth: int) -> Tokens:
    """The tokens of a text whose line ends are `\\n`.

    They end before `YamlError`, `TooDeep`, `TooManyTokens` or `TagTooLong`, or what a number raises that is too large.
    """
    scanner = _Scanner(text, max_depth)
    try:
        scanner.run()
    except (YamlError, TooDeep, TooManyTokens, TagTooLong, ValueError, OverflowError) as error:
        return Tokens(scanner.tokens[: scanner.ready], error)
    return Tokens(scanner.tokens, None)


class _Scanner(PossibleKeys):
    """`ready` tokens are certain: a `:` that follows changes none of them."""

    def __init__(self, text: str, max_depth: int) -> None:
        super().__init__(text)
        self._max_depth = max_depth
        self._indents: list[int] = []
        self._version = (1, 2)
        self._is_done = False
        self._fetchers = self._by_character()
        self.ready = 0

    def _by_character(self) -> dict[str, Callable[[], None]]:
        return {
            "[": lambda: self._open_flow(kinds.FLOW_SEQUENCE_START),
            "{": lambda: self._open_flow(kinds.FLOW_MAPPING_START),
            "]": lambda: self._close_flow(kinds.FLOW_SEQUENCE_END),
            "}": lambda: self._close_flow(kinds.FLOW_MAPPING_END),
            ",": self._flow_entry,
            "*": lambda: self._name(kinds.ALIAS),
            "&": lambda: self._name(kinds.ANCHOR),
            "!": self._tag,
            "'": lambda: self._quoted(scan_single),
            '"': lambda: self._quoted(scan_double),
            "|": self._block_scalar,
            ">": self._block_scalar,
            "-": self._entry,
            "?": self._key,
            ":": self._value,
            "\0": self._end,
        }

    def run(self) -> None:
        """Reads all tokens. Raises what `scan` names."""
        if not is_clean(self._text[:-1]) and _NOT_PRINTABLE.search(self._text, 0, len(self._text) - 1):
            raise YamlError(None, None)
        tokens, keys = self.tokens, self._keys
        while not self._is_done:
            if keys:
                self._drop_stale_keys()
            self.ready = keys[min(keys)].token if keys else len(tokens)
            self._fetch()
            if len(self._flow) + len(self._indents) > self._max_depth:
                opening = next(
                    (each for each in reversed(tokens[self.ready :]) if each.kind in kinds.OPENING), tokens[-1]
                )
                raise TooDeep(opening.start, opening.end)
            if len(tokens) >= MAX_TOKENS:  # the start of the stream is a token as well
                raise TooManyTokens(tokens[-1].start, tokens[-1].end)

    def _fetch(self) -> None:
        """Reads the next token, and what it tells about those before it."""
        in_flow = bool(self._flow)
        if self._skip_blanks(in_flow=in_flow) and not in_flow:
            self._may_be_key = True
        if self._keys:
            self._drop_stale_keys()
        if not in_flow and self._indent > (column := self._column()):
            self._unwind(column)
        character = self._text[self._at]
        if character in "%-." and self._at_line_start(character):
            return
        if character not in _NO_PLAIN_START or self._is_plain(character):
            if in_flow or not self._may_be_key or not self._block_key():
                self._plain()
            return
        fetch = self._fetchers.get(character)
        if fetch is None or (in_flow and character in "|>"):
            problem = f"found character {character!r} that cannot start any token"
            raise YamlError(problem, self._at, "while scanning for the next token", None)
        fetch()

    def _at_line_start(self, character: str) -> bool:
        """Reads what only the start of a line can have: a directive, or a border of documents."""
        if self._column() != 0:
            return False
        if character == "%":
            self._leave_blocks()
            token, at = scan_directive(self._text, self._at, version=self._version)
            if token.value[0] == "YAML":
                self._version = token.value[1]
            self.tokens.append(token)
            self._go_to(at)
            return True
        if not is_separator(self._text, self._at):
            return False
        self._leave_blocks()
        self._mark(kinds.DOCUMENT_START if character == "-" else kinds.DOCUMENT_END, length=3)
        return True

    def _leave_blocks(self) -> None:
        if not self._flow:
            self._unwind(-1)
        self._forget_key()
        self._may_be_key = False

    def _mark(self, kind: str, length: int = 1) -> None:
        """Adds the token of so many characters."""
        self.tokens.append(Token(kind, self._at, self._at + length))
        self._at += length

    def _unwind(self, column: int) -> None:
        """Ends the blocks that are indented deeper."""
        while self._indent > column:
            self._indent = self._indents.pop()
            self.tokens.append(Token(kinds.BLOCK_END, self._at, self._at))

    def _add_indent(self, column: int) -> bool:
        if self._indent >= column:
            return False
        self._indents.append(self._indent)
        self._indent = column
        return True

    def _end(self) -> None:
        if not self._flow:
            self._unwind(-1)
        self._forget_key()
        self._keys.clear()
        self._mark(kinds.STREAM_END, length=0)
        self._is_done = True

    def _open_flow(self, kind: str) -> None:
        self._expect_key()
        self._flow.append(kind)
        self._may_be_key = True
        self._mark(kind)

    def _close_flow(self, kind: str) -> None:
        self._forget_key()
        if self._flow:  # if not, the parser says so
            self._flow.pop()
        self._may_be_key = False
        self._mark(kind)

    def _flow_entry(self) -> None:
        self._may_be_key = True
        self._forget_key()
        self._mark(kinds.FLOW_ENTRY)

    def _entry(self) -> None:
        if not self._flow:  # else the parser says so
            self._begin_block(kinds.BLOCK_SEQUENCE_START, "sequence entries are not allowed here")
        self._may_be_key = True
        self._forget_key()
        self._mark(kinds.ENTRY)

    def _key(self) -> None:
        if not self._flow:
            self._begin_block(kinds.BLOCK_MAPPING_START, "mapping keys are not allowed here")
        self._may_be_key = not self._flow
        self._forget_key()
        self._mark(kinds.KEY)

    def _value(self) -> None:
        key = self._keys.pop(len(self._flow), None)
        if key is not None:
            self.tokens.insert(key.token, Token(kinds.KEY, key.at, key.at))
            if not self._flow and self._add_indent(key.column):
                self.tokens.insert(key.token, Token(kinds.BLOCK_MAPPING_START, key.at, key.at))
            self._may_be_key = False
        else:
            if not self._flow:
                self._begin_block(kinds.BLOCK_MAPPING_START, "mapping values are not allowed here")
            self._may_be_key = not self._flow
            self._forget_key()
        self._mark(kinds.VALUE)

    def _begin_block(self, kind: str, problem: str) -> None:
        if not self._may_be_key:
            raise YamlError(problem, self._at)
        if self._add_indent(self._column()):
            self._mark(kind, length=0)

    def _is_plain(self, character: str) -> bool:
        """Whether a plain scalar begins here, with one of `-?:`."""
        if character not in "-?:" or self._text[self._at + 1] in BLANK:
            return False
        return character == "-" or not self._flow or (character == ":" and not self._is_flow_value())

    def _is_flow_value(self) -> bool:
        """Whether a `:` in a flow collection that no blank follows ends a key."""
        if self._version == YAML_1_1:
            return True
        is_second = len(self.tokens) > self.ready and self.tokens[-1].kind == kinds.VALUE
        return self._flow[-1] == kinds.FLOW_MAPPING_START and not is_second

    def _name(self, kind: str) -> None:
        self._expect_key()
        self._may_be_key = False
        self._add(scan_name(self._text, self._at, kind))

    def _tag(self) -> None:
        self._expect_key()
        self._may_be_key = False
        self._add(scan_tag(self._text, self._at, version=self._version))

    def _add(self, token: Token) -> None:
        self.tokens.append(token)
        self._at = token.end

    def _block_key(self) -> bool:
        """Reads a plain key with its colon, as `_plain` and `_value` would in two steps, if nothing else can come of it."""
        found = BLOCK_KEY.match(self._text, self._at)
        if found is None or found.end(1) - self._at > MAX_SIMPLE_KEY or len(self.tokens) > MAX_TOKENS - 9:
            return False
        self._forget_key()
        at, end = found.span(1)
        if self._add_indent(self._column()):
            self._mark(kinds.BLOCK_MAPPING_START, length=0)
        self.tokens += (
            Token(kinds.KEY, at, at),
            Token(kinds.SCALAR, at, end, found[1], True),
            Token(kinds.VALUE, end, end + 1),
        )
        self._may_be_key = False
        self._at = end + 1
        return True

    def _plain(self) -> None:
        self._expect_key()
        is_1_1 = self._version == YAML_1_1
        token, at = scan_plain(self._text, self._at, self._indent + 1, in_flow=bool(self._flow), is_1_1=is_1_1)
        self._may_be_key = at > token.end and "\n" in self._text[token.end : at]
        self._add_scalar(token, at)

    def _quoted(self, scan_quoted: Callable[[str, int], Scanned]) -> None:
        self._expect_key()
        self._may_be_key = False
        self._add_scalar(*scan_quoted(self._text, self._at))

    def _block_scalar(self) -> None:
        self._may_be_key = True
        self._forget_key()
        self._add_scalar(*scan_block(self._text, self._at, self._indent))

    def _add_scalar(self, token: Token, at: int) -> None:
        self.tokens.append(token)
        self._go_to(at)
