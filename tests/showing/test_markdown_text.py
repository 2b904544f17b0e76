"""Foreign text in Markdown: whatever it is, a CommonMark reader finds it in code to the letter, and nothing of it acts."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_pages import assert_inert, rendered
from plan_reports import names, texts
from sendspec.showing.markdown.foreign_text import (
    MOST_CHARACTERS,
    MOST_LINES,
    NAME_LENGTH,
    Mark,
    cell,
    code,
    marked_message,
    message,
    name,
    visible,
    whole,
)


def shown(text: str) -> str:
    """The lines of a text as code, without their ends."""
    return "".join(visible(line) for line in text.split("\n"))


@example(" a ")
@example(" `a")
@example("    ")
@given(texts)
def test_a_line_of_foreign_text_is_code_to_the_letter(text: str) -> None:
    page = rendered(f"before {code(text)} behind")
    assert_inert(page)
    assert page.codes == ([visible(text)] if text else [])
    assert page.text.strip() == ("before  behind" if text else "before (empty) behind")


@given(names.filter(lambda text: len(text) <= NAME_LENGTH), names.filter(lambda text: len(text) <= NAME_LENGTH))
def test_a_cell_of_a_table_holds_one_name(first: str, second: str) -> None:
    page = rendered(f"| a | b | c |\n| --- | --- | --- |\n| {cell(first)} | {cell(second)} | end |")
    assert_inert(page)
    assert page.codes == [visible(text) for text in (first, second)]
    assert [tag for tag, _ in page.tags].count("td") == 3


@given(texts)
def test_a_message_is_a_quotation_with_all_its_lines(text: str) -> None:
    page = rendered(f"before\n\n{message(text)}\n\nbehind")
    assert_inert(page)
    lines = [visible(line) for line in text.split("\n")]
    assert page.messages == ["\n".join(lines) if text else ""]
    assert page.text.split() == ["before", *([] if text else ["(empty)"]), "behind"]


@given(st.lists(st.tuples(texts, st.sampled_from([None, *Mark])), max_size=6))
def test_parts_of_a_message_are_marked(parts: list[tuple[str, Mark | None]]) -> None:
    page = rendered(marked_message(parts))
    assert_inert(page)
    assert page.messages[0].replace("\n", "") == "".join(shown(text) for text, _ in parts)
    assert "".join(page.removed) == "".join(shown(text) for text, mark in parts if mark is Mark.REMOVED)
    assert "".join(page.added) == "".join(shown(text) for text, mark in parts if mark is Mark.ADDED)


def test_a_line_end_that_changes_is_marked() -> None:
    parts = [("a\n", None), ("b\n\n", Mark.ADDED), ("c", None)]
    assert marked_message(parts) == "> `a`<br><ins>`b`</ins><ins>⏎</ins><br><ins>⏎</ins><br>`c`"
    assert rendered(marked_message(parts)).messages == ["a\nb\n\nc"]


def test_texts_of_two_kinds_that_touch_are_told_apart() -> None:
    parts = [("Hi ", None), ("Ada", Mark.REMOVED), ("Bob", Mark.ADDED), (", hello", None), (" again", None)]
    assert marked_message(parts) == "> `Hi `<del>`Ada`</del><ins>`Bob`</ins>`, hello again`"


def test_what_nobody_sees_is_an_escape_and_emoji_stay_whole() -> None:
    assert visible("a\u200bb\u202ec\x00") == "a\\u200bb\\u202ec\\u0000"
    assert visible("a\u3164b☎\ufe0f1\ufe0f\u20e3c\ufe0f") == "a\\u3164b☎\ufe0f1\ufe0f\u20e3c\\ufe0f"
    assert visible("👩\u200d👩\u200d👧 می\u200cخواهم a\u200db") == "👩\u200d👩\u200d👧 می\u200cخواهم a\\u200db"


def test_a_long_message_is_shortened_between_characters_and_says_so() -> None:
    text = "x" * (MOST_CHARACTERS - 1) + "e\u0301" + "y" * 8_500
    page = rendered(message(text))
    assert page.messages[0].rstrip("\n") == "x" * (MOST_CHARACTERS - 1)
    assert page.text.strip() == "… and 8,502 more characters"
    lines = rendered(message("\n".join("x" * 100)))
    assert lines.messages[0].count("x") == MOST_LINES
    assert lines.text.strip() == "… and 120 more characters"
    assert whole("ab👩\u200d👩", 4) == "ab"
    assert whole("\u0301" * 9, 3) == "\u0301" * 3


@pytest.mark.parametrize("length", [80, 81, 500, 10_000])
def test_a_name_has_a_bounded_length(length: int) -> None:
    shown = name("a" * (length - 1) + "z")
    assert len(shown) <= 82
    assert shown.endswith("az`")
    assert ("…" in shown) == (length > NAME_LENGTH)


def test_a_fence_is_never_longer_than_readers_know() -> None:
    """cmark gives up beyond 80 backticks."""
    for text in ("`" * 1_500, "".join("`" * n + "x" for n in range(1, 54))):
        assert rendered(code(text)).codes == [text]
        assert len(code(text)) <= len(text) + 2 * 80
