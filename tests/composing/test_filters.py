"""What the filters give, and what they refuse."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sendspec.composing.filters import FILTERS, as_html, concatenated, decimals, rounded, trusted
from sendspec.composing.message import Message
from sendspec.composing.render_budget import FilterError, RenderBudget
from sendspec.composing.text_value import MAX_RESULT, as_text
from spec_composer import SpecComposer


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("abs", ["-3"], 3.0),
        ("decimals", ["2.345"], "2.35"),
        ("decimals", ["-0.5", 0], "-1"),
        ("default", ["", "you"], "you"),
        ("default", [0, "you"], 0),
        ("first", [[]], ""),
        ("float", ["1e3"], 1000.0),
        ("int", ["007"], 7),
        ("int", ["7.0"], 7),
        ("join", [["a", 1], "-"], "a-1"),
        ("last", [{"a": 1, "b": 2}], "b"),
        ("round", ["2.5"], 3),
        ("round", [2.345, 2], 2.35),
        ("sort", [["b", "A", "c"]], ["A", "b", "c"]),
        ("trim", ["xax", "x"], "a"),
        ("truncate", ["Hello there", 8], "Hello..."),
        ("truncate", ["Hello", 5], "Hello"),
        ("unique", [["a", "b", "a"]], ["a", "b"]),
    ],
)
def test_what_a_filter_gives(name: str, arguments: list[Any], expected: Any) -> None:
    found = FILTERS[name].function(*arguments)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("int", ["1.5"], "not-a-number"),
        ("int", ["x"], "not-a-number"),
        ("int", [True], "not-a-number"),
        ("float", ["1e99"], "not-a-number"),
        ("decimals", ["1", 11], "not-a-number"),
        ("upper", [None], "none-in-text"),
        ("upper", [["a"]], "not-text"),
        ("replace", ["a", "", "b"], "not-text"),
        ("replace", ["a" * 1_000, "a", "b" * 1_000], "text-too-long"),
        ("join", [["a" * MAX_RESULT, "b"]], "text-too-long"),
        ("trim", ["a", "x" * 101], "not-text"),
        ("truncate", ["abc", 2], "render-failed"),
    ],
)
def test_what_a_filter_refuses(name: str, arguments: list[Any], code: str) -> None:
    with pytest.raises(FilterError) as caught:
        FILTERS[name].function(*arguments)
    assert caught.value.code == code


def test_what_escape_makes_is_not_escaped_again(composer: SpecComposer) -> None:
    rows = [{"email": "ann@example.com", "name": "<b>&'"}]
    html = "body: {type: html, html: {html: '<p>{{ name }}{{ name | escape }}{{ name | safe | escape }}</p>', text: '{{ name | escape }}!', metadata: {subject: Hi}}}"
    composed = composer(html, rows=rows, platform="email")
    assert [problem.code for problem in composer.problems] == ["trusted-html"]
    [message] = composed
    assert isinstance(message, Message)
    body = orjson.loads(message.body)["body"]["html"]
    once = "&lt;b&gt;&amp;&#x27;"
    assert body == {"html": f"<p>{once * 3}</p>", "text": f"{once}!", "metadata": {"subject": "Hi"}}
    assert (
        composer.payload("body: {type: text, text: {text: '{{ first_name | escape }}'}}")["body"]["text"]["text"]
        == "Ann"
    )


def test_html_is_escaped_unless_trusted() -> None:
    assert as_html("<b>") == "&lt;b&gt;"
    assert as_html(trusted("<b>")) == "<b>"
    assert as_html(as_text(trusted("<b>")) + "") == "&lt;b&gt;"


def test_a_concatenation_is_refused_before_it_is_built() -> None:
    assert concatenated(RenderBudget(), ("a", 1, True)) == "a1true"
    with pytest.raises(FilterError):
        concatenated(RenderBudget(), ("a" * MAX_RESULT, "b"))


@pytest.mark.parametrize(
    ("value", "places", "written"), [("-0.004", 2, "0.00"), ("-0.4", 0, "0"), ("-0.005", 2, "-0.01")]
)
def test_no_zero_has_a_sign(value: str, places: int, written: str) -> None:
    assert decimals(value, places) == written
    assert str(rounded(value, places)) == str(float(written) if places else int(written))
