"""`preview --watch` in a browser: it follows the files, composes what is edited, and says so when it ends."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from long_rows import long
from playwright.sync_api import Locator, Page, expect
from project_dir import ProjectDir, project_dir
from seen_page import OpenPage, SeenPage, assert_sound
from sendspec.sandbox.page_feed import FULL

__all__ = ["project_dir"]
pytestmark = pytest.mark.process

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body: {type: text, text: {text: "Hi {{ name }}, welcome to the shop."}}
"""
PEOPLE = "phone,name,note\n+447700900001,Ann,n1\n+447700900002,D’Arcy,n2\n"
HOSTILE = "</textarea><script>alert(1)</script>{{ 7*7 }}"


class Watching:
    """A preview that is watched, and its page."""

    def __init__(self, desk: ProjectDir, *arguments: str) -> None:
        self.desk = desk
        desk.write("hello.yaml", SPEC)
        desk.write("people.csv", PEOPLE)
        desk.write("prices.csv", "country,currency,segment\nGB,EUR,0.04\n")
        desk.write("sendspec.yaml", "prices: prices.csv\n")
        self.process = self._started(*arguments)
        self.link = self._link()

    def _started(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.desk.command("preview", "hello.yaml", "--watch", *arguments), cwd=self.desk.folder, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _link(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ended(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.desk.folder.rglob("*") if path.is_file()}


@pytest.fixture
def watching(project_dir: ProjectDir) -> Iterator[Watching]:
    found = Watching(project_dir)
    yield found
    if found.process.poll() is None:
        found.process.kill()
    found.process.communicate()


def field(page: Page, row: int, column: str) -> Locator:
    article = page.locator(f"article[data-row='{row}']")
    details = article.locator("details.edit").first
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    return article.locator(f"[data-column='{column}']")


def bubble(page: Page, row: int) -> Locator:
    return page.locator(f"article[data-row='{row}'] .bubble")


def test_what_is_edited_is_composed_and_no_file_changes(watching: Watching, browser_page: OpenPage) -> None:
    before = watching.files()
    seen = browser_page(watching.link)
    page = seen.page
    assert "token" not in page.url
    name = field(page, 2, "name")
    name.fill("Zoë “Z” " + "x" * 50)
    expect(bubble(page, 2)).to_contain_text("Hi Zoë “Z” xxxx")
    size = page.locator("article[data-row='2'] .size")
    expect(size).to_contain_text("UCS-2")
    expect(size).to_contain_text("2 segments")
    expect(size).to_contain_text("EUR 0.08")
    assert page.locator("article[data-row='2'] .cut").count() == 1
    name.fill(HOSTILE)
    expect(bubble(page, 2)).to_contain_text(f"Hi {HOSTILE}, welcome")
    assert page.locator("article script").count() == 0
    field(page, 2, "phone").fill("12")
    expect(page.locator("article[data-row='2'] .edited")).to_contain_text("phone-length")
    expect(bubble(page, 2)).to_contain_text(HOSTILE)
    expect(page.locator("article[data-row='2'] .seen")).to_have_class(re.compile("stale"))
    for text in ("€" * 40_000, "x" * 6_000):
        name.fill(text)
        expect(page.locator("article[data-row='2'] .edited")).to_contain_text(
            "too long. Above is the message from before."
        )
        expect(page.locator("article[data-row='2'] .seen")).to_have_class(re.compile("stale"))
    name.fill("  ")
    expect(page.locator("article[data-row='2'] .edited")).to_contain_text("empty-value")
    page.get_by_role("button", name="Put the values back").first.click()
    expect(bubble(page, 2)).to_have_text("Hi Ann, welcome to the shop.")
    assert watching.files() == before
    assert_sound(seen)


def test_errors_lie_over_the_last_picture_and_edits_stay(watching: Watching, browser_page: OpenPage) -> None:
    seen = browser_page(watching.link)
    page, desk = seen.page, watching.desk
    field(page, 3, "name").fill("Bea")
    expect(bubble(page, 3)).to_contain_text("Hi Bea")
    page.set_viewport_size({"width": 1_280, "height": 500})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    desk.write("hello.yaml", SPEC.replace("{{ name }}", "{{ nmae }}"))
    errors = page.locator("#following-errors")
    expect(errors).to_contain_text("hello.yaml:6:42: error: no recipient column is called 'nmae' [unknown-name]")
    expect(errors).to_contain_text("= fix: write 'name'")
    expect(errors).to_be_in_viewport()
    expect(bubble(page, 2)).to_contain_text("Hi Ann, welcome")
    expect(page.locator("#messages")).to_have_class("stale")
    assert_sound(seen)
    field(page, 3, "name").fill("Bea’s")
    expect(bubble(page, 3)).to_contain_text("Hi Bea’s, welcome to the shop.")
    desk.write("people.csv", PEOPLE + "+447700900003,Cem,n3\n")
    desk.write("hello.yaml", SPEC.replace("welcome to", "good to see you in"))
    expect(errors).to_be_empty()
    expect(page.locator(".facts dd").first).to_contain_text("3")
    expect(bubble(page, 3)).to_contain_text("Hi Bea’s, good to see you in the shop.")
    expect(field(page, 3, "name")).to_have_value("Bea’s")
    assert seen.errors == []


@long
def test_a_link_on_another_sites_page_leads_in_too(watching: Watching, browser_page: OpenPage) -> None:
    page = browser_page("<!doctype html><title>Nothing</title>").page
    terminal = f'<!doctype html><title>A terminal</title><a href="{watching.link}">open</a>'
    page.route("http://terminal.example/", lambda route: route.fulfill(body=terminal, content_type="text/html"))
    page.goto("http://terminal.example/")
    page.get_by_role("link").click()
    expect(bubble(page, 2)).to_have_text("Hi Ann, welcome to the shop.")
    assert page.url == watching.link.partition("?")[0]


@long
def test_a_page_without_a_stream_says_why_and_comes_back(watching: Watching, browser_page: OpenPage) -> None:
    seen = browser_page(watching.link)
    full = {"body": FULL, "content_type": "text/event-stream"}
    seen.page.route("**/changes", lambda route: route.fulfill(**full), times=1)
    seen.page.reload()
    state = seen.page.locator("#following-state")
    expect(state).to_contain_text("close one")
    expect(state).to_contain_text("Following 4 files", timeout=15_000)
    assert seen.errors == []


@long
def test_the_end_is_said_and_nobody_else_gets_in(watching: Watching, browser_page: OpenPage, tmp_path: Path) -> None:
    seen: SeenPage = browser_page(watching.link)
    plain = watching.link.partition("?")[0]
    stranger = browser_page(plain)
    assert stranger.text().strip() == "open the link that the command has printed"
    state = seen.page.locator("#following-state")
    expect(state).to_contain_text("Following 4 files")
    assert watching.ended() == 0
    expect(state).to_contain_text("The preview has ended")
    assert bubble(seen.page, 2).inner_text() == "Hi Ann, welcome to the shop."
    assert seen.errors == []


@long
def test_a_server_that_is_killed_is_noticed_and_a_new_one_at_its_place_asks_for_its_link(
    project_dir: ProjectDir, browser_page: OpenPage
) -> None:
    first = Watching(project_dir)
    port = first.link.split(":")[2].partition("/")[0]
    page = browser_page(first.link).page
    first.process.kill()
    first.process.communicate()
    state = page.locator("#following-state")
    expect(state).to_contain_text("connection is lost")
    second = Watching(project_dir, "--port", port)
    try:
        expect(state).to_contain_text("open its new link", timeout=20_000)
        assert bubble(page, 2).inner_text() == "Hi Ann, welcome to the shop."
    finally:
        second.process.kill()
        second.process.communicate()
