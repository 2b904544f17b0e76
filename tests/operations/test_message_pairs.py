"""Messages to the same recipients, brought together from two long lists in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from random import Random

import orjson
import pytest
from sendspec.composing.message import Filtered, Message
from sendspec.composing.platforms.sms_segments import measure
from sendspec.operations.message_pairs import ChangedIds, message_pairs


def message(number: int, text: str, line: int) -> Message:
    identity = blake2b(str(number).encode(), digest_size=16).digest()
    digest = blake2b(text.encode(), digest_size=24).digest()
    body = orjson.dumps({"body": {"type": "text", "text": {"text": text}}})
    return Message(identity, "", "", body, digest, text, measure(text), line, number << 70)


def messages(numbers: list[int], word: str) -> Iterator[Message | Filtered]:
    """Every third number has the same text on both sides."""
    for line, number in enumerate(numbers):
        yield Filtered(line)
        yield message(number, f"{'same' if number % 3 == 0 else word} {number}", line)


@pytest.mark.parametrize("max_held", [0, 20_000, 10**9])
@pytest.mark.parametrize("order", ["same", "shuffled", "late"])
def test_every_changed_pair_is_found_once(max_held: int, order: str) -> None:
    """`late`: the second list has many others first, so nobody's counterpart is near."""
    old = list(range(3_000))
    new = {"same": old[:], "late": [*range(10_000, 14_000), *old]}.get(order, old[:])
    if order == "shuffled":
        Random(1).shuffle(new)
    changed, wanted = ChangedIds(), {number for number in old if number % 3}
    for number in wanted:
        changed.add(message(number, "", 0).id)
    found = message_pairs(messages(old, "old"), messages(new, "new"), changed, count=len(wanted), max_held=max_held)
    pairs = list(found)
    assert {one.alternatives >> 70 for one, _ in pairs} == wanted
    assert len(pairs) == len(wanted)
    for one, other in pairs:
        number = one.alternatives >> 70
        assert (one.id, one.text, other.text) == (other.id, f"old {number}", f"new {number}")
        assert (one.line, new[other.line], other.segments) == (number, number, 1)
        assert orjson.loads(other.body)["body"]["text"]["text"] == f"new {number}"


def test_both_lists_are_left_as_soon_as_all_are_found() -> None:
    changed = ChangedIds()
    changed.add(message(1, "", 0).id)
    old, new = messages(list(range(5_000)), "old"), messages(list(range(5_000)), "new")
    assert len(list(message_pairs(old, new, changed, count=1))) == 1
    assert next(old).line < 1_000


def test_without_room_those_are_left_out_that_have_to_wait() -> None:
    changed, numbers = ChangedIds(), list(range(1, 3_000))
    for number in numbers:
        changed.add(message(number, "", 0).id)
    new = [*numbers[:300], *range(10_000, 12_000), *numbers[300:]]
    rows = messages(numbers, "old"), messages(new, "new")
    found = list(message_pairs(*rows, changed, count=2_000, max_held=0, max_stored=0))
    assert {one.alternatives >> 70 for one, _ in found} == {number for number in range(1, 301) if number % 3}


def test_a_set_of_changed_ids_lacks_none_of_them() -> None:
    changed, ids = ChangedIds(), [message(number, "", 0).id for number in range(2_000)]
    for identity in ids[:1_000]:
        changed.add(identity)
    assert all(identity in changed for identity in ids[:1_000])
    assert sum(identity in changed for identity in ids[1_000:]) < 10
