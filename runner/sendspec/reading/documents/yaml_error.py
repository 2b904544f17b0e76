"""Explains the YAML parser's errors in words a user can act on."""

from __future__ import annotations

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable, quoted
from sendspec.reading.documents.backslash_path import path_with_backslashes
from sendspec.reading.documents.key_in_text import key_in_text, value_and_keys
from sendspec.reading.documents.line_index import LineIndex
from sendspec.reading.documents.odd_indentation import odd_indentation
from sendspec.reading.documents.span_problem import SpanProblem
from sendspec.reading.documents.text_like_yaml import block_text, list_entry
from sendspec.reading.documents.unquoted_template import template_near, unquoted_template
from sendspec.reading.documents.yaml_token import YamlError

_ANCHOR = lazy_pattern(r"&\S+(?:\s|#[^\n]*+)*")
"""An anchor, and what may stand between it and a tag."""
_TOO_LARGE_ESCAPE = lazy_pattern(r"\\U(?!000[0-9A-Fa-f]|0010)[0-9A-Fa-f]{8}")
_QUOTE_IT = "put quotes around the whole value"
_MAX_SHOWN = 60
_LAST_VALUE = lazy_pattern(r"((?:[\w-]+:[ ]+)?)([^\s,:\[\]{}'\"][^,:\[\]{}'\"]*)\Z")
_KEY_ALONE = lazy_pattern(r"[ ]*(?:- +)?[\w-]+:[ ]*")
_BEHIND_VALUE = lazy_pattern(r"[,\]}]")
"""The value before a comment, with its key, and what ends it in a list or mapping on one line."""
_QUOTES_INSIDE = {
    '"': "the quote before it ends the value: inside, write ' or \\\"",
    "'": 'the quote before it ends the value: inside, write it twice, or put " around the value',
}
"""By the quote that ended the value."""
_ENDED_IN_TEMPLATE = lazy_pattern(r"""(?:(?P<quote>["'])(?:(?!(?P=quote))[^\\])*(?P=quote))\s*\Z""")


@dataclass(frozen=True, slots=True)
class _Words:
    """Our words for the parser's. `at_context`: blame the place where the construct began, not where parsing failed."""

    theirs: str
    ours: Problem
    at_context: bool = False


def _syntax(problem: str, fix: str) -> Problem:
    return Problem("yaml-syntax", problem, fix)


_WORDS = (
    _Words(
        "unexpected end of stream", _syntax("this quote is not closed", "close it where its text ends"), at_context=True
    ),
    _Words(
        "unexpected document separator",
        _syntax("this quote is not closed", "close it where its text ends"),
        at_context=True,
    ),
    _Words(
        "could not find expected ':'",
        _syntax(
            "this line is neither a key with a value nor part of the value before it",
            "write `key: value`, or indent it like the text it belongs to",
        ),
        at_context=True,
    ),
    _Words(
        "found unknown escape",
        _syntax("YAML knows no such escape after \\", "write / between folders, or \\\\ for a backslash"),
    ),
    _Words(
        "expected escape sequence of", _syntax("this escape has too few digits", "write two after \\x, four after \\u")
    ),
    _Words("expected chomping or indent", _syntax("only a line end can follow > or | here", _QUOTE_IT)),
    _Words(
        "expected indentation indicator",
        _syntax("0 can't be the indentation of a text block", "write 1 to 9, or nothing"),
    ),
    _Words(
        "more indented follow up line",
        _syntax("a blank line is indented deeper than the text", "indent it no further"),
        at_context=True,
    ),
    _Words("expected alphabetic or numeric", _syntax("a name is missing after & or *", _QUOTE_IT)),
    _Words(
        "sequence entries are not allowed",
        _syntax("a list entry can't begin here", f"begin it on a line of its own; if it is a text, {_QUOTE_IT}"),
    ),
    _Words("mapping keys are not allowed", _syntax("a key can't begin here", "begin it on a line of its own")),
    _Words("found unexpected ':'", _syntax("there is a `:` in a value without quotes", _QUOTE_IT)),
    _Words(
        "expected a comment or a line break",
        _syntax("the line should end here", f"write the text on the lines below, indented; or {_QUOTE_IT}"),
    ),
    _Words("non-comment content after", _syntax("there is text after the end of the document", "remove it")),
    _Words(
        "expected '<document start>'",
        _syntax("this line is outside the document", "indent it, or remove the `...` before it"),
    ),
    _Words("version 1.* is required", _syntax("this YAML version is unknown", "remove the line"), at_context=True),
)


def parser_problem(error: YamlError, lines: LineIndex) -> SpanProblem:
    """Where and why the parser gave up, by its own error."""
    text = lines.text
    problem, context = error.at, error.context_at
    at = problem if problem is not None else context or 0
    odd = odd_indentation(lines, context, at)
    if odd is not None:
        return odd
    for offset in (at, context):
        template = None if offset is None else template_near(text, offset)
        if template is not None:
            return unquoted_template(text, template[0], in_flow=template[1])
    said, about = error.problem or "", error.context or ""
    if "tag" in about or "tag handle" in said:
        return tag_problem(text, at if context is None else context)
    if "directive" in about or "directive" in said:
        return _finding(at, "this line begins with %, which YAML reserves for directives", "remove it")
    if "escape" in said and (path := path_with_backslashes(lines, at)) is not None:
        return path
    return (
        _tab(said, at, lines)
        or _quote_in_template(at, lines)
        or _special(said, at, context, lines)
        or _in_our_words(said, at, context)
    )


def tag_place(text: str, node_start: int) -> int:
    """Where a node's tag is. The node starts at its tag or at its anchor, and the anchor is before the tag or after it."""
    anchor = _ANCHOR.match(text, node_start)
    after = node_start if anchor is None else anchor.end()
    return after if text.startswith("!", after) else max(text.rfind("!", 0, node_start), 0)


def tag_problem(text: str, start: int) -> SpanProblem:
    """The problem with the tag at `start`."""
    written = text[start : start + 200].split(None, 1)[0]
    return SpanProblem(
        Problem(
            "yaml-tag",
            f"the tag '{quoted(written[:60])}' is not allowed",
            "remove it; text, numbers, lists and mappings need none, and a text that begins with ! needs quotes",
        ),
        start,
        start + len(written),
    )


def unreadable_value_problem(text: str, after: int) -> SpanProblem:
    """For errors without a place: an escape beyond Unicode, or a number in a directive."""
    found = _TOO_LARGE_ESCAPE.search(text, after)
    if found is None:
        return _finding(after, "YAML can't make sense of what follows", "check this line and the next")
    return SpanProblem(
        Problem("yaml-syntax", "no character has this number", "write another escape"), found.start(), found.end()
    )


def _finding(at: int, problem: str, fix: str) -> SpanProblem:
    return SpanProblem(_syntax(problem, fix), at, at + 1)


def _tab(said: str, at: int, lines: LineIndex) -> SpanProblem | None:
    begin, end = lines.line_at(at)
    line = lines.text[begin:end]
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        return SpanProblem(
            Problem("yaml-tab", _TAB, "indent with spaces"), begin + indent.index("\t"), begin + len(indent)
        )
    if "\\t" not in said:
        return None
    tab = line.find("\t", max(0, at - begin - 1))
    at = begin + tab if tab >= 0 else at
    fix = "write a space; if you want the tab, put quotes around the text"
    if _KEY_ALONE.fullmatch(line, 0, at - begin):
        fix = "write a space after the colon"
    return SpanProblem(Problem("yaml-tab", _TAB, fix), at, at + 1)


_TAB = "YAML needs spaces here, not a tab"


def _quote_in_template(at: int, lines: LineIndex) -> SpanProblem | None:
    """A quote between {{ and }} that is that of the value: the value ends there."""
    begin, _ = lines.line_at(at)
    ended = _ENDED_IN_TEMPLATE.search(lines.text[begin:at])
    if ended is None or ended[0].count("{{") == ended[0].count("}}"):
        return None
    return _finding(at, "there is text after the end of the value", _QUOTES_INSIDE[ended["quote"]])


def _special(said: str, at: int, context: int | None, lines: LineIndex) -> SpanProblem | None:
    """Errors whose explanation depends on the surrounding text."""
    text = lines.text
    begin, _end = lines.line_at(at)
    before = text[begin:at]
    if "expected a comment or a line break" in said:
        return block_text(lines, at)
    if "sequence entries are not allowed" in said:
        return list_entry(lines, at)
    if "mapping values are not allowed" in said:
        if ": " in before or before.lstrip().startswith("- ") or before.count(":"):
            return _finding(at, "there is a second `: ` in one value", _QUOTE_IT)
        return (
            value_and_keys(begin, before, lines)
            or key_in_text(at, begin, lines)
            or _finding(at, "there is a key inside the value of the line before", "indent it like its neighbours")
        )
    if "could not find expected ':'" in said and context is not None:
        return _no_key(context, lines)
    if "expected ',' or" in said and context is not None:
        return _unclosed(at, context, lines)
    if "expected <block end>" in said or "expected the node content" in said:
        return _unexpected(text, at, before.strip() == "")
    if "cannot start any token" in said:
        return _finding(
            at, f"a value can't begin with {printable(text[at : at + 1])} unless it is in quotes", _QUOTE_IT
        )
    return None


_NEARLY_A_KEY = lazy_pattern(r"\s*([\w$-]+)(?::|\s*=\s*)(\S[^\n]{0,60})")


def _no_key(context: int, lines: LineIndex) -> SpanProblem | None:
    """`name:hello` and `name = hello`."""
    begin, end = lines.line_at(context)
    found = _NEARLY_A_KEY.fullmatch(lines.text, begin, end)
    if found is None or found[2].startswith("//"):
        return None
    problem = _syntax(
        "this line has no `: `, so it is not a key with a value",
        f"write `{quoted(found[1])}: {quoted(found[2].rstrip())}`",
    )
    return SpanProblem(problem, found.start(1), found.start(2) + len(found[2].rstrip()))


def _cut_value(text: str, begin: int, comment: int, end: int) -> tuple[str, int, int]:
    """What to write for the value that a ` #` cuts in a list or mapping that begins before `begin`, and where that value is."""
    before = _LAST_VALUE.search(text, begin, comment)
    behind = _BEHIND_VALUE.split(text[comment:end], maxsplit=1)[0]
    value = "" if before is None else before[2] + behind
    if before is None or '"' in value or "\\" in value or len(value) > _MAX_SHOWN:
        return "put quotes around the text that the # is in", comment, end
    return f'write `{quoted(before[1])}"{quoted(value)}"`', before.start(), comment + len(behind)


def _unclosed(at: int, context: int, lines: LineIndex) -> SpanProblem:
    bracket = lines.text[context : context + 1]
    what = "list" if bracket == "[" else "mapping"
    end = lines.line_at(context)[1]
    comment = lines.text.find(" #", context, end) + 1
    if comment:
        said = f"YAML takes '{quoted(lines.text[comment:end][:_MAX_SHOWN])}' for a comment, so the {what} before it is not closed"
        fix, start, stop = _cut_value(lines.text, context + 1, comment, end)
        return SpanProblem(_syntax(said, fix), start, stop)
    opened, broken = lines.position(context), lines.position(at)
    if opened.line != broken.line or not lines.text[at:].strip():
        return _finding(
            context,
            f"the {what} that begins here is not closed",
            f"write {'],'[0] if bracket == '[' else '}'} at its end",
        )
    return _finding(
        at,
        f"the {what} is neither closed here, nor does a comma follow",
        "add the comma, or put quotes around the value",
    )


def _unexpected(text: str, at: int, alone: bool) -> SpanProblem:
    character = text[at : at + 1]
    if character in ("]", "}"):
        return _finding(at, f"this {character} closes nothing", "remove it, or put quotes around the value")
    if character == ",":
        return _finding(at, "a value is missing before this comma", "write one, or remove the comma")
    if alone:
        return _finding(at, "this line is not indented like the ones it belongs to", "indent it like its neighbours")
    ended_by = text[:at].rstrip(" ")[-1:]
    fix = _QUOTES_INSIDE.get(ended_by, _QUOTE_IT)
    return _finding(at, "there is text after the end of the value", fix)


def _in_our_words(said: str, at: int, context: int | None) -> SpanProblem:
    words = next((words for words in _WORDS if words.theirs in said), None)
    if words is None:
        return _finding(
            at, "YAML can't make sense of this place", "check the indentation and the quotes here and one line up"
        )
    start = context if words.at_context and context is not None else at
    return SpanProblem(words.ours, start, start + 1)
