"""Laws of the approvers file, whatever is in it."""

from __future__ import annotations

import base64
import struct

from hypothesis import given
from hypothesis import strategies as st
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.approvers import Approver, check_revoked, people, read_approvers
from sendspec.reading.public_key import PublicKey


def key(number: int) -> PublicKey:
    return PublicKey(
        "ssh-ed25519", struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + bytes([number]) * 32
    )


APPROVERS = st.builds(
    Approver,
    names=st.lists(st.sampled_from(["ada", "ADA", "bob", "cy", "dee", "eve"]), min_size=1, max_size=3).map(tuple),
    key=st.integers(0, 6).map(key),
)
CHUNKS = st.sampled_from([
    "ada", ",", " ", "\t", "\n", "\r", "#", '"', "=", "*", "é", "\u202e", "\ufeff", "namespaces", "valid-after", "2026", "0101",
    "cert-authority", "ssh-ed25519", "ssh-rsa", "AAAA", base64.b64encode(key(1).blob).decode(), key(2).line,
    'ada namespaces="git" ', "ssh-ed25519-cert-v01@openssh.com",
])  # fmt: skip


@given(st.lists(APPROVERS, max_size=8))
def test_names_are_one_person_exactly_if_keys_join_them(approvers: list[Approver]) -> None:
    """People are the parts of the graph of names and keys that hang together."""
    person = people(approvers)
    parts: list[set[object]] = []
    for approver in approvers:
        joined: set[object] = {*map(str.casefold, approver.names), approver.key}
        apart = [part for part in parts if not part & joined]
        parts = [*apart, joined.union(*(part for part in parts if part & joined))]
    expected = {frozenset(one for one in part if isinstance(one, str)) for part in parts}
    found = {frozenset(name for name, it in person.items() if it == who) for who in person.values()}
    assert found == expected


@given(st.lists(CHUNKS).map("".join))
def test_a_file_is_read_whole_or_has_problems(text: str) -> None:
    """Nothing else happens, and no line is left out."""
    problems = Problems()
    found = read_approvers("people", text.encode(), problems)
    lines = [
        line for line in text.removeprefix("\ufeff").split("\n") if (bare := line.strip(" \t\r")) and bare[0] != "#"
    ]
    assert problems.has_errors or len(found) == len(lines) > 0


@given(st.binary(max_size=200) | st.lists(CHUNKS).map("".join).map(str.encode))
def test_any_bytes_can_be_checked(raw: bytes) -> None:
    """No content is an error of sendspec's own."""
    read_approvers("people", raw, Problems())
    check_revoked("gone", raw, Problems())
