"""Recognises specs whose rows all go to one person: the address or the key is the same text for every row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sendspec.composing.known_names import KnownNames, with_fitting_quotes
from sendspec.composing.template_policy import written_name
from sendspec.composing.template_tree import Constant, Node
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.spec import Spec

_BARE_NAME = re.compile(r"[\s${%<\[]*(.*?)[\s}%>\]]*", re.DOTALL)
"""A name without the braces that other programs put around it."""


def constant_recipients(
    spec: Spec, to: Node | None, key: Node | None, known: KnownNames, normalise: Callable[[str], str | Problem]
) -> Iterator[Diagnostic]:
    """An error for a constant `to` or `key` that is meant as a column; for `to`, also for one that is no address."""
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
            yield _constant(spec, node.at, name, bare, column)


def _constant(spec: Spec, at: KeyPath, name: str, bare: str, column: str | None) -> Diagnostic:
    fix = f'write "{{{{ {quoted(written_name(column))} }}}}"' if column else 'write "{{ … }}" with the name of a column'
    if column and not column.isidentifier():
        fix = with_fitting_quotes(fix, '"')
    problem = f"`{name}` gives '{quoted(bare[:60])}' for every row" + (
        f"; '{quoted(column)}' is a column" if column else ""
    )
    return spec.document.diagnostic(at, code="constant-recipient", problem=problem, fix=fix)


def fixed_recipient(spec: Spec, to: Node | None, key: Node | None, receiver: Node | None) -> Diagnostic | None:
    """Why rows with different messages have one recipient; None if nothing in the spec is the reason."""
    deciding = next((node for node in (key, to, receiver) if node is not None), None)
    if not isinstance(deciding, Constant):
        return None
    name = "message.receiver" if deciding is receiver else f"recipients.{deciding.at[-1]}"
    fix = (
        "remove `receiver` so that each row names its own, or remove `recipients`"
        if deciding is receiver
        else 'write the name of a column: "{{ … }}"'
    )
    problem = f"`{name}` is fixed: all rows go to one person, with different messages"
    return spec.document.diagnostic(
        deciding.at, code="conflicting-rows", problem=problem, fix=fix, key=deciding is receiver
    )
