"""Media URLs: only public https addresses pass."""

from __future__ import annotations

import pytest
from sendspec.reading.media_url import MediaPage, media_page, media_url_problem


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a.png", "HTTPS://EXAMPLE.COM/a.png?x=1&y=%20#top", "https://example.com:8443/a", "https://8.8.8.8/a"],
)  # fmt: skip
def test_a_public_media_address_is_taken(url: str) -> None:
    assert media_url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "", "a.png", "/a.png", "http://example.com/a.png", "data:image/png;base64,AA", "javascript:alert(1)", "https://",
        "https://localhost/a", "https://a.localhost/a", "https://printer.local/a", "https://metadata.google.internal/a",
        "https://127.0.0.1/a", "https://10.0.0.1/a", "https://172.16.0.1/a", "https://192.168.0.1/a", "https://169.254.169.254/a",
        "https://[::1]/a", "https://[fd00::1]/a", "https://[::ffff:10.0.0.1]/a", "https://2130706433/a", "https://0x7f.1/a",
        "https://user@example.com/a", "https://example.com:99999/a", "https://exa mple.com/a", "https://-a.example/a",
        "https://[v1.a]/a", "https://[v1.example.com]/a", "https://[vF.1:2]/a", "https://example.com:0/a",
        "https://[2606:4700::1111]:0/a", "https://example.com/" + "a" * 2_048,
    ],
)  # fmt: skip
def test_a_media_address_that_the_api_can_not_or_must_not_fetch_is_refused(url: str) -> None:
    found = media_url_problem(url)
    assert found is not None
    assert found.code == "media-url"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://example.com/a.png", None), ("https://example.com/thumb?id=7", None), ("https://media.api.bird.com/workspaces/a/media/b", None),
        ("https://www.dropbox.com/s/abc/a.png?raw=1", None), ("https://i.imgur.com/abc.png", None), ("http://example.com/a.html", None),
        ("https://example.com/spring.html", MediaPage.PAGE), ("https://example.com/", MediaPage.PAGE), ("https://example.com", MediaPage.PAGE),
        ("https://www.dropbox.com/s/abc/a.png?dl=0", MediaPage.SHARED), ("https://drive.google.com/file/d/abc/view", MediaPage.SHARED),
        ("https://acme.sharepoint.com/a.png", MediaPage.SHARED), ("https://example.com/pictures/spring", MediaPage.NO_ENDING),
    ],
)  # fmt: skip
def test_links_to_pages_are_told_from_files(url: str, page: MediaPage | None) -> None:
    assert media_page(url) is page
