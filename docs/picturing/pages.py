"""The pages of a small shop's send, as a browser shows them: before it, of its wrong rows, while it arrives, and after it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from picturing.lean_png import lean_png
from picturing.timed_program import BEGIN, TimedProgram

SHOP = Path(__file__).with_name("shop")
SPEC = "specs/order-shipped.yaml"
WIDE, HIGH = 1280, 800
MAX_BYTES = 150_000
PORT = "8080"
"""The sandbox's own; a page names it."""
SECONDS = 60
ORDER = re.compile(r"\bA1\d{3}\b")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def page_pictures(program: TimedProgram, folder: Path) -> dict[str, bytes]:
    """PNGs by their names, `preview-light` and so on, of pages that are made in `folder`, which is not there yet."""
    shutil.copytree(SHOP, folder)
    with ExitStack() as stack:
        browser = stack.enter_context(_browser())
        found: dict[str, bytes] = {}
        _run(program, folder, "preview", SPEC, "--html", "preview.html")
        found |= _seen(browser, "preview", (folder / "preview.html").as_uri())
        _run(program, folder, "validate", SPEC, "--recipients", "data/wrong.csv", "--html", "wrong.html", codes={1})
        found |= _seen(browser, "wrong-rows", (folder / "wrong.html").as_uri())
        url, page = stack.enter_context(_sandbox(program, folder))
        _run(program, folder, "send", SPEC, "--yes", codes={3, 4}, SENDSPEC_SANDBOX_URL=url)
        _put_in_order(folder / ".sendspec" / "sandbox-api.db")
        program.let_pass(60)
        found |= _seen(browser, "sandbox", page, until="live")
        _run(program, folder, "report", SPEC, "--html", "report.html")
        found |= _seen(browser, "report", (folder / "report.html").as_uri())
    return found


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        yield browser
        browser.close()


def _seen(browser: Browser, name: str, url: str, until: str = "") -> Mapping[str, bytes]:
    """The first screen of a page, in both themes; of one that changes, once it says `until`."""
    found = {}
    for theme in THEMES:
        context = browser.new_context(
            viewport={"width": WIDE, "height": HIGH}, color_scheme=theme, reduced_motion="reduce", timezone_id="UTC"
        )
        page = context.new_page()
        page.goto(url)
        if until:
            page.get_by_text(until, exact=True).wait_for()
        png = lean_png(page.screenshot(animations="disabled"))
        context.close()
        if len(png) > MAX_BYTES:
            raise ValueError(f"the picture {name}-{theme} has {len(png)} bytes, more than {MAX_BYTES}")
        found[f"{name}-{theme}"] = png
    return found


def _run(
    program: TimedProgram, folder: Path, *arguments: str, codes: frozenset[int] | set[int] = frozenset({0}), **more: str
) -> None:
    done = subprocess.run(
        ["sendspec", *arguments], cwd=folder, env={**program.environ(folder), **more}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode not in codes:
        raise RuntimeError(f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def _put_in_order(messages: Path) -> None:
    """As if they had arrived one after the other, as the table has them: many are on their way at once, and any may be the first."""
    with closing(sqlite3.connect(messages)) as file, file:
        rows = file.execute("SELECT id, workspace, channel, payload, batch FROM message").fetchall()
        rows.sort(key=lambda row: ORDER.findall(row[3]))
        file.execute("DELETE FROM message")
        file.executemany(
            "INSERT INTO message (id, workspace, channel, payload, batch, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [(*row, BEGIN + number) for number, row in enumerate(rows)],
        )


@contextmanager
def _sandbox(program: TimedProgram, folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of a sandbox and of its page."""
    command = ["sendspec", "sandbox", "--port", PORT, "--format", "json"]
    with subprocess.Popen(
        command, cwd=folder, env=program.environ(folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = json.JSONDecoder().raw_decode("".join(iter(process.stdout.readline, "}\n")) + "}")[0]
            yield said["url"], said["page"]
        finally:
            process.terminate()
