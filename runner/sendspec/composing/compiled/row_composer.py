"""The function that composes one row for a send."""

from __future__ import annotations

from sendspec.composing.compiled.expression import NotCompilable
from sendspec.composing.compiled.generated_code import FUNCTION
from sendspec.composing.compiled.message_code import MessageCode
from sendspec.composing.compiled.partial_schema import Undecidable
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.compose_settings import ComposeSettings
from sendspec.composing.message import RowComposer
from sendspec.composing.rule import Rule
from sendspec.reading.schema.validator import Schema


def compile_row_composer(
    compiled_spec: CompiledSpec,
    settings: ComposeSettings,
    schema: Schema,
    rules: tuple[Rule, ...],
    columns: tuple[str, ...] | None,
) -> RowComposer | None:
    """The function for rows with these columns; None if the spec can't be compiled."""
    try:
        message = MessageCode(compiled_spec, settings, schema, rules, columns)
        function: RowComposer = message.code.function(row_composer_source(message, compiled_spec))
    except (NotCompilable, Undecidable):
        return None
    return function


def row_composer_source(message: MessageCode, compiled_spec: CompiledSpec) -> list[str]:
    """The function's source, line by line."""
    text = message.add_message(if_filtered="return Filtered(row[0])")
    if compiled_spec.own_reference:
        message.add_reference_check()
    message.add_body()
    message.templates.define_budget()
    result = f"new(Message, (identity, address, {message.reference}, body, digest, {text}, measured, row[0], {message.alternatives}))"
    return [
        f"def {FUNCTION}(row):",
        " cells = row[1]",
        " try:",
        *(f"  {line}" for line in message.code.lines),
        f"  return {result}",
        " except Exception:",  # of any kind: `Composer.compose` composes the row
        "  return None",
    ]
