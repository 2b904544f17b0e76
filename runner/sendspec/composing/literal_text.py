"""The text of a message that does not depend on the recipient: constants, and what templates have around their values."""

from __future__ import annotations

from collections.abc import Iterator

from sendspec.composing.parsed_template import parsed
from sendspec.composing.plain_template import plain_parts
from sendspec.composing.template_tree import Branch, Constant, Node
from sendspec.composing.tree_nodes import nodes
from sendspec.reading.documents.document import KeyPath, walk


def literal_texts(node: Node) -> Iterator[tuple[KeyPath, str]]:
    """Every literal piece at or below `node`, with its place in the spec."""
    if isinstance(node, Constant):
        yield from ((at, text) for at, text in walk(node.value, node.at) if isinstance(text, str))
    elif isinstance(node, Branch):
        for child in node.children:
            yield from literal_texts(child)
    elif (parts := plain_parts(node.template.source)) is not None:
        yield from ((node.at, part) for part in parts if isinstance(part, str))
    else:
        tree = parsed(node.template.source)
        yield from ((node.at, data.data) for data in tree.find_all(nodes.TemplateData))
        yield from ((node.at, found.value) for found in tree.find_all(nodes.Const) if isinstance(found.value, str))
