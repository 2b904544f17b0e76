"""Finds values that YAML reads otherwise than their author: cut by a comment, in typographic quotes, with an escape."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import mask_in_place, quoted
from sendspec.reading.documents.document import Document, KeyPath, walk
from sendspec.reading.documents.unquoted_template import quoted_template

MAX_FOUND = 20
_COMMENT = lazy_pattern(r"([ \t]+)(#.*)")
_TEXT_KEYS = frozenset({"text", "title", "subject", "html"})
_OPENING, _CLOSING = "“„”«‹‘‚’", "”“»›’‘"
_ESCAPE = lazy_pattern(
    r"\{\{[^{}]*\}\}|\{%[^{}]*%\}|(?<![^\W_])[A-Za-z]:\\\S*|\\\\\w[\w.-]*\\(?!\\)\S*|(?P<escape>\\{1,2}n)"
)
"""A template, which reads escapes itself, a path of Windows, with a drive or a server, or what is meant as a line break."""
_MAX_SHOWN = 200


def suspect_scalars(document: Document) -> Iterator[Diagnostic]:
    """A warning for each of the first `MAX_FOUND`; an error where a comment has a template."""
    return islice(_found(document), MAX_FOUND)


def _found(document: Document) -> Iterator[Diagnostic]:
    known = set()
    has_comments = document.has_comments
    for at, value in walk(document.data):
        if not isinstance(value, str) or not value:
            continue
        if not (has_comments and "#" in document.behind(at)) and value[0] not in _OPENING and "\\" not in value:
            continue  # for nearly every value, so this comes first
        span = document.span(at)
        if span in known or document.is_alias(at):
            continue
        known.add(span)
        written = document.written(at)
        if (found := _escape(document, at, value)) is not None:
            yield found
        if written[:1] in ("'", '"', "|", ">"):
            continue
        found = _cut(document, at, value) or _curly(document, at, value)
        if found is not None:
            yield found


def _escape(document: Document, at: KeyPath, value: str) -> Diagnostic | None:
    """`\\n` in a text of the message: only double quotes make a line break of it."""
    found = _ESCAPE.finditer(value) if at[:2] == ("message", "body") and "\\" in value else ()
    where = next((each for each in found if each["escape"]), None)
    if where is None:
        return None
    escape, written = where["escape"], document.written(at)
    problem = "`\\n` is a line break only in double quotes; here, people would read it as it is written"
    if written.startswith('"'):
        problem = "in double quotes, `\\\\n` is a backslash and an n, and people would read both; `\\n` is a line break"
    elif escape != "\\n":
        problem = "`\\\\n` is two backslashes and an n, and people would read them"
    meant = _in_double_quotes(written, value)
    if meant is not None:
        fix = f"write {meant}, or several lines below `{at[-1]}: |`"
        return document.diagnostic(at, code="literal-escape", problem=problem, fix=fix, severity=Severity.WARNING)
    return document.diagnostic(
        at,
        code="literal-escape",
        problem=problem,
        fix=_line_break(written[:1], escape),
        within=where.span(),
        severity=Severity.WARNING,
    )


def _line_break(opening: str, escape: str) -> str:
    """How a value that begins with `opening` gets a line break in place of `escape`."""
    if opening in ("|", ">"):
        return f"begin a new line in its place{', and write `|` instead of `>`' * (opening == '>')}"
    if opening == '"':
        return "write `\\n`, with one backslash"
    quotes = 'put " around the text' if escape == "\\n" else 'write `\\n` with one backslash, and " around the text'
    return f"{quotes}, or write it below `text: |`, on several lines"


def _in_double_quotes(written: str, value: str) -> str | None:
    """A short text with `\\n`, in the quotes that make line breaks of it; None if other signs would change their meaning."""
    if len(value) > _MAX_SHOWN or mask_in_place(value) != value or "\\" in value.replace("\\n", ""):
        return None
    if written.startswith('"'):
        return written.replace("\\\\n", "\\n") if "\n" not in written else None
    is_plain = written[:1] not in ("|", ">") and written.strip("'") == value
    return '"' + value.replace('"', '\\"') + '"' if is_plain else None


def _cut(document: Document, at: KeyPath, value: str) -> Diagnostic | None:
    """A text that ` #` ends in the middle of a sentence."""
    behind = document.behind(at)
    found = _COMMENT.fullmatch(behind)
    if found is None or not _is_text(at, value, found[1], found[2].rstrip()):
        return None
    whole = value + behind.rstrip()
    fits = len(whole) <= _MAX_SHOWN and "\n" not in whole
    is_template = "{{" in found[2] and "}}" in found[2]
    fix = f"put quotes around the text{f': {quoted_template(whole)}' if fits else ''}"
    return document.diagnostic(
        at,
        code="cut-by-comment",
        problem=f"YAML takes '{quoted(found[2].strip()[:60])}' for a comment, so the text ends before it",
        fix=f"{fix}; if it is a comment, move it to a line of its own" if is_template else fix,
        behind=(len(found[1]), len(behind.rstrip())),
        severity=Severity.ERROR if is_template else Severity.WARNING,
    )


def _is_text(at: KeyPath, value: str, gap: str, comment: str) -> bool:
    """Whether a comment is the rest of its text: people write a space after the `#` of a comment."""
    if "{{" in comment and len(gap) == 1:
        return True
    is_sentence = " " in value or at[-1] in _TEXT_KEYS
    is_joined = len(comment) > 1 and comment[1] not in " \t#-=!"
    return is_sentence and (is_joined or (value[-1] in ",(" and len(gap) == 1))


def _curly(document: Document, at: KeyPath, value: str) -> Diagnostic | None:
    if len(value) < 2 or value[0] not in _OPENING or value[-1] not in _CLOSING:
        return None
    return document.diagnostic(
        at,
        code="curly-quotes",
        problem=f"{value[0]} and {value[-1]} are not YAML's quotes, so they are part of the text",
        fix='write " in their place; if people should read them, put " around all of it',
        severity=Severity.WARNING,
    )
