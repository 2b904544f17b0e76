"""The identifiers of a project's channels, each of which is a UUID."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.documents.document import Document, KeyPath
from sendspec.reading.schema.formats import is_uuid
from sendspec.reading.schema.schema_problem import SchemaProblem

UNQUOTED = "unquoted-number"
"""The code of a number that YAML would change, such as 0612345678."""
_NOT_AN_ID = "not-a-uuid"
_NAMES = ("workspace", "channel")
_FIX = "copy it from the dashboard: 36 characters such as 123e4567-e89b-12d3-a456-426614174000"


def id_problems(document: Document) -> Iterator[Diagnostic]:
    """An error for each identifier that is a text or a number, but no UUID; other values are the schema's to report."""
    for at, channel in _channels(document.data):
        for name in _NAMES:
            value = channel.get(name)
            if isinstance(value, str) and is_uuid(value):
                continue
            if isinstance(value, str) or _is_number(value):
                written = value if isinstance(value, str) else document.written((*at, name))
                problem = f"'{mask_in_place(printable(written[:60]))}' is not a UUID"
                yield document.diagnostic((*at, name), code=_NOT_AN_ID, problem=problem, fix=_FIX)


def once_a_number(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """`found` with one error for a number that YAML would change: that it is no identifier, else that it needs quotes."""
    found = list(found)
    ids = {each.span for each in found if each.code == _NOT_AN_ID}
    numbers = {each.span for each in found if each.code == UNQUOTED}
    for each in found:
        if each.span not in numbers or each.code == (_NOT_AN_ID if each.span in ids else UNQUOTED):
            yield each


def is_number_for_id(document: Document, fault: SchemaProblem) -> bool:
    """Whether the schema found a number in the place of an identifier, which `id_problems` reports."""
    at = fault.at
    if (
        fault.code != "wrong-type"
        or len(at) != 5
        or at[::2] != ("environments", "channels", at[4])
        or at[4] not in _NAMES
    ):
        return False
    return _is_number(document.value(at))


def _channels(data: Any) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    environments = data.get("environments")
    for name, environment in environments.items() if isinstance(environments, dict) else ():
        channels = environment.get("channels") if isinstance(environment, dict) else None
        for alias, channel in channels.items() if isinstance(channels, dict) else ():
            if isinstance(channel, dict):
                yield ("environments", name, "channels", alias), channel


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
