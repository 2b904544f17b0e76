"""What was planned beside what arrived: every way in which they can differ."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest
from sandbox_client import CHANNEL, NOW, WORKSPACE, payload
from sandbox_page import ONE_GSM7, SALT, TWO_UCS2, record
from sendspec.composing.identity import id_text, payload_digest, receiver_hash
from sendspec.ledger.record import PURGED, MessageRecord
from sendspec.planning.message_state import State
from sendspec.sandbox.comparison import NOTED_SECONDS, Comparison, Difference, Fingerprint, Planned, compare
from sendspec.sandbox.store import KEPT_SECONDS, MAX_KEPT, Stored


def arrived(number: int, reference: str | None = None, text: str = "Hi", *, to: int = 0, **more: Any) -> Stored:
    body = payload(to or number, body={"type": "text", "text": {"text": text}})
    body["reference"] = id_text(number.to_bytes(16)) if reference is None else reference
    return Stored(**{"number": number, "id": f"id-{number}", "workspace": WORKSPACE, "channel": CHANNEL, "payload": body, "created_at": NOW, **more})  # fmt: skip


def compared(records: list[MessageRecord], stored: list[Stored], *, is_cut: bool = False) -> Comparison:
    planned = Planned(records=records, workspaces=frozenset({WORKSPACE}), is_cut=is_cut)
    return compare(planned, stored, NOW, {})


def kinds(found: Comparison) -> dict[Difference, int]:
    return {difference: len(rows) for difference, rows in found.found.items()}


def test_what_arrived_as_planned_is_no_difference() -> None:
    found = compared(
        [record(1), record(2, reference="own", resends=1), record(3, remote_id="id-3", reference="changed"), record(4, size=None)],
        [arrived(1), arrived(2, "own"), arrived(12, "own-2", to=2), arrived(3, "as-before"), arrived(4, text="’" * 90)],
    )  # fmt: skip
    assert (found.planned, found.arrived, found.same, found.differences) == (4, 5, 4, 0)
    assert found.record_of["id-12"].reference == "own"


def test_each_difference_is_told() -> None:
    found = compared(
        [record(1), record(2), record(3, state=State.IN_DOUBT), record(4), record(5, size=TWO_UCS2)],
        [
            arrived(2),
            arrived(22, id_text((2).to_bytes(16)), to=2),
            arrived(4, text="’"),
            arrived(5, text="’" * 80),
            arrived(9),
        ],
    )
    assert kinds(found) == {Difference.ABSENT: 2, Difference.TWICE: 1, Difference.SIZE: 1, Difference.UNPLANNED: 1}
    assert found.same == 1
    (size,) = found.found[Difference.SIZE]
    assert (size.record and size.record.size, size.size) == (ONE_GSM7, 3)


def test_what_is_not_to_be_there_is_not_missed() -> None:
    old = NOW - KEPT_SECONDS - 1
    found = compared(
        [record(1, state=State.PLANNED), record(2, state=State.REFUSED), record(3, state=State.SKIPPED), record(4, updated_at=old), record(5, state=State.SENDING)],
        [arrived(7, workspace="another")],
    )  # fmt: skip
    assert found.differences == 0
    assert found.waiting == {State.PLANNED: 1, State.REFUSED: 1, State.SKIPPED: 1, State.SENDING: 1}
    assert (found.forgotten, found.elsewhere, found.arrived) == ({State.ACCEPTED: 1}, 1, 0)


def test_what_the_sandbox_had_no_room_for_is_not_missed() -> None:
    full = [arrived(n + 2, f"r{n}") for n in range(MAX_KEPT)]
    assert compared([record(1, updated_at=NOW - 1)], full, is_cut=True).forgotten == {State.ACCEPTED: 1}
    doubt = record(1, state=State.IN_DOUBT, updated_at=NOW - 1)
    assert compared([doubt], full, is_cut=True).forgotten == {State.IN_DOUBT: 1}
    late = [record(1, updated_at=NOW + NOTED_SECONDS - 1)]
    assert compared(late, full, is_cut=True).forgotten == {State.ACCEPTED: 1}
    assert kinds(compared([record(1, updated_at=NOW + NOTED_SECONDS)], full, is_cut=True)) == {Difference.ABSENT: 1}
    assert kinds(compared([record(1, updated_at=NOW - 1)], full[1:], is_cut=True)) == {Difference.ABSENT: 1}


def test_of_a_part_of_the_ledger_nobody_can_tell_what_was_not_planned() -> None:
    assert kinds(compared([], [arrived(1)])) == {Difference.UNPLANNED: 1}
    assert kinds(compared([], [arrived(1)], is_cut=True)) == {}


def test_what_went_to_another_address_is_told_and_is_not_what_was_planned() -> None:
    found = compared([record(1, state=State.IN_DOUBT), record(2)], [arrived(66, id_text((1).to_bytes(16))), arrived(2)])
    assert (kinds(found), found.same) == ({Difference.ELSEWHERE: 1}, 1)
    assert found.record_of["id-66"].id == (1).to_bytes(16)
    assert kinds(compared([record(1, masked="")], [arrived(66, id_text((1).to_bytes(16)))])) == {}


def test_two_people_under_one_reference_are_each_compared_with_their_own() -> None:
    both = [record(1, reference="own"), record(2, reference="own")]
    assert compared(both, [arrived(1, "own"), arrived(2, "own")]).same == 2
    found = compared(both, [arrived(2, "own")])
    assert (kinds(found), found.same) == ({Difference.ABSENT: 1}, 1)
    assert found.record_of["id-2"].masked == "+44••••••02"


def sealed(*messages: Stored, receiver: bytes | None = None) -> Planned:
    """What the ledger has of these messages, by the number of each; `receiver` in place of the hash of each one's own."""
    prints = {}
    for message in messages:
        content = {name: value for name, value in message.payload.items() if name != "reference"}
        digest = payload_digest(SALT, sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest())
        own = receiver_hash(SALT, message.receivers[0]) if receiver is None else receiver
        prints[message.number.to_bytes(16)] = Fingerprint(own, digest)
    records = [record(message.number) for message in messages]
    return Planned(records=records, workspaces=frozenset({WORKSPACE}), salt=SALT, fingerprints=prints)


SAME_MASK = 501
"""The number of somebody whose masked number is that of number 1."""


@pytest.mark.parametrize(
    ("came", "receiver", "difference"),
    [
        (arrived(1), None, None),
        (arrived(1, text="Ho"), None, Difference.CONTENT),
        (arrived(1, text="Ho"), PURGED, Difference.CONTENT),
        (arrived(1, text="Ho" * 99), None, Difference.SIZE),
        (arrived(SAME_MASK, id_text((1).to_bytes(16))), None, Difference.ELSEWHERE),
        (arrived(SAME_MASK, id_text((1).to_bytes(16)), text="Ho" * 99), None, Difference.ELSEWHERE),
        (arrived(2, id_text((1).to_bytes(16))), PURGED, Difference.ELSEWHERE),
    ],
)
def test_who_got_it_and_what_is_in_it_are_compared_by_their_hashes(
    came: Stored, receiver: bytes | None, difference: Difference | None
) -> None:
    found = compare(sealed(arrived(1), receiver=receiver), [came], NOW, {})
    assert kinds(found) == ({} if difference is None else {difference: 1})
    assert found.same == (difference is None)
    assert found.record_of[came.id].id == (1).to_bytes(16)


def test_what_was_sent_before_another_text_was_planned_is_not_held_against_that_text() -> None:
    again = replace(sealed(arrived(1)), records=[record(1, resends=1)])
    first, second = (
        arrived(SAME_MASK, id_text((1).to_bytes(16)), text="Ho"),
        arrived(1, f"{id_text((1).to_bytes(16))}-2"),
    )
    found = compare(again, [first, second], NOW, {})
    assert (found.same, found.differences) == (1, 0)
    assert kinds(compare(again, [second, replace(second, id="other", number=9)], NOW, {})) == {Difference.TWICE: 1}
