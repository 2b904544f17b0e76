"""The names that templates may use, checked against the recipients' columns before the first render."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from sendspec.composing.template import Template
from sendspec.composing.template_policy import NameUse
from sendspec.diagnostics.diagnostic import Problems, Severity
from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document, KeyPath

BUILT_IN = frozenset({"row", "omit", "message_id", "generation"})
MAX_LISTED = 12
MAX_LOOKED_UP = 20


class KnownNames:
    """The columns, constants and built-in names of a spec."""

    def __init__(self, columns: tuple[str, ...], variables: Collection[str]) -> None:
        self.columns = frozenset(columns)
        self.variables = variables
        self._names = list(dict.fromkeys([*columns, *variables]))
        self._near: dict[str, str | None] = {}

    def near(self, name: str) -> str | None:
        """The known name most like `name`; None after the first `MAX_LOOKED_UP` unknown names."""
        if name not in self._near and len(self._near) < MAX_LOOKED_UP:
            self._near[name] = near_miss(name, chain(self._names, sorted(BUILT_IN)))
        return self._near.get(name)

    def listed(self) -> str:
        names = self._names
        more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
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
        _check_name(use, at, known, document, problems, early)
    for use in template.columns:
        if use.name not in known.columns:
            _unknown(use, at, known, document, problems)


def _check_name(
    use: NameUse, at: KeyPath, known: KnownNames, document: Document, problems: Problems, early: bool
) -> None:
    if use.name in BUILT_IN and use.name in known.columns:
        problems.add(
            document.diagnostic(
                at,
                code="name-clash",
                problem=f"'{use.name}' is both a recipient column and a built-in name",
                fix=f'write row["{use.name}"] for the column, or rename the column',
                within=(use.start, use.end),
            )
        )
    elif early and use.name == "message_id":
        problems.add(
            document.diagnostic(
                at,
                code="unknown-name",
                problem="'message_id' isn't known yet here: it is made from the recipient's key",
                fix="use a column instead",
                within=(use.start, use.end),
            )
        )
    elif use.name not in known.columns and use.name not in known.variables and use.name not in BUILT_IN:
        _unknown(use, at, known, document, problems)


def _unknown(use: NameUse, at: KeyPath, known: KnownNames, document: Document, problems: Problems) -> None:
    near = known.near(use.name)
    if use.defaulted and near is None:
        return
    fix = f"write '{near}'" if near else f"add the column, a constant under vars, or use one of: {known.listed()}"
    problems.add(
        document.diagnostic(
            at,
            code="unknown-name",
            problem=f"no recipient column is called '{use.name}'",
            fix=fix,
            within=(use.start, use.end),
            severity=Severity.WARNING if use.defaulted else Severity.ERROR,
        )
    )
