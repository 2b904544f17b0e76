"""Runs a command in this process under a profiler and prints where its time goes.

`make profile`, or `make profile WHAT=send`. cProfile sees the thread that runs the command: of a send that is the loop with the
ledger, not the senders. Where pyinstrument is installed, its tree is printed as well.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import io
import os
import pstats
import tempfile
from collections.abc import Callable
from pathlib import Path

from sendspec.cli.main import run

from benchmarks.fast_server import fast_server
from benchmarks.material import FAST, environ, make_project

TOP = 30


def profile(call: Callable[[], object]) -> str:
    """The functions that cost most: by their own time, and with all that they call."""
    profiler = cProfile.Profile()
    with contextlib.redirect_stdout(io.StringIO()):
        profiler.runcall(call)
    out = io.StringIO()
    stats = pstats.Stats(profiler, stream=out).strip_dirs()
    stats.sort_stats("tottime").print_stats(TOP)
    stats.sort_stats("cumulative").print_stats(TOP)
    return out.getvalue()


def sampled(call: Callable[[], object]) -> str:
    """The same as a tree of samples, which weighs small functions as they are; empty without pyinstrument."""
    try:
        from pyinstrument import Profiler
    except ImportError:
        return ""
    profiler = Profiler()
    with contextlib.redirect_stdout(io.StringIO()), profiler:
        call()
    return str(profiler.output_text(show_all=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("plan", "validate", "send", "broken"), default="plan")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--tree", action="store_true", help="with pyinstrument instead")
    options = parser.parse_args()
    os.environ.update(environ())
    os.environ.pop("CI", None)
    with (
        tempfile.TemporaryDirectory(prefix="sendspec-profile-") as folder,
        fast_server(Path(folder) / "nginx") as server,
    ):
        project = make_project(Path(folder) / "project")
        project.point_to(server.url)
        project.with_fresh_ledger(FAST)
        table = project.table(options.rows, broken=100 if options.what == "broken" else 0)
        words = [options.what if options.what != "broken" else "plan", str(project.spec), "--env", FAST]
        words += ["--recipients", str(table), *(["--yes"] if options.what == "send" else [])]
        print((sampled if options.tree else profile)(lambda: run(words)))


if __name__ == "__main__":
    main()
