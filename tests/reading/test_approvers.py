"""The approvers file: each line is understood or refused at its place, and shared keys make one person."""

from __future__ import annotations

import base64
import struct
from datetime import UTC, datetime

import pytest
from sendspec.diagnostics.diagnostic import Problems
from sendspec.reading.approvers import MAX_LINES, Approver, check_revoked, people, read_approvers
from sendspec.reading.public_key import PublicKey, fields_of, key_in_signature, read_public_key


def fields(*values: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(value)) + value for value in values)


def key(number: int) -> PublicKey:
    return PublicKey("ssh-ed25519", fields(b"ssh-ed25519", bytes([number]) * 32))


ADA, BOB, CY = (key(number) for number in (1, 2, 3))


def read(text: str) -> tuple[Approver, ...]:
    problems = Problems()
    found = read_approvers("people", text.encode(), problems)
    assert list(problems) == []
    return found


def faults(raw: bytes) -> list[tuple[int, int, str]]:
    problems = Problems()
    read_approvers("people", raw, problems)
    for problem in problems:
        assert problem.code == "key-list"
        assert problem.path == "people"
        assert problem.fix[0].islower()
    return [(it.span.start.line, it.span.start.column, it.problem) for it in problems]


def test_a_line_is_a_person_and_a_key() -> None:
    text = f"\ufeff# approvers\r\n\r\n  ada@example.com,ada {ADA.line} her laptop\r\nbob\t{BOB.line}"
    assert read(text) == (Approver(names=("ada@example.com", "ada"), key=ADA), Approver(names=("bob",), key=BOB))


def test_options_limit_a_key() -> None:
    options = 'Namespaces="file,sendspec-*",valid-after="20260102",valid-before="20271231235958Z"'
    assert read(f"ada {options} {ADA.line}") == (
        Approver(
            names=("ada",),
            key=ADA,
            namespaces="file,sendspec-*",
            valid_after=datetime(2026, 1, 2, tzinfo=UTC),
            valid_before=datetime(2027, 12, 31, 23, 59, 58, tzinfo=UTC),
        ),
    )
    assert read(f'ada valid-before="202712312359" {ADA.line}')[0].valid_before == datetime(
        2027, 12, 31, 23, 59, tzinfo=UTC
    )


CERTIFICATE = "ssh-ed25519-cert-v01@openssh.com AAAA"
RSA = fields(b"ssh-rsa", b"\x01\x00\x01", b"\x00\x80" + b"\x01" * 255)
PADDED = fields(b"ssh-rsa", b"\x01\x00\x01", b"\x00\x00\x80" + b"\x01" * 255)


def encoded(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


@pytest.mark.parametrize(
    ("line", "column", "problem"),
    [
        ("ada", 1, "the line has no key"),
        ("ada ssh-ed25519", 1, "the line has no key"),
        (f"*@example.com {ADA.line}", 1, "'*@ex•••••••••' is not one person's name"),
        (f"ada,!bob {ADA.line}", 1, "'!bob' is not one person's name"),
        (f"ada,,bob {ADA.line}", 1, "'' is not one person's name"),
        (f'"ada b" {ADA.line}', 1, "'\"ada' is not one person's name"),
        (f"ada cert-authority {ADA.line}", 5, "a certificate authority can't approve"),
        (f'ada cert-authority,namespaces="git" {ADA.line}', 5, "a certificate authority can't approve"),
        (f"ada {CERTIFICATE}", 5, "this is a certificate, and only keys can be listed"),
        (f'ada namespaces="git" {CERTIFICATE}', 22, "this is a certificate, and only keys can be listed"),
        (
            f'ada valid-for="20270101" {ADA.line}',
            5,
            "'valid-for' is neither an option nor a kind of key that can be listed",
        ),
        (
            f'ada valid-after="20260101",valid-after="20270101" {ADA.line}',
            28,
            "the option 'valid-after' is there twice",
        ),
        (f"ada valid-after=20260101 {ADA.line}", 5, "this is neither an option nor a key"),
        (f"ada namespaces {ADA.line}", 5, "the option 'namespaces' has no value that can be read"),
        (f'ada namespaces="a b" {ADA.line}', 5, "the option 'namespaces' has no value that can be read"),
        (f'ada valid-before="20270230" {ADA.line}', 18, "'20270230' is not a time"),
        (f'ada valid-before="2027" {ADA.line}', 18, "'2027' is not a time"),
        (f'ada valid-before="٢٠٢٧٠١٠١" {ADA.line}', 18, "'٢٠٢٧٠١٠١' is not a time"),
        (f'ada namespaces="git", {ADA.line}', 5, "this is neither an option nor a key"),
        ("ada ssh-dss AAAA", 5, "'ssh-dss' is neither an option nor a kind of key that can be listed"),
        ('ada namespaces="git" ssh-dss AAAA', 22, "'ssh-dss' is not a kind of key that can be listed"),
        (f"ada {ADA.line[:-4]}", 5, "the key is cut or was altered"),
        (f"ada {ADA.line[:-3]}", 5, "the key is cut or was altered"),
        (f"ada ssh-rsa {ADA.line.split()[1]}", 5, "the key is cut or was altered"),
        (f"ada ssh-rsa {encoded(PADDED)}", 5, "the key is cut or was altered"),
        (f"ada ssh-rsa {encoded(fields(b'ssh-rsa', b'', b'1'))}", 5, "the key is cut or was altered"),
        (f"ada ssh-rsa {encoded(fields(b'ssh-rsa', b'1', bytes([0x81])))}", 5, "the key is cut or was altered"),
        (f"ada\rbob {ADA.line}", 1, "the line is too long, or has an invisible character"),
        (f"ada\u202e {ADA.line}", 1, "the line is too long, or has an invisible character"),
        (f"ada {ADA.line} {'x' * 20_000}", 1, "the line is too long, or has an invisible character"),
    ],
)
def test_a_line_that_could_be_read_in_two_ways_is_refused(line: str, column: int, problem: str) -> None:
    assert faults(f"bob {BOB.line}\n{line}\n".encode()) == [(2, column, problem)]


def test_all_faults_are_reported_at_once() -> None:
    assert [line for line, _, _ in faults(f"one\nbob {BOB.line}\nthree\n".encode())] == [1, 3]


def test_a_file_that_names_nobody_is_refused() -> None:
    assert faults(b"# nobody yet\n\n") == [(1, 1, "the file names no approver")]


def test_a_file_that_is_not_text_is_refused() -> None:
    assert faults(b"\xff\xfe") == [(1, 1, "the file is not UTF-8 text")]


def test_the_size_of_a_file_is_bounded() -> None:
    assert faults(b"#\n" * MAX_LINES) == [(1, 1, "the file has more than 1,000 lines")]
    assert faults(f"ada {ADA.line}\n".encode() * 11) == [(11, 1, "this key is on more than 10 lines")]


def test_an_rsa_key_is_read() -> None:
    assert read(f"ada ssh-rsa {encoded(RSA)}")[0].key == PublicKey("ssh-rsa", RSA)


def test_the_fingerprint_is_that_of_ssh_keygen() -> None:
    encoded_key = "AAAAC3NzaC1lZDI1NTE5AAAAICNw07W2nvW/oMZIzxxqPLP9eLKeUig0N8jSieEhLwG0"
    found = read_public_key("ssh-ed25519", encoded_key)
    assert isinstance(found, PublicKey)
    assert found.line == f"ssh-ed25519 {encoded_key}"
    assert found.fingerprint.startswith("SHA256:")
    assert len(found.fingerprint) == 50


def test_names_are_different_people_unless_they_share_a_key() -> None:
    assert people([Approver(names=("Ada",), key=ADA), Approver(names=("bob",), key=BOB)]) == {
        "ada": "ada",
        "bob": "bob",
    }
    assert people([Approver(names=("ada", "ADA"), key=ADA), Approver(names=("ada",), key=BOB)]) == {"ada": "ada"}
    shared = people([Approver(names=("ada",), key=ADA), Approver(names=("bob",), key=ADA)])
    assert shared["ada"] == shared["bob"]


def test_sharing_leads_from_person_to_person() -> None:
    chain = [
        Approver(names=("ada",), key=ADA),
        Approver(names=("bob",), key=BOB),
        Approver(names=("cy", "bob"), key=CY),
        Approver(names=("ada",), key=CY),
    ]
    assert len(set(people(chain).values())) == 1


@pytest.mark.parametrize("raw", [b"", b"\0\0", b"\0\0\0\5abc", fields(b"\xff")])
def test_a_signature_without_a_key_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        key_in_signature(raw)


def test_fields_are_taken_apart() -> None:
    assert fields_of(fields(b"one", b"", b"three")) == [b"one", b"", b"three"]


def revoked_faults(raw: bytes) -> list[tuple[int, str]]:
    problems = Problems()
    check_revoked("revoked", raw, problems)
    return [(it.span.start.line, it.problem) for it in problems]


def test_a_list_of_revoked_keys_has_a_key_a_line() -> None:
    assert revoked_faults(f"# gone\n{ADA.line} ada\n\n{BOB.line}\n".encode()) == []
    assert revoked_faults(b"SSHKRL\n\0whatever") == []
    assert revoked_faults(b"") == []


def test_a_revoked_key_that_would_be_skipped_is_refused() -> None:
    raw = f"{ADA.line}\nSHA256:abc\nssh-ed25519 AAAA\nssh-ed25519\n".encode()
    assert revoked_faults(raw) == [
        (2, "'SHA256:abc' is not a kind of key that can be listed"),
        (3, "the key is cut or was altered"),
        (4, "the key is cut or was altered"),
    ]
