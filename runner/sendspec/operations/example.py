"""Runs the examples of a spec: each `with` is composed like a row and compared with its `expect`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from sendspec.composing.compiled_spec import CompiledSpec, compile_spec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.composer import Composer
from sendspec.composing.message import Composed, Message
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.operations.project_context import ProjectContext
from sendspec.reading.documents.document import KeyPath
from sendspec.reading.environment import DEFAULT_PLATFORM
from sendspec.reading.limits import Limits
from sendspec.reading.schema.validator import load_schema
from sendspec.reading.spec import Example, FileRecipients, InlineRecipients, Spec
from sendspec.reading.tables.inline_table import InlineTable
from sendspec.reading.tables.opening import open_table


def run_examples(spec: Spec, context: ProjectContext, problems: Problems) -> bool:
    """Whether every example of `spec` gives what it expects; `problems` says what differs."""
    own = Problems()
    for example, composed in composed_examples(spec, context, own):
        _judge(spec, example, composed, own)
    for diagnostic in own:
        problems.add(diagnostic)
    return not own.has_errors


def examples_apart(spec: Spec, context: ProjectContext) -> tuple[Problems, list[Problems]]:
    """What keeps the examples of `spec` from being composed at all, and what is wrong with each of them.

    `run_examples` says the same, but a problem that several examples share only once.
    """
    all_alike = Problems()
    program = _compiled(spec, context, all_alike)
    if program is None:
        return all_alike, []
    found = []
    for example in spec.examples:
        own = Problems()
        for composed in _composed(spec, context, program, example, own):
            _judge(spec, example, composed, own)
        found.append(own)
    return all_alike, found


def composed_examples(
    spec: Spec, context: ProjectContext, problems: Problems
) -> Iterator[tuple[Example, Composed | None]]:
    """Each example of `spec`, composed like a row; None for one that is rejected, with the reasons in `problems`."""
    program = _compiled(spec, context, problems)
    if program is not None:
        yield from examples_of(program, context, problems)


def examples_of(
    program: CompiledSpec, context: ProjectContext, problems: Problems
) -> Iterator[tuple[Example, Composed | None]]:
    """As `composed_examples`, of a spec that was compiled already."""
    for example in program.spec.examples:
        for composed in _composed(program.spec, context, program, example, problems):
            yield example, composed


def _platform(spec: Spec, context: ProjectContext) -> Platform:
    rows = [example.with_ for example in spec.examples]
    channel = context.channel(spec, lambda: rows[0] if rows else {})
    return PLATFORMS[DEFAULT_PLATFORM if channel is None else channel.platform]


def _compiled(spec: Spec, context: ProjectContext, problems: Problems) -> CompiledSpec | None:
    """The spec as its examples use it. A table that can't be opened is told where it leaves no column to compile with."""
    of_table = Problems()
    columns = _columns(spec, context, of_table)
    if columns or not of_table.has_errors:
        return compile_spec(spec, columns, _platform(spec, context), problems)
    compile_spec(spec, None, _platform(spec, context), problems)
    for diagnostic in of_table:
        problems.add(diagnostic)
    return None


def _composed(
    spec: Spec, context: ProjectContext, program: CompiledSpec, example: Example, problems: Problems
) -> Iterator[Composed | None]:
    platform = _platform(spec, context)
    setting = ComposeSettings(platform=platform, salt=context.salt, limits=Limits())
    table = InlineTable(spec.document, [((*example.at, "with"), example.with_)])
    composer = Composer(program, table, setting, load_schema("message"), platform.rules, problems)
    for row in table.rows(problems):
        yield composer.compose(row)


def _columns(spec: Spec, context: ProjectContext, problems: Problems) -> tuple[str, ...]:
    """The columns that examples may use: their own, and the table's if it can be opened; else why it can't goes to `problems`."""
    columns = dict.fromkeys(name for example in spec.examples for name in example.with_)
    if isinstance(spec.recipients, FileRecipients | InlineRecipients):
        table = open_table(
            spec, root=context.root, override=None, stdin=None, problems=problems, key_files=context.key_files
        )
        if table is not None:
            columns.update(dict.fromkeys(table.columns))
            table.close()
    return tuple(columns)


def _judge(spec: Spec, example: Example, composed: Composed | None, problems: Problems) -> None:
    if composed is None:
        return
    if not isinstance(composed, Message):
        _fail(
            spec,
            (*example.at, "with"),
            "`where` leaves this row out",
            "correct the row, or remove the example",
            problems,
        )
        return
    payload = orjson.loads(composed.body)
    for key, expected in example.expect.items():
        found = _found(composed, payload, key)
        for at, wanted, got in _differences((*example.at, "expect", key), expected, found):
            _fail(
                spec,
                at,
                f"the example gives {_shown(got)}, not {_shown(wanted)}",
                "correct the message or the example",
                problems,
            )


def _found(message: Message, payload: Mapping[str, Any], key: str) -> Any:
    """What an expected key is compared with: the text, its measure, or a part of the payload."""
    if key == "text":
        return message.text
    if key in ("segments", "encoding"):
        return None if message.measure is None else getattr(message.measure, key)
    return payload.get(key)


def _differences(at: KeyPath, expected: Any, found: Any) -> Iterator[tuple[KeyPath, Any, Any]]:
    """Where `found` differs from `expected`; a mapping may have more keys than are expected."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key, value in expected.items():
            yield from _differences((*at, key), value, found.get(key))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, value in enumerate(expected):
            yield from _differences((*at, index), value, found[index])
    elif expected != found:
        yield at, expected, found


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = orjson.dumps(value).decode() if isinstance(value, Mapping | list) else str(value)
    return f"'{printable(mask_in_place(text if len(text) <= 200 else text[:199] + '…'))}'"


def _fail(spec: Spec, at: KeyPath, problem: str, fix: str, problems: Problems) -> None:
    problems.add(spec.document.diagnostic(at, code="example-failed", problem=problem, fix=fix))
