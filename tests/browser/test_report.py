"""The page of a report in a browser: sound, found in, linked to, saved, and read where scripts and styles are forbidden."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from long_rows import all_but
from playwright.sync_api import Page
from sample_reports import BEGUN, sample
from seen_page import JENKINS, OpenPage, assert_sound
from sendspec.operations.send_report import SendReport, Verdict
from sendspec.showing.pages.report import ReportPlace, report_page

REFUSED_ROW = "m0000000000000000000000000000001e"
"""The message in line 31."""
PLAIN_ROW = "m00000000000000000000000000000001"
"""The message in line 2, which was accepted at the first attempt."""
AT = datetime.fromtimestamp(BEGUN + 0.14, UTC).strftime("%H:%M:%S")
EMPTY = SendReport(environment="sandbox", name="hello", generation=1, path=None, verdict=Verdict.UNFINISHED)


def page_of(report: SendReport) -> str:
    return report_page(report, ReportPlace(command="sendspec report order-shipped", made_at=BEGUN))


@pytest.fixture(scope="module")
def html() -> str:
    return page_of(sample())


def lines(page: Page) -> list[int]:
    return [int(text) for text in page.locator("#rows > tbody > tr:visible > th").all_inner_texts() if text != "gone"]


@pytest.mark.parametrize("what", all_but(["all"], ["all", "nothing", "alone"]))
def test_a_report_is_sound(browser_page: OpenPage, html: str, what: str) -> None:
    one = replace(sample(), runs=sample().runs[-1:], earlier=None, delivery=None, cost=None, countries=None, only_run=3)
    seen = browser_page({"all": html, "nothing": page_of(EMPTY), "alone": page_of(one)}[what])
    seen.page.locator("main details").evaluate_all("all => all.slice(0, 20).forEach((each) => { each.open = true; })")
    assert_sound(seen)


SEARCHES: dict[str, Any] = {
    "#state=refused": lambda n: n % 15 == 0 and n % 40,
    "#state=refused&q=-NL": lambda n: False,
    "#q=-NL%20-delivered": lambda n: n % 3 and (n % 40 == 0 or n > 118 or n % 29 == 0) and n % 29,
    "#state=undelivered": lambda n: n % 29 == 0,
    "#state=accepted&q=NL": lambda n: n % 3 == 0 and n % 15 and n % 40 and n < 119,
    '#q="not a mobile"': lambda n: n % 15 == 0 and n % 40,
    "#q=A1030": lambda n: n == 30,
}


@pytest.mark.parametrize("fragment", all_but(["#state=refused"], SEARCHES))
def test_recipients_are_found_and_left_out(browser_page: OpenPage, html: str, fragment: str) -> None:
    """By state, by country, by the API's words, and negated. Line 16 is gone from the table, so its line isn't listed."""
    seen = browser_page(html, fragment=fragment)
    expected = [n + 1 for n in range(1, 121) if n != 15 and SEARCHES[fragment](n)]
    assert sorted(lines(seen.page)) == expected
    assert seen.errors == []


def test_a_link_leads_to_one_recipient_with_its_attempts(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html, fragment=f"#m={REFUSED_ROW}")
    row = seen.page.locator(f"#m-{REFUSED_ROW}")
    assert row.evaluate("each => document.activeElement === each")
    assert "run 1, attempt 1: refused after 120 ms: 422" in row.inner_text()
    seen.page.evaluate(f"location.hash = '#m={PLAIN_ROW}'")
    plain = seen.page.locator(f"#m-{PLAIN_ROW}")
    plain.and_(seen.page.locator(":focus")).wait_for()
    assert plain.locator("td").all_inner_texts()[1:] == [
        "delivered",
        "GB",
        "1",
        "",
        "6b1f0000-0000-4000-8000-000000000001",
        AT,
    ]
    seen.page.evaluate("location.hash = '#state=undelivered'")
    seen.page.get_by_role(
        "link", name="line 31", exact=True
    ).first.click()  # from the first screen, whatever is filtered
    assert 31 in lines(seen.page)


def test_the_data_can_be_saved(browser_page: OpenPage, html: str) -> None:
    page = browser_page(html).page
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the data").click()
    assert saved.value.suggested_filename == "order-shipped-report.json"
    with open(saved.value.path(), encoding="utf-8") as file:  # noqa: PTH123 - where the browser keeps it
        assert json.load(file)["totals"] == {"recipients": 135, "accepted": 109, "refused": 7, "in_doubt": 2, "not_sent": 2, "skipped": 15}  # fmt: skip


@pytest.mark.parametrize("headers", all_but([JENKINS], [JENKINS, None]))
def test_everything_is_read_without_script_and_style(browser_page: OpenPage, html: str, headers: Any) -> None:
    seen = browser_page(html, scripts=headers is not None, headers=headers, fragment=f"#m-{REFUSED_ROW}")
    text = seen.text()
    for said in ("Somebody has to look at it", "11 people", "135 recipients = 109 accepted", "EUR 3.28", "exceeded"):
        assert said in text
    assert seen.page.locator(".filter").count() == 0
    assert not seen.page.get_by_role("button").is_visible()
    row = seen.page.locator(f"#m-{REFUSED_ROW}")
    assert row.evaluate("each => { const box = each.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }")  # fmt: skip
    row.locator("summary").click()
    assert "attempt 1: refused after 120 ms: 422" in row.inner_text()
    assert len(lines(seen.page)) == 119


@pytest.mark.parametrize("width", all_but([1280], [1280, 360]))
def test_what_to_do_next_is_whole_on_the_first_screen(browser_page: OpenPage, width: int) -> None:
    """Above the lists, each command on one line; a telephone reads each total once before it, and once behind it."""
    commands = [
        "sendspec reconcile specs/delivery-day.yaml --env production",
        "sendspec status delivery-day --failed --env production",
    ]
    place = ReportPlace(command="sendspec report order-shipped", commands=commands, made_at=BEGUN)
    page = browser_page(report_page(sample(), place), width=width).page
    assert page.locator(".next code").all_inner_texts() == commands
    last = page.locator(".next li").last.bounding_box()
    lists, account = page.locator(".answers").bounding_box(), page.locator(".account").bounding_box()
    assert last is not None
    assert lists is not None
    assert account is not None
    assert last["y"] + last["height"] <= min(800, account["y"], lists["y"])
    heights = page.locator(".next code").evaluate_all("all => all.map((each) => each.getClientRects().length)")
    assert width == 360 or heights == [1, 1]
    assert page.locator(".figures").is_visible() is (width == 1280)


@pytest.mark.long
def test_a_telephone_is_told_that_the_table_goes_on(browser_page: OpenPage, html: str) -> None:
    for width, is_told in ((360, True), (1280, False)):
        assert (
            browser_page(html, width=width).page.get_by_text("The table goes on to the right").is_visible() is is_told
        )


@pytest.mark.long
def test_a_report_on_paper_has_everybody(browser_page: OpenPage, html: str) -> None:
    page = browser_page(html, print_=True, dark=True, width=794).page  # A4
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert len(lines(page)) == 119
    assert not page.locator(".filter").is_visible()
    assert not page.locator("nav").is_visible()
    assert not page.get_by_role("button").is_visible()
    assert page.locator(f"#m-{PLAIN_ROW}").inner_text().rstrip().endswith(AT)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
