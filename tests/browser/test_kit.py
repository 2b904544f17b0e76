"""The parts of pages in a browser: sound, readable without style and script, and a filter that keeps its state in the address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from kit_page import kit_page
from long_rows import all_but
from markupsafe import Markup
from playwright.sync_api import Page
from seen_page import JENKINS, OpenPage, SeenPage, assert_sound
from sendspec.showing.pages.charts import Band, Bar, Series, bars, histogram, sparkline, stacked_area
from sendspec.showing.pages.coded import coded
from sendspec.showing.pages.parts import Column, Fact, Piece, TableRow

PARTS = """
{% call notice("bad", "3 numbers are wrong") %}<p>Fix them.</p>{% endcall %}
{{ facts(figures) }}
<p>{{ badge("accepted", "good") }} {{ badge("late", "warn") }} {{ badge("refused", "bad") }} {{ badge("in doubt", "doubt") }} {{ badge("planned") }}</p>
{{ bubble(pieces, "Message of row 17") }}{{ bubble(pieces, "Reply", "out") }}
{% for chart in charts %}{{ chart }}{% endfor %}
{{ data_table("Recipients", columns, rows, "recipients", filter=true) }}
{% call details("More rows") %}{{ data_table("More", columns, more, "more", filter=true) }}{% endcall %}
"""
STATES = ("accepted", "refused", "in_doubt")
COUNTRIES = ("NL", "BE")
HOSTILE = "</p><script>alert(1)</script> \u202e\x07"
SHOWN = "</p><script>alert(1)</script> \\u202e\\u0007"


def row(number: int) -> TableRow:
    state, country = STATES[number % 3], COUNTRIES[number % 2]
    return TableRow([str(number), f"Name {number}", country, state], id=f"row-{number}", state=state)


def charts() -> list[Markup]:
    tones: list[Any] = ["good", "warn", "bad", "doubt", "soft"]
    series = [Series(tone, tone, [n + 1, 2, 1]) for n, tone in enumerate(tones)]
    rows = [Bar("NL", 4, "EUR 4.00"), Bar(HOSTILE, 1, "EUR 1.00")]
    return [
        stacked_area("Throughput", ["10:00", "10:01", "10:02"], series, bands=[Band(1, 2, "429")], description="d"),
        bars("Cost", rows, description="d"),
        histogram("Latency", rows, description="d"),
        sparkline("Rate", [1, 3, 2], description="d"),
    ]


@pytest.fixture(scope="module")
def html() -> str:
    return kit_page(
        PARTS,
        ["filter"],
        figures=[Fact("Send", "1 162", "1 240 segments", "good"), Fact("Cost", "EUR 86.80")],
        pieces=[Piece("Hi "), Piece("Zoë", "filled", "from name"), Piece("’", "forcing filled", "U+2019"), Piece("2", "cut"), Piece(HOSTILE)],
        charts=charts(),
        columns=[Column("Row", is_number=True), Column("Name"), Column("Country"), Column("State")],
        rows=[row(number) for number in range(2, 14)],
        more=[row(number) for number in range(14, 17)],
    )  # fmt: skip


def shown_rows(page: Page, table: str = "recipients") -> list[str]:
    return page.locator(f"#{table} > tbody > tr:visible > th").all_inner_texts()


def counted(page: Page) -> str:
    return page.locator(".filter [role=status]").first.inner_text()


def test_a_page_of_all_parts_is_sound(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html)
    seen.page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    assert_sound(seen)
    assert SHOWN in seen.page.locator(".bubble").first.inner_text()


@pytest.mark.parametrize("headers", all_but([JENKINS], [JENKINS, None]))
def test_nothing_is_missing_without_script_and_style(browser_page: OpenPage, html: str, headers: Any) -> None:
    seen = browser_page(html, scripts=headers is not None, headers=headers)
    assert seen.page.locator(".filter").count() == 0
    text = seen.text()
    for said in ("3 numbers are wrong", "1 240 segments", "Zoë", "Throughput", "Recipients", "Name 13", SHOWN):
        assert said in text
    assert shown_rows(seen.page) == [str(number) for number in range(2, 14)]
    assert seen.page.locator("#more").text_content() is not None
    bar = seen.page.locator("rect.bar").first
    assert (bar.get_attribute("width"), bar.get_attribute("fill")) == ("100.00%", "#0b57b0")


SEARCHES = {
    "NL": [2, 4, 6, 8, 10, 12],
    "-nl": [3, 5, 7, 9, 11, 13],
    "am NL": [2, 4, 6, 8, 10, 12],
    "-AM NL": [2, 4, 6, 8, 10, 12],  # "Name" is no country
    "nl -REFUSED": [2, 6, 8, 12],
    '"name 1"': [10, 11, 12, 13],
    '-"name 1" -BE': [2, 4, 6, 8],
    "-": list(range(2, 14)),
    '"': list(range(2, 14)),
    "no such": [],
}


def test_words_choose_rows_and_words_behind_a_minus_leave_them_out(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html)
    box = seen.page.get_by_label("Search").first
    for query, expected in SEARCHES.items():
        box.fill(query)
        assert [int(number) for number in shown_rows(seen.page)] == expected, query
        assert counted(seen.page) == (f"{len(expected)} of 12 shown" if len(expected) < 12 else "12 shown")
    assert len(shown_rows(seen.page, "more")) == 0  # closed, and a list of its own


def test_the_state_is_in_the_address_and_comes_from_it(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html, fragment="#state=refused&q=-NL")
    page = seen.page
    assert shown_rows(page) == ["7", "13"]
    page.get_by_role("button", name=re.compile("^all")).first.press("Enter")
    assert page.evaluate("location.hash") == "#q=-NL"
    page.get_by_role("button", name="in doubt 4").click()
    page.get_by_label("Search").first.fill("a+b & 50%=#c")
    assert shown_rows(page) == []
    page.reload()
    assert page.get_by_label("Search").first.input_value() == "a+b & 50%=#c"
    assert page.locator('button[aria-pressed="true"]').first.inner_text() == "in doubt 4"
    page.get_by_label("Search").first.fill("")
    page.get_by_role("button", name=re.compile("^all")).first.click()
    assert page.evaluate("location.href") == seen.url
    page.evaluate("location.hash = '#q=Name'")
    assert counted(page) == "12 shown"
    page.evaluate("location.hash = '#more.q=16'")
    page.locator("details > summary", has_text="More rows").click()
    assert shown_rows(page, "more") == ["16"]
    assert seen.errors == []


@pytest.mark.parametrize("fragment", all_but(["#row=16&q=NL"], ["#row=16&q=NL", "#row-16", "#q=Name&row=16"]))
def test_a_link_to_a_row_opens_what_it_is_in_and_shows_it(browser_page: OpenPage, html: str, fragment: str) -> None:
    seen = browser_page(html, fragment=fragment)
    target = seen.page.locator("#row-16")
    assert target.is_visible()
    assert target.evaluate("each => document.activeElement === each")
    assert target.evaluate("each => { const box = each.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }")  # fmt: skip


@pytest.mark.parametrize("search", all_but(['"1 117"'], ['"1 117"', "1 117", '"1\u00a0117"', '-"1 118"']))
def test_a_number_that_does_not_break_is_found_with_a_plain_space(browser_page: OpenPage, search: str) -> None:
    table = '{{ data_table("Counts", columns, rows, "counts", filter=true) }}'
    rows = [TableRow(["GB", coded("1 117 segments")], id="a"), TableRow(["NL", coded("1 118 segments")], id="b")]
    page = browser_page(kit_page(table, ["filter"], columns=[Column("Country"), Column("Count")], rows=rows)).page
    page.get_by_role("searchbox").fill(search)
    assert page.locator("#a").is_visible()
    assert not page.locator("#b").is_visible()
    assert "1\u00a0117" in str(page.locator("#a").text_content())


def test_a_link_shows_its_row_whatever_is_filtered(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html, fragment="#state=refused&row=2")
    assert shown_rows(seen.page) == ["2", "4", "7", "10", "13"]
    seen.page.evaluate("location.hash = '#row-3'")
    assert shown_rows(seen.page) == ["3", "4", "7", "10", "13"]
    for odd in ("#row=none", "#%E0%A4%A", "#=", "#state=<b>", "#row=</script>"):
        seen.page.evaluate("hash => { location.hash = hash; }", odd)
    assert seen.errors == []


def test_rows_that_come_later_are_filtered_too(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html, fragment="#q=BE")
    seen.page.evaluate("document.querySelector('#recipients tbody').append(document.querySelector('#row-3').cloneNode(true), document.querySelector('#row-14'))")  # fmt: skip
    seen.page.wait_for_function("document.querySelector('.filter [role=status]').textContent === '7 of 14 shown'")


CONTRAST = """() => {
  const rgb = (text) => text.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
  const light = (text) => rgb(text).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll(".plot .bar, .tone, .plot text, .spark .line")].map((each) => {
    const style = getComputedStyle(each);
    const ink = light(each.matches(".line") ? style.stroke : style.fill);
    return [each.outerHTML.slice(0, 80), (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}"""
WAYS: list[Any] = [{"dark": True, "forced": True}, {}, {"dark": True}, {"print_": True, "dark": True}]


@pytest.mark.parametrize("way", all_but(WAYS[:1], WAYS), ids=str)
def test_charts_are_seen_in_every_theme(browser_page: OpenPage, html: str, way: Any) -> None:
    seen = browser_page(html, **way)
    found = seen.page.evaluate(CONTRAST)
    assert len(found) > 20
    assert [each for each, contrast in found if contrast < 3] == []
    if "forced" in way:
        fills = seen.page.locator(".tone").evaluate_all("all => all.map((each) => getComputedStyle(each).fill)")
        assert len(set(fills)) == 1  # so only the patterns tell them apart
        patterns = {re.sub(r"id=\"[^\"]+\"|class=\"[^\"]+\"|fill=\"[^\"]+\"", "", each) for each in patterns_of(seen)}
        assert len(patterns) == 5
    if "print_" in way:
        assert seen.page.locator("#more tbody tr").first.is_visible()
        assert not seen.page.locator(".filter").first.is_visible()


def patterns_of(seen: SeenPage) -> list[str]:
    found: list[str] = seen.page.locator("pattern").evaluate_all("all => all.map((each) => each.outerHTML)")
    return found
