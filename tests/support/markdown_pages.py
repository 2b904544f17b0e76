"""Pages of Markdown as a reader's browser has them: rendered by CommonMark's rules with tables, and HTML let through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

OURS = {
    "blockquote", "br", "code", "del", "details", "h3", "h4", "ins", "li", "ol", "p", "strong", "summary", "table", "tbody", "td",
    "th", "thead", "tr", "ul",
}  # fmt: skip
"""The elements that we write."""
VOID = {"br"}
ACTING = re.compile(
    r"@\w|#\d|\bGH-\d|\$|::|:\w+:|\[\^|https?:|www\.|\b[0-9a-f]{7,40}\b|\[[ x]\]|<|>|`|\||\*|~~|##\[", re.IGNORECASE
)
"""What GitHub and GitLab make something of in a text that isn't code."""
_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass
class RenderedPage:
    """The tags, with their attributes, in order; the text outside of code; each line of code, and each message.

    A message is a quotation: all that is code in it, with its line ends. `removed` and `added` are the parts of messages so marked.
    """

    tags: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    text: str = ""
    codes: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    open_at_end: tuple[str, ...] = ()


def rendered(markdown: str) -> RenderedPage:
    reader = _PageReader()
    reader.feed(_READER.render(markdown))
    reader.close()
    reader.page.open_at_end = tuple(reader.open)
    return reader.page


def assert_inert(page: RenderedPage) -> None:
    """Nothing but our own elements, all of them closed, and nothing outside of code that a service would act on."""
    assert {tag for tag, _ in page.tags} <= OURS
    assert {attribute for _, attributes in page.tags for attribute in attributes} <= {"style", "start"}
    assert page.open_at_end == ()
    found = ACTING.search(page.text)
    assert found is None, page.text[max(0, found.start() - 80) : found.end() + 80]


def assert_in_code(page: RenderedPage, foreign: Iterator[str] | list[str]) -> None:
    """Each of these texts is code, to the letter."""
    codes = set(page.codes)
    for text in foreign:
        assert text in codes, text


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = RenderedPage()
        self.open: list[str] = []
        self._ours = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.page.tags.append((tag, tuple(name for name, _ in attributes)))
        if tag == "code":
            self.page.codes.append("")
        elif tag == "blockquote":
            self.page.messages.append("")
        elif tag == "br" and "blockquote" in self.open:
            self.page.messages[-1] += "\n"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        if "code" not in self.open:
            self.page.text += data
            return
        self.page.codes[-1] += data
        if "blockquote" in self.open:
            self.page.messages[-1] += data
            if "del" in self.open:
                self.page.removed.append(data)
            if "ins" in self.open:
                self.page.added.append(data)
