from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode

import pytest
from sendspec.provider.webhook_signature import SignatureFault, Signed, Unsigned, sign, verify

KEY = "secureSigningKey"
URL = "https://domain.com/webhook/bird"
TIMESTAMP = "1700000000"
BODY = b'{"service":"channels","event":"sms.outbound","payload":{"id":"x"}}'
SIGNATURE = "XowYS2BBIb5IB2oMrOZGecSRMfw1Kxs0ee1e+ZuGKq0="
WITH_QUERY = "sOWxRFwinSd9VD/KW4E+tf6p4E6/4t5XZs8en1O9FRo="
HEX_DIGEST = "wNh3hl5O4T0cuCMqfEeZcjDrxwO+59eEyrNEWImk9KU="
EMPTY_BODY = "DE1SjJLeCK+ineZ5vdUupK/FTipcBoHojng/MMIIq5A="

Headers = list[tuple[str, str]]


def headers(signature: str = SIGNATURE, timestamp: str = TIMESTAMP) -> Headers:
    return [("MessageBird-Signature", signature), ("MessageBird-Request-Timestamp", timestamp)]


@pytest.mark.parametrize(("url", "signature"), [(URL, SIGNATURE), (URL + "?env=production", WITH_QUERY)])
def test_the_known_signatures_are_made_and_taken(url: str, signature: str) -> None:
    assert sign(KEY, TIMESTAMP, url, BODY) == signature
    assert verify([KEY], url, headers(signature), BODY) == Signed(1_700_000_000, 0)


@pytest.mark.parametrize(
    "signature", [HEX_DIGEST, EMPTY_BODY, WITH_QUERY, SIGNATURE[:-1], SIGNATURE.lower(), "é", "\ud800"]
)
def test_other_signatures_of_the_same_request_are_refused(signature: str) -> None:
    assert verify([KEY], URL, headers(signature), BODY) == Unsigned(SignatureFault.SIGNATURE_WRONG)


def test_the_refused_vectors_are_what_they_are_said_to_be() -> None:
    def signature_over(digest: bytes) -> str:
        return b64encode(hmac.digest(KEY.encode(), f"{TIMESTAMP}\n{URL}\n".encode() + digest, "sha256")).decode()

    assert signature_over(hashlib.sha256(BODY).hexdigest().encode()) == HEX_DIGEST
    assert signature_over(hashlib.sha256(b"").digest()) == EMPTY_BODY


@pytest.mark.parametrize(
    ("key", "url", "timestamp", "body"),
    [
        ("secureSigningKez", URL, TIMESTAMP, BODY),
        (KEY, URL + "/", TIMESTAMP, BODY),
        (KEY, URL + "?env=staging", TIMESTAMP, BODY),
        (KEY, URL.replace("https", "http"), TIMESTAMP, BODY),
        (KEY, URL, "1700000001", BODY),
        (KEY, URL, "01700000000", BODY),
        (KEY, URL, TIMESTAMP, BODY + b"\n"),
        (KEY, URL, TIMESTAMP, BODY.replace(b'"x"', b'"y"')),
        (KEY, URL, TIMESTAMP, b""),
    ],
)
def test_a_signature_fits_nothing_but_its_request(key: str, url: str, timestamp: str, body: bytes) -> None:
    assert verify([key], url, headers(timestamp=timestamp), body) == Unsigned(SignatureFault.SIGNATURE_WRONG)


def test_each_of_several_keys_is_tried_and_named() -> None:
    for place, keys in enumerate([[KEY, "old", "older"], ["new", KEY, "older"], ["new", "old", KEY]]):
        assert verify(keys, URL, headers(), BODY) == Signed(1_700_000_000, place)
    assert verify(["new", "old"], URL, headers(), BODY) == Unsigned(SignatureFault.SIGNATURE_WRONG)


@pytest.mark.parametrize("keys", [[""], [KEY, ""]])
def test_an_empty_key_verifies_nothing(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="empty"):
        verify(keys, URL, headers(sign("", TIMESTAMP, URL, BODY)), BODY)


def test_without_keys_nothing_is_signed() -> None:
    assert verify([], URL, headers(), BODY) == Unsigned(SignatureFault.SIGNATURE_WRONG)


@pytest.mark.parametrize(
    "names",
    [
        ("messagebird-signature", "messagebird-request-timestamp"),
        ("MESSAGEBIRD-SIGNATURE", "MESSAGEBIRD-REQUEST-TIMESTAMP"),
        (" Messagebird-Signature", "Messagebird-Request-Timestamp "),
    ],
)
def test_names_of_headers_are_read_in_any_case(names: tuple[str, str]) -> None:
    around = [("Host", "elsewhere.example"), (names[0], f" {SIGNATURE}\t"), (names[1], TIMESTAMP), ("X-Other", "1")]
    assert verify([KEY], URL, around, BODY) == Signed(1_700_000_000, 0)


FAULTS = [
    ([], SignatureFault.SIGNATURE_MISSING),
    (headers()[1:], SignatureFault.SIGNATURE_MISSING),
    ([*headers(), ("messagebird-signature", SIGNATURE)], SignatureFault.SIGNATURE_REPEATED),
    (headers(f"{SIGNATURE}, {SIGNATURE}"), SignatureFault.SIGNATURE_REPEATED),
    (headers(" "), SignatureFault.SIGNATURE_EMPTY),
    (headers()[:1], SignatureFault.TIMESTAMP_MISSING),
    ([*headers(), ("MessageBird-Request-timestamp", "1")], SignatureFault.TIMESTAMP_REPEATED),
    (headers(timestamp=f"{TIMESTAMP},{TIMESTAMP}"), SignatureFault.TIMESTAMP_REPEATED),
    (headers(timestamp=""), SignatureFault.TIMESTAMP_EMPTY),
]


@pytest.mark.parametrize(("given", "fault"), FAULTS)
def test_both_headers_have_to_be_there_once(given: Headers, fault: SignatureFault) -> None:
    assert verify([KEY], URL, given, BODY) == Unsigned(fault)


@pytest.mark.parametrize("timestamp", ["-1", "1.5", "1e9", "soon", "٣", "1" * 16, "0x10", "1 7", "1\n7"])
def test_a_timestamp_is_a_whole_number_even_where_it_is_signed(timestamp: str) -> None:
    given = headers(sign(KEY, timestamp, URL, BODY), timestamp)
    assert verify([KEY], URL, given, BODY) == Unsigned(SignatureFault.TIMESTAMP_FORMAT)
