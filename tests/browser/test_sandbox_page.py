"""The sandbox's page in a browser: what arrives shows at once, faults by hand strike, texts come in, and foreign text does nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import urllib3
from playwright.sync_api import expect
from sandbox_client import PATH, payload, payload_to
from sandbox_page import BASE, MAIL, TWO_UCS2, PageClient, paged, record
from seen_page import OpenPage, SeenPage, assert_sound
from sendspec.sandbox.page_feed import MAX_STREAMS

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> \u202e\x07 javascript:alert(1)"


@pytest.fixture
def client() -> Iterator[PageClient]:
    with paged(now=None, pace=0.05) as found:
        yield found


def text(words: str, n: int = 1, **more: Any) -> dict[str, Any]:
    return payload(n, body={"type": "text", "text": {"text": words}}, **more)


def sent(client: PageClient, body: dict[str, Any]) -> int:
    """The status that a program gets that sends this to the API."""
    headers = {"Authorization": "AccessKey x"}
    return int(
        urllib3.request(
            "POST", client.url + PATH, body=json.dumps(body).encode(), headers=headers, retries=False
        ).status
    )


def test_what_arrives_shows_at_once_and_each_step_of_its_life(client: PageClient, browser_page: OpenPage) -> None:
    seen = browser_page(client.link)
    page = seen.page
    assert "token" not in page.url
    expect(page.get_by_text("What arrives shows here at once")).to_be_visible()
    expect(page.locator(".live")).to_have_text("live")
    assert sent(client, text("It’s on its way")) == 202
    bubble = page.locator("#entries .bubble")
    expect(bubble).to_have_text("It’s on its way")
    expect(page.locator("#entries .badge").first).to_have_text("delivered")
    page.locator("#entries summary").click()
    sent(client, payload_to("+447700000004"))
    expect(page.locator("#opened-title")).to_have_text("+447700000004")
    expect(page.locator("#entries > li.out .bubble")).to_have_text("STOP")
    expect(page.locator("#people > li")).to_have_count(2)
    expect(page.locator("#headline")).to_contain_text(
        "2 messages in 2 conversations · 1 text from people · 2 arrived and not planned"
    )
    assert seen.errors == []


@pytest.mark.long
def test_what_is_open_stays_as_it_is_while_other_things_arrive(client: PageClient, browser_page: OpenPage) -> None:
    client.put(text("first"))
    page = browser_page(client.link).page
    page.locator("#entries summary").click()
    page.get_by_label("Text").fill("Who is this?")
    assert f"{BASE}with/" in page.url
    sent(client, text("for somebody else", 2))
    expect(page.locator("#people > li")).to_have_count(2)
    sent(client, text("second"))
    expect(page.locator("#entries .bubble")).to_have_count(2)
    expect(page.get_by_label("Text")).to_have_value("Who is this?")
    expect(page.get_by_label("Text")).to_be_focused()
    expect(page.locator("#entries details").first).to_have_attribute("open", "")
    expect(page.locator("pre.command")).to_contain_text("--from +447700900001 --text 'Who is this?'")
    page.get_by_role("button", name="Put it in").click()
    expect(page.locator("#entries > li.out .bubble")).to_have_text("Who is this?")
    assert [each.text for each in client.sandbox.store.incoming_after(0)] == ["Who is this?"]


def test_faults_by_hand_strike_the_next_posts(client: PageClient, browser_page: OpenPage) -> None:
    seen = browser_page(client.link)
    page = seen.page
    page.get_by_role("link", name="Faults").click()
    page.get_by_role("button", name="429 for the next POST").click()
    expect(page.locator(".faults .command")).to_contain_text("sendspec sandbox --fault 429:to=1,retry-after=1")
    assert [sent(client, payload(n)) for n in range(2)] == [429, 202]
    expect(page.locator(".faults")).to_contain_text("has struck 1 of 2 POSTs since it is on")
    page.get_by_label("Fault", exact=True).select_option("503")
    page.get_by_label("every").fill("2")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("#faults-all")).to_contain_text("--fault 429:to=1,retry-after=1 --fault 503:every=2")
    assert [sent(client, payload(n)) for n in range(4)] == [202, 503, 202, 503]
    page.get_by_role("button", name="Remove 503:every=2").click()
    expect(page.locator(".faults > li")).to_have_count(1)
    assert [sent(client, payload(n)) for n in range(2)] == [202, 202]
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator("#faults-none")).to_be_visible()
    assert seen.errors == []


@pytest.mark.long
def test_after_a_refused_form_the_page_stays_live_and_keeps_what_was_typed(
    client: PageClient, browser_page: OpenPage
) -> None:
    seen = browser_page(client.link)
    page = seen.page
    page.get_by_label("From").fill("07700900001")
    page.get_by_label("Text").fill("half a text")
    page.get_by_role("button", name="Put it in").click()
    expect(page.get_by_role("alert")).to_contain_text("not a phone number")
    assert page.url == f"{client.url}{BASE}"
    seen.errors.clear()  # the browser itself reports the status 422
    sent(client, text("Hello"))
    expect(page.locator("#entries .bubble")).to_have_text("Hello")
    expect(page.locator(".live")).to_have_text("live")
    expect(page.get_by_label("Text")).to_have_value("half a text")
    page.goto(f"{client.url}{BASE}faults")
    page.get_by_label("every").fill("0")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("alert")).to_contain_text("every=0")
    seen.errors.clear()
    client.post("faults/add", {"kind": "503"})
    expect(page.locator(".faults > li")).to_have_count(1)
    assert seen.errors == []


@pytest.mark.long
def test_a_page_without_a_stream_says_why_and_comes_back(client: PageClient, browser_page: OpenPage) -> None:
    with ExitStack() as open_pages:
        for _ in range(MAX_STREAMS):
            open_pages.enter_context(client.listening())
        seen = browser_page(client.link)
        expect(seen.page.locator(".live")).to_contain_text("close one")
    expect(seen.page.locator(".live")).to_have_text("live", timeout=15_000)
    assert seen.errors == []


HIDE = "is => { Object.defineProperty(document, 'hidden', {value: is, configurable: true}); document.dispatchEvent(new Event('visibilitychange')) }"


@pytest.mark.long
def test_hidden_pages_leave_the_browsers_few_connections_to_others(client: PageClient, browser_page: OpenPage) -> None:
    first = browser_page(client.link).page
    tabs = [first]
    for _ in range(7):
        expect(tabs[-1].locator(".live")).to_have_text("live")
        tabs[-1].evaluate(HIDE, True)
        tabs.append(first.context.new_page())
        tabs[-1].goto(client.link)
    sent(client, text("To all of them"))
    expect(tabs[-1].locator("#entries .bubble")).to_have_text("To all of them")
    assert first.locator("#entries .bubble").count() == 0
    first.evaluate(HIDE, False)
    expect(first.locator("#entries .bubble")).to_have_text("To all of them")
    for tab in tabs[1:]:
        tab.close()


@pytest.mark.long
def test_another_sandbox_at_its_place_is_told(browser_page: OpenPage) -> None:
    with paged(now=None) as client:
        page = browser_page(client.link).page
        page.route("**/events", lambda route: route.fulfill(status=401, body="open the link"))
        page.reload()
        expect(page.locator(".live")).to_contain_text("open its link")


@pytest.mark.long
def test_search_and_latest_lead_to_what_is_meant(client: PageClient, browser_page: OpenPage) -> None:
    client.put(text("shipped"), text("packed", 2), text("shipped late", 3))
    page = browser_page(client.link).page
    page.get_by_label("Search").fill("shipped -late")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#people > li")).to_have_count(1)
    expect(page.locator("#opened-title")).to_have_text("+447700900001")
    page.get_by_label("Search").fill("packed")
    page.get_by_label("Search").press("Enter")
    page.get_by_role("link", name="Latest").click()
    expect(page.locator("#opened-title")).to_have_text("+447700900002")
    assert page.url.endswith("?q=packed")
    page.goto(f"{client.url}{BASE}message/m3")
    expect(page.locator("#m-id-2")).to_be_in_viewport()


@pytest.mark.long
def test_foreign_text_shows_and_does_nothing(client: PageClient, browser_page: OpenPage) -> None:
    client.put(
        text(HOSTILE, reference=HOSTILE, tags=["x" * 40]),
        {**MAIL, "body": {"type": "html", "html": {"html": HOSTILE, "text": HOSTILE}}},
    )
    seen = browser_page(client.link)
    client.put(text(HOSTILE))
    expect(seen.page.locator("#entries .bubble")).to_have_count(2)
    assert seen.page.title() == "Sandbox"
    assert "onerror" in seen.text()
    assert "\u202e" not in seen.text()
    assert seen.foreign_requests() == []
    assert seen.errors == []


@pytest.mark.long
def test_forcing_characters_show_in_forced_colours(client: PageClient, browser_page: OpenPage) -> None:
    client.put(text("It’s"))
    mark = browser_page(client.link, dark=True, forced=True).page.locator(".bubble mark")
    seen = mark.evaluate("mark => [getComputedStyle(mark).color, getComputedStyle(mark.closest('.bubble')).color]")
    assert seen[0] == seen[1]


@pytest.mark.long
def test_a_link_on_another_sites_page_leads_in_too(client: PageClient, browser_page: OpenPage) -> None:
    page = browser_page("<!doctype html><title>Nothing</title>").page
    terminal = f'<!doctype html><title>A terminal</title><a href="{client.link}">open</a>'
    page.route("http://terminal.example/", lambda route: route.fulfill(body=terminal, content_type="text/html"))
    page.goto("http://terminal.example/")
    page.get_by_role("link").click()
    expect(page.get_by_text("What arrives shows here at once")).to_be_visible()
    assert page.url == f"{client.url}{BASE}"


@pytest.mark.long
def test_a_sandbox_that_has_ended_is_told(browser_page: OpenPage) -> None:
    with paged(now=None) as client:
        page = browser_page(client.link).page
        expect(page.locator(".live")).to_have_text("live")
    expect(page.locator(".live")).to_have_text("not live: the sandbox has ended")


def filled(client: PageClient) -> None:
    client.planned.records += [record(1, reference="m1"), record(2, reference="m2", size=TWO_UCS2), record(3)]
    image = {"type": "image", "image": {"images": [{"mediaUrl": "https://media.example.com/cat.png"}], "text": "Look"}}
    client.put(
        text("a" * 200), text("W" * 90, 2), MAIL, payload(4, body=image), payload_to("+447700000000"), text(HOSTILE)
    )
    client.post("faults/add", {"kind": "429", "every": "10"})
    client.post("text", {"from": "+447700900001", "text": "STOP"})


@pytest.mark.long
@pytest.mark.parametrize("place", ["", "?q=-nothing", "?q=nothing", "planned", "faults", "numbers", "with/none"])
def test_each_page_is_sound(client: PageClient, browser_page: OpenPage, place: str) -> None:
    filled(client)
    seen = browser_page(client.link)
    seen.page.goto(f"{client.url}{BASE}{place}")
    if place == "with/none":
        seen.errors.clear()  # the browser itself reports the status 404
    assert_sound(seen)


@pytest.mark.long
def test_the_inbox_is_sound_and_says_the_same_without_scripts(
    client: PageClient, browser_page: OpenPage, tmp_path: Path
) -> None:
    filled(client)
    seen = browser_page(client.link)
    expect(seen.page.locator("#entries > li")).to_have_count(3)
    assert_sound(seen)
    assert entries(seen) == entries(browser_page(client.link, scripts=False))


def entries(seen: SeenPage) -> list[str]:
    return [text.split("\n")[-1] for text in seen.page.locator("#entries .bubble, #people strong").all_inner_texts()]
