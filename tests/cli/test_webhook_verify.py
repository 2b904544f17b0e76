"""`webhook verify` says whether a request is signed and which rule it breaks, and shows neither a key nor the right signature."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from json_documents import only
from sendspec.cli.main import run
from sendspec.provider.webhook_signature import SignatureFault, sign
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.webhook_fault import FAULT_TEXT

KEY = "secureSigningKey"
URL = "https://domain.com/webhook/bird"
BODY = b'{"service":"channels","event":"sms.outbound","payload":{"id":"x"}}'
RIGHT = "XowYS2BBIb5IB2oMrOZGecSRMfw1Kxs0ee1e+ZuGKq0="
WITH_QUERY = "sOWxRFwinSd9VD/KW4E+tf6p4E6/4t5XZs8en1O9FRo="
HEX_DIGEST = "wNh3hl5O4T0cuCMqfEeZcjDrxwO+59eEyrNEWImk9KU="
EMPTY_BODY = "DE1SjJLeCK+ineZ5vdUupK/FTipcBoHojng/MMIIq5A="
TIME = "MessageBird-Request-Timestamp: 1700000000"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Verify:
    """Runs the command in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.setenv("HOOK_KEY", KEY)

    def __call__(
        self, *options: str, body: bytes = BODY, url: str = URL, keys: tuple[str, ...] = ("HOOK_KEY",)
    ) -> Said:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
        named = [word for key in keys for word in ("--key-env", key)]
        code = run(["webhook", "verify", "--url", url, *named, *options])
        said = self._capsys.readouterr()
        for words in (said.out, said.err):
            assert KEY not in words
        return Said(code, said.out, said.err)


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    return Verify(monkeypatch, capsys)


def signed(signature: str) -> tuple[str, ...]:
    return "--header", f"MessageBird-Signature: {signature}", "--header", TIME


@pytest.mark.parametrize(("url", "signature"), [(URL, RIGHT), (f"{URL}?env=production", WITH_QUERY)])
def test_a_signed_request_ends_with_0(verify: Verify, url: str, signature: str) -> None:
    said = verify(*signed(signature), url=url)
    assert (said.code, said.err) == (0, "")
    assert said.out == "signed at 2023-11-14T22:13:20Z with HOOK_KEY: sms.outbound\n"
    document = only(verify(*signed(signature), "--format", "json", url=url).out, "webhook-verify")
    assert document == {
        "schema": "sendspec.webhook-verify/1", "verified": True, "rule": None, "hint": "", "key": "HOOK_KEY",
        "timestamp": 1_700_000_000, "event": "sms.outbound",
    }  # fmt: skip


HINTS: list[tuple[str, dict[str, Any], str]] = [
    (HEX_DIGEST, {}, ""),
    (EMPTY_BODY, {}, "empty body"),
    (RIGHT, {"body": BODY + b"\n"}, "line end"),
    (RIGHT, {"body": BODY + b"\r\n"}, "line end"),
    (RIGHT, {"url": f"{URL}?env=production"}, "query"),
    (RIGHT, {"url": f"{URL}/"}, "another end"),
    (RIGHT, {"body": BODY.replace(b":", b": ")}, ""),
]


@pytest.mark.parametrize(("signature", "given", "hint"), HINTS)
def test_one_that_is_not_signed_ends_with_1_and_says_what_the_signature_fits(
    verify: Verify, signature: str, given: dict[str, Any], hint: str
) -> None:
    said = verify(*signed(signature), **given)
    assert said.code == 1
    assert said.out.startswith("not signed: none of the named keys signed")
    assert "[signature_wrong]" in said.out
    assert ("= note: it fits" in said.out) == bool(hint)
    document = only(verify(*signed(signature), "--format", "json", **given).out, "webhook-verify")
    assert (document["verified"], document["rule"], document["key"]) == (False, "signature_wrong", None)
    assert hint in document["hint"]
    for right in (RIGHT, WITH_QUERY):
        assert right not in said.out


def test_every_rule_has_words_and_its_name_in_the_schema(verify: Verify) -> None:
    assert set(FAULT_TEXT) == set(SignatureFault)
    document = only(verify("--header", TIME, "--format", "json").out, "webhook-verify")
    assert document["rule"] == "signature_missing"
    assert set(load_schema("webhook-verify").document["properties"]["rule"]["enum"]) == {*SignatureFault, None}


def test_either_of_two_keys_fits_and_is_named(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_KEY", "another")
    for keys in (("NEW_KEY", "HOOK_KEY"), ("HOOK_KEY", "NEW_KEY"), ("HOOK_KEY", "HOOK_KEY")):
        assert "with HOOK_KEY" in verify(*signed(RIGHT), keys=keys).out
    assert verify(*signed(RIGHT), keys=("NEW_KEY",)).code == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"event":"sms.outbound"}', b'{"event":1,"event":2}', b"\xff", b"[" * 9_999]
)
def test_a_signed_body_of_another_shape_is_told(verify: Verify, body: bytes) -> None:
    said = verify(*signed(sign(KEY, "1700000000", URL, body)), body=body)
    assert (said.code, said.out.rpartition(": ")[2]) == (0, "a body that isn't the documented JSON\n")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is not set"),
        ("", "is empty"),
        ("key\n", "line end"),
        (" key", "line end"),
        ("key\udcff", "is no UTF-8 text"),
        ("k" * 4_097, "4,096 characters"),
    ],
)
def test_a_key_that_can_not_be_one_is_named_by_its_variable(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, value: str | None, words: str
) -> None:
    if value is not None:
        monkeypatch.setenv("ODD_KEY", value)
    said = verify(*signed(RIGHT), keys=("HOOK_KEY", "ODD_KEY"))
    assert said.code == 1
    assert words in said.err
    assert "ODD_KEY" in said.err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"keys": ("secure-key-itself",)}, "this is none"),
        ({"keys": ()}, "--key-env"),
        ({"url": "http://domain.com/bird"}, "begins with https"),
        ({"url": "ftp://localhost/bird"}, "begins with https"),
        ({"url": "domain.com/bird"}, "no address"),
        ({"url": "https://domain.com/bird#top"}, "no address"),
        ({"url": "https://domain.com:port/bird"}, "no address"),
        ({"url": "https://do main.com/bird"}, "no address"),
        ({"url": "https://me:canary@domain.com/bird"}, "before the @"),
        ({"body": b"x" * (1024 * 1024 + 1)}, "no webhook has"),
    ],
)
def test_what_can_not_be_verified_is_wrong_usage(verify: Verify, given: dict[str, Any], words: str) -> None:
    said = verify(*signed(RIGHT), **given)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "canary" not in said.err
    assert "secure-key-itself" not in said.err


def test_a_header_without_a_colon_is_wrong_usage(verify: Verify) -> None:
    assert verify("--header", "MessageBird-Signature").code == 2


def test_a_url_of_the_sandbox_is_taken(verify: Verify) -> None:
    for host in ("127.0.0.1:8443", "localhost:1", "[::1]:8443"):
        assert verify("--header", TIME, url=f"http://{host}/bird").code == 1
