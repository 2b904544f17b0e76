"""Where requests may go: every way of writing a host, and what it really names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.diagnostics.problem import Problem
from sendspec.reading.api_url import Api, parse_api_url, peer_is_allowed

BIRD = "https://api.bird.com"


def parsed(text: str, allow_host: str | None = None) -> Api:
    api = parse_api_url(text, allow_host)
    assert isinstance(api, Api), api
    return api


def fault(text: str, allow_host: str | None = None) -> Problem:
    found = parse_api_url(text, allow_host)
    assert isinstance(found, Problem), found
    assert found.problem.isprintable()
    assert found.fix[0].islower()
    return found


@pytest.mark.parametrize(
    ("text", "host", "port", "prefix", "authority"),
    [
        (BIRD, "api.bird.com", 443, "", "api.bird.com"),
        (BIRD + "/", "api.bird.com", 443, "", "api.bird.com"),
        ("HTTPS://API.BIRD.COM", "api.bird.com", 443, "", "api.bird.com"),
        (BIRD + ":443", "api.bird.com", 443, "", "api.bird.com"),
        (BIRD + ":8443", "api.bird.com", 8443, "", "api.bird.com:8443"),
        (BIRD + "/v1/eu-west.1/", "api.bird.com", 443, "/v1/eu-west.1", "api.bird.com"),
        ("http://127.0.0.1", "127.0.0.1", 80, "", "127.0.0.1"),
        ("http://127.0.0.1:443", "127.0.0.1", 443, "", "127.0.0.1:443"),
        ("https://127.0.0.1:80", "127.0.0.1", 80, "", "127.0.0.1:80"),
        ("http://[::1]:8080/api", "::1", 8080, "/api", "[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "0:0:0:0:0:0:0:1", 80, "", "[0:0:0:0:0:0:0:1]"),
    ],
)
def test_an_address_is_taken_apart(text: str, host: str, port: int, prefix: str, authority: str) -> None:
    api = parsed(text)
    assert (api.host, api.port, api.prefix, api.authority) == (host, port, prefix, authority)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "[::1]", "[0::1]", "localhost", "LocalHost"]
)
def test_http_goes_to_a_loopback_address_that_is_written_as_one(host: str) -> None:
    for scheme in ("http", "https"):
        api = parsed(f"{scheme}://{host}:9")
        assert api.loopback
        assert not api.named


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example", "localhost.", "local", "127.0.0.1.nip.io", "127.1", "127.0.1", "2130706433", "0x7f000001",
        "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1%25lo]",
        "[::1%lo]", "[fe80::1]", "126.255.255.255", "128.0.0.1", "api.bird.com", "１２７.0.0.1", "localhoſt",
    ],
)  # fmt: skip
def test_http_goes_nowhere_else_whatever_vouches_for_it(host: str) -> None:
    assert fault(f"http://{host}:9").code in ("url-scheme", "url-host")
    assert fault(f"http://{host}:9", host.strip("[]")).code in ("url-scheme", "url-host")


@pytest.mark.parametrize(
    "text",
    [
        "https://api.bird.com.evil.example", "https://bird.com", "https://evil-api.bird.com", "https://xapi.bird.com",
        "https://api.bird.co", "https://xn--pi-6kc.bird.com", "https://10.0.0.1", "https://[2001:db8::1]", "https://8.8.8.8",
    ],
)  # fmt: skip
def test_another_host_is_named_and_the_flag_that_allows_it_is_offered(text: str) -> None:
    found = fault(text)
    assert found.code == "url-host"
    host = parsed(text, text.removeprefix("https://").strip("[]")).host
    assert f"'{host}'" in found.problem
    assert f"`allow_host: {host}`" in found.fix


def test_only_the_same_host_vouches_for_itself() -> None:
    assert parsed("https://proxy.example", "PROXY.example").named
    for other in ("proxy.example.org", "example", "proxy.example.", "*.example", "*", "", "api.bird.com"):
        assert fault("https://proxy.example", other).code == "url-host"


def test_an_address_that_hides_another_is_not_vouched_for() -> None:
    assert (
        fault("https://[::ffff:10.0.0.1]", "::ffff:10.0.0.1").problem
        == "the host '::ffff:10.0.0.1' hides an IPv4 address"
    )


@pytest.mark.parametrize(
    ("text", "real"),
    [
        ("https://аpi.bird.com", "xn--pi-6kc.bird.com"),
        ("https://api.bird。com", "api.bird.com"),
        ("https://ａpi.bird.com", "api.bird.com"),
        ("https://api.bırd.com", "api.xn--brd-jua.com"),
    ],
)
def test_a_host_in_other_letters_is_shown_as_what_it_really_is_and_nothing_allows_it(text: str, real: str) -> None:
    for allowed in (None, real, text.removeprefix("https://")):
        found = fault(text, allowed)
        assert found.code == "url-host"
        assert f"'{real}'" in found.problem


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://user@api.bird.com", "url-part"), ("https://user:word@api.bird.com", "url-part"),
        ("https://api.bird.com@evil.example", "url-part"), ("https://api.bird.com:443@evil.example/", "url-part"),
        ("https://@api.bird.com", "url-part"), ("https://api.bird.com\\@evil.example", "url-part"),
        ("https://api.bird.com#", "url-part"), ("https://api.bird.com/#x", "url-part"), ("https://api.bird.com?", "url-part"),
        ("https://api.bird.com/?a=b", "url-part"), ("https://api.bird.com:0", "url-part"),
        ("https://api.bird.com:65536", "url-part"), ("https://api.bird.com:-1", "url-part"),
        ("https://api.bird.com:x", "url-part"), ("https://[::1", "url-part"), ("https://[api.bird.com]", "url-part"),
        ("https://api.bird.com/a/../b", "url-part"), ("https://api.bird.com/./a", "url-part"),
        ("https://api.bird.com//a", "url-part"), ("https://api.bird.com/a b", "url-part"),
        ("https://api.bird.com/%2e%2e", "url-part"), ("https://api.bird.com/a;b", "url-part"),
        ("https://", "url-host"), ("https:///path", "url-host"), ("https:/api.bird.com", "url-host"),
        ("https://api..bird.com", "url-host"), ("https://-api.bird.com", "url-host"), ("https://api_bird.com", "url-host"),
        ("https://api.bird.com.", "url-host"), ("https://api.bird.com%00", "url-host"), ("https://" + "a" * 64, "url-host"),
        ("https://0xa9fea9fe", "url-host"), ("https://2852039166", "url-host"), ("https://[::ffff:169.254.169.254]", "url-host"),
        ("//api.bird.com", "url-scheme"), ("api.bird.com", "url-scheme"), ("", "url-scheme"), ("ftp://api.bird.com", "url-scheme"),
        ("file:///etc/passwd", "url-scheme"), ("http+unix://api.bird.com", "url-scheme"), ("ws://api.bird.com", "url-scheme"),
    ],
)  # fmt: skip
def test_anything_odd_is_refused(text: str, code: str) -> None:
    assert fault(text).code == code


def test_the_user_part_is_never_shown() -> None:
    assert "word" not in fault("https://user:word@api.bird.com").problem


PIECES = st.lists(
    st.sampled_from(
        ["http", "https", "://", ":", "/", "//", "@", "[", "]", "::1", "127.0.0.1", "localhost", "api.bird.com", "evil.example",
         "%", "%2e", "..", ".", "?", "#", "\\", " ", "\t", "\n", "а", "ﬀ", "0x7f", "2130706433", "::ffff:", "1", "80", "\x00", "‮"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@given(PIECES)
def test_whatever_is_written_goes_to_the_api_or_to_this_machine_or_nowhere(text: str) -> None:
    """The law: without `allow_host` there are these hosts and no other, and what is shown can't act on a terminal."""
    found = parse_api_url(text, None)
    if isinstance(found, Problem):
        assert found.problem.isprintable()
    else:
        assert found.host in ("api.bird.com", "localhost", "127.0.0.1", "::1")
        assert found.scheme == "https" or found.loopback
        assert found.loopback == (found.host != "api.bird.com")
        assert 0 < found.port < 65_536


@pytest.mark.parametrize(
    ("peer", "public", "loopback", "named"),
    [
        ("93.184.216.34", True, False, True),
        ("2606:2800:220:1::1", True, False, True),
        ("127.0.0.1", False, True, True),
        ("::1", False, True, True),
        ("10.0.0.1", False, False, True),
        ("192.168.1.1", False, False, True),
        ("169.254.169.254", False, False, True),
        ("100.64.0.1", False, False, True),
        ("::ffff:10.0.0.1", False, False, True),
        ("fe80::1%eth0", False, False, True),
        ("fd00::1", False, False, True),
        ("224.0.0.1", False, False, True),
        ("0.0.0.0", False, False, True),
        ("not an address", False, False, False),
    ],
)
def test_a_name_may_lead_only_where_its_kind_belongs(peer: str, public: bool, loopback: bool, named: bool) -> None:
    """A name server that is lied to must not turn the API's name into an address of the inner network."""
    assert peer_is_allowed(parsed(BIRD), peer) is public
    assert peer_is_allowed(parsed("http://localhost:1"), peer) is loopback
    assert peer_is_allowed(parsed("https://proxy.example", "proxy.example"), peer) is named
