"""Pages made of the parts that all pages are made of, for tests of these parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from sendspec.showing.pages.page import content_policy, environment, script_source, style_source

_PAGE = """{% extends "base.html" %}
{% from "parts.html" import badge, bubble, data_table, details, facts, notice %}
{% block title %}A page{% endblock %}
{% block header %}<h1>A page</h1>{% endblock %}
{% block main %}BODY{% endblock %}
{% block footer %}<p>Made by a test</p>{% endblock %}"""


def kit_page(body: str, scripts: Sequence[str] = (), **context: Any) -> str:
    """A page as `page_html` makes it, whose main part is this template."""
    return environment().from_string(_PAGE.replace("BODY", body)).render(
        context,
        policy=content_policy(tuple(scripts)),
        style=Markup(style_source()),
        script=Markup(script_source(tuple(scripts))),
        data=None,
    )  # fmt: skip
