"""Words of our own for a page: what stands between backticks becomes code, and no number breaks at its thousands' space."""

from __future__ import annotations

from markupsafe import Markup, escape

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.showing.pages.visible_text import visible_text

_CODE = Markup("<code>{}</code>")
_THOUSANDS = lazy_pattern(r"(?<=\d) (?=\d{3}(?!\d))")


def unbroken(text: str) -> Markup:
    """`1 117` on one line. Texts are escaped; what is markup already passes as it is."""
    return text if isinstance(text, Markup) else Markup(_THOUSANDS.sub("\u00a0", escape(visible_text(text))))


def coded(text: str) -> Markup:
    """``write `country: NL` `` as `write <code>country: NL</code>`. Texts are escaped; a backtick without another one stays."""
    if isinstance(text, Markup):
        return text
    parts = [escape(visible_text(part)) if at % 2 else unbroken(part) for at, part in enumerate(text.split("`"))]
    if len(parts) % 2 == 0:
        parts[-2:] = [parts[-2] + Markup("`") + parts[-1]]
    return Markup("").join(
        _CODE.format(part) if at % 2 and part else Markup("``") if at % 2 else part for at, part in enumerate(parts)
    )
