"""The names that templates may use, checked against the recipients' columns before the first render."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import chain

from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template import Template
from sendspec.composing.template_name import NameUse, written_name
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.near_miss import letters, near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, printable, quoted
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.tables.column_name import is_made_up

BUILT_IN = frozenset({"row", "omit", "message_id", "generation"})
OPT_OUT_LINK = "optOutLink"
"""A variable of Bird's own, for people who can't answer STOP: those who get messages of an alphanumeric sender."""
_OPT_OUT_FIX = (
    f"write {{{{ '{{{{{OPT_OUT_LINK}}}}}' }}}} for Bird to fill in: it does in its templates; whether it does in a text of `body` isn't known,"
    " so send one to yourself first"
)
MAX_LISTED = 12
MAX_LOOKED_UP = 20
_ITEM = lazy_pattern(r"\.([^\W\d]\w*)")
_COMPARISON = lazy_pattern(r"(?:[=!<>]=|[<>])\s*\Z")
_LONE_NAME = lazy_pattern(r"\{\{[ ]*[\w.]+[ ]*\}\}")
_SEVERAL_NAMES = lazy_pattern("[,;|\t]")
"""A column called so is likely a whole header, read with another delimiter."""


class KnownNames:
    """The columns, constants and built-in names of a spec."""

    def __init__(self, columns: tuple[str, ...], variables: Collection[str]) -> None:
        self.listed_columns = columns
        self.columns = frozenset(columns)
        self.variables = variables
        self._names = [name for name in dict.fromkeys([*columns, *variables]) if not is_made_up(name)]
        self._near: dict[str, str | None] = {}
        self._by_letters: dict[str, str] | None = None

    @property
    def in_one_column(self) -> frozenset[str]:
        """The names in the name of the only column, where that is a whole header."""
        only = self.listed_columns[0] if len(self.listed_columns) == 1 else ""
        return (
            frozenset(each.strip() for each in _SEVERAL_NAMES.split(only))
            if _SEVERAL_NAMES.search(only)
            else frozenset()
        )

    def near(self, name: str) -> str | None:
        """The known name most like `name`; None after the first `MAX_LOOKED_UP` unknown names."""
        if name not in self._near and len(self._near) < MAX_LOOKED_UP:
            one_column = (each for each in self._names if not _SEVERAL_NAMES.search(each))
            self._near[name] = near_miss(name, chain(one_column, sorted(BUILT_IN)))
        return self._near.get(name)

    def same(self, name: str) -> str | None:
        """The column or constant that is called `name`, but for case, spaces and signs."""
        if name in self.columns or name in self.variables:
            return name
        if self._by_letters is None:
            self._by_letters = {letters(each): each for each in reversed(self._names) if letters(each)}
        return self._by_letters.get(letters(name))

    def listed(self) -> str:
        """The first names as a template writes them."""
        return self._listed([written_name(name) for name in self._names[: MAX_LISTED + 1]])

    def listed_as_called(self) -> str:
        """The first names as the table has them."""
        return self._listed(
            [f"'{name}'" if _SEVERAL_NAMES.search(name) else name for name in self._names[: MAX_LISTED + 1]]
        )

    def _listed(self, names: list[str]) -> str:
        more = f" and {len(self._names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
        return mask_in_place(printable(", ".join(names[:MAX_LISTED]) + more)) if names else "none"


def check_clashes(known: KnownNames, document: Document, problems: Problems) -> None:
    """Reports constants named like a column or a built-in name: one would silently hide the other."""
    for name in known.variables:
        if name in known.columns or name in BUILT_IN:
            what = "a built-in name" if name in BUILT_IN else "a recipient column"
            problems.add(
                document.diagnostic(
                    ("vars", name),
                    code="name-clash",
                    problem=f"'{name}' is both a constant under vars and {what}",
                    fix="rename the constant",
                    key=True,
                )
            )


def check_names(
    template: Template, at: KeyPath, known: KnownNames, document: Document, problems: Problems, *, early: bool = False
) -> None:
    """Reports every unknown name of `template`. `early` templates are rendered before the message has an id."""
    for use in template.names:
        found = _clash(use, known, early)
        if found is not None:
            problems.add(document.place(at, found, within=(use.start, use.end)))
        elif use.name not in known.columns and use.name not in known.variables and use.name not in BUILT_IN:
            near, end = known.near(use.name), use.end
            if near is None:
                near, end = _item_near(template.source, use, known)
            found_fix = _fix(template, use, known, near, early)
            _unknown(replace(use, end=end), at, document, problems, near, found_fix)
    for use in template.columns:
        if use.name not in known.columns:
            near = known.near(use.name)
            fix = f"write '{quoted(near)}'" if near else f"add the column, or use one of: {known.listed_as_called()}"
            _unknown(use, at, document, problems, near, fix)


def _clash(use: NameUse, known: KnownNames, early: bool) -> Problem | None:
    if use.name in BUILT_IN and use.name in known.columns:
        return Problem(
            "name-clash",
            f"'{use.name}' is both a recipient column and a built-in name",
            f'write row["{use.name}"] for the column, or rename the column',
        )
    if early and use.name == "message_id":
        problem = "'message_id' isn't known yet here: it is made from the recipient's key"
        return Problem("unknown-name", problem, "use a column instead")
    return None


def _item_near(source: str, use: NameUse, known: KnownNames) -> tuple[str | None, int]:
    """The column that `contact.first_name` means, as other tools write it, and where that ends."""
    item = _ITEM.match(source, use.end)
    near = known.near(item[1]) if item else None
    return (None, use.end) if item is None or near is None else (near, item.end())


def _fix(template: Template, use: NameUse, known: KnownNames, near: str | None, early: bool) -> str:
    if letters(use.name) == letters(OPT_OUT_LINK):
        return _OPT_OUT_FIX
    compared = f"write `'{quoted(use.name)}'`, in quotes, if it is a value" if _is_compared(template, use) else ""
    if near is not None:
        return (
            f"{compared}; for the column, write {_in_quotes(written_name(near))}"
            if compared
            else f"write {_in_quotes(written_name(near))}"
        )
    if use.name in known.in_one_column:
        return _unquoted_header(quoted(known.listed_columns[0]))
    if compared:
        return f"{compared}; columns are: {known.listed()}"
    fix = f"add the column, a constant under vars, or use one of: {known.listed()}"
    opened = template.source.rfind("{{", 0, use.start)
    literal = _LONE_NAME.match(template.source, max(opened, 0))
    if early or literal is None:
        return fix
    return f"{fix}; if it is for another program to fill, write {{{{ '{literal[0]}' }}}}"


def _unquoted_header(column: str) -> str:
    """What to do about a header that its quotes make one column of."""
    sign = str(_SEVERAL_NAMES.findall(column)[0])
    fix = f"remove the quotes around the header in the table: they make one column of it, '{column}'"
    return fix if sign == "," else f'{fix}; then set `delimiter: "{sign}"` under recipients'.replace('"\t"', r'"\t"')


def _is_compared(template: Template, use: NameUse) -> bool:
    """Whether the name is the right side of a comparison."""
    return _COMPARISON.search(template.source, 0, use.start) is not None


def _in_quotes(name: str) -> str:
    return f"`{quoted(name)}`" if '"' in name else f"'{quoted(name)}'"


def _unknown(use: NameUse, at: KeyPath, document: Document, problems: Problems, near: str | None, fix: str) -> None:
    if use.defaulted and near is None:
        return
    problems.add(
        document.diagnostic(
            at,
            code="unknown-name",
            problem=f"no recipient column is called '{use.name}'",
            fix=with_requoted_code(fix, document.written(at)),
            within=(use.start, use.end),
            severity=Severity.WARNING if use.defaulted else Severity.ERROR,
        )
    )
