"""What the tests of pages rely on: `assert_sound` finds each kind of fault, and nothing in a page of the kit."""

from __future__ import annotations

import re

import pytest
from kit_page import kit_page
from seen_page import JENKINS, OpenPage, assert_sound, faults

FAULTS = {
    "<script>null.x</script>": "Cannot read properties of null",
    "<script>console.error('no such thing')</script>": "no such thing",
    '<img src="http://203.0.113.7/x.png" alt="x">': "asks for http://203.0.113.7/x.png",
    '<svg role="img" width="10" height="10"></svg>': "light: svg-img-alt: ",
    '<p style="color: #555">Hardly seen in the dark</p>': "dark: color-contrast: ",
    '<div style="width: 500px">Wide</div>': ">Wide<",
}


def test_each_fault_is_found(browser_page: OpenPage) -> None:
    """One page with all of them: each fault says its own words, and nothing else does."""
    sound = kit_page("<p>Fine</p>")
    loose = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", sound)
    found = faults(browser_page(loose.replace("<p>Fine</p>", "".join(FAULTS))))
    assert [said for said in FAULTS.values() if said not in "\n".join(found)] == []
    assert "light: color-contrast" not in "\n".join(found)
    assert faults(browser_page(sound)) == []


def test_what_the_policy_of_a_page_forbids_is_found(browser_page: OpenPage) -> None:
    seen = browser_page(kit_page("""<p onclick="x()" style="color: red">Fine</p>"""))
    with pytest.raises(AssertionError, match="Content Security Policy"):
        assert_sound(seen)


def test_a_page_of_a_server_may_ask_it_and_nobody_else(browser_page: OpenPage) -> None:
    seen = browser_page(kit_page("<p>Fine</p>"), headers={"X-Any": "1"})
    seen.requests.append(seen.url.rsplit("/", 1)[0] + "/events")
    assert seen.foreign_requests() == []
    seen.requests.append("http://127.0.0.1:1/elsewhere")
    assert seen.foreign_requests() == ["http://127.0.0.1:1/elsewhere"]


def test_jenkins_header_forbids_styles_and_scripts_and_the_text_is_there(browser_page: OpenPage) -> None:
    html = kit_page("""<p>Fine</p><button type="button">Press</button>""", ["filter"])
    seen = browser_page(html, headers=JENKINS)
    assert any("style" in error for error in seen.errors)
    assert any("script" in error for error in seen.errors)
    for text in ("A page", "Fine", "Made by a test"):
        assert text in seen.text()
