"""The page of a preview in a browser: sound, to be read without script, filtered, searched, and led to by a link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but, long
from playwright.sync_api import Page
from project_dir import ProjectDir
from seen_page import JENKINS, OpenPage, assert_sound

SPEC = """spec: 1
name: order-shipped
channel: sms
recipients: {file: people.csv}
suppress: [off.csv]
message:
  body:
    type: text
    text: {text: "{% if kind | default('') == 'gold' %}Dear {% else %}Hi {% endif %}{{ name | default('you') }}, your order {{ order }} has shipped: https://shop.example/{{ order }}"}
"""
IMAGES = """spec: 1
name: pictures
channel: mail
recipients:
  - {email: ann@shop.example, name: Ann}
message:
  body:
    type: html
    html:
      html: "<p onclick=alert(1)>Hi {{ name }}</p><img src=https://shop.example/logo.png><a href=javascript:alert(1)>x</a>"
      text: "Hi {{ name }}"
      metadata: {subject: "News for {{ name }}"}
"""
LONG = "x" * 130
PEOPLE = [
    "phone,name,kind,order", "+447700900001,Ann,,A1", "+447700900002,D’Arcy,,A2", "+447700900003,<b>Bo</b>,gold,A3",
    f"+447700900004,Zoë {LONG},,A4", "+447700900005,😀 مرحبا,,A5", "+447700900006,,,A6", "+447700900007,Off,,A7",
]  # fmt: skip


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    desk = ProjectDir(tmp_path_factory.mktemp("preview"))
    desk.write("order.yaml", SPEC)
    desk.write("pictures.yaml", IMAGES)
    desk.write("people.csv", "\n".join(PEOPLE) + "\n")
    desk.write("off.csv", "phone\n+447700900007\n")
    desk.write("prices.csv", "country,currency,segment\nGB,EUR,0.04\n")
    desk.write("sendspec.yaml", "prices: prices.csv\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CI", raising=False)  # which keeps recipients' values from the page
        done = desk.run("preview", "order.yaml", "pictures.yaml", "--html", "page.html")
    assert done.code == 0, done.err
    return (desk.folder / "page.html").read_text(encoding="utf-8")


def shown(page: Page) -> list[str]:
    """The rows of the bubbles that are to be seen."""
    found: list[str] = page.locator("article.message:visible").evaluate_all(
        "all => all.map((each) => each.dataset.row)"
    )
    return found


def test_the_page_is_sound(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html)
    seen.page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    assert_sound(seen)
    assert seen.page.locator("img, iframe, object, link:not([rel=icon]), form").count() == 0
    hrefs = seen.page.locator("article a[href]").evaluate_all(
        "all => all.map((each) => [each.getAttribute('href'), each.rel])"
    )
    assert {href for href, rel in hrefs if rel} >= {"https://shop.example/A1", "https://shop.example/logo.png"}
    assert not [href for href, rel in hrefs if not rel and not href.startswith("#")]
    assert not [href for href, _ in hrefs if href.startswith("javascript")]


FACTS = (
    "Who gets it", "Who won’t, and why", "1 suppressed", "their address is on a suppression list", "EUR 0.32", "Hi D’Arcy", "UCS-2",
    "order A4", "Dear <b>Bo</b>", "name by default", "kind | default('') == 'gold': yes", "1 segment", "characters over 2 segments", "in column name",
    "News for Ann", "7 of 8 recipients", "<p onclick=alert(1)>Hi Ann</p>", "5 of 5 shapes, 6 of 6 messages", "What to do about it", "’ (U+2019)",
)  # fmt: skip


@pytest.mark.parametrize("headers", all_but([JENKINS], [JENKINS, None]))
def test_nothing_is_missing_without_script_and_style(browser_page: OpenPage, html: str, headers: Any) -> None:
    seen = browser_page(html, scripts=headers is not None, headers=headers)
    text = " ".join(seen.text().replace("┊2", "").split())
    assert [fact for fact in FACTS if fact not in text] == []
    assert seen.page.locator("h1, h2, h3").count() > 6


def test_bubbles_are_filtered_and_searched_and_a_link_leads_to_one(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html)
    everything = shown(seen.page)
    seen.page.get_by_role("button", name="1 segment, UCS-2").click()
    assert shown(seen.page) == ["3"]
    assert "state=1_segment%2C_UCS-2" in seen.page.url
    seen.page.get_by_role("searchbox").fill("Dear yes")
    assert shown(seen.page) == []
    seen.page.get_by_role("button", name="all").click()
    assert shown(seen.page) == ["4"]
    link = seen.page.locator("[data-spec='0'][data-row='5'] h3 a").get_attribute("href")
    again = browser_page(html, fragment=str(link))
    assert again.page.locator(":focus").get_attribute("data-row") == "5"
    assert shown(again.page) == everything
    kept = browser_page(html, fragment="#q=-Ann%20UCS-2")
    assert shown(kept.page) == ["3", "5"]


@long
def test_what_is_marked_says_why_to_the_mouse_and_to_the_keyboard(browser_page: OpenPage, html: str) -> None:
    page = browser_page(html).page
    mark = page.locator("article[data-row='3'] mark.forcing").first
    note = "getComputedStyle(document.querySelector(\"article[data-row='3'] mark.forcing\"), '::after').content"
    assert page.evaluate(note) == "none"
    mark.hover()
    assert "from name" in page.evaluate(note)
    page.mouse.move(0, 0)
    mark.focus()
    assert "U+2019" in page.evaluate(note)


@long
def test_a_bubble_is_copied_as_the_text_that_is_sent(browser_page: OpenPage, html: str) -> None:
    page = browser_page(html).page
    for row, text in (
        ("3", "Hi D’Arcy, your order A2 has shipped: https://shop.example/A2"),
        ("5", f"Hi Zoë {LONG}, your order A4"),
    ):
        page.evaluate(
            f"getSelection().selectAllChildren(document.querySelector(\"[data-spec='0'][data-row='{row}'] .bubble p\"))"
        )
        assert page.evaluate("getSelection().toString()").startswith(text)


@long
@pytest.mark.parametrize("look", [{"width": 360}, {"forced": True}, {"print_": True}, {"dark": True}])
def test_it_can_be_looked_at_everywhere(browser_page: OpenPage, html: str, look: Any, tmp_path: Path) -> None:
    seen = browser_page(html, **look)
    assert seen.errors == []
    assert seen.foreign_requests() == []
    assert len(seen.page.screenshot(path=tmp_path / "page.png", full_page=True)) > 10_000
