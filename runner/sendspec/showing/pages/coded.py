"""Words of our own for a page: what stands between backticks becomes code."""

from __future__ import annotations

from markupsafe import Markup, escape

from sendspec.showing.pages.visible_text import visible_text

_CODE = Markup("<code>{}</code>")


def coded(text: str) -> Markup:
    """``write `country: NL` `` as `write <code>country: NL</code>`. Texts are escaped; a backtick without another one stays."""
    if isinstance(text, Markup):
        return text
    parts = [escape(visible_text(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        parts[-2:] = [parts[-2] + Markup("`") + parts[-1]]
    return Markup("").join(
        _CODE.format(part) if at % 2 and part else Markup("``") if at % 2 else part for at, part in enumerate(parts)
    )
