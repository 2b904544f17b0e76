"""The payload of a shape without anyone's values, each of its strings as `shape_text` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.message_part import ROOTS
from sendspec.composing.omit_sentinel import OMIT
from sendspec.composing.shape_text import is_omitted, shape_text, shows_columns_alone
from sendspec.composing.template_tree import Branch, Constant, Node, Placeholder, placeholders_of
from sendspec.diagnostics.redaction import spelled


def shape_payload(program: CompiledSpec, alternatives: int) -> Mapping[str, Any]:
    """The payload of messages that took these alternatives, all of its texts `spelled`."""
    payload = _filled(program.content, alternatives, constants_of(program))
    return payload if isinstance(payload, Mapping) else {}


def columns_alone(program: CompiledSpec, alternatives: int) -> bool:
    """Whether recipients' values are nowhere in what people read but where they stand as they are."""
    constants = constants_of(program)
    return all(
        shows_columns_alone(each.template.source, alternatives >> each.first_bit, constants)
        for each in placeholders_of(program.content)
        if each.at[1] in ROOTS and not alternatives >> each.omit_bit & 1
    )


def constants_of(program: CompiledSpec) -> Mapping[str, object]:
    """What names in templates are, whatever the row."""
    return {"generation": program.spec.generation, **program.spec.variables}


def spelled_payload(value: Any) -> Any:
    """A payload as it is sent, with every string `spelled`."""
    match value:
        case str():
            return spelled(value)
        case Mapping():
            return {key: spelled_payload(each) for key, each in value.items()}
        case list() | tuple():
            return [spelled_payload(each) for each in value]
    return value


def _filled(node: Node, alternatives: int, constants: Mapping[str, object]) -> Any:
    match node:
        case Constant(value=value):
            return spelled_payload(value)
        case Placeholder(template=template):
            taken = alternatives >> node.first_bit
            if alternatives >> node.omit_bit & 1 or is_omitted(template.source, taken):
                return OMIT
            return shape_text(template.source, taken, constants, html=template.is_html)
        case Branch(keys=keys, children=children, is_list=is_list):
            filled = [(key, _filled(child, alternatives, constants)) for key, child in zip(keys, children, strict=True)]
            kept = [(key, value) for key, value in filled if value is not OMIT]
            return ([value for _, value in kept] if is_list else dict(kept)) or OMIT
