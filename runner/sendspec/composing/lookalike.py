"""Finds what looks like a placeholder in a text but is none: recipients would read it as it is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice

from sendspec.composing.known_names import KnownNames
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_name import written_name
from sendspec.composing.template_scan import tags_of
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath, walk
from sendspec.reading.spec import Spec

MAX_FOUND = 20
MAX_ODD_NAMES = 100
MAX_NAME = 64
_NAME = r"[^\W\d](?:[\w .-]{0,62}\w)?"


def _written_around(name: str) -> re.Pattern[str]:
    """Placeholders of other programs for what matches `name`; `merge` is a word processor's."""
    return lazy_pattern(
        rf"<%=?\s*(?P<erb>{name})\s*%>|\*\|(?P<star>{name})\|\*|\[\[\s*(?P<square>{name})\s*\]\]"
        rf"|«\s?(?P<merge>{name})\s?»|<<\s?(?P<angles>{name})\s?>>|(?<![\w@.])@(?P<at>{name})@(?![\w@])"
        rf"|[$#]\{{\s*(?P<dollar>{name})\s*\}}|\{{!?\s*(?P<brace>{name})\s*\}}+|(?<![\w%])%%?(?P<percent>{name})%%?(?![\w%])"
        rf"|\[(?P<bracket>{name})\]|<(?P<angle>{name})>"
        rf"|%\((?P<printf>{name})\)[sdif](?!\w)|\{{\s*\w{{1,20}}\[\s*['\"]?(?P<item>{name})['\"]?\s*\][^{{}}]{{0,20}}\}}",
        re.IGNORECASE,
    )


_LOOKALIKE = _written_around(_NAME)
_LOOKALIKE_SIGNS = ("<", "[", "{", "@", "%", "«", "*|")
"""Every placeholder of `_LOOKALIKE` has one."""
_IN_CODE = lazy_pattern(
    r"\{\s*(?P<format>[^\W\d]\w{0,63})(?:![rsa]|(?=:)|\.\w{1,20}\([^{}()]{0,40}\))(?::[^{}\s]{1,20})?\s*\}"
    r"|(?<![\w$])\$(?P<shell>[^\W\d]\w{0,63})|(?<![^\s(]):(?P<colon>[^\W\d]\w{0,63})(?![\w:])"
)
"""How programs write a value into a text: `{name:.2f}`, `{name!r}`, `{name.title()}`, `$name`, `:name`."""
_BY_PLACE = lazy_pattern(r"(?<![\w%])(?<!\d )%[sd](?![\w'’])")
_ALSO_TEXT = ("bracket", "at", "angle", "item", "format", "shell", "colon")
"""Ordinary text as often: reported only if they name a column."""
_ALSO_HTML = "angle"
_USUAL_NAMES = {
    "fname": ("first_name", "given_name", "voornaam", "vorname", "prenom", "prénom", "nombre", "nome"),
    "lname": (
        "last_name",
        "family_name",
        "surname",
        "achternaam",
        "nachname",
        "nom",
        "apellido",
        "sobrenome",
        "cognome",
    ),
}
"""Columns that Mailchimp's names, whatever their case, stand for."""
MAX_SHOWN = 60
_NOT_IN_ADDRESSES = ("{", "${", "#{")
_ADDRESS = lazy_pattern(r"\S*://\S*|www\.\S+")


@dataclass(frozen=True, slots=True)
class _Lookalike:
    """One placeholder. `same` is the column or constant that it names, `meant` the one that it may be meant for."""

    name: str
    written: str
    start: int
    end: int
    same: str | None
    meant: str | None
    is_error: bool


def lookalikes(spec: Spec, known: KnownNames) -> Iterator[Diagnostic]:
    """A warning for each of the first `MAX_FOUND`; an error if it names a column or a constant, unless HTML is written so."""
    return islice(_in_message(spec, known), MAX_FOUND)


def unfilled_constants(spec: Spec, used: Collection[str], known: KnownNames) -> Iterator[Diagnostic]:
    """The same for the constants that the message uses, and an error for each that holds a template."""
    return islice(_in_constants(spec, used, known), MAX_FOUND)


def _in_constants(spec: Spec, used: Collection[str], known: KnownNames) -> Iterator[Diagnostic]:
    for at, value in walk({name: spec.variables[name] for name in spec.variables if name in used}, ("vars",)):
        if not isinstance(value, str):
            continue
        tag = (
            next((tag for tag in tags_of(value) if tag.is_closed and tag.opening != "{#"), None)
            if "{" in value
            else None
        )
        if tag is not None:
            where = "between {% if … %}, {% elif … %} and {% endif %} where it is one of several"
            yield _in_constant(spec, at, value[tag.start : tag.end], (tag.start, tag.end), where)
        for found in _lookalikes_in(value, known, is_html=True):
            instead = quoted(written_name(found.meant)) if found.meant else "…"
            where = f"with {{{{ {instead} }}}} in its place"
            if not found.meant and known.listed_columns:
                where += f", around one of: {known.listed()}"
            where = with_requoted_code(where, _written_around_constant(spec, str(at[1])))
            problem = _in_constant(
                spec, at, found.written, (found.start, found.end), where, _about_column(found, known)
            )
            yield problem if found.is_error else replace(problem, severity=Severity.WARNING)


def _written_around_constant(spec: Spec, name: str) -> str:
    """The value of the message that uses the constant, as the file writes it."""
    texts = (at for at, value in walk(spec.message, ("message",)) if isinstance(value, str) and name in value)
    return next(map(spec.document.written, texts), "")


def _in_constant(
    spec: Spec, at: KeyPath, written: str, within: tuple[int, int], where: str, about: str = ""
) -> Diagnostic:
    return spec.document.diagnostic(
        at,
        code="unfilled-placeholder",
        problem=f"constants are not templates, so people would read '{quoted(written)}' as it is written{about}",
        fix=(f"write this text in `message`, {where}; only values that are the same for everybody belong under `vars`"),
        within=within,
    )


def _in_message(spec: Spec, known: KnownNames) -> Iterator[Diagnostic]:
    for at, value in walk(spec.message.get("body"), ("message", "body")):
        if isinstance(value, str) and not _is_address(at):
            yield from _third_braces(spec, at, value)
            yield from _by_place(spec, at, value, known)
            for found in _lookalikes_in(value, known, is_html="html" in at):
                yield _diagnostic(spec, at, found, known)


def _lookalikes_in(value: str, known: KnownNames, *, is_html: bool) -> Iterator[_Lookalike]:
    """Those in the text `value`, in its order.

    Web addresses may have signs of their own, but no braces: there, others are one only if they name a column or a constant, or are
    beside one that does or beside a template.
    """
    odd = _odd_names(known)
    matches = [
        match
        for start, end in _literal_pieces(value)
        for pattern in _patterns_for(value[start:end], odd)
        for match in pattern.finditer(value, start, end)
    ]
    matches.sort(key=re.Match.start)
    found = [each for match in matches if (each := _found(value, match, known, is_html=is_html)) is not None]
    addresses = [each.span() for each in _ADDRESS.finditer(value) if "{{" not in each[0]] if found else []
    named = [each.start for each in found if each.same is not None and each.is_error]
    plain = [(begin, end) for begin, end in addresses if not any(begin <= at < end for at in named)]
    for each in found:
        if each.written.startswith(_NOT_IN_ADDRESSES) or not any(begin <= each.start < end for begin, end in plain):
            yield each


def _patterns_for(piece: str, odd: re.Pattern[str] | None) -> Iterator[re.Pattern[str]]:
    """The patterns that can match in `piece`. Most texts have a sign of none, and compiling all took 2 ms of a short command."""
    if any(sign in piece for sign in _LOOKALIKE_SIGNS):
        yield _LOOKALIKE
        if odd is not None:
            yield odd
    if "{" in piece or "$" in piece or _has_colon_before_name(piece):
        yield _IN_CODE


def _has_colon_before_name(piece: str) -> bool:
    firsts = (part[:1] for part in piece.split(":")[1:])
    return any(first == "_" or (first.isalnum() and not first.isdecimal()) for first in firsts)


def _odd_names(known: KnownNames) -> re.Pattern[str] | None:
    """Placeholders for the columns whose names have other signs than most: `[Price (€)]`."""
    names = (name for name in known.listed_columns if len(name) <= MAX_NAME and any(map(str.isalpha, name)))
    odd = list(islice((name for name in names if not (_is_plain(name) or re.fullmatch(_NAME, name))), MAX_ODD_NAMES))
    return _written_around("|".join(map(re.escape, sorted(odd, key=len, reverse=True)))) if odd else None


def _is_plain(name: str) -> bool:
    """Whether `_NAME` surely matches all of a name of `MAX_NAME` characters at most."""
    return name.isascii() and name.isidentifier()


def _column(name: str, known: KnownNames) -> str | None:
    """The column or constant that a placeholder is for. Other programs write an object before it: `{contact.first_name}`."""
    usual = _USUAL_NAMES.get(name.casefold(), ())
    return next(filter(None, map(known.same, (name, name.rpartition(".")[2], *usual))), None)


def _found(value: str, match: re.Match[str], known: KnownNames, *, is_html: bool) -> _Lookalike | None:
    """The match as a placeholder; None if it is ordinary text."""
    kind, name = str(match.lastgroup), match[match.lastgroup or 0]
    same = _column(name, known)
    if same is None and (not name.isidentifier() or (kind in _ALSO_TEXT and "_" not in name)):
        return None  # no ordinary word has an underscore
    meant = same or known.near(name)
    if kind in _ALSO_TEXT and meant not in known.columns and same is None:
        return None
    written, start = match[0], match.start()
    if kind == "brace" and start and value[start - 1] == "{":
        written, start = "{" + written, start - 1
    is_error = (same is not None or meant in known.columns) and not (is_html and kind == _ALSO_HTML)
    return _Lookalike(name, written, start, match.end(), same, meant, is_error)


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


def _by_place(spec: Spec, at: KeyPath, value: str, known: KnownNames) -> Iterator[Diagnostic]:
    """`%s`, which a program fills by its place in the text."""
    for piece in _literal_pieces(value) if "%s" in value or "%d" in value else ():
        for match in _BY_PLACE.finditer(value, *piece):
            found = _Lookalike("", match[0], match.start(), match.end(), None, None, is_error=False)
            yield _diagnostic(spec, at, found, known)


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


def _diagnostic(spec: Spec, at: KeyPath, found: _Lookalike, known: KnownNames) -> Diagnostic:
    written = quoted(found.written)
    what = f"write {{{{ {quoted(written_name(found.meant))} }}}}" if found.meant else "write {{ … }} for a column"
    if not found.meant and known.listed_columns:
        what = f"write {{{{ … }}}} with one of: {known.listed()}"
    fix = what if "'" in written else f"{what}; if they should read it so, write {{{{ '{written}' }}}}"
    return spec.document.diagnostic(
        at,
        code="unfilled-placeholder",
        problem=f"'{written}' is not a template, so people would read it as it is written{_about_column(found, known)}",
        fix=with_requoted_code(fix, spec.document.written(at)),
        within=(found.start, found.end),
        severity=Severity.ERROR if found.is_error else Severity.WARNING,
    )


def _about_column(found: _Lookalike, known: KnownNames) -> str:
    if found.same is not None:
        return f"; '{quoted(found.same)}' is a column" if found.same in known.columns else ""
    if found.meant in known.columns:
        return f"; the column is called '{quoted(str(found.meant))}'"
    return f"; no column is called '{quoted(found.name)}'" if known.listed_columns and found.name else ""
