"""What to write under `where` so that rows without a value are left out."""

from __future__ import annotations

from sendspec.composing.compared_cell import cells_are_text
from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.template_name import KEYWORDS
from sendspec.composing.template_tree import Placeholder
from sendspec.diagnostics.redaction import printable
from sendspec.reading.contacts.landline import can_tell_landlines

MAX_CONDITION = 200
"""Characters of a present condition that are repeated."""


def leaving_out(compiled_spec: CompiledSpec, column: str) -> str:
    """The end of a fix: how to leave out rows where the column is empty. A condition that is there stays."""
    # only a table's empty cell is no value: JSON lines have empty texts
    is_cell = cells_are_text(compiled_spec.spec)
    return keeping(
        compiled_spec, f"{_tested(column)} is defined" if is_cell else f"{_tested(column)} | default('') != ''"
    )


def leaving_out_landlines(compiled_spec: CompiledSpec, column: str) -> str:
    """The same for rows where the column holds a landline's number."""
    country = compiled_spec.spec.country
    return keeping(
        compiled_spec,
        f"{_tested(column)} is not landline" + (f"('{country}')" if country and can_tell_landlines(country) else ""),
    )


def keeping(compiled_spec: CompiledSpec, condition: str) -> str:
    """The end of a fix: how to keep only rows for which a condition holds, beside the one that is there."""
    where = compiled_spec.where
    if isinstance(where, Placeholder):
        present = where.template.source.strip().removeprefix("{{").removesuffix("}}").strip("- \n")
        if not where.template.is_expression or len(present) > MAX_CONDITION:
            return "leave such rows out with `where`"
        condition = f"({' '.join(present.split())}) and {condition}"
    return f"leave such rows out: `where: {_in_yaml(f'{{{{ {condition} }}}}')}` under recipients"


def _tested(column: str) -> str:
    if column.isidentifier() and column not in KEYWORDS:
        return column
    shown = printable(column)
    return f'row["{shown}"]' if "'" in shown else f"row['{shown}']"


def _in_yaml(template: str) -> str:
    """The template in quotes of YAML that it doesn't end."""
    if '"' in template or "\\" in template:
        return "'" + template.replace("'", "''") + "'"
    return f'"{template}"'
