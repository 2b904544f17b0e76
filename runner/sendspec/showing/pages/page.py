"""Makes a page from its template, with the one style and its scripts in it, under a strict content security policy.

Every fact of a page is in its HTML: scripts only filter and edit. So it reads right where scripts and styles are forbidden.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sendspec.showing.json_text import json_line
from sendspec.showing.pages.coded import coded, unbroken
from sendspec.showing.pages.visible_text import visible_text

FOLDER = Path(__file__).parent
STYLES = ("base", "bubble", "chart", "table", "sandbox", "preview", "report")
"""The parts of the one style, in order: files of `styles/`."""
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page_html(
    template: str, context: Mapping[str, Any], *, data: Mapping[str, Any] | None = None, scripts: Sequence[str] = (),
    is_live: bool = False, has_forms: bool = False,
) -> str:  # fmt: skip
    """A page from `templates/<template>.html`.

    `data` is put into the page as JSON, for people to save and for `scripts`, which are files of `scripts/`. An `is_live` page may talk to
    the server that it came from; any other page to nobody. One that `has_forms` may send them there.
    """
    source = script_source(scripts)
    return environment().get_template(f"{template}.html").render(
        context,
        policy=content_policy(scripts, is_live=is_live, has_forms=has_forms),
        style=Markup(style_source()),
        script=Markup(source),
        data=None if data is None else Markup(embedded_json(data)),
    )  # fmt: skip


def content_policy(scripts: Sequence[str] = (), *, is_live: bool = False, has_forms: bool = False) -> str:
    """The page's content security policy: its own style and its own script run, by their hashes, and nothing else."""
    rules = ["default-src 'none'", f"style-src {_hash(style_source())}"]
    if source := script_source(scripts):
        rules.append(f"script-src {_hash(source)}")
    forms = "form-action 'self'" if has_forms else "form-action 'none'"
    rules += ["img-src data:", "base-uri 'none'", forms]
    return "; ".join([*rules, "connect-src 'self'"] if is_live else rules)


def embedded_json(data: Mapping[str, Any]) -> str:
    """JSON that can't end the element it is in; control and bidi characters are escaped."""
    return json_line(data).decode().strip().translate(_ESCAPES)


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(coded=coded, unbroken=unbroken)
    return made


@cache
def style_source() -> str:
    return "".join(_read("styles", f"{name}.css") for name in STYLES)


@cache
def script_source(scripts: Sequence[str]) -> str:
    return "".join(_read("scripts", f"{name}.js") for name in scripts)


def _visible(value: object) -> object:
    """What a template writes: foreign text is made visible, markup passes."""
    return visible_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _read(folder: str, name: str) -> str:
    return (FOLDER / folder / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
