"""Composes the rows of a small spec, for tests of composing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
from sendspec.composing.compiled_spec import compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import Composer, compose_rows
from sendspec.composing.duplicates import mark_duplicates
from sendspec.composing.message import Composed, Message
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.limits import Limits
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import InlineRecipients, read_spec
from sendspec.reading.tables.inline_table import InlineTable

SALT = b"s" * 16
ANN, BOB = "+447700900001", "+447700900002"
BODY = 'body: {type: text, text: {text: "Hi {{ first_name }}"}}'


class SpecComposer:
    """Composes the rows of a spec; `problems` are those of the last time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "spec.yaml"
        self.problems: list[Diagnostic] = []

    def __call__(
        self, message: str = BODY, *, to: str = "", more: str = "", rows: list[dict[str, Any]] | None = None,
        platform: str = "sms", limits: Limits | None = None,
    ) -> list[Composed]:  # fmt: skip
        people = [{"phone": ANN, "first_name": "Ann"}] if rows is None else rows
        self._path.write_text(
            f"spec: 1\nname: hello\nchannel: sms\n{more}\n"
            f"recipients: {{{to}{', ' if to else ''}list: {json.dumps(people, ensure_ascii=False)}}}\n"
            f"message:\n  {message}\n",
            encoding="utf-8",
        )
        problems = Problems()
        spec = read_spec(str(self._path), problems)
        found = [] if spec is None else self._composed(spec, PLATFORMS[platform], limits or Limits(), problems)
        self.problems = list(problems)
        return found

    def _composed(self, spec: Any, platform: Platform, limits: Limits, problems: Problems) -> list[Composed]:
        assert isinstance(spec.recipients, InlineRecipients)
        at = spec.recipients.at
        table = InlineTable(spec.document, [((*at, n), row) for n, row in enumerate(spec.recipients.rows)])
        program = compile_spec(spec, table.columns, platform, problems, table.rows(Problems()))
        if program is None:
            return []
        setting = ComposeSettings(platform=platform, salt=SALT, limits=limits)
        composer = Composer(program, table, setting, load_schema("message"), platform.rules, problems)
        rows = compose_rows(composer, table.rows(problems))
        return list(mark_duplicates(rows, table, problems, own_reference=program.own_reference))

    def one(self, *arguments: Any, **more: Any) -> Message:
        found = self(*arguments, **more)
        assert self.problems == []
        [message] = found
        assert isinstance(message, Message)
        return message

    def payload(self, *arguments: Any, **more: Any) -> Any:
        return orjson.loads(self.one(*arguments, **more).body)

    def codes(self, *arguments: Any, **more: Any) -> list[str]:
        self(*arguments, **more)
        return [problem.code for problem in self.problems]
