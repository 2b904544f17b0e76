"""Elements of a page that are made in Python: SVG, and tables of numbers. Foreign text is escaped, control characters are shown."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import grouped


def element(name: str, *inside: Markup | str, **attributes: str | float) -> Markup:
    """`<name attribute="…">inside</name>`. `_` in the name of an attribute becomes `-`, one at its end goes."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _attribute(value)) for key, value in attributes.items()
    )  # fmt: skip
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, joined(inside))


def joined(parts: Sequence[Markup | str]) -> Markup:
    return Markup("").join(part if isinstance(part, Markup) else printable(part) for part in parts)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table whose first column names its rows; an empty name in the header is no header."""
    head = (element("th", name, scope="col") if name else element("td") for name in header)
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    )
    return element("table", element("thead", element("tr", *head)), element("tbody", *body))


def number(value: float) -> str:
    """`1 204`, `0.25`."""
    if value == int(value):
        return grouped(int(value))
    return f"{value:,.2f}".replace(",", " ").rstrip("0").rstrip(".")


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
