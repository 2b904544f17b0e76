"""The commit that a project's files were read at, asked of git."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

TIMEOUT_SECONDS = 10
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def head_commit(folder: Path) -> str | None:
    """The id of HEAD's commit; None outside of a git work tree, before its first commit, and where there is no git.

    Nothing that the repository configures is run: no hook, no file system monitor.
    """
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    commit = done.stdout.strip()
    return commit if done.returncode == 0 and _COMMIT.fullmatch(commit) else None
