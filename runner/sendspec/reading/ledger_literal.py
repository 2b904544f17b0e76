"""Finds credentials written into a project file, where only their source belongs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.leaked_key import holds_credentials
from sendspec.diagnostics.problem import Problem
from sendspec.reading.documents.document import KeyPath, walk

URL_LITERAL = Problem(
    "key-literal",
    "this file contains the URL of a ledger, and many people can read files in git",
    "remove it, change the password, and write `ledger: {url: {env: SENDSPEC_LEDGER_URL}}`",
)
PASSWORD_LITERAL = Problem(
    "key-literal",
    "this file contains a password, and many people can read files in git",
    "remove it, and change the password",
)
CHECKED_APART = frozenset({"api_url", "only_to"})
"""Keys whose values have checks of their own."""


def ledgers_with_url(data: Any) -> Iterator[tuple[str, ...]]:
    """The places of ledgers, in a project file of any shape, that hold credentials wherever in them."""
    environments = data.get("environments") if isinstance(data, dict) else None
    for name, environment in environments.items() if isinstance(environments, dict) else ():
        if isinstance(environment, dict) and any(
            _is_credential(at, each) for at, each in walk(environment.get("ledger"))
        ):
            yield ("environments", name, "ledger")


def credentials_elsewhere(data: Any) -> Iterator[KeyPath]:
    """The places of other values with credentials."""
    for at, value in walk(data):
        if at[2:3] != ("ledger",) and not CHECKED_APART.intersection(at) and _is_credential(at, value):
            yield at


def _is_credential(at: KeyPath, value: Any) -> bool:
    """Whether a value is one, or the key that it has."""
    return any(isinstance(each, str) and holds_credentials(each) for each in (value, *at[-1:]))
