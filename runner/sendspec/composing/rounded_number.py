"""Finds numbers in texts that `round` gives without their last zeros: 167.80 would go out as 167.8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from sendspec.composing.expression_text import expression_text
from sendspec.composing.parsed_template import parsed
from sendspec.composing.shown_code import with_requoted_code
from sendspec.composing.template_tree import Node, placeholders_of
from sendspec.composing.tree_nodes import nodes
from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.diagnostics.redaction import quoted
from sendspec.reading.spec import Spec


def rounded_numbers(spec: Spec, content: Node) -> Iterator[Diagnostic]:
    """A warning for each text with such a number."""
    for placeholder in placeholders_of(content):
        source = placeholder.template.source
        if "round" not in source or placeholder.template.is_expression:
            continue
        printed = [node for output in parsed(source).find_all(nodes.Output) for node in output.nodes]
        found = next((node for node in printed if _is_rounded(node)), None)
        if found is not None and found.node is not None:
            places = getattr(found.args[0], "value", 2)
            written = quoted(f"{expression_text(found.node)} | decimals({places})")
            yield spec.document.diagnostic(
                placeholder.at,
                code="rounded-number",
                problem=f"`round({places})` leaves out zeros at the end: 12.50 would be 12.5",
                fix=with_requoted_code(f"write `{written}`", spec.document.written(placeholder.at)),
                severity=Severity.WARNING,
            )


def _is_rounded(node: nodes.Node) -> TypeGuard[nodes.Filter]:
    if not isinstance(node, nodes.Filter) or node.name != "round" or len(node.args) != 1:
        return False
    places = node.args[0]
    return isinstance(places, nodes.Const) and isinstance(places.value, int) and places.value > 0
