"""What a report's page says, read from its HTML: tables, figures and data."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from html_page import Element, read_page


@dataclass
class ReportRead:
    """`figures` are the values of its figures by label, in the order of the page, without what is said below them."""

    html: str
    root: Element = field(init=False)
    figures: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = read_page(self.html)
        for each in self.root.all("div"):
            for term, value in zip(each.all("dt"), each.all("dd"), strict=True):
                if term in each.inside:
                    said = "".join(part for part in value.inside if isinstance(part, str))
                    said = said.replace("\u00a0", " ").strip()
                    self.figures.setdefault(term.text, []).append(said)

    @property
    def text(self) -> str:
        """All of it on one line."""
        return re.sub(r"\s+", " ", self.root.one("body").text)

    @property
    def ids(self) -> list[str]:
        return re.findall(r' id="?([^\s">]*)', self.html)

    @property
    def data(self) -> Any:
        return json.loads("".join(map(str, self.root.one("script", id="data").inside)))

    def rows(self, table: str) -> list[list[str]]:
        """The table's rows below its header."""
        return self.root.one("table", id=table).cells()[1:]
