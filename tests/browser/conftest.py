"""A browser for the tests of pages: one for all of a worker's tests, Debian's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from oracles import IN_CI
from playwright.sync_api import Browser, sync_playwright
from seen_page import OpenPage, PageServer, SeenPage, launched, open_page, page_server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        (pytest.fail if IN_CI else pytest.skip)("chromium is not installed; pages are looked at in it")
    with sync_playwright() as playwright:
        browser = launched(playwright, str(program))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages() -> Iterator[PageServer]:
    with page_server() as server:
        yield server


@pytest.fixture
def browser_page(chromium: Browser, pages: PageServer, tmp_path: Path) -> Iterator[OpenPage]:
    def opened(
        html_or_url: str, width: int = 1280, dark: bool = False, forced: bool = False, print_: bool = False,
        scripts: bool = True, headers: Mapping[str, str] | None = None, fragment: str = "",
    ) -> SeenPage:  # fmt: skip
        url = html_or_url
        if not url.startswith(("http://", "file://")):
            file = tmp_path / f"page-{len(chromium.contexts)}.html"
            file.write_text(html_or_url, encoding="utf-8")
            url = file.as_uri() if headers is None else pages.url(html_or_url, headers)
        return open_page(
            chromium, url + fragment, width=width, is_dark=dark, is_forced=forced, is_printed=print_, has_scripts=scripts
        )  # fmt: skip

    yield opened
    for context in chromium.contexts:
        context.close()
