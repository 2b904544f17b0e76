"""What a page is made of, whatever is put into it."""

from __future__ import annotations

import json

from sendspec.showing.pages.page import embedded_json


def test_data_in_a_page_ends_nothing_and_is_read_as_it_was() -> None:
    said = "</script><!--&\u2028\u202e\x07 é 😀"
    written = embedded_json({"said": said, "half": "\ud800"})
    assert json.loads(written) == {"said": said, "half": "�"}
    assert not set(written) & set("<>&\u2028\u202e\x07\ud800")
