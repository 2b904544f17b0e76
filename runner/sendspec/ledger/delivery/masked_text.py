"""Words of others, or of a person, without what could be a number or an address."""

from __future__ import annotations

from sendspec.diagnostics.lazy_pattern import lazy_pattern

MASK = "••••••"
_KEPT_OR_MASKED = lazy_pattern(
    r"(\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"  # a UUID, such as the API's ids
    r"|\+?\d(?:[ \t.()/\-\u00a0\u2010-\u2015]{0,2}\d){5,}|[^\s@]+@[^\s@]+"
)


def masked_text(text: str) -> str:
    """The text on one line, with dots in place of addresses and of six digits or more. UUIDs are kept."""
    return _KEPT_OR_MASKED.sub(lambda found: found[1] or MASK, " ".join(text.split()))
