"""Pages in a browser: what they show, what goes wrong in them, and what they ask the network for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Protocol

from oracles import oracle_file
from playwright.sync_api import Browser, Page, Playwright

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
JENKINS = {"Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"}
"""What Jenkins sends with every file that a job has archived."""
TELEPHONE = 360
"""Pixels: the width of a small telephone."""
_RULES: dict[Literal["light", "dark"], tuple[str, ...]] = {"light": (), "dark": ("color-contrast",)}
"""What is looked for in a theme; empty for everything. Only colours differ."""


@dataclass
class SeenPage:
    """A page that a browser has open. `errors` are what its console and its scripts said; `requests` are all addresses it asked for."""

    page: Page
    url: str = ""
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self) -> str:
        """What is to be read on it, as it is laid out: nothing of what is hidden."""
        return self.page.locator("body").inner_text().replace("\u00a0", " ")

    def foreign_requests(self) -> list[str]:
        """What it asked for, apart from itself and, of a page from a server, from that server."""
        own = self.url if self.url.startswith("file:") else self.url.split("/", 3)[2]
        return [
            url
            for url in self.requests
            if not url.startswith("data:") and own not in (url.split("#")[0], "/".join(url.split("/", 3)[2:3]))
        ]


class OpenPage(Protocol):
    """Opens a page, from its HTML or its address. With `headers`, HTML comes from a server; else from a file."""

    def __call__(
        self, html_or_url: str, width: int = 1280, dark: bool = False, forced: bool = False, print_: bool = False,
        scripts: bool = True, headers: Mapping[str, str] | None = None, fragment: str = "",
    ) -> SeenPage: ...  # fmt: skip


def open_page(
    browser: Browser, url: str, *, width: int, is_dark: bool, is_forced: bool, is_printed: bool, has_scripts: bool
) -> SeenPage:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if is_dark else "light",
        forced_colors="active" if is_forced else "none",
        reduced_motion="reduce",
        java_script_enabled=has_scripts,
    )
    context.set_default_timeout(20_000)
    seen = SeenPage(context.new_page(), url.split("#")[0])
    seen.page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    if is_printed:
        seen.page.emulate_media(media="print")
    seen.page.goto(url)
    return seen


def assert_sound(seen: SeenPage) -> None:
    """No error, no request off the page, nothing that axe finds, and no sideways scrolling on a telephone: in both themes."""
    found = faults(seen)
    assert not found, "\n".join(found)


def faults(seen: SeenPage) -> list[str]:
    size = seen.page.viewport_size
    assert size is not None
    found = []
    for theme, rules in _RULES.items():
        seen.page.emulate_media(color_scheme=theme)
        found += [f"{theme}: {fault}" for fault in accessibility_faults(seen.page, rules)]
    seen.page.set_viewport_size({"width": TELEPHONE, "height": 740})
    found += too_wide(seen.page)
    seen.page.set_viewport_size(size)
    return [*found, *seen.errors, *(f"asks for {url}" for url in seen.foreign_requests())]


def accessibility_faults(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds: each rule that is broken, of all or of these, with the elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    only = {"runOnly": {"type": "rule", "values": [*rules]}} if rules else {}
    found: Any = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **only})
    return [
        f"{broken['id']}: {broken['help']}: " + "; ".join(node["html"][:200] for node in broken["nodes"][:5])
        for broken in found["violations"]
    ]


def too_wide(page: Page) -> list[str]:
    """The elements that make the page scroll sideways; empty if it doesn't."""
    found: list[str] = page.evaluate("""() => {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return [];
      const wide = [...document.body.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > room);
      return [`${document.documentElement.scrollWidth} pixels`, ...wide.slice(-5).map((each) => each.outerHTML.slice(0, 200))];
    }""")
    return found


@cache
def _axe() -> str:
    return oracle_file("axe-core/axe.min.js").read_text(encoding="utf-8")


def launched(playwright: Playwright, program: str) -> Browser:
    return playwright.chromium.launch(executable_path=program, args=[*FLAGS])


class PageServer:
    """Serves pages on loopback, each with headers of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._pages: dict[str, tuple[bytes, Mapping[str, str]]] = {}

    def url(self, html: str, headers: Mapping[str, str]) -> str:
        path = f"/{len(self._pages) + 1}.html"
        self._pages[path] = html.encode(), headers
        return self.address + path

    def answer(self, path: str) -> tuple[bytes, Mapping[str, str]] | None:
        return self._pages.get(path)


@contextmanager
def page_server() -> Iterator[PageServer]:
    class Exchange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.answer(self.path)
            body, headers = found or (b"", {})
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the tests' output is theirs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    pages = PageServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
