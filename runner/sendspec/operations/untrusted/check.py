"""Checks or plans specs without trusting any file of theirs: see `SECURITY.md`, "Pull requests from strangers"."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

from sendspec.diagnostics.exceptions import SendspecError
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.diagnostics.redaction import printable
from sendspec.operations.base_commit import BaseCommit, find_base
from sendspec.operations.ending_signal import ending_on_signals
from sendspec.operations.git_command import Git, GitSlow, GitUnreadable
from sendspec.operations.system import System
from sendspec.operations.untrusted.child_process import failed, report_of_child, too_slow
from sendspec.operations.untrusted.limits import LIMITS, UntrustedLimits
from sendspec.operations.untrusted.private_checkout import private_checkout
from sendspec.operations.untrusted.report import CopiedBase, UntrustedFailure, UntrustedReport, UntrustedRequest
from sendspec.operations.untrusted.stopped import UntrustedStopped
from sendspec.operations.untrusted.tracked_files import TrackedFiles, committed_files, tracked_files, working_prefix
from sendspec.operations.untrusted.value_codec import NotOfType, decoded, encoded
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.files.nofollow_open import read_beneath

Ask = Callable[[bytes, Path, UntrustedLimits, float], bytes]
"""What is reported about an encoded request, begun in a folder."""
_FORESEEN = (ExitCode.REJECTED, ExitCode.LEDGER, ExitCode.GUARD)


class FailedInChild(SendspecError):
    """A failure that the child foresaw. Its exit code is what the command's would have been."""

    def __init__(self, failure: UntrustedFailure) -> None:
        super().__init__(failure.problem, failure.fix)
        self.code = failure.code
        self.exit_code = ExitCode(failure.exit_code)  # type: ignore[misc]  # of this failure alone


def untrusted_report(
    specs: Sequence[str],
    env: str | None,
    system: System,
    folder: Path,
    *,
    plans: bool,
    base: str | None = None,
    limits: UntrustedLimits = LIMITS,
    ask: Ask = report_of_child,
) -> UntrustedReport:
    """What a child process tells of the specs, whose paths are as typed in `folder`. `plans`: it plans them, else it checks them.

    `base` names the commit that the plans are compared with, as `plan --base` does. Only a test of its own files may `ask` another than a child.

    Raises `UntrustedStopped`, and the failures that the child foresaw.
    """
    end = monotonic() + limits.seconds
    git = Git(folder, system.environ, end=end)
    try:
        prefix = working_prefix(git)
        paths = [_from_top(spec, folder, prefix) for spec in specs]
        tracked = tracked_files(git, paths)
        commit = None if base is None else find_base(base, folder, system.environ, end=end)
        with ending_on_signals(), private_checkout(git, tracked, limits) as checkout:
            written = [posixpath.relpath(path, prefix or ".") for path in paths]
            request = UntrustedRequest(
                specs=tuple(written),
                env=env,
                plans=plans,
                top=str(checkout.top.resolve()),
                left_out=checkout.left_out,
                limits=limits,
                parent=os.getpid(),
            )
            (checkout.top / prefix).mkdir(parents=True, exist_ok=True)
            with _with_base(request, commit, git, tracked, paths) as completed:
                report = _told(ask(encoded(completed), checkout.top / prefix, limits, end))
            top = folder.joinpath(*[".."] * prefix.count("/"))
            read = dict.fromkeys([*paths, *(path for path in report.inputs if path in tracked.entries)])
            changed = [path for path in read if _differs(path, top, checkout.top, limits.file_bytes)]
            return replace(report, unstaged=tuple(posixpath.relpath(path, prefix or ".") for path in changed))
    except GitSlow:
        raise too_slow(limits) from None
    except (GitUnreadable, ValueError) as error:
        raise UntrustedStopped(
            "untrusted-repository",
            f"git can't say which files it tracks: {error}",
            "run the command inside the repository, and correct what git says",
        ) from None


@contextmanager
def _with_base(
    request: UntrustedRequest,
    base: BaseCommit | None,
    git: Git,
    now: TrackedFiles,
    specs: Sequence[str],
) -> Iterator[UntrustedRequest]:
    """The request with a copy of the base's files, while the block runs."""
    if base is None:
        yield request
        return
    then = committed_files(git, base.git.entries(base.commit), specs, now)
    everywhere = {*now.entries, *then.entries}
    differing = sorted(path for path in everywhere if now.entries.get(path) != then.entries.get(path))
    with private_checkout(git, then, request.limits) as checkout:
        copied = CopiedBase(
            ref=base.ref,
            commit=base.commit,
            top=str(checkout.top.resolve()),
            seconds=base.git.seconds_of(base.commit),
            modes={path: mode.decode() for path, (mode, _) in then.entries.items()},
            left_out=checkout.left_out,
            differing=tuple(differing),
        )
        yield replace(request, base=copied)


def _told(data: bytes) -> UntrustedReport:
    try:
        report = decoded(UntrustedReport, data)
    except NotOfType as error:
        raise failed(f"what it wrote is no report ({error})") from None
    if report.failure is not None:
        raise _raised(report.failure)
    return report


def _raised(failure: UntrustedFailure) -> SendspecError:
    if failure.exit_code == ExitCode.USAGE:
        return WrongUsage(failure.problem, failure.fix, option="--env" if failure.option == "--env" else "")
    return FailedInChild(failure) if failure.exit_code in _FORESEEN else failed(printable(failure.problem[:200]))


def _differs(path: str, top: Path, copy: Path, most: int) -> bool:
    """Whether the file in the work tree has another content than the copy, line ends aside. One that is no file differs."""
    try:
        tracked = read_beneath(copy, path, most)
    except OSError:  # it isn't in the copy, which is a problem of its own
        return False
    try:
        found = read_beneath(top, path, most)
    except OSError:
        return True
    return found.replace(b"\r\n", b"\n") != tracked.replace(b"\r\n", b"\n")


def _from_top(spec: str, folder: Path, prefix: str) -> str:
    """The path of a spec from the top of the repository. Links are not followed: git tracks them as they are."""
    written = os.path.relpath(spec, folder) if spec.startswith("/") else spec
    path = posixpath.normpath(posixpath.join(prefix, written))
    if path == ".." or path.startswith(("../", "/")):
        raise UntrustedStopped(
            "untrusted-untracked",
            f"'{printable(spec[:200])}' is outside of this repository",
            "name specs of the repository that the command runs in",
        )
    return path
