"""The parsed tree of a template. Jinja is imported when one is first needed."""

from __future__ import annotations

from sendspec.composing.tree_nodes import nodes
from sendspec.reading.documents.scalar import joined_surrogates


def parsed(source: str) -> nodes.Template:
    """The tree of a template. For one that is not known to compile, raises what Jinja raises."""
    from sendspec.composing.template_environment import jinja_environment  # imports Jinja

    tree = jinja_environment(typed=False).parse(source)
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and not constant.value.isascii():
            constant.value = joined_surrogates(constant.value)
    return tree
