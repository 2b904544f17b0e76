"""Problems in Markdown: by place, with what to do about them."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.reading.files.confined_path import without_detour
from sendspec.showing.diagnostics import remarks, summary
from sendspec.showing.markdown.foreign_text import code, name, whole
from sendspec.showing.markdown.page import GAP, Section, fitted, more_of, page, single
from sendspec.showing.reports.check_report import worst_first

MOST_FILES, MOST_PROBLEMS, ROOM_OF_FILE = 40, 200, 20_000
TEXT_LENGTH, EXCERPT_LENGTH = 1_000, 160


def diagnostic_item(diagnostic: Diagnostic, *, with_path: bool = True) -> str:
    """An item of a list: the place, the problem, the source line, the fix, and what else there is to say."""
    start = diagnostic.span.start
    place = f"{name(without_detour(diagnostic.path))}, line {start.line}" if with_path else f"line {start.line}"
    lines = [f"{place}: {_text(diagnostic.problem)} ({code(diagnostic.code)})"]
    if diagnostic.excerpt:
        lines.append(f"in: {code(_around(diagnostic))}")
    lines += [f"fix: {_text(diagnostic.fix)}", *(f"also: {_text(remark)}" for remark in remarks(diagnostic))]
    return f"- {'<br>'.join(lines)}"


def _text(text: str) -> str:
    return code(text if len(text) <= TEXT_LENGTH else whole(text, TEXT_LENGTH) + "…")


def _around(diagnostic: Diagnostic) -> str:
    """The source line, or as much of it around the place as can be read."""
    line = diagnostic.excerpt.strip()
    if len(line) <= EXCERPT_LENGTH:
        return line
    first = max(0, diagnostic.span.start.column - 1 - EXCERPT_LENGTH // 2)
    part = diagnostic.excerpt[first : first + EXCERPT_LENGTH]
    return f"{'…' if first else ''}{part}{'…' if first + EXCERPT_LENGTH < len(diagnostic.excerpt) else ''}"


def rejected_markdown(diagnostics: Sequence[Diagnostic], what: str = "Rejected") -> str:
    """What is wrong, file by file and errors first, so that a reviewer sees why a check is red. `what` has become of the command."""
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in worst_first(diagnostics):
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    files = [_file(path, found) for path, found in list(by_path.items())[:MOST_FILES]]
    unseen = len(by_path) - len(files)

    def more(left: Sequence[int]) -> str:
        return more_of("file")([*left, *range(unseen)])

    return page(
        [
            single(f"**{what}: {summary(diagnostics)}**; nothing was sent"),
            Section(parts=files, more=more, is_cut=unseen > 0),
        ],
        single(f"{code('sendspec explain CODE')} explains a code."),
    )


def _file(path: str, found: Sequence[Diagnostic]) -> str:
    items = [_marked(diagnostic) for diagnostic in found[:MOST_PROBLEMS]]
    unseen = len(found) - len(items)

    def more(left: Sequence[int]) -> str:
        return more_of("problem")([*left, *range(unseen)])

    return fitted(
        Section(head=f"### {name(without_detour(path))}{GAP}", parts=items, joint="\n", more=more, is_cut=unseen > 0),
        ROOM_OF_FILE,
    )


def _marked(diagnostic: Diagnostic) -> str:
    """The item, which says if it is a warning: there are errors around it."""
    item = diagnostic_item(diagnostic, with_path=False)
    return item if diagnostic.severity is Severity.ERROR else f"- warning, {item.removeprefix('- ')}"
