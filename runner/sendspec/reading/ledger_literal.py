"""Finds the URL of a ledger's server written into a project file, where only its source belongs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sendspec.diagnostics.leaked_key import is_database_url
from sendspec.diagnostics.problem import Problem

URL_LITERAL = Problem(
    "key-literal",
    "this file contains the URL of a ledger, and many people can read files in git",
    "remove it, change the password, and write `ledger: {url: {env: SENDSPEC_LEDGER_URL}}`",
)


def ledgers_with_url(data: Any) -> Iterator[tuple[str, ...]]:
    """The places of ledgers, in a project file of any shape, that hold a URL wherever in them."""
    environments = data.get("environments") if isinstance(data, dict) else None
    for name, environment in environments.items() if isinstance(environments, dict) else ():
        if isinstance(environment, dict) and _holds_url(environment.get("ledger")):
            yield ("environments", name, "ledger")


def _holds_url(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_url, value.values()))
    if isinstance(value, list):
        return any(map(_holds_url, value))
    return isinstance(value, str) and is_database_url(value)
