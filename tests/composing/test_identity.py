"""Message ids and references."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from sendspec.composing.identity import id_in, id_text, ids_within, message_id, receiver_hash, resent

SALT = b"s" * 16
IDENTITY = bytes(range(16))


def test_an_id_is_over_the_json_of_name_generation_and_key() -> None:
    expected = blake2b('["hello",2,"Zoë"]'.encode(), digest_size=16, key=SALT).digest()
    assert message_id(SALT, "hello", 2, "Zoë") == expected


@pytest.mark.parametrize("times", [0, 1, 12])
def test_the_id_is_read_from_a_reference_however_often_it_was_resent(times: int) -> None:
    reference = resent(id_text(IDENTITY), times)
    assert reference == id_text(IDENTITY) + ("" if times == 0 else f"-{times + 1}")
    assert id_in(reference) == IDENTITY


@pytest.mark.parametrize(
    "reference", ["order-7", id_text(IDENTITY) + "x", id_text(IDENTITY)[:-1], id_text(IDENTITY).upper()]
)
def test_a_reference_of_the_users_own_has_no_id(reference: str) -> None:
    assert id_in(reference) is None


@pytest.mark.parametrize(
    ("reference", "count"),
    [("order-{}-x", 1), ("{}", 1), ("{} {}", 2), ("x{}", 0), ("{}0", 0), ("-", 0)],
)
def test_ids_are_found_anywhere_in_a_reference(reference: str, count: int) -> None:
    text = id_text(IDENTITY)
    assert ids_within(reference.format(text, text)) == [IDENTITY] * count
    assert ids_within(reference.format(text, text).upper()) == [IDENTITY] * count


def test_a_receivers_hash_depends_on_the_salt() -> None:
    assert receiver_hash(SALT, "+31612345678") != receiver_hash(b"t" * 16, "+31612345678")
