"""Reads the recipient from a row: whether `where` keeps the row, the address and the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.left_out_rows import leaving_out, leaving_out_landlines
from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.platforms.address_kind import EMAIL_ADDRESS
from sendspec.composing.row_problems import RowProblems
from sendspec.composing.template_tree import Node, Placeholder, PlaceholderError, fill
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, quoted
from sendspec.reading.contacts.landline import is_landline
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.tables.row import Row

_TESTED_TWICE = lazy_pattern(r"(row\[.+?\]|\b\w+) is defined\b.*\) and \1 is defined")
_LEAVE_OUT = "leave such rows out with `where`"
WHERE: KeyPath = ("recipients", "where")
TO: KeyPath = ("recipients", "to")
KEY: KeyPath = ("recipients", "key")
_TOTAL = lazy_pattern(
    r"(?:(?:(?:grand|sub)[ -]?)?totals?|(?:sub|eind)?totaal|som|sum|summe|(?:gesamt|zwischen)?summe|gesamt|totale|totaux|somme|suma|totales)\s*:?",
    re.IGNORECASE,
)


def _comparison(where: Node, kept: object) -> str:
    """What to write for a condition that gives this value: a comparison of its column, if it is nothing but one."""
    column = where.template.source.strip("{}- \n") if isinstance(where, Placeholder) else ""
    if not column.isidentifier() or not isinstance(kept, str) or not (kept.isalpha() or kept in ("0", "1")):
        return "write a comparison, such as \"{{ country == 'NL' }}\""
    from sendspec.composing.yes_no import meaning_yes  # needed only after a mistake

    return quoted(f"write a comparison, such as \"{{{{ {column} == '{meaning_yes(kept)}' }}}}\"")


class RecipientReader:
    """Raises `RowRejected` for a row without a usable value, and `PlaceholderError` where a template can't be filled."""

    def __init__(self, compiled_spec: CompiledSpec, problems: RowProblems) -> None:
        self._compiled_spec = compiled_spec
        self._problems = problems

    def is_kept(self, row: Row, context: Any) -> bool:
        where = self._compiled_spec.where
        if isinstance(where, bool):
            return where
        try:
            kept = fill(where, context)
        except PlaceholderError:
            self._reject_total(row)
            raise
        if not isinstance(kept, bool):
            self._problems.reject(
                row,
                WHERE,
                "where-not-boolean",
                f"`where` gives {_described(kept)}, not true or false",
                _comparison(where, kept),
            )
        return bool(kept)

    def address(self, row: Row, context: Any) -> str | None:
        """The normalised address; None if the spec's own `message.receiver` names the recipient instead."""
        compiled_spec = self._compiled_spec
        if compiled_spec.to is None:
            return None
        written = self._written_address(row, compiled_spec.to, context)
        if not isinstance(written, str):
            self._problems.reject_address(
                row,
                Problem(
                    "unquoted-number",
                    f"the address is {_described(written)}; text is needed",
                    "put quotes around it, so that + and leading zeros stay",
                ),
            )
        address = compiled_spec.normalise(written)
        if isinstance(address, Problem):
            self._problems.reject_address(row, self._with_condition(address))
        if compiled_spec.warns_of_landlines and is_landline(str(address)):
            column = compiled_spec.address_column
            fix = "remove the row" if column is None else leaving_out_landlines(compiled_spec, column)
            self._problems.warn_of_landline(row, str(address), f"write a mobile number, or {fix}")
        return str(address)

    def _written_address(self, row: Row, to: Node, context: Any) -> object:
        """The address as the row has it. An empty cell is the row's fault; any other missing value is the template's."""
        try:
            return fill(to, context)
        except PlaceholderError as error:
            column = self._compiled_spec.address_column
            is_constant = column in self._compiled_spec.spec.variables
            if column is None or error.error.name != column or column in row.values or is_constant:
                raise
        self._reject_total(row)
        is_email = self._compiled_spec.identifier_key == EMAIL_ADDRESS.identifier_key
        return self._problems.reject_address(
            row,
            Problem(
                "email-address" if is_email else "phone-empty",
                f"the row has no {'e-mail address' if is_email else 'phone number'}",
                f"fill it in, or {leaving_out(self._compiled_spec, column)}",
            ),
        )

    def _with_condition(self, problem: Problem) -> Problem:
        """`problem` with the condition that leaves out such rows, once their cells are empty."""
        column, fix = self._compiled_spec.address_column, problem.fix
        if column is None or not fix.endswith(_LEAVE_OUT):
            return problem
        condition = leaving_out(self._compiled_spec, column)
        if _TESTED_TWICE.search(condition):  # such rows are left out already, once their cells are empty
            return replace(problem, fix="fill it in, or empty the cell")
        return replace(problem, fix=fix.removesuffix(_LEAVE_OUT) + condition)

    def _reject_total(self, row: Row) -> None:
        """Rejects a row that adds up the others: it begins with a word for that, and has no address."""
        column, values = self._compiled_spec.address_column, row.values
        if column is not None and column not in values and adds_up(values):
            self._problems.reject_total(row)

    def key(self, row: Row, context: Any, address: str) -> str:
        """The recipient key. White space around it is no part of it: an export that adds some names the same recipient."""
        if self._compiled_spec.key is None:
            return address.strip()
        key = self._written_key(self._compiled_spec.key, context)
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)
        if not isinstance(key, str) or not key.strip():
            self._problems.reject(
                row,
                KEY,
                "key-not-text",
                f"the key is {_described(key)}; it tells recipients apart, so it must be text",
                "name a column that every row fills",
            )
        return key.strip()

    def _written_key(self, node: Node, context: Any) -> object:
        """The key as the row has it. No other text may take the place of a missing one: it would be the key of several rows."""
        try:
            return fill(node, context)
        except PlaceholderError as error:
            name = error.error.name
            if name is None or name in self._compiled_spec.spec.variables:
                raise
            fix = f"fill it in, or {leaving_out(self._compiled_spec, name)}"
            if error.error.item is not None:
                fix = f"add '{error.error.item}' to '{name}' in the table"
            raise PlaceholderError(error.at, error.error.with_fix(fix)) from None

    def address_of(self, row: Row, receiver: Any) -> str:
        """The address or id of the first contact in the spec's own `message.receiver`, filled for this row."""
        contacts = receiver.get("contacts") if isinstance(receiver, Mapping) else None
        contact = contacts[0] if isinstance(contacts, list) and contacts else None
        if isinstance(contact, Mapping):
            for name in ("identifierValue", "id"):
                value = contact.get(name)
                if isinstance(value, str) and value:
                    normal = self._compiled_spec.normalise(value)
                    return value if isinstance(normal, Problem) else normal
        return self._problems.reject(
            row,
            ("message", "receiver"),
            "receiver-unnamed",
            "the receiver has neither `identifierValue` nor `id`, so nobody can say who gets the message",
            "give its first contact an `identifierValue`",
        )


def adds_up(values: Mapping[str, object]) -> bool:
    """Whether a row without an address adds up the others: it begins with a word for that."""
    first = next(iter(values.values()), None)
    return isinstance(first, str) and _TOTAL.fullmatch(first.strip()) is not None


def _described(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value is OMIT:
        return "nothing"
    if isinstance(value, int | float):
        return f"the number {mask(str(value))}"
    if isinstance(value, str):
        return f"the text '{quoted(value[:40])}'" if value.strip() else "an empty text"
    return "a list" if isinstance(value, list | tuple) else "a mapping"
