"""The template of the messages' text."""

from __future__ import annotations

from sendspec.composing.compiled_spec import CompiledSpec
from sendspec.composing.payload_text import text_path
from sendspec.composing.template_tree import Placeholder, placeholders_of


def text_placeholder(program: CompiledSpec) -> Placeholder | None:
    """The template of the messages' text; None where the text is the same for all, or there is none."""
    at = ("message", *text_path(program.spec.message))
    return next((each for each in placeholders_of(program.content) if each.at == at), None)
