"""What a page says, read from its HTML: texts and tables, without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "line", "source"})
_OPTIONAL = {
    "td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"}, "tbody": {"td", "th", "tr"}, "table": {"td", "th", "tr"},
}  # fmt: skip
"""What these tags end, which may lack end tags of their own."""
_UNREAD = frozenset({"style", "script", "title", "desc"})


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    def all(self, name: str, **attributes: str) -> list[Element]:
        """The elements below, in the order of the page; `class_` may be one of several classes."""
        found = []
        for each in self.inside:
            if isinstance(each, Element):
                if each.name == name and all(_has(each, key.rstrip("_"), value) for key, value in attributes.items()):
                    found.append(each)
                found += each.all(name, **attributes)
        return found

    def one(self, name: str, **attributes: str) -> Element:
        (found,) = self.all(name, **attributes)
        return found

    @property
    def text(self) -> str:
        parts = [
            each if isinstance(each, str) else f"\n{each.text}\n" if each.name in ("p", "li", "br") else each.text
            for each in self.inside
            if isinstance(each, str) or each.name not in _UNREAD
        ]
        whole = "".join(parts).replace("\u00a0", " ")  # in numbers, which don't break at it
        return "\n".join(line for part in whole.split("\n") if (line := part.strip()))

    def exact_text(self, without: str) -> str:
        """Every character below, but for elements of the class `without`."""
        return "".join(
            each if isinstance(each, str) else "" if _has(each, "class", without) else each.exact_text(without)
            for each in self.inside
        )

    def cells(self) -> list[list[str]]:
        """Of a table: the texts of its rows, the header's first."""
        return [[cell.text for cell in row.inside if isinstance(cell, Element)] for row in self.all("tr")]


def read_page(html: str) -> Element:
    reading = _Reading()
    reading.feed(html)
    reading.close()
    assert [each.name for each in reading.open] == ["page"], "an element isn't closed"
    return reading.open[0]


def _has(element: Element, key: str, value: str) -> bool:
    found = element.attributes.get(key)
    return found is not None and (found == value or (key == "class" and value in found.split()))


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("tbody", "table"):
            self._end(_OPTIONAL.get(tag, set()))
        made = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].inside.append(made)
        if tag not in _VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._end(_OPTIONAL.get(tag, set()) - {tag})
            assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
            self.open.pop()

    def _end(self, names: set[str]) -> None:
        while self.open[-1].name in names:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)
