"""Who may open a page of this machine: requests with and without its link's token, from other pages, under other names."""

from __future__ import annotations

from email.message import Message

import pytest
from sendspec.sandbox.page_access import (
    Admission,
    Admitted,
    Entering,
    PageAccess,
    Turned,
    page_token,
    secret_path,
)

TOKEN, PATH, PORT = page_token(b"\0\xff" * 12), secret_path(b"secretpath"), 8_123
ACCESS = PageAccess(token=TOKEN, port=PORT, path=PATH)
HOST, ORIGIN = f"127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT}"
COOKIE = f"sendspec-{PORT}={TOKEN}"


def admission(method: str = "GET", target: str = PATH, *headers: tuple[str, str], host: str = HOST) -> Admission:
    message = Message()
    for name, value in (("Host", host), *headers):
        message[name] = value
    return ACCESS.admission(method, target, message)


def status_of(found: Admission) -> int:
    return 200 if isinstance(found, Admitted) else found.status


def test_the_link_leads_in_once_and_leaves_a_cookie_for_this_page_alone() -> None:
    target = ACCESS.link.removeprefix(f"http://{HOST}")
    found = admission("GET", target)
    assert found == Entering(PATH, f"{COOKIE}; Path={PATH}; HttpOnly; SameSite=Strict")
    assert admission("GET", PATH, ("Cookie", f"other=1; {COOKIE}")) == Admitted()
    assert admission("POST", PATH, ("Cookie", COOKIE), ("Origin", ORIGIN)) == Admitted()
    assert TOKEN not in repr(ACCESS)


@pytest.mark.parametrize(
    ("target", "location"),
    [(f"{PATH}at?token={TOKEN}&row=3", f"{PATH}at?row=3"), (f"{PATH}?row=%0d%0aX&token={TOKEN}", f"{PATH}?row=%0D%0AX"),
     (f"//elsewhere.example/?token={TOKEN}", PATH), (f"{PATH}/elsewhere?token={TOKEN}", PATH),
     (f"/\\elsewhere?token={TOKEN}", PATH)],
)  # fmt: skip
def test_the_redirect_never_leads_out_of_the_page(target: str, location: str) -> None:
    found = admission("GET", target)
    assert isinstance(found, Entering)
    assert found.location == location


def test_a_shorter_address_leads_to_the_path_and_its_cookie_counts_there_alone() -> None:
    access = PageAccess(token=TOKEN, port=PORT, path=f"/page{PATH}", entry="/page/")
    assert access.link == f"http://{HOST}/page/?token={TOKEN}"
    headers = Message()
    headers["Host"] = HOST
    for place in ("", "at", f"{PATH[1:]}at"):
        found = access.admission("GET", f"/page/{place}?token={TOKEN}", headers)
        assert isinstance(found, Entering)
        assert found.location == f"/page{PATH}{place.removeprefix(PATH[1:])}"
        assert f"; Path=/page{PATH};" in found.cookie
    headers["Cookie"] = COOKIE
    found_at = {
        place: status_of(access.admission("GET", place, headers)) for place in ("/page/", f"/page{PATH}", "/page/x/")
    }
    assert found_at == {"/page/": 401, f"/page{PATH}": 200, "/page/x/": 401}


REFUSED = [
    ("GET", PATH, [], 401), ("GET", f"{PATH}?token=", [], 401), ("GET", f"{PATH}?token={TOKEN[:-1]}", [], 401),
    ("GET", f"{PATH}?token=%ff%ed%a0%80", [], 401), ("GET", PATH, [("Cookie", f"sendspec-{PORT}={TOKEN}x")], 401),
    ("GET", PATH, [("Cookie", f"sendspec-{PORT + 1}={TOKEN}")], 401), ("GET", PATH, [("Cookie", "\x00=;;==[")], 401),
    ("GET", PATH, [("Authorization", f"Basic {TOKEN}")], 401), ("GET", PATH, [("Authorization", f"Bearer {TOKEN[1:]}")], 401),
    ("POST", f"{PATH}?token={TOKEN}", [("Origin", ORIGIN)], 401),
    ("GET", PATH, [("Authorization", f"Bearer {TOKEN}")], 200), ("POST", PATH, [("Authorization", f"Bearer {TOKEN}")], 200),
    ("GET", PATH, [("Cookie", COOKIE), ("Sec-Fetch-Site", "same-origin")], 200),
    ("GET", PATH, [("Cookie", COOKIE), ("Sec-Fetch-Site", "none")], 200),
    ("GET", PATH, [("Cookie", COOKIE), ("Sec-Fetch-Site", "same-site")], 403),
    ("GET", PATH, [("Cookie", COOKIE), ("Sec-Fetch-Site", "cross-site")], 403),
    ("GET", PATH, [("Cookie", COOKIE), ("Origin", "http://127.0.0.1:1")], 403),
    ("POST", PATH, [("Cookie", COOKIE)], 403), ("POST", PATH, [("Cookie", COOKIE), ("Origin", "null")], 403),
    ("POST", PATH, [("Cookie", COOKIE), ("Origin", f"http://localhost:{PORT}")], 403),
    ("POST", PATH, [("Cookie", COOKIE), ("Origin", ORIGIN), ("Origin", "http://x.example")], 403),
    ("POST", PATH, [("Cookie", COOKIE), ("Origin", ORIGIN), ("Sec-Fetch-Site", "same-origin")], 200),
    ("POST", PATH, [("Cookie", COOKIE), ("Origin", ORIGIN), ("Sec-Fetch-Site", "cross-site")], 403),
    ("POST", PATH, [("Authorization", f"Bearer {TOKEN}"), ("Origin", "http://x.example")], 403),
    ("GET", f"http://{HOST}{PATH}?token={TOKEN}", [], 421), ("GET", f"{PATH}?token={TOKEN}", [("Host", HOST)], 421),
]  # fmt: skip


def test_each_request_needs_token_and_origin() -> None:
    found = [status_of(admission(method, target, *headers)) for method, target, headers, _ in REFUSED]
    assert found == [status for *_, status in REFUSED]


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [(HOST, True), (f"LOCALHOST:{PORT}", True), (f"[::1]:{PORT}", True), ("127.0.0.1", False), ("", False),
     (f"page.example:{PORT}", False), (f"127.0.0.1.page.example:{PORT}", False), (f"127.0.0.1:{PORT + 1}", False),
     (f"127.0.0.1:{PORT}@page.example", False)],
)  # fmt: skip
def test_under_another_name_nothing_is_told(host: str, is_ours: bool) -> None:
    found = admission("GET", PATH, ("Cookie", COOKIE), host=host)
    assert status_of(found) == (200 if is_ours else 421)
    assert is_ours or (isinstance(found, Turned) and TOKEN not in found.reason)


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        page_token(b"x" * 23)
