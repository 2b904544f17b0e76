"""Reports a bug in sendspec: a short message, a crash file without personal data, exit code 70."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from sendspec import __version__
from sendspec.diagnostics.exit_code import ExitCode


def report_crash(error: BaseException, command: str) -> int:
    """Writes where it happened; never values of variables or the exception's text, which may hold a phone number."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"sendspec {__version__}, Python {sys.version.split()[0]}",
        f"command: {command}",
    ]
    lines += [f"{type(error).__module__}.{type(error).__qualname__}"]
    lines += [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
    sys.stderr.write(
        f"sendspec: this is a bug in sendspec ({type(error).__name__}), not in your files\n"
        f"    = fix: report it with {_kept(lines)}; it holds no recipients, texts or keys\n"
        "    = also: what was sent is in the ledger: `sendspec status` shows it\n"
    )
    return ExitCode.BUG


def _kept(lines: Sequence[str]) -> str:
    """Where the lines are: in a file, or on stderr if there is no room for one."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="sendspec-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        sys.stderr.write("\n".join(lines) + "\n")
        return "the lines above"
    return file.name
