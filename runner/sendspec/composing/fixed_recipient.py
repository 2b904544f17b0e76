"""Recognises specs whose rows all go to one person: the address or the key is the same text for every row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sendspec.composing.known_names import KnownNames
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_name import written_name
from sendspec.composing.template_tree import Constant, Node
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.spec import Spec

_BARE_NAME = lazy_pattern(r"[\s${%<\[]*(.*?)[\s}%>\]]*", re.DOTALL)
"""A name without the braces that other programs put around it."""
_ADDRESS = lazy_pattern(r"phone|mobi|tel|gsm|handy|mail", re.IGNORECASE)
_NUMBER = lazy_pattern(r"(?:\b|_)(?:id|nr|no|number|nummer|ref|key|code)(?:\b|_)|order|bestel|invoice", re.IGNORECASE)
"""How columns with addresses, and with a number of their own for each row, are often called."""


def constant_recipients(
    spec: Spec,
    to: Node | None,
    key: Node | None,
    known: KnownNames,
    normalise: Callable[[str], str | Problem],
    default: str,
) -> Iterator[Diagnostic]:
    """An error for a constant `to` or `key` that is meant as a column; for `to`, also for one that is no address.

    `default` is the column that the address comes from without `to`.
    """
    for name, node in (("to", to), ("key", key)):
        if not isinstance(node, Constant) or not isinstance(node.value, str) or node.at != ("recipients", name):
            continue
        if "{{" in node.value or "{%" in node.value:
            continue  # a template that can't be read, which is reported
        found = _BARE_NAME.fullmatch(node.value)
        bare = found[1] if found else node.value
        column = bare if bare in known.columns else known.near(bare)
        is_address = name == "to" and not isinstance(normalise(node.value), Problem)
        if (bare in known.columns or name == "to") and not is_address:
            usual = default if name == "to" and default in known.columns else None
            yield _constant(spec, node.at, node.value, bare, column, usual, known)


def _constant(
    spec: Spec, at: KeyPath, value: str, bare: str, column: str | None, usual: str | None, known: KnownNames
) -> Diagnostic:
    problem = f"`{at[-1]}` gives '{quoted(value[:60])}' for every row"
    if value != bare and column:
        problem = f"'{quoted(value[:60])}' is not a template, so `{at[-1]}` gives it for every row"
    problem += f"; '{quoted(column)}' is a column" if column else f"; columns found are: {known.listed_as_called()}"
    if column is None:
        fix = f"write {_template(usual)}" if usual else 'write "{{ … }}" with the name of a column'
    else:
        fix = f"write {_template(column)}"
        if usual not in (None, column):
            fix = f"remove `{at[-1]}`, so that '{usual}' is used, or {fix} if the address is in it"
    return spec.document.diagnostic(at, code="constant-recipient", problem=problem, fix=fix)


def _template(column: str) -> str:
    return with_requoted_code(f'"{{{{ {quoted(written_name(column))} }}}}"', '"')


def fixed_recipient(
    spec: Spec, to: Node | None, key: Node | None, receiver: Node | None, columns: Sequence[str]
) -> Diagnostic | None:
    """Why rows with different messages have one recipient; None if nothing in the spec is the reason."""
    deciding = next((node for node in (key, to, receiver) if node is not None), None)
    if not isinstance(deciding, Constant):
        return None
    if deciding is receiver:
        problem = "`message.receiver` is fixed: all rows go to one person, with different messages"
        fix = "remove `receiver`, so that each row names its own"
    elif deciding is to:
        problem = "`recipients.to` is fixed: all rows go to one person, with different messages"
        fix = f"write {_such_as(columns, _ADDRESS, 'the column with the address')}"
    else:
        problem = f"`key` gives '{quoted(str(deciding.value)[:60])}' for every row, so all rows count as one recipient"
        fix = f"remove `key`, or write {_such_as(columns, _NUMBER, 'a column that differs from row to row')}"
    found = spec.document.diagnostic(
        deciding.at, code="conflicting-rows", problem=problem, fix=fix, key=deciding is receiver
    )
    return replace(found, mended_once=True)


def _such_as(columns: Sequence[str], pattern: re.Pattern[str], what: str) -> str:
    named = next((name for name in columns if pattern.search(name)), None)
    return what if named is None else f"{what}, such as {_template(named)}"
