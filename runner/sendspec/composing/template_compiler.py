"""Compiles templates: plain ones by themselves, all others with Jinja."""

from __future__ import annotations

from sendspec.composing.plain_template import PlainFilling, plain_parts
from sendspec.composing.template import Template
from sendspec.composing.template_problem import TemplateProblem


def compile_template(source: str, *, html: bool = False) -> Template | list[TemplateProblem]:
    """The compiled template, or its problems. Nothing is compiled before the whole tree is allowed.

    `html`: the template is HTML, so values in it are escaped.
    """
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return Template(source, (), (), is_expression=False, is_static=True, static=source, _filling=None)
    parts = None if html else plain_parts(source)
    if parts is not None:
        plain = PlainFilling(source, parts)
        return Template(source, plain.names, (), plain.is_expression, False, None, plain, is_plain=True)
    from sendspec.composing.jinja_template import compile_with_jinja  # imports Jinja

    return compile_with_jinja(source, html=html)
