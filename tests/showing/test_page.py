"""What a page is made of, whatever is put into it."""

from __future__ import annotations

import json

import pytest
from markupsafe import Markup
from sendspec.showing.pages.coded import coded, unbroken
from sendspec.showing.pages.page import embedded_json, environment


def test_data_in_a_page_ends_nothing_and_is_read_as_it_was() -> None:
    said = "</script><!--&\u2028\u202e\x07 é 😀"
    written = embedded_json({"said": said, "half": "\ud800"})
    assert json.loads(written) == {"said": said, "half": "�"}
    assert not set(written) & set("<>&\u2028\u202e\x07\ud800")


def test_foreign_text_is_shown_and_emoji_stay_whole() -> None:
    """Whatever a template writes passes here; what a page doesn't show as it is can be told from what it does."""
    template = environment().from_string("{{ text }}")
    family, heart, keycap = "\U0001f469\u200d\U0001f467", "\u2764\ufe0f\u200d\U0001f525", "1\ufe0f\u20e3"
    for whole in (family, heart, keycap, "two\nlines\r\nhere", "é ’ 😀"):
        assert template.render(text=whole) == whole
    assert template.render(text="a\u200db\u202e\x07\ud800x\ufe0f") == "a\\u200db\\u202e\\u0007\\ud800x\\ufe0f"
    assert template.render(text="<b>") == "&lt;b&gt;"
    assert template.render(text=Markup("<b>")) == "<b>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1 117 of 1 234 567", "1\u00a0117 of 1\u00a0234\u00a0567"), ("saves 1 117: `1 117`", "saves 1\u00a0117: <code>1 117</code>"),
     ("2026-11-30 100 17 1 1174 rows", "2026-11-30\u00a0100 17 1 1174 rows"), ("<b>1 117", "&lt;b&gt;1\u00a0117")],
)  # fmt: skip
def test_a_number_does_not_break_at_its_thousands(text: str, shown: str) -> None:
    assert coded(text) == shown
    assert unbroken(Markup("1 117")) == "1 117"
