"""Items of values, as in `meta.plan`: where a template reads one, and what is wrong where there is none."""

from __future__ import annotations

from collections.abc import Iterable

from sendspec.composing.render_budget import FilterError
from sendspec.composing.template_advice import filter_for_item
from sendspec.composing.template_name import NameUse, written_name
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import quoted

_ITEM = lazy_pattern(r"""\s*(?:\.\s*(?P<name>[^\W\d]\w*)|\[\s*(?P<quote>['"]?)(?P<key>[^\]]*?)(?P=quote)\s*\])""")
_CLOSED = lazy_pattern(r"""['"]?\s*\]""")


class NoItems(FilterError):
    """A template reads an item of a text or a number."""

    def __init__(self, owner: str | float, item: object) -> None:
        is_json = isinstance(owner, str) and owner.lstrip()[:1] in ("{", "[")
        what = "text" if isinstance(owner, str) else "a number"
        self.item = str(item)
        self.verdict = (
            "is text: JSON in a cell is not read" if is_json else f"is {what}, and {what} has nothing called '{item}'"
        )
        super().__init__("no-items", f"the value {self.verdict}", "make a column of its own for each value")

    def fix_for(self, owner: str) -> str:
        """What to do, for the owner as the template calls it."""
        ours = filter_for_item(self.item)
        if ours is not None:
            return f"write `{owner} | {ours}`"
        if "JSON" not in self.verdict:
            itself = f"write `{owner} | string`" if "is a number" in self.verdict else f"use `{owner}` itself"
            return f"{itself}, or add a column with what '{self.item}' should be"
        written = quoted(written_name(self.item))
        return (
            f"export '{self.item}' of `{owner}` as a column of its own and write `{written}` here, "
            "or export the whole table as JSON lines (.jsonl)"
        )


def read_of(source: str, uses: Iterable[NameUse], item: str) -> tuple[NameUse, int, int] | None:
    """The first read of an item of this name: the name that it starts from, where its owner ends, and where it ends itself."""
    for use in uses:
        closed = _CLOSED.match(source, use.end)
        at = closed.end() if closed else use.end
        while found := _ITEM.match(source, at):
            if item in (found["name"], found["key"]):
                return use, at, found.end()
            at = found.end()
    return None
