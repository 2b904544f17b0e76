"""Approvals with the real ssh-keygen: what counts, what doesn't and why, and that nobody counts twice."""

from __future__ import annotations

import base64
import os
import pty
import re
import shutil
import signal
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from oracles import IN_CI
from sendspec.diagnostics.exceptions import (
    ApprovalMissing,
    ApproversUnusable,
    FileUnwritable,
    SignaturesUnusable,
    SigningFailed,
    SshKeygenFailed,
    SshKeygenMissing,
)
from sendspec.operations.approval_check import PlanToSend, Verified, check_approvals, verify
from sendspec.operations.approval_signing import Signed, sign
from sendspec.operations.approved_text import ApprovedText, read_signatures
from sendspec.reading.approvals import Approvals, Over
from ssh_keys import Key, KeyRing, keys, run

__all__ = ["keys"]
pytestmark = pytest.mark.process

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PLAN = ApprovedText(
    digest="v1:" + "a" * 64,
    environment="production",
    ledger="5a4d1b0e-0000-4000-8000-000000000003",
    expires="2026-07-08T12:00:00Z",
)
TEXT = PLAN.content
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def verified(signatures: bytes, approvers: str, revoked: bytes | None = None, **more: Any) -> Verified:
    return verify(PLAN, signatures, approvers.encode(), revoked, **{"environ": ENVIRON, "now": NOW, **more})


def listed(**by_name: Key | str) -> str:
    return "".join(f"{name} {key.line if isinstance(key, Key) else key}\n" for name, key in by_name.items())


def refused(signatures: bytes, approvers: str, revoked: bytes | None = None, **more: Any) -> str:
    """Why the only signature doesn't count."""
    found = verified(signatures, approvers, revoked, **more)
    assert found.approvers == ()
    (reason,) = found.rejected
    return re.sub(r"SHA256:\S+?(?=,| )", "…", reason)


def test_the_text_is_five_lines() -> None:
    assert TEXT.decode() == (
        f"sendspec-plan v1\nv1:{'a' * 64}\nproduction\n5a4d1b0e-0000-4000-8000-000000000003\n2026-07-08T12:00:00Z\n"
    )


@pytest.mark.parametrize("value", ["", "a\nb", "a b", "é", "a\r", "\0", "x" * 201])
@pytest.mark.parametrize("name", ["digest", "environment", "ledger", "expires"])
def test_a_value_that_could_pass_for_another_line_is_not_signed(name: str, value: str) -> None:
    values = {"digest": "d", "environment": "e", "ledger": "l", "expires": "x", name: value}
    with pytest.raises(ValueError, match="can't be signed"):
        ApprovedText(**values)


@pytest.mark.parametrize("kind", [("ed25519",), ("ecdsa",), ("ecdsa", "-b", "521"), ("rsa", "-b", "2048")])
def test_a_signature_by_a_listed_key_counts(keys: KeyRing, kind: tuple[str, ...]) -> None:
    key = keys.key("-".join(["of", *kind]), *kind)
    assert verified(key.sign(TEXT), listed(ada=key)) == Verified(("ada",), ())


def test_two_people_are_two(keys: KeyRing) -> None:
    ada, bob = keys.key("ada"), keys.key("bob")
    both = ada.sign(TEXT) + bob.sign(TEXT)
    assert verified(both, listed(ada=ada, bob=bob)) == Verified(("ada", "bob"), ())


def test_a_person_counts_once_however_many_keys_and_signatures_there_are(keys: KeyRing) -> None:
    ada, other = keys.key("ada"), keys.key("adas-other", "ecdsa")
    signatures = (ada.sign(TEXT) + other.sign(TEXT)) * 2
    assert verified(signatures, f"ada {ada.line}\nADA {other.line}\n").approvers == ("ada",)


def test_a_key_under_two_names_counts_once(keys: KeyRing) -> None:
    ada = keys.key("ada")
    assert verified(ada.sign(TEXT), listed(ada=ada, bob=ada)).approvers == ("ada",)
    assert verified(ada.sign(TEXT), f"ada,bob {ada.line}\n").approvers == ("ada",)


def test_names_that_share_a_key_count_once_with_keys_of_their_own_too(keys: KeyRing) -> None:
    ada, bob, shared = keys.key("ada"), keys.key("bob"), keys.key("shared")
    approvers = listed(ada=ada, bob=bob) + f"ada {shared.line}\nbob {shared.line}\n"
    assert verified(ada.sign(TEXT) + bob.sign(TEXT), approvers).approvers == ("ada",)


def test_a_key_that_is_not_listed_does_not_count(keys: KeyRing) -> None:
    mallory = keys.key("mallory")
    assert refused(mallory.sign(TEXT), listed(ada=keys.key("ada"))) == (
        "the signature by … was made with a key that no approver has"
    )


@pytest.mark.parametrize("change", [b"v1:" + b"b" * 64, b"staging", b"another-ledger", b"2027-01-01T00:00:00Z"])
def test_a_signature_for_another_plan_does_not_count(keys: KeyRing, change: bytes) -> None:
    ada = keys.key("ada")
    lines = TEXT.splitlines()
    at = {b"v": 1, b"s": 2, b"a": 3, b"2": 4}[change[:1]]
    lines[at] = change
    other = ada.sign(b"".join(line + b"\n" for line in lines))
    assert refused(other, listed(ada=ada)) == (
        "the signature by …, the key of 'ada', is forged, or was made for another plan"
    )


def test_an_altered_signature_does_not_count(keys: KeyRing) -> None:
    ada = keys.key("ada")
    content = bytearray(base64.b64decode(b"".join(ada.sign(TEXT).splitlines()[1:-1])))
    content[-1] ^= 1
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"\n-----END SSH SIGNATURE-----\n"
    assert "is forged" in refused(begin + base64.b64encode(content) + end, listed(ada=ada))


def test_a_key_put_into_another_ones_signature_does_not_count(keys: KeyRing) -> None:
    """The signature is Mallory's, and says that it is Ada's."""
    ada, mallory = keys.key("ada"), keys.key("mallory")
    content = base64.b64decode(b"".join(mallory.sign(TEXT).splitlines()[1:-1]))
    theirs, hers = (base64.b64decode(key.line.split()[1]) for key in (mallory, ada))
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"\n-----END SSH SIGNATURE-----\n"
    forged = begin + base64.b64encode(content.replace(theirs, hers)) + end
    assert "is forged" in refused(forged, listed(ada=ada))


@pytest.mark.parametrize(
    ("option", "counts"),
    [
        ('valid-before="20260701120000Z"', True),
        ('valid-before="20260701115959"', False),
        ('valid-before="20260701"', False),
        ('valid-after="20260701120000Z"', True),
        ('valid-after="20260701120001"', False),
        ('valid-after="20260101",valid-before="20261231"', True),
    ],
)
def test_a_key_counts_within_its_time(keys: KeyRing, option: str, counts: bool) -> None:
    ada = keys.key("ada")
    signature, approvers = ada.sign(TEXT), f"ada {option} {ada.line}\n"
    if counts:
        assert verified(signature, approvers, environ={**ENVIRON, "TZ": "Pacific/Kiritimati"}).approvers == ("ada",)
    else:
        assert refused(signature, approvers).endswith(
            "doesn't count at this time: see valid-after and valid-before of the key"
        )


def test_a_key_that_was_renewed_counts(keys: KeyRing) -> None:
    ada = keys.key("ada")
    approvers = f'ada valid-before="20260101" {ada.line}\nada valid-after="20260102" {ada.line}\n'
    assert verified(ada.sign(TEXT), approvers) == Verified(("ada",), ())


def test_a_revoked_key_does_not_count(keys: KeyRing) -> None:
    ada, bob = keys.key("ada"), keys.key("bob")
    signatures = ada.sign(TEXT) + bob.sign(TEXT)
    found = verified(signatures, listed(ada=ada, bob=bob), f"# left\n{ada.line} ada\n".encode())
    assert found.approvers == ("bob",)
    assert found.rejected == (f"the signature by {ada.fingerprint}, the key of 'ada', was made with a revoked key",)


def test_a_binary_list_of_revoked_keys_is_used(keys: KeyRing, tmp_path: Path) -> None:
    ada, bob = keys.key("ada"), keys.key("bob")
    krl = tmp_path / "krl"
    run("ssh-keygen", "-q", "-k", "-f", str(krl), str(ada.public))
    assert refused(ada.sign(TEXT), listed(ada=ada), krl.read_bytes()).endswith("was made with a revoked key")
    assert verified(bob.sign(TEXT), listed(bob=bob), krl.read_bytes()) == Verified(("bob",), ())


def test_a_damaged_list_of_revoked_keys_is_reported(keys: KeyRing) -> None:
    ada = keys.key("ada")
    with pytest.raises(ApproversUnusable, match="gone: ssh-keygen can't read it"):
        verified(ada.sign(TEXT), listed(ada=ada), b"SSHKRL\n\0cut", names=("people", "gone"))
    with pytest.raises(ApproversUnusable, match="gone: line 2: 'SHA256:abc' is not a kind of key"):
        verified(ada.sign(TEXT), listed(ada=ada), b"\nSHA256:abc\n", names=("people", "gone"))


def test_another_namespace_does_not_count(keys: KeyRing) -> None:
    ada = keys.key("ada")
    assert refused(ada.sign(TEXT, "git"), listed(ada=ada)) == ("the signature by … was made for another purpose, 'git'")


def test_a_namespace_put_into_a_signature_does_not_count(keys: KeyRing) -> None:
    ada = keys.key("ada")
    content = base64.b64decode(b"".join(ada.sign(TEXT, "a" * 13).splitlines()[1:-1]))
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"\n-----END SSH SIGNATURE-----\n"
    forged = begin + base64.b64encode(content.replace(b"a" * 13, b"sendspec-plan", 1)) + end
    assert "is forged" in refused(forged, listed(ada=ada))


@pytest.mark.parametrize(("namespaces", "counts"), [("sendspec-plan", True), ("git,sendspec-*", True), ("git", False)])
def test_a_key_may_be_listed_for_some_namespaces_only(keys: KeyRing, namespaces: str, counts: bool) -> None:
    ada = keys.key("ada")
    signature, approvers = ada.sign(TEXT), f'ada namespaces="{namespaces}" {ada.line}\n'
    if counts:
        assert verified(signature, approvers).approvers == ("ada",)
    else:
        assert refused(signature, approvers).endswith("was made with a key that may not sign for 'sendspec-plan'")


def test_a_certificate_does_not_count(keys: KeyRing) -> None:
    ada = keys.key("ada")
    approvers = listed(ada=ada, authority=keys.key("authority"))
    signature = keys.certificate("ada", "authority").sign(TEXT)
    assert refused(signature, approvers) == "the signature by … was made with a certificate, which can't approve"


def test_garbage_does_not_count_and_takes_nothing_away(keys: KeyRing) -> None:
    ada = keys.key("ada")
    found = verified(b"garbage\n" + ada.sign(TEXT) + b"-----BEGIN SSH SIGNATURE-----\nAAAA\n", listed(ada=ada))
    assert found == Verified(("ada",), ("there is text that is not a signature",))


def test_no_signature_is_no_approval(keys: KeyRing) -> None:
    assert verified(b"", listed(ada=keys.key("ada"))) == Verified((), ())


def test_an_approvers_file_with_a_fault_is_reported(keys: KeyRing) -> None:
    ada = keys.key("ada")
    with pytest.raises(ApproversUnusable, match=r"approvers: line 2: the line has no key \(and 1 more problem\)"):
        verified(ada.sign(TEXT), listed(ada=ada) + "bob\ncy\n")


# The program


def test_without_ssh_keygen_it_says_so(keys: KeyRing, tmp_path: Path) -> None:
    ada = keys.key("ada")
    (tmp_path / "ssh-keygen").symlink_to("/bin/true")
    for path in (str(tmp_path / "none"), "", ".", os.path.relpath(tmp_path)):
        with pytest.raises(SshKeygenMissing, match="the program ssh-keygen is not there"):
            verified(ada.sign(TEXT), listed(ada=ada), environ={"PATH": path})


def stand_in(folder: Path, script: str) -> dict[str, str]:
    """An environment with a program of this name that does what `script` says."""
    folder.mkdir(exist_ok=True)
    program = folder / "ssh-keygen"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return {**ENVIRON, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_a_program_that_refuses_everything_is_not_taken_for_a_forger(keys: KeyRing, tmp_path: Path) -> None:
    ada = keys.key("ada")
    with pytest.raises(SshKeygenFailed, match="it refuses every key"):
        verified(ada.sign(TEXT), listed(ada=ada), environ=stand_in(tmp_path / "bin", "exit 255"))
    broken = stand_in(tmp_path / "bin", "")
    (tmp_path / "bin" / "ssh-keygen").write_text("#!/no/such/shell\n")
    with pytest.raises(SshKeygenFailed, match="can't be started: no such file"):
        verified(ada.sign(TEXT), listed(ada=ada), environ=broken)


def test_the_program_gets_private_files_and_little_of_the_environment(keys: KeyRing, tmp_path: Path) -> None:
    ada, noted = keys.key("ada"), tmp_path / "noted"
    script = f"""
{{ echo "$@"; env; echo session $(cut -d' ' -f6 /proc/$$/stat); for word in "$@"; do
  test -f "$word" && stat -c '%a %n' "$word" && stat -c '%a' "$(dirname "$word")"; done; readlink /proc/$$/fd/0; }} >> {noted}
exec {_program()} "$@"
"""
    environ = {
        **stand_in(tmp_path / "bin", script),
        "SECRET": "s",
        "SSH_AUTH_SOCK": "/agent",
        "LANG": "nl_NL",
        "TZ": "x",
    }
    revoked = f"{keys.key('bob').line}\n".encode()
    assert verified(ada.sign(TEXT), f'ada valid-after="20260101" {ada.line}', revoked, environ=environ).approvers == (
        "ada",
    )
    lines = noted.read_text().splitlines()
    words = lines[0].split()
    assert words[:6] == ["-Y", "verify", "-n", "sendspec-plan", "-I", "approver"]
    assert words[-3:-1] == ["-Overify-time=20260701120000", "-r"]
    assert {line.partition("=")[0] for line in lines[1:] if re.match("[A-Z_]+=", line)} <= {
        "PATH", "HOME", "LC_ALL", "TZ", "PWD", "OLDPWD", "SHLVL", "_",
    }  # fmt: skip
    modes = [line for line in lines if re.fullmatch(r"\d+( /.*)?", line)]
    assert [mode.split()[0] for mode in modes] == ["600", "700"] * 3
    assert lines[-1].startswith("pipe:")
    (session,) = {line.split()[1] for line in lines if line.startswith("session")}
    assert int(session) != os.getsid(0)
    assert not any(Path(mode.split()[1]).exists() for mode in modes if " " in mode)


def _program() -> str:
    found = shutil.which("ssh-keygen")
    assert found is not None
    return found


# Signing


def signed(plan: Path, key: Path, **more: str) -> Signed:
    return sign(PLAN, plan, key, {**ENVIRON, **more}, asks=False)


def test_signing_adds_a_signature_beside_the_plan(keys: KeyRing, tmp_path: Path) -> None:
    ada, bob, plan = keys.key("ada"), keys.key("bob"), tmp_path / "plan.json"
    first = signed(plan, ada.path)
    assert (first.file, first.fingerprint, first.others, first.dropped) == (
        tmp_path / "plan.json.sig", ada.fingerprint, 0, 0,
    )  # fmt: skip
    second = signed(plan, bob.path)
    assert (second.others, second.dropped) == (1, 0)
    assert second.content == first.file.read_bytes() == read_signatures(plan)
    assert verified(read_signatures(plan), listed(ada=ada, bob=bob)) == Verified(("ada", "bob"), ())


def test_signing_again_replaces_ones_own_signature(keys: KeyRing, tmp_path: Path) -> None:
    ada, bob, plan = keys.key("ada"), keys.key("bob"), tmp_path / "plan.json"
    for key in (ada, bob, ada, bob):
        last = signed(plan, key.path)
    assert (last.others, last.dropped) == (1, 0)
    assert last.content.count(b"BEGIN SSH SIGNATURE") == 2


def test_signatures_for_another_plan_are_dropped_and_counted(keys: KeyRing, tmp_path: Path) -> None:
    ada, bob, plan = keys.key("ada"), keys.key("bob"), tmp_path / "plan.json"
    (tmp_path / "plan.json.sig").write_bytes(bob.sign(b"old") + b"garbage\n" + keys.key("cy").sign(TEXT, "git"))
    last = signed(plan, ada.path)
    assert (last.others, last.dropped) == (0, 3)
    assert verified(read_signatures(plan), listed(ada=ada, bob=bob)) == Verified(("ada",), ())


def test_a_key_without_its_private_part_signs_nothing(keys: KeyRing, tmp_path: Path) -> None:
    public = tmp_path / "somebody.pub"
    public.write_text(keys.key("ada").public.read_text())
    with pytest.raises(SigningFailed, match="can't sign with"):
        signed(tmp_path / "plan.json", public)
    assert not (tmp_path / "plan.json.sig").exists()


def test_a_passphrase_is_not_asked_for_without_a_terminal(keys: KeyRing, tmp_path: Path) -> None:
    key, asked = keys.key("locked", passphrase="correct horse"), tmp_path / "asked"
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\ntouch {asked}\necho correct horse\n")
    ask.chmod(0o700)
    with pytest.raises(SigningFailed, match="it can't ask for a passphrase without a terminal"):
        signed(tmp_path / "plan.json", key.path, SSH_ASKPASS=str(ask), DISPLAY=":0", SSH_ASKPASS_REQUIRE="force")
    assert not asked.exists()


SIGNS = """
import sys
from pathlib import Path
from sendspec.operations.approval_signing import sign
from sendspec.operations.approved_text import ApprovedText
text = ApprovedText(digest="d", environment="e", ledger="l", expires="x")
environ = {"PATH": sys.argv[3], "DISPLAY": ":0", "SSH_ASKPASS": "/bin/false"}
made = sign(text, Path(sys.argv[1]), Path(sys.argv[2]), environ, asks=True)
print("signed with", made.fingerprint)
"""


def test_a_person_types_the_passphrase_at_the_terminal(keys: KeyRing, tmp_path: Path) -> None:
    key = keys.key("locked", passphrase="correct horse")
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - another process
        os.execv(sys.executable, [sys.executable, "-c", SIGNS, str(tmp_path / "p"), str(key.path), os.environ["PATH"]])
    shown = b""
    while b"passphrase" not in shown:
        shown += os.read(terminal, 1_000)
    os.write(terminal, b"correct horse\n")
    while key.fingerprint.encode() not in shown:
        shown += os.read(terminal, 1_000)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert status == 0
    assert b"correct horse" not in shown
    assert (tmp_path / "p.sig").read_bytes().count(b"BEGIN SSH SIGNATURE") == 1


def test_what_is_no_key_signs_nothing(keys: KeyRing, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("no key")
    for name, reason in [
        ("none", "there is no file"), ("pipe", "is not a regular file"), (".", "is a folder"),
        ("a\0b", "there is no file"), ("text", "can't sign with"),
    ]:  # fmt: skip
        with pytest.raises(SigningFailed, match=reason):
            signed(tmp_path / "plan.json", tmp_path / name)


def test_a_certificate_signs_nothing(keys: KeyRing, tmp_path: Path) -> None:
    with pytest.raises(SigningFailed, match="signs with a certificate, which can't approve"):
        signed(tmp_path / "plan.json", keys.certificate("ada", "authority").path)
    assert not (tmp_path / "plan.json.sig").exists()


def test_a_signature_that_does_not_verify_is_not_written(keys: KeyRing, tmp_path: Path) -> None:
    script = f'case "$2" in check-novalidate) exit 255;; esac; exec {_program()} "$@"'
    environ = stand_in(tmp_path / "bin", script)
    with pytest.raises(SshKeygenFailed, match="made a signature that it doesn't accept"):
        signed(tmp_path / "plan.json", keys.key("ada").path, **environ)
    environ = stand_in(tmp_path / "bin", 'for last; do :; done; echo nothing > "$last.sig"')
    with pytest.raises(SshKeygenFailed, match="made something other than a signature"):
        signed(tmp_path / "plan.json", keys.key("ada").path, **environ)
    assert not (tmp_path / "plan.json.sig").exists()


def test_an_agent_signs_for_a_public_key(keys: KeyRing, tmp_path: Path) -> None:
    if shutil.which("ssh-agent") is None:
        (pytest.fail if IN_CI else pytest.skip)("ssh-agent is not installed")
    key, public = keys.key("ada"), tmp_path / "ada.pub"
    public.write_text(key.public.read_text())
    started = run("ssh-agent", "-s", "-a", str(tmp_path / "agent")).decode()
    found = re.search(r"SSH_AGENT_PID=(\d+)", started)
    assert found is not None
    try:
        agent = {"SSH_AUTH_SOCK": str(tmp_path / "agent")}
        run("ssh-add", "-q", str(key.path), environ=agent)
        assert signed(tmp_path / "plan.json", public, **agent).fingerprint == key.fingerprint
        assert verified(read_signatures(tmp_path / "plan.json"), listed(ada=key)).approvers == ("ada",)
    finally:
        os.kill(int(found[1]), signal.SIGTERM)


def test_a_folder_that_cannot_be_written_is_reported_before_anybody_is_asked(keys: KeyRing, tmp_path: Path) -> None:
    with pytest.raises(FileUnwritable, match="there is no folder for"):
        signed(tmp_path / "none" / "plan.json", tmp_path / "no-key")


# The files


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("link", "is a link"),
        ("pipe", "is not a regular file"),
        ("folder", "is not a regular file"),
        ("large", "larger than 1 MB"),
    ],
)
def test_only_a_file_of_its_own_holds_signatures(keys: KeyRing, tmp_path: Path, made: str, reason: str) -> None:
    ada, plan, file = keys.key("ada"), tmp_path / "plan.json", tmp_path / "plan.json.sig"
    (tmp_path / "approvers").write_text(listed(ada=ada))
    (tmp_path / "there").write_bytes(ada.sign(TEXT))
    match made:
        case "link":
            file.symlink_to("there")
        case "pipe":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case _:
            with file.open("wb") as opened:
                opened.truncate(100_000_000)
    with pytest.raises(SignaturesUnusable, match=reason):
        signed(plan, ada.path)
    with pytest.raises(ApprovalMissing, match=reason):
        checked(tmp_path, plan)


def checked(root: Path, plan: Path | None, messages: int = 5, **more: Any) -> tuple[str, ...]:
    approvals = Approvals(**{"approvers": "approvers", **more})
    given = None if plan is None else PlanToSend(plan, PLAN)
    return check_approvals(approvals, messages, given, environment="production", root=root, environ=ENVIRON, now=NOW)


def test_enough_approvals_let_a_plan_pass(keys: KeyRing, tmp_path: Path) -> None:
    ada, bob, plan = keys.key("ada"), keys.key("bob"), tmp_path / "plan.json"
    (tmp_path / "approvers").write_text(listed(ada=ada, bob=bob))
    signed(plan, ada.path)
    assert checked(tmp_path, plan) == ("ada",)
    with pytest.raises(ApprovalMissing) as caught:
        checked(tmp_path, plan, need=2)
    assert caught.value.problem == "the plan has 1 of 2 approvals that it needs, by ada"
    for command in ("sendspec approve", "sendspec send --plan"):
        assert command in caught.value.fix
    signed(plan, bob.path)
    assert checked(tmp_path, plan, need=2) == ("ada", "bob")


def test_what_does_not_count_is_named(keys: KeyRing, tmp_path: Path) -> None:
    ada, plan = keys.key("ada"), tmp_path / "plan.json"
    (tmp_path / "approvers").write_text(listed(ada=ada))
    (tmp_path / "plan.json.sig").write_bytes(
        b"".join(keys.key(f"other-{number}").sign(TEXT) for number in range(6)) + ada.sign(TEXT, "git")
    )
    with pytest.raises(ApprovalMissing) as caught:
        checked(tmp_path, plan)
    assert caught.value.problem.startswith(
        "the plan has 0 of 1 approval that it needs; not counted: the signature by SHA256:"
    )
    assert caught.value.problem.count("no approver has") == 5
    assert caught.value.problem.endswith("; and 2 more")


def test_a_revoked_key_of_the_project_does_not_count(keys: KeyRing, tmp_path: Path) -> None:
    ada, plan = keys.key("ada"), tmp_path / "plan.json"
    (tmp_path / "approvers").write_text(listed(ada=ada))
    (tmp_path / "gone").write_text(ada.line)
    signed(plan, ada.path)
    with pytest.raises(ApprovalMissing, match="was made with a revoked key"):
        checked(tmp_path, plan, revoked="gone")


def test_without_a_plan_file_there_is_nothing_to_approve(tmp_path: Path) -> None:
    with pytest.raises(
        ApprovalMissing, match="a send to 'production' needs 2 approvals, and only a plan file can be approved"
    ):
        checked(tmp_path, None, need=2)


def test_a_send_that_needs_no_approval_reads_no_file(tmp_path: Path) -> None:
    assert checked(tmp_path, None, 5, when=Over(messages=5)) == ()
    assert checked(tmp_path, tmp_path / "plan.json", 0) == ()


def test_files_of_the_project_are_read_within_it(keys: KeyRing, tmp_path: Path) -> None:
    root, ada = tmp_path / "project", keys.key("ada")
    root.mkdir()
    plan = root / "plan.json"
    (tmp_path / "approvers").write_text(listed(ada=ada))
    signed(plan, ada.path)
    with pytest.raises(ApproversUnusable, match="there is no file 'approvers'"):
        checked(root, plan)
    (root / "approvers").symlink_to("../approvers")
    with pytest.raises(ApproversUnusable, match="leads out of the project"):
        checked(root, plan)
    (root / "approvers").unlink()
    os.mkfifo(root / "approvers")
    with pytest.raises(ApproversUnusable, match="is not a regular file"):
        checked(root, plan)
    (root / "approvers").unlink()
    (root / "approvers").write_text("#" * 1_000_001)
    with pytest.raises(ApproversUnusable, match="approvers: it is larger than 1 MB"):
        checked(root, plan)


def test_the_signature_file_has_the_usual_mode(keys: KeyRing, tmp_path: Path) -> None:
    made = signed(tmp_path / "plan.json", keys.key("ada").path).file
    assert stat.S_IMODE(made.stat().st_mode) & 0o600 == 0o600
