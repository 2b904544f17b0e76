"""The page of `validate --html` in a browser: sound, deep links, and whole where styles and scripts are forbidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from seen_page import JENKINS, OpenPage, assert_sound
from sendspec.cli.main import run

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, country: NL}
message: {body: {type: text, text: {text: "Hi {{ name }}"}}}
"""


@pytest.fixture
def html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("hello.yaml").write_text(SPEC)
    Path("broken.yaml").write_text("spec: 1\nname: x\n")
    rows = [f"06123456{number:02d},{'' if number % 3 else 'Ann'},<b>{number}</b>" for number in range(40)]
    rows[7] = "06123,Zoë " + "x" * 300 + ",1"
    rows[9] = "0612345609,Kim,2,3"
    Path("people.csv").write_text("phone,name,note\n" + "\n".join(rows) + "\n")
    run(["validate", "hello.yaml", "broken.yaml", "--html", "wrong.html"])
    return Path("wrong.html").read_text("utf-8")


def test_the_page_is_sound_and_filters_by_fault(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html, fragment="#state=empty-value&q=-06••••••02")
    assert_sound(seen)
    rows = seen.page.locator("#rows-1 > tbody > tr:visible")
    assert rows.count() == 24  # of 26 without a name, one has too few digits, and one is filtered
    seen.page.evaluate("location.hash = ''")
    assert rows.count() == 27
    seen.page.locator("#groups a[href='#row-3']").click()
    assert seen.page.locator("#row-3").evaluate("each => document.activeElement === each")


@pytest.mark.long
def test_nothing_is_missing_under_jenkins_policy(browser_page: OpenPage, html: str) -> None:
    seen = browser_page(html, headers=JENKINS)
    text = seen.text()
    for said in (
        "First, correct",
        "fill 25 names",
        "'0•••3' can't be a number of NL",
        "the row has 4 cells",
        "<b>1</b>",
    ):
        assert said in text
    assert seen.page.locator("#rows-1 > tbody > tr:visible").count() == 27
