"""The parts of a message in text and Markdown: what is cut is counted, and its links are whole."""

from __future__ import annotations

from markdown_pages import assert_inert, rendered
from sendspec.composing.message_part import MessagePart
from sendspec.showing.markdown.message_part import sample_blocks
from sendspec.showing.message_part import sample_lines

LINK = "https://evil.example/" + "x" * 300
LONG = MessagePart("body.html.html", "<p>\n" * 100 + f"<a href='{LINK}'>\u200b")


def test_a_long_part_is_cut_and_counted_and_its_links_are_whole() -> None:
    assert list(sample_lines("", [LONG], full=False)) == [
        "body.html.html: " + "<p>\\n" * 40 + f"… and {len(LONG.text) - 160} more characters",
        f"  link: {LINK}",
    ]
    [line] = sample_lines("", [LONG], full=True)
    assert line.endswith(f"'{LINK}'>\\u200b")


def test_without_detail_the_first_parts_are_shown_and_the_others_counted() -> None:
    parts = [MessagePart(f"body.{n}", "x") for n in range(10)]
    lines = list(sample_lines("Hi", parts, full=False))
    assert lines[0] == "Hi"
    assert lines[-1] == "and 2 more parts: `--detail`"
    assert len(list(sample_lines("Hi", parts, full=True))) == 11


def test_in_markdown_the_links_of_a_long_part_are_whole() -> None:
    page = rendered(sample_blocks("", [LONG, MessagePart("body.html.metadata.subject", "News")]))
    assert_inert(page)
    assert {LINK, "News", "body.html.metadata.subject"} <= set(page.codes)
    assert "more characters" in page.text


def test_in_markdown_parts_without_room_are_counted() -> None:
    text = sample_blocks("Hi", [MessagePart(f"body.{n}", "x") for n in range(60)])
    assert text.endswith("and 20 more parts of the message")
    many = MessagePart("a", "<b>" * 500, 7, tuple(f"l{n}" for n in range(50)), 3)
    assert sample_blocks("", [many]).startswith("`a`, of which 7 characters at the end are not shown:")
    assert sample_blocks("", [many]).endswith("- and 13 more links")
