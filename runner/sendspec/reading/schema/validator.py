"""Validates against the JSON Schemas: `jsonschema-rs` decides, `jsonschema` explains."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any

from sendspec.reading.schema.formats import FORMATS
from sendspec.reading.schema.location import schema_directory
from sendspec.reading.schema.schema_problem import SchemaProblem, schema_problems


class Schema:
    """One schema, compiled on first use."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._text)
        return document

    @cached_property
    def _text(self) -> str:
        return (schema_directory() / f"{self.name}.schema.json").read_text(encoding="utf-8")

    @cached_property
    def _decides(self) -> Any:
        import jsonschema_rs  # 16 ms, needed once a document is checked

        return jsonschema_rs.validator_for(self._text, formats=FORMATS, validate_formats=True)

    @cached_property
    def _explains(self) -> Any:
        # Takes 120 ms to import, and only an invalid document needs it.
        from jsonschema import FormatChecker
        from jsonschema.validators import validator_for

        checker = FormatChecker(formats=())
        for name, check in FORMATS.items():
            checker.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
        return validator_for(self.document)(self.document, format_checker=checker)

    def accepts(self, instance: object) -> bool:
        verdict: bool = self._decides.is_valid(instance)
        return verdict

    def part(self, parts: Sequence[Any]) -> Callable[[object], bool]:
        """A check of `parts` of this schema only: all of them must accept."""
        import jsonschema_rs  # as above

        document = {"$schema": self.document["$schema"], "allOf": list(parts)}
        if _refers(parts):  # copying the definitions takes most of the time
            document["$defs"] = self.document.get("$defs", {})
        decides = jsonschema_rs.validator_for(document, formats=FORMATS, validate_formats=True)
        accepts: Callable[[object], bool] = decides.is_valid
        return accepts

    def problems(self, instance: object) -> list[SchemaProblem]:
        """All problems of `instance`; empty exactly if `accepts`."""
        return schema_problems(self.errors(instance))

    def errors(self, instance: object) -> Iterator[Any]:
        """The raw `jsonschema` errors, for callers with their own wording."""
        errors: Iterator[Any] = self._explains.iter_errors(instance)
        return errors


def _refers(part: Any) -> bool:
    if isinstance(part, dict):
        return "$ref" in part or any(map(_refers, part.values()))
    return isinstance(part, list | tuple) and any(map(_refers, part))


@cache
def load_schema(name: str) -> Schema:
    """The schema in `schemas/<name>.schema.json`. Its file and libraries are loaded on first use."""
    return Schema(name)
