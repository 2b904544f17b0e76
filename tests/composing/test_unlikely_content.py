"""Contents that the API accepts and that hardly arrive as they are meant."""

from __future__ import annotations

import pytest
from spec_composer import ANN, SpecComposer

MAIL = [{"email": "ann@example.com", "link": "https://example.com/a.png"}]
HTML = "body: {type: html, html: {html: Hi%s}}"
IMAGE = 'body: {type: image, image: {images: [{mediaUrl: "%s"}]}}'


@pytest.mark.parametrize(
    ("message", "codes"),
    [
        (HTML % "", ["mail-subject"]),
        (HTML % ", metadata: {subject: ' '}", ["mail-subject"]),
        (HTML % "" + "\n  meta: {email: {subject: News}}", []),
        ("body: {type: text, text: {text: Hi}}\n  meta: {email: {from: {username: a@b.com}}}", ["mail-sender"]),
        (HTML % ", metadata: {subject: News, emailFrom: {username: news}}", []),
        (HTML % ", metadata: {subject: News, emailFrom: {username: news@acme.com}}", ["mail-sender"]),
    ],
)
def test_mail_has_a_subject_and_half_an_address(composer: SpecComposer, message: str, codes: list[str]) -> None:
    assert len(composer(message, rows=MAIL, platform="email")) == 1
    assert [each.code for each in composer.problems] == codes
    assert all(each.severity.value == "warning" for each in composer.problems)
    if codes == ["mail-sender"]:
        assert composer.problems[0].fix in ("write news", "write a")


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("https://example.com/spring.html", "'https://example.com/spring.html' is a web page's address; media"),
        ("https://example.com/{{ first_name }}.png", ""),
    ],
)
def test_media_that_are_pages_are_warned_of(composer: SpecComposer, link: str, problem: str) -> None:
    rows = [{"phone": ANN, "first_name": "Ann", "link": "https://we.tl/t-abc"}]
    assert len(composer(IMAGE % link, rows=rows)) == 1
    assert [each.code for each in composer.problems] == ["media-page"] * bool(problem)
    assert not problem or composer.problems[0].problem.startswith(problem)


TEXT = 'body: {type: text, text: {text: "%s"}}'
LINKS = [{"phone": ANN, "first_name": "Ann", "link": "http://www.TinyURL.com/abc"}]


@pytest.mark.parametrize(
    ("message", "platform", "codes"),
    [
        (TEXT % "Track it: https://bit.ly/3xyz", "sms", ["public-shortener"]),
        (TEXT % "(bit.ly/3xyz) or t.co/a", "sms", ["public-shortener"]),
        (TEXT % "See {{ link }}", "sms", ["public-shortener"]),
        (TEXT % "See {{ link }}, https://bit.ly/3xyz", "sms", ["public-shortener"]),
        (TEXT % "https://orbit.ly/a https://shop.bit.ly.example/a ann@bit.ly https://example.com/bit.ly/a bit.ly", "sms", []),
        (TEXT % "Track it: https://bit.ly/3xyz", "whatsapp", []),
        (IMAGE % "https://bit.ly/a.png", "sms", []),
        (TEXT % "https://example.com" + "\n  enableLinkTracking: true", "sms", ["tracked-links"]),
        (TEXT % "https://example.com" + "\n  enableLinkTracking: false", "sms", []),
        (TEXT % "Hi" + "\n  enableLinkTracking: true", "sms", []),
        (TEXT % "https://example.com" + "\n  enableLinkTracking: true", "whatsapp", []),
        (TEXT % "{{ first_name }}" + "\n  enableLinkTracking: true\n  shortLinks: {domain: default}", "sms", ["short-links"]),
    ],
)  # fmt: skip
def test_links_that_change_or_are_filtered_are_warned_of_once(
    composer: SpecComposer, message: str, platform: str, codes: list[str]
) -> None:
    assert len(composer(message, rows=LINKS, platform=platform)) == 1
    assert [each.code for each in composer.problems] == codes
    assert all(each.severity.value == "warning" for each in composer.problems)


def test_the_place_of_a_filtered_link_is_told(composer: SpecComposer) -> None:
    composer(TEXT % "See {{ shop }}", more="vars: {shop: 'see is.gd/a'}")
    assert [(each.code, each.span.start.line) for each in composer.problems] == [("public-shortener", 4)]
    composer(TEXT % "See {{ link }}", rows=LINKS)
    assert "tinyurl.com, from line" in composer.problems[0].problem
