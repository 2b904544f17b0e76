"""Whether enough people have approved a plan."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from shlex import quote

from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exceptions import ApprovalMissing, ApproversUnusable, SendspecError, SignaturesUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable
from sendspec.diagnostics.wording import counted
from sendspec.operations.approved_text import ApprovedText, read_signatures
from sendspec.operations.signature_block import NoSignature, SignatureBlock, signature_blocks
from sendspec.operations.ssh_keygen import NAMESPACE, SshKeygen, ssh_keygen
from sendspec.reading.approvals import Approvals, needs_approval
from sendspec.reading.approvers import KRL_MAGIC, Approver, check_revoked, people, read_approvers
from sendspec.reading.files.confined_path import open_in_project
from sendspec.reading.files.key_file import NO_KEY_FILES, KeyFiles
from sendspec.reading.limits import Amount
from sendspec.reading.project import PROJECT_FILE_NAME
from sendspec.reading.public_key import is_certificate

MAX_BYTES = 1_000_000
MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class PlanToSend:
    """A plan file, and what its approvers must have signed."""

    file: Path
    text: ApprovedText


@dataclass(frozen=True, slots=True)
class Verified:
    """The different people who approved, and why the other signatures don't count."""

    approvers: tuple[str, ...]
    rejected: tuple[str, ...]


def check_approvals(
    approvals: Approvals,
    messages: int,
    plan: PlanToSend | None,
    *,
    environment: str,
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    key_files: KeyFiles = NO_KEY_FILES,
    has_new_shape: bool = True,
    costs_more: Callable[[Amount], bool] = lambda amount: True,
) -> tuple[str, ...]:
    """Who approved the plan, whether a send of this many messages needs it or not. `plan`: None without a plan file.

    `costs_more` is whether the send costs more than an amount, or may do so. `root` is the project's folder, `key_files` the files of its access keys. Raises `ApprovalMissing`,
    `ApproversUnusable` and `SshKeygenUnusable`.
    """
    if not needs_approval(approvals, messages, costs_more, has_new_shape=has_new_shape):
        return () if plan is None else _approvers_all_the_same(approvals, plan, root, environ, now, key_files)
    if plan is None:
        needed = counted(approvals.need, "approval")
        raise ApprovalMissing(
            f"a send to '{environment}' needs {needed}, and only a plan file can be approved",
            f"run `sendspec plan … --env {environment} --out plan.json`, then {_steps('plan.json')}",
        )
    fix = _steps(str(plan.file))
    try:
        verified = verify_files(approvals, plan, root=root, environ=environ, now=now, key_files=key_files)
    except SignaturesUnusable as error:
        raise ApprovalMissing(f"the approvals of this plan can't be read: {error.problem}", error.fix) from None
    if len(verified.approvers) < approvals.need:
        raise ApprovalMissing(_too_few(approvals.need, verified), fix)
    return verified.approvers


def _approvers_all_the_same(
    approvals: Approvals,
    plan: PlanToSend,
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    key_files: KeyFiles,
) -> tuple[str, ...]:
    """Who signed a plan that needs no approval, for the record. What can't be read or verified holds nothing up."""
    with suppress(SendspecError):
        return verify_files(approvals, plan, root=root, environ=environ, now=now, key_files=key_files).approvers
    return ()


def verify_files(
    approvals: Approvals,
    plan: PlanToSend,
    *,
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    key_files: KeyFiles = NO_KEY_FILES,
) -> Verified:
    """`verify` with the signatures beside the plan and the files that `approvals` names.

    Raises `SignaturesUnusable`, `ApproversUnusable` and `SshKeygenUnusable`.
    """
    signatures = read_signatures(plan.file)
    approvers = _read(root, approvals.approvers, key_files)
    revoked = None if approvals.revoked is None else _read(root, approvals.revoked, key_files)
    names = (approvals.approvers, approvals.revoked or "")
    return verify(plan.text, signatures, approvers, revoked, environ=environ, now=now, names=names)


def listed_people(approvals: Approvals, root: Path, key_files: KeyFiles = NO_KEY_FILES) -> int:
    """How many different people the approvers file names. Raises `ApproversUnusable` for a fault in any of the files."""
    if approvals.revoked is not None:
        _check_revoked(approvals.revoked, _read(root, approvals.revoked, key_files))
    return len(set(people(_approvers(approvals.approvers, _read(root, approvals.approvers, key_files))).values()))


def verify(
    text: ApprovedText,
    signatures: bytes,
    approvers: bytes,
    revoked: bytes | None,
    *,
    environ: Mapping[str, str],
    now: datetime,
    names: tuple[str, str] = ("approvers", "revoked"),
) -> Verified:
    """Counts the people of the approvers file who have signed `text`. `names` are those files' paths, for problems.

    A person counts once, with any number of keys and signatures; names that share a key are one person's. Raises
    `SignaturesUnusable`, `ApproversUnusable` and `SshKeygenUnusable`.
    """
    listed = _approvers(names[0], approvers)
    if revoked is not None:
        _check_revoked(names[1], revoked)
        revoked = revoked.removeprefix(BOM_UTF8)  # ssh-keygen would take the mark for a part of the first key
    blocks = signature_blocks(signatures)
    person = people(listed)
    approved: dict[str, str] = {}
    rejected: list[str] = []
    if not blocks:
        return Verified((), ())
    with ssh_keygen(environ) as program:
        check = _Check(program, text.content, listed, revoked, names[1], now)
        for block in dict.fromkeys(blocks):
            found = check.of(block)
            if isinstance(found, Approver):
                approved.setdefault(person[found.names[0].casefold()], found.names[0])
            else:
                rejected.append(found)
    return Verified(tuple(approved.values()), tuple(dict.fromkeys(rejected)))


@dataclass(frozen=True, slots=True)
class _Check:
    """What each signature is held to."""

    program: SshKeygen
    text: bytes
    approvers: Sequence[Approver]
    revoked: bytes | None
    revoked_name: str
    now: datetime

    def of(self, block: SignatureBlock | NoSignature) -> Approver | str:
        """The approver whose signature it is, or why it doesn't count."""
        if isinstance(block, NoSignature):
            return block.problem
        whose = f"the signature by {printable(block.key.fingerprint)}"
        if block.namespace != NAMESPACE:
            return f"{whose} was made for another purpose, '{printable(block.namespace[:40])}'"
        if is_certificate(block.key.kind):
            return f"{whose} was made with a certificate, which can't approve"
        listed = [approver for approver in self.approvers if approver.key == block.key]
        if not listed:
            return f"{whose} was made with a key that no approver has"
        for approver in listed:
            if self._verifies(block, approver, self.revoked):
                return approver
        return f"{whose}, the key of '{printable(listed[0].names[0])}', {self._why(block, listed)}"

    def _why(self, block: SignatureBlock, listed: Sequence[Approver]) -> str:
        """Why a signature by a listed key was refused. Asks what the program accepts, with one check less at a time."""
        self.program.check_works(block.key)
        if not self.program.fits(self.text, block):
            return "is forged, or was made for another plan"
        present = [approver for approver in listed if _counts(approver, self.now)]
        if not present:
            return "doesn't count at this time: see valid-after and valid-before of the key"
        if self.revoked is not None and any(self._verifies(block, approver, None) for approver in present):
            if self.revoked.startswith(KRL_MAGIC) and not self.program.can_read_revocations(self.revoked):
                raise _unusable(self.revoked_name, "ssh-keygen can't read it", "make it again with ssh-keygen -k")
            return "was made with a revoked key"
        return f"was made with a key that may not sign for '{NAMESPACE}'"

    def _verifies(self, block: SignatureBlock, approver: Approver, revoked: bytes | None) -> bool:
        return self.program.verifies(self.text, block, approver, revoked, self.now)


def _counts(approver: Approver, now: datetime) -> bool:
    """Whether the key counts at this time, as ssh-keygen decides it too."""
    after, before = approver.valid_after, approver.valid_before
    return (after is None or now >= after) and (before is None or now <= before)


def _approvers(name: str, raw: bytes) -> tuple[Approver, ...]:
    problems = Problems()
    found = read_approvers(name, raw, problems)
    _refuse(name, problems)
    return found


def _check_revoked(name: str, raw: bytes) -> None:
    problems = Problems()
    check_revoked(name, raw, problems)
    _refuse(name, problems)


def _refuse(name: str, problems: Problems) -> None:
    """Raises `ApproversUnusable` with the first of the problems."""
    found = list(problems)
    if not found:
        return
    first = found[0]
    more = f" (and {counted(len(found) - 1, 'more problem')})" if len(found) > 1 else ""
    raise _unusable(name, f"line {first.span.start.line}: {first.problem}{more}", first.fix)


def _read(root: Path, written: str, key_files: KeyFiles) -> bytes:
    """All of a file that the project names: read once, so that what is checked is what is used."""
    opened = open_in_project(root, str(root / PROJECT_FILE_NAME), written, key_files)
    if isinstance(opened, Problem):
        found = replace(opened, fix=f"put the file there, or correct `approvals` in {PROJECT_FILE_NAME}")
        raise ApproversUnusable(found.problem, found.fix)
    with os.fdopen(opened.descriptor, "rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise _unusable(written, f"it is larger than {MAX_BYTES / 1_000_000:g} MB", "remove what is not needed")
    return raw


def _unusable(name: str, problem: str, fix: str) -> ApproversUnusable:
    return ApproversUnusable(f"{printable(name[:200])}: {problem}", fix)


def _too_few(need: int, verified: Verified) -> str:
    there = len(verified.approvers)
    by = f", by {printable(', '.join(verified.approvers))}" if there else ""
    counted_text = f"the plan has {there} of {counted(need, 'approval')} that it needs{by}"
    if not verified.rejected:
        return counted_text
    shown = "; ".join(verified.rejected[:MOST_REASONS])
    more = len(verified.rejected) - MOST_REASONS
    return f"{counted_text}; not counted: {shown}{f'; and {more} more' if more > 0 else ''}"


def _steps(plan: str) -> str:
    """The remaining steps for a plan file. A new plan would lose the signatures: its expiry differs."""
    file = printable(quote(plan))
    return f"have it signed with `sendspec approve {file} --key FILE`, then run `sendspec send --plan {file}`"
