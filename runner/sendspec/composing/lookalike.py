"""Finds what looks like a placeholder in a text but is none: recipients would read it as it is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice

from sendspec.composing.known_names import KnownNames, with_fitting_quotes
from sendspec.composing.template_policy import written_name
from sendspec.composing.template_scan import tags_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import Spec

MAX_FOUND = 20
_NAME = r"[^\W\d](?:[\w .-]{0,62}\w)?"
_LOOKALIKE = re.compile(
    rf"<%=?\s*(?P<erb>{_NAME})\s*%>|\*\|(?P<star>{_NAME})\|\*|\[\[\s*(?P<square>{_NAME})\s*\]\]"
    rf"|«\s?(?P<merge>{_NAME})\s?»|<<\s?(?P<angles>{_NAME})\s?>>|(?<![\w@.])@(?P<at>{_NAME})@(?![\w@])"
    rf"|[$#]\{{\s*(?P<dollar>{_NAME})\s*\}}|\{{\s*(?P<brace>{_NAME})\s*\}}+|(?<![\w%])%%?(?P<percent>{_NAME})%%?(?![\w%])"
    rf"|\[(?P<bracket>{_NAME})\]|<(?P<angle>{_NAME})>"
)
"""As other programs write them; `merge` is a word processor's. A column's name may have spaces and signs in it."""
_ALSO_TEXT = ("bracket", "at", "angle")
"""Ordinary text as often: reported only if they name a column."""
_ALSO_HTML = "angle"
_ALSO_SIGNS = ("percent", "angle")
"""A name in them that is only like a column's may be ordinary text."""
MAX_SHOWN = 60
_ADDRESS = re.compile(r"\S*://\S*|www\.\S+")


def lookalikes(spec: Spec, known: KnownNames) -> Iterator[Diagnostic]:
    """A warning for each of the first `MAX_FOUND`; an error if it names a column or a constant, unless text is often written so."""
    return islice(_found(spec, known), MAX_FOUND)


def unfilled_constants(spec: Spec, used: Collection[str], known: KnownNames) -> Iterator[Diagnostic]:
    """An error for each of the first `MAX_FOUND` constants that the message uses and that hold a template, or a column's placeholder."""
    return islice(_unfilled(spec, used, known), MAX_FOUND)


def _unfilled(spec: Spec, used: Collection[str], known: KnownNames) -> Iterator[Diagnostic]:
    for at, value in walk({name: spec.variables[name] for name in spec.variables if name in used}, ("vars",)):
        span = _unfilled_part(value, known) if isinstance(value, str) else None
        if span is None:
            continue
        written = quoted(value[slice(*span)])
        yield spec.document.diagnostic(
            at,
            code="unfilled-placeholder",
            problem=f"constants are not templates, so people would read '{written}' as it is written",
            fix=(
                "write this text in `message`, between {% if … %}, {% elif … %} and {% endif %} where it is one of several;"
                " only values that are the same for everybody belong under `vars`"
            ),
            within=span,
        )


def _unfilled_part(value: str, known: KnownNames) -> tuple[int, int] | None:
    """Where a template is, or another program's placeholder for a column."""
    tag = next((tag for tag in tags_of(value) if tag.is_closed and tag.opening != "{#"), None) if "{" in value else None
    if tag is not None:
        return tag.start, tag.end
    matches = (each for each in _LOOKALIKE.finditer(value) if each.lastgroup not in _ALSO_TEXT)
    return next((each.span() for each in matches if known.same(each[each.lastgroup or 0]) in known.columns), None)


def _found(spec: Spec, known: KnownNames) -> Iterator[Diagnostic]:
    for at, value in walk(spec.message.get("body"), ("message", "body")):
        if not isinstance(value, str) or _is_address(at):
            continue
        yield from _third_braces(spec, at, value)
        addresses = [found.span() for found in _ADDRESS.finditer(value)]
        for start, end in _literal_pieces(value):
            for match in _LOOKALIKE.finditer(value, start, end):
                found = _diagnostic(spec, at, value, match, known)
                in_address = any(begin <= match.start() < stop for begin, stop in addresses)
                is_named = known.same(match[match.lastgroup or 0]) is not None
                if found is not None and ((is_named and found.severity is Severity.ERROR) or not in_address):
                    yield found  # in a web address, only what names a column or a constant: others have braces of their own


def _third_braces(spec: Spec, at: KeyPath, value: str) -> Iterator[Diagnostic]:
    """`{{ name }}}`: the last brace is text. In a text that has a brace before, it may close that one."""
    for tag in tags_of(value) if "}}}" in value else ():
        if tag.opening == "{{" and value.startswith("}", tag.end) and "{" not in value[: tag.start]:
            written = value[tag.start : tag.end]
            literal = len(written) > MAX_SHOWN
            yield spec.document.diagnostic(
                at,
                code="unfilled-placeholder",
                problem="the third } is not part of the template, so people would read it",
                fix="remove it" if literal else f"write {quoted(written)}",
                within=(tag.end if literal else tag.start, tag.end + 1),
                severity=Severity.WARNING,
            )


def _is_address(at: KeyPath) -> bool:
    return isinstance(at[-1], str) and at[-1].lower().endswith(("url", "href"))


def _literal_pieces(source: str) -> Iterator[tuple[int, int]]:
    """What is outside of tags."""
    taken = [(tag.start, tag.end) for tag in tags_of(source)] if "{{" in source or "{%" in source else []
    at = 0
    for start, end in sorted(taken):
        if at < start:
            yield at, start
        at = max(at, end)
    if at < len(source):
        yield at, len(source)


def _diagnostic(spec: Spec, at: KeyPath, value: str, match: re.Match[str], known: KnownNames) -> Diagnostic | None:
    kind, name = str(match.lastgroup), match[match.lastgroup or 0]
    same = known.same(name)
    if same is None and (kind in _ALSO_TEXT or not name.isidentifier()):
        return None
    meant = same or known.near(name)
    written, start = match[0], match.start()
    if kind == "brace" and start and value[start - 1] == "{":
        written, start = "{" + written, start - 1
    literal = f"{{{{ '{quoted(written)}' }}}}"
    what = f"write {{{{ {quoted(written_name(meant))} }}}}" if meant else "write {{ … }} for a column"
    if not meant and known.listed_columns:
        what = f"write {{{{ … }}}} with one of: {known.listed()}"
    is_near = meant in known.columns and kind not in _ALSO_SIGNS
    return spec.document.diagnostic(
        at,
        code="unfilled-placeholder",
        problem=f"'{quoted(written)}' is not a template, so people would read it as it is written"
        + _about_column(name, same, meant, known),
        fix=with_fitting_quotes(f"{what}; if they should read it, write {literal}", spec.document.written(at)),
        within=(start, match.end()),
        severity=Severity.ERROR if (same is not None or is_near) and kind != _ALSO_HTML else Severity.WARNING,
    )


def _about_column(name: str, same: str | None, meant: str | None, known: KnownNames) -> str:
    if same is not None:
        return f"; '{quoted(same)}' is a column" if same in known.columns else ""
    if meant in known.columns:
        return f"; the column is called '{quoted(str(meant))}'"
    return f"; no column is called '{quoted(name)}'" if known.listed_columns else ""
