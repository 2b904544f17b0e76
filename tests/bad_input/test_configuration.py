"""Project files, keys, addresses and plans that must not lead anywhere but where they say."""

from __future__ import annotations

import contextlib
import json
import os
import re
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sendspec.sending.connection import verifying_context

Intake = Any  # the fixture `intake` of this folder's conftest
UUID = "123e4567-e89b-12d3-a456-426614174000"
SECRET = "canary-9f3b1c7e5d2a"
URL = "https://api.bird.com"

PROJECTS: list[tuple[str, tuple[str, str], str]] = [
    # keys
    ("a key in the project file", ("{env: KEY}", SECRET), "key-literal 4:5"),
    ("a key in the project file under its scheme", ("{env: KEY}", f"AccessKey {SECRET}"), "key-literal 4:5"),
    ("no source of the key", ("{env: KEY}", "{scheme: Bearer}"), "key-source 4:5"),
    ("two sources of the key", ("{env: KEY}", "{env: KEY, file: key.txt}"), "key-source 4:5"),
    ("a scheme that the API doesn't have", ("{env: KEY}", "{env: KEY, scheme: Basic}"), "wrong-value 4:36"),
    ("a key before the host", (URL, f"https://{SECRET}@api.bird.com"), "url-part 3:14"),
    ("a key behind the path", (URL, f"{URL}/?access_key={SECRET}"), "url-part 3:14"),
    ("a key behind a password's colon", (URL, f"https://user:{SECRET}@api.bird.com"), "url-part 3:14"),
    # identifiers
    ("a workspace that is no UUID", (f"workspace: {UUID}", "workspace: ws_123"), "not-a-uuid 7:24"),
    ("a path as a workspace", (f"workspace: {UUID}", "workspace: ../../admin"), "not-a-uuid 7:24"),
    ("a path as a channel", (f"channel: {UUID}", "channel: ../../admin"), "not-a-uuid 7:71"),
    ("a channel with a line end", (f"channel: {UUID}", f'channel: "{UUID}\\n"'), "not-a-uuid 7:71"),
    ("a channel with a query", (f"channel: {UUID}", f"channel: {UUID}?x"), "not-a-uuid 7:71"),
    # ranges
    ("a rate that is a word", ("50/s", "fast"), "wrong-format 7:115"),
    ("a rate without a unit", ("50/s", "50"), "wrong-type 7:115"),
    ("a rate of nothing", ("50/s", "0/s"), "out-of-range 7:115"),
    ("a rate below nothing", ("50/s", "-1/s"), "wrong-format 7:115"),
    ("a rate of a thousand million", ("50/s", "1000000000/s"), "wrong-format 7:115"),
    ("a rate that is too high", ("50/s", "20000/s"), "out-of-range 7:115"),
    ("no connections", ("rate: 50/s", "concurrency: 0"), "out-of-range 7:122"),
    ("fewer than no connections", ("rate: 50/s", "concurrency: -1"), "out-of-range 7:122"),
    ("too many connections", ("rate: 50/s", "concurrency: 257"), "out-of-range 7:122"),
    ("half a connection", ("rate: 50/s", "concurrency: 1.5"), "wrong-type 7:122"),
    ("no time", ("rate: 50/s", "timeout: 0"), "out-of-range 7:118"),
    ("less than no time", ("rate: 50/s", "timeout: -5"), "out-of-range 7:118"),
    ("time without end", ("rate: 50/s", "timeout: .inf"), "unquoted-number 7:118"),
    ("time in words", ("rate: 50/s", "timeout: soon"), "wrong-type 7:118"),
    # words
    ("an unknown key", ("rate:", "raet:"), "unknown-key 7:109"),
    ("an unknown platform", ("rate: 50/s", "platform: fax"), "wrong-value 7:119"),
    ("the sandbox defined again", ("  live:", "  sandbox:"), "bad-name 2:3"),
    ("an environment with a slash", ("  live:", "  li/ve:"), "bad-name 2:3"),
    # addresses
    ("plain http", (URL, "http://api.bird.com"), "url-scheme 3:14"),
    ("http to a name that is not written as loopback", (URL, "http://localhost.example"), "url-scheme 3:14"),
    ("a file", (URL, "file:///etc/passwd"), "url-scheme 3:14"),
    ("ftp", (URL, "ftp://api.bird.com"), "url-scheme 3:14"),
    ("gopher", (URL, "gopher://api.bird.com"), "url-scheme 3:14"),
    ("a script", (URL, '"javascript:alert(1)"'), "url-scheme 3:14"),
    ("a host alone", (URL, "api.bird.com"), "url-scheme 3:14"),
    ("a host before an at sign", (URL, "https://api.bird.com@evil.example"), "url-part 3:14"),
    ("a fragment", (URL, "https://evil.example#api.bird.com"), "url-part 3:14"),
    ("a query", (URL, f"{URL}/?x=1"), "url-part 3:14"),
    ("a path that climbs", (URL, f"{URL}/../x"), "url-part 3:14"),
    ("a backslash", (URL, "'https://api.bird.com\\@evil.example'"), "url-part 3:14"),
    ("a port that can't be", (URL, f"{URL}:99999"), "url-part 3:14"),
    ("a port that is a word", (URL, f"{URL}:https"), "url-part 3:14"),
    ("the API's name before another host", (URL, "https://api.bird.com.evil.example"), "url-host 3:14"),
    ("a letter of another script", (URL, "https://аpi.bird.com"), "url-host 3:14"),
    ("the address of a cloud's metadata", (URL, "https://169.254.169.254"), "url-host 3:14"),
    ("a private address", (URL, "https://10.0.0.1"), "url-host 3:14"),
    ("an address as one number", (URL, "https://2852039166"), "url-host 3:14"),
    ("an address in hexadecimal", (URL, "https://0xa9fea9fe"), "url-host 3:14"),
    ("an address in octal", (URL, "https://0251.0376.0251.0376"), "url-host 3:14"),
    ("an IPv4 address inside an IPv6 one", (URL, "'https://[::ffff:169.254.169.254]'"), "url-host 3:14"),
    ("a link-local IPv6 address", (URL, "'https://[fe80::1]'"), "url-host 3:14"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in PROJECTS], ids=[row[0] for row in PROJECTS])
def test_a_project_file(intake: Intake, change: tuple[str, str], expected: str) -> None:
    intake.reconfigure(*change)
    code, place = expected.split(" ")
    intake.rejects(f"{code} sendspec.yaml:{place}")


# What the usual project file has, what is written instead, the place, words of the problem, words of the fix.
MEANT: list[tuple[str, str, str, str, str]] = [
    ("{env: KEY}", "${BIRD_ACCESS_KEY}", "not-expanded 4:17", "variables aren't expanded", "write `access_key: {env: BIRD_ACCESS_KEY}`"),
    ("{env: KEY}", "$BIRD_ACCESS_KEY", "not-expanded 4:17", "variables aren't expanded", "{env: BIRD_ACCESS_KEY}"),
    ("{env: KEY}", "${KEY:-none}", "not-expanded 4:17", "variables aren't expanded", "{env: KEY}"),
    ("{env: KEY}", "'{{ env.BIRD_KEY }}'", "not-expanded 4:17", "variables aren't expanded", "{env: BIRD_KEY}"),
    ("{env: KEY}", "'${{ secrets.BIRD_KEY }}'", "not-expanded 4:17", "variables aren't expanded", "{env: BIRD_KEY}"),
    ("{env: KEY}", "BIRD_ACCESS_KEY", "not-expanded 4:17", "variables aren't expanded", "{env: BIRD_ACCESS_KEY}"),
    ("{env: KEY}", "{env: $KEY}", "not-expanded 4:23", "takes the name of a variable", "write KEY"),
    ("{env: KEY}", "{env: '${KEY}'}", "not-expanded 4:23", "takes the name of a variable", "write KEY"),
    ("{env: KEY}", "{file: ~/.bird}", "not-expanded 4:24", "a folder called '~'", "write the whole path"),
    (URL, "${API_URL}", "not-expanded 3:14", "variables aren't expanded", "write the address itself"),
    (URL, "127.0.0.1:39661", "url-scheme 3:14", "'127.0.0.1:39661' is not an https", "write http://127.0.0.1:39661"),
    (URL, "localhost:39661", "url-scheme 3:14", "'localhost:39661' is not", "write http://localhost:39661"),
    (URL, "api.bird.com", "url-scheme 3:14", "'api.bird.com' is not", "write https://api.bird.com"),
    ("50/s", "50", "wrong-type 7:115", "50 is not a rate", "write 50/s"),
    ("{file: .sendspec/live.db}", ".sendspec/live.db", "wrong-type 5:13", "a mapping", "write `ledger: {file: .sendspec/live.db}`"),
]  # fmt: skip


@pytest.mark.parametrize(("usual", "written", "place", "problem", "fix"), MEANT, ids=[row[1] for row in MEANT])
def test_a_value_as_other_tools_have_it(
    intake: Intake, usual: str, written: str, place: str, problem: str, fix: str
) -> None:
    intake.reconfigure(usual, written)
    said = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    [found] = said.diagnostics
    assert f"{found['code']} {found['line']}:{found['column']}" == place
    assert problem in found["problem"]
    assert fix in found["fix"]


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://api.bird.com@evil.example", "evil.example"),
        ("https://api.bird.com.evil.example", "api.bird.com.evil.example"),
        ("https://аpi.bird.com", "xn--pi-6kc.bird.com"),
    ],
)
def test_the_host_that_requests_would_really_go_to_is_shown(intake: Intake, written: str, host: str) -> None:
    intake.reconfigure(URL, written)
    told = intake.run("validate", "hello.yaml", "--env", "live")
    assert told.code == 1
    assert f"'{host}'" in told.err


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080", "http://localhost:1", "'http://[::1]:8080'", "http://127.1.2.3", "https://localhost"],
)
def test_a_loopback_address_needs_no_flag(intake: Intake, address: str) -> None:
    intake.reconfigure(URL, address)
    assert len(intake.accepts()) == 2


def test_another_host_is_allowed_when_it_is_named_twice(intake: Intake) -> None:
    intake.reconfigure(URL, "https://proxy.example:8443/bird\n    allow_host: proxy.example")
    assert len(intake.accepts()) == 2


def test_a_spec_can_not_choose_the_host(intake: Intake) -> None:
    intake.write("hello.yaml", intake.spec + "api_url: https://evil.example\n")
    intake.rejects("unknown-key hello.yaml:10:1")


def test_an_environment_that_is_not_there_is_wrong_usage(intake: Intake) -> None:
    said = intake.run("send", "hello.yaml", "--env", "lvie", "--yes")
    assert said.code == 2
    assert "there are: live, sandbox" in said.err


NAMES: list[tuple[str, str]] = [
    ("a name with a space", "order shipped"),
    ("a name with a capital", "Order"),
    ("a name with a slash", "orders/shipped"),
    ("a name that climbs", "../orders"),
    ("a name with an emoji", "orders-😀"),
    ("a name of 300 characters", "x" * 300),
    ("a name that begins with a dash", "-orders"),
    ("an empty name", '""'),
    ("a name in letters of another script", "заказ"),
    ("a name with a line end", '"orders\\n"'),
]


@pytest.mark.parametrize("name", [row[1] for row in NAMES], ids=[row[0] for row in NAMES])
def test_a_name_that_can_be_no_identity(intake: Intake, name: str) -> None:
    intake.change("name: hello", f"name: {name}")
    intake.rejects("bad-name hello.yaml:2:7")


def test_one_name_of_two_specs_on_one_command_line(intake: Intake) -> None:
    intake.write("other.yaml", intake.spec)
    intake.specs = ["hello.yaml", "other.yaml"]
    intake.rejects("name-repeated other.yaml:2:7")


@pytest.fixture
def sent(intake: Intake, server: Any) -> Intake:
    """The usual spec, sent to a server on this machine."""
    intake.reconfigure(URL, server.url)
    assert intake.run("send", "hello.yaml", "--env", "live", "--yes").code == 0
    assert len(server.posts) == 2
    return intake


def test_a_name_that_another_spec_was_sent_under(sent: Intake, server: Any) -> None:
    sent.write("other.yaml", sent.spec.replace("Hi", "Dear"))
    sent.specs = ["other.yaml"]
    sent.send_rejects("name-taken other.yaml:2:7")
    assert len(server.posts) == 2


def test_a_name_whose_text_changed_is_drift_and_is_not_sent(sent: Intake, server: Any) -> None:
    sent.text('"Dear {{ first_name }}"')
    again = sent.run("send", "hello.yaml", "--env", "live", "--yes", "--format", "json")
    assert again.code == 0
    assert json.loads(again.out)["skipped"] == {"drift": 2}
    assert "drift" in again.err or "changed" in again.err
    assert len(server.posts) == 2


KEYS: list[tuple[str, str | None, str]] = [
    ("a variable that isn't set", None, "KEY is not set"),
    ("a variable that is empty", "", "KEY is empty"),
    ("a key with a line end", f"{SECRET}\n", "at position 20"),
    ("a key with a line in front", f"\n{SECRET}", "at position 1"),
    ("a key with a space", "canary 9f3b1c7e5d2a", "at position 7"),
    ("a key with a letter outside ASCII", "canary-9f3b1ć7e5d2a", "at position 13"),
    ("a key with a control character", f"{SECRET}\x7f", "at position 20"),
]


@pytest.mark.parametrize(("value", "words"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_a_key_that_can_not_be_used_is_never_shown(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, value: str | None, words: str
) -> None:
    monkeypatch.delenv("KEY")
    if value is not None:
        monkeypatch.setenv("KEY", value)
    told = intake.send_rejects("key-unusable sendspec.yaml:4:17")
    assert words in intake.diagnostics[0]["problem"]
    assert "canary" not in told.err


def _readable(folder: Path) -> None:
    (folder / "key.txt").write_text(SECRET)
    (folder / "key.txt").chmod(0o644)


def _writable(folder: Path) -> None:
    (folder / "key.txt").write_text(SECRET)
    (folder / "key.txt").chmod(0o620)


def _with_nul(folder: Path) -> None:
    (folder / "key.txt").write_bytes(SECRET.encode() + b"\0")
    (folder / "key.txt").chmod(0o600)


def _two_lines(folder: Path) -> None:
    (folder / "key.txt").write_text(f"{SECRET}\n{SECRET}\n")
    (folder / "key.txt").chmod(0o600)


def _empty(folder: Path) -> None:
    (folder / "key.txt").touch(0o600)


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "key.txt", 0o600)


def _nothing(folder: Path) -> None:
    pass


KEY_FILES: list[tuple[str, Callable[[Path], None], str]] = [
    ("a key file that others can read", _readable, "run: chmod 600 key.txt"),
    ("a key file that others can write", _writable, "run: chmod 600 key.txt"),
    ("a key file with a NUL", _with_nul, "copy the key again"),
    ("a key file of two lines", _two_lines, "copy the key again"),
    ("a key file of nothing", _empty, "put the key there"),
    ("a key file that is a pipe", _pipe, "name the file that holds the key"),
    ("a key file that isn't there", _nothing, "check its path"),
]


@pytest.mark.parametrize(("made", "fix"), [row[1:] for row in KEY_FILES], ids=[row[0] for row in KEY_FILES])
def test_a_key_file_that_can_not_be_used(intake: Intake, made: Callable[[Path], None], fix: str) -> None:
    made(intake.folder)
    intake.reconfigure("{env: KEY}", "{file: key.txt}")
    intake.send_rejects("key-unusable sendspec.yaml:4:17")
    assert fix in intake.diagnostics[0]["fix"]


def test_a_key_file_of_ones_own_is_used(intake: Intake, server: Any) -> None:
    intake.write("key.txt", SECRET + "\n").chmod(0o600)
    text = intake.project.replace("{env: KEY}", "{file: key.txt}").replace(URL, server.url)
    intake.write("sendspec.yaml", text)
    assert intake.run("send", "hello.yaml", "--env", "live", "--yes").code == 0
    assert {request.headers["Authorization"] for request in server.posts} == {f"AccessKey {SECRET}"}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (f"access_key: {SECRET}", "10:1"),
        (f'vars: {{api_key: "{SECRET}"}}', "10:8"),
        (f"vars: {{header: AccessKey {SECRET}}}", "10:8"),
        (f'vars: {{header: "Authorization: Bearer {SECRET}"}}', "10:8"),
    ],
    ids=["by its own name", "by another name of it", "by its scheme", "as a whole header"],
)
def test_a_key_inside_the_spec_is_refused_and_not_shown(intake: Intake, written: str, place: str) -> None:
    intake.write("hello.yaml", intake.spec + written + "\n")
    intake.rejects(f"key-literal hello.yaml:{place}")


@pytest.mark.parametrize("flag", ["--access-key", "--key", "--token"])
def test_a_key_on_the_command_line_is_wrong_usage_and_not_shown(intake: Intake, flag: str) -> None:
    for words in ([flag, SECRET], [f"{flag}={SECRET}"]):
        said = intake.run("send", "hello.yaml", "--env", "live", "--yes", *words)
        assert said.code == 2
        assert f"has no option '{flag}'" in said.err


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
ELSEWHERE = {**dict.fromkeys(PROXIES, "http://127.0.0.1:9"), **dict.fromkeys(CERTIFICATES, "/nowhere/ca.pem")}


def test_proxies_certificates_and_netrc_of_the_machine_are_ignored_and_doctor_says_so(
    intake: Intake, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    netrc = intake.write("home/.netrc", "machine 127.0.0.1 login canary password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(netrc.parent))
    intake.reconfigure(URL, server.url)
    assert intake.run("send", "hello.yaml", "--env", "live", "--yes").code == 0
    assert {request.headers["Authorization"] for request in server.posts} == {f"AccessKey {SECRET}"}
    assert len(server.posts) == 2
    said = intake.run("doctor", "--env", "live")
    noted = next(line for line in said.out.splitlines() if "ignored when sending" in line)
    assert all(name in noted for name in ELSEWHERE)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_certificate_that_a_variable_alone_vouches_for_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "trusted"
    folder.mkdir()
    key, certificate = tmp_path / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
         "-out", certificate, "-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    if name == "SSL_CERT_DIR":
        subprocess.run(["openssl", "rehash", folder], check=True, capture_output=True)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, str(certificate if name == "SSL_CERT_FILE" else folder))
    presented = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    presented.load_cert_chain(certificate, key)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(verifying_context.__wrapped__(), presented)
    trusting = ssl.create_default_context()
    shake_hands(trusting, presented)  # the variable does vouch for it, for whoever listens to it


def shake_hands(ours: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    """A TLS handshake without a socket. Raises where our side doesn't trust theirs."""
    to_them, to_us = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ours.wrap_bio(to_us, to_them, server_hostname="127.0.0.1")
    server = theirs.wrap_bio(to_them, to_us, server_side=True)
    for side in (client, server, client):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()


@pytest.mark.parametrize(
    "written",
    [
        "window: {from: '20:00', to: '09:00', zone: Europe/Amsterdam}",
        "window: {from: '09:00', to: '20:00', zone: Mars/Olympus}",
        "waves: [10, 100]",
    ],
    ids=["a window that ends before it begins", "a window in no zone", "waves"],
)
def test_what_is_not_kept_is_an_unknown_key(intake: Intake, written: str) -> None:
    intake.write("hello.yaml", intake.spec + written + "\n")
    intake.rejects("unknown-key hello.yaml:10:1")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("not_after: 2020-01-01", "wrong-format hello.yaml:10:12"),
        ("not_after: 2030-01-01T09:00:00", "wrong-format hello.yaml:10:12"),
        ("not_after: 2030-02-30T09:00:00Z", "wrong-format hello.yaml:10:12"),
        ("continue_with: 1234567890123456", "unquoted-number hello.yaml:10:16"),
        ("audience: open", "wrong-value hello.yaml:10:11"),
    ],
    ids=["a last day", "a moment without an offset", "a day that there is not", "a digest that is a number", "an open audience"],
)  # fmt: skip
def test_what_binds_a_send_has_its_form(intake: Intake, written: str, expected: str) -> None:
    intake.write("hello.yaml", intake.spec + written + "\n")
    intake.rejects(expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{file: x.db, url: {env: LEDGER}}", "ledger-place sendspec.yaml:5:13"),
        ("{schema: sends}", "ledger-place sendspec.yaml:5:13"),
        ("{file: x.db, schema: sends}", "ledger-place sendspec.yaml:5:13"),
        ("{url: {env: LEDGER}, durable: true}", "ledger-place sendspec.yaml:5:13"),
        (f"{{url: 'postgresql://me:{SECRET}@{SECRET}/{SECRET}'}}", "key-literal sendspec.yaml:5:5"),
        (f"'postgresql://me:{SECRET}@{SECRET}/{SECRET}'", "key-literal sendspec.yaml:5:5"),
        (f"{{file: 'postgres://me:{SECRET}@{SECRET}/{SECRET}'}}", "key-literal sendspec.yaml:5:5"),
        (f"{{url: {{env: 'postgresql://{SECRET}/ledger'}}}}", "key-literal sendspec.yaml:5:5"),
        (f"{{url: {{command: [echo, 'postgresql://{SECRET}/ledger']}}}}", "key-literal sendspec.yaml:5:5"),
        ("{url: https}", "wrong-type sendspec.yaml:5:19"),
        ("{url: {env: LEDGER, file: ledger.txt}}", "key-source sendspec.yaml:5:19"),
        ("{url: {env: LEDGER}, schema: 'a-b'}", "wrong-format sendspec.yaml:5:42"),
    ],
)
def test_a_ledger_is_in_a_file_or_at_an_address_that_is_written_elsewhere(
    intake: Intake, written: str, expected: str
) -> None:
    intake.reconfigure("{file: .sendspec/live.db}", written)
    intake.rejects(expected)


def test_a_channel_that_the_environment_lacks_is_shown_in_the_spec(intake: Intake) -> None:
    intake.change("channel: sms", "channel: smss")
    intake.rejects("unknown-channel hello.yaml:3:10")


PLANS: list[tuple[str, Callable[[str], str], str]] = [
    ("a plan with another count", lambda text: text.replace('"send": 2', '"send": 3', 1), "was changed after it was written"),
    ("a plan for another environment", lambda text: text.replace('"live"', '"sandbox"'), "was changed after it was written"),
    ("a plan with another digest", lambda text: re.sub(r'"digest": "v1:\w{4}', '"digest": "v1:0000', text), "was changed after it was written"),
    ("a plan that was cut", lambda text: text[: len(text) // 2], "not a plan, or only a part of one"),
    ("a plan of nothing", lambda text: "", "not a plan, or only a part of one"),
    ("a plan that is a list", lambda text: "[]", "not a plan, or only a part of one"),
    ("a plan of a hundred thousand brackets", lambda text: "[" * 100_000, "not a plan, or only a part of one"),
    ("a plan of long digits", lambda text: "9" * 5_000, "not a plan, or only a part of one"),
    ("a plan with characters that act", lambda text: "\x1b[31m" + text, "not a plan, or only a part of one"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS])
def test_a_plan_file_that_is_none(intake: Intake, change: Callable[[str], str], words: str) -> None:
    assert intake.run("plan", "hello.yaml", "--env", "live", "--out", "plan.json").code == 0
    text = intake.folder.joinpath("plan.json").read_text()
    intake.write("plan.json", change(text))
    assert change(text) != text
    said = intake.run("send", "--plan", "plan.json", "--yes", "--format", "json")
    assert (said.code, said.found) == (1, ["plan-unreadable plan.json:1:1"]), said.err
    assert words in said.diagnostics[0]["problem"]


def test_a_plan_of_an_older_tool(intake: Intake) -> None:
    assert intake.run("plan", "hello.yaml", "--env", "live", "--out", "plan.json").code == 0
    content = json.loads(intake.folder.joinpath("plan.json").read_text())
    intake.write("plan.json", json.dumps({**content, "format": 1}))
    said = intake.run("send", "--plan", "plan.json", "--yes")
    assert said.code == 8
    assert "it has format 1" in said.err


def test_a_plan_from_another_ledger(intake: Intake) -> None:
    assert intake.run("plan", "hello.yaml", "--env", "live", "--out", "plan.json").code == 0
    for path in intake.folder.joinpath(".sendspec").iterdir():
        path.unlink()
    assert intake.run("ledger", "init", "--env", "live", "--empty").code == 0
    said = intake.run("send", "--plan", "plan.json", "--yes")
    assert said.code == 8
    assert "another ledger" in said.err


@pytest.mark.parametrize("path", ["nothing.json", "pipe"], ids=lambda path: f"{path} is not a plan")
def test_what_is_no_regular_file_is_no_plan(intake: Intake, path: str) -> None:
    os.mkfifo(intake.folder / "pipe")
    assert intake.run("send", "--plan", "tmp", "--yes").code == 1
    said = intake.apart("send", "--plan", path, "--yes", "--format", "json")
    assert (said.code, said.found) == (1, [f"plan-unreadable {path}:1:1"]), said.err


def test_a_project_file_below_is_not_offered_as_a_spec(intake: Intake) -> None:
    (intake.folder / "club").mkdir()
    for name in ("sendspec.yaml", "hello.yaml"):
        (intake.folder / name).rename(intake.folder / "club" / name)
    [found] = intake.run("validate", "people.csv", "--format", "json").diagnostics
    assert (
        found["fix"]
        == "write a spec and `--recipients` before it: club/hello.yaml --recipients people.csv; or leave it out, if the spec names it"
    )


def test_an_environment_that_the_project_lacks_is_told_where_to_be_added(intake: Intake) -> None:
    told = intake.run("validate", "hello.yaml", "--env", "production").err
    assert "no environment 'production'; there are: live, sandbox; add it to sendspec.yaml" in told
