"""The option `--base` of `plan`."""

from __future__ import annotations

from collections.abc import Callable

import click


def base_option(command: Callable[..., int]) -> Callable[..., int]:
    """`base` is what git is asked for, if anything: nothing that it could take for an option."""
    return click.option("--base", metavar="REF", callback=lambda _, __, written: _ref(written),
                        help="Show what changes for recipients since the commit that HEAD and REF both come from: main, origin/main, HEAD~1.")(command)  # fmt: skip


def _ref(written: str | None) -> str | None:
    if written is not None and written.startswith("-"):
        raise click.BadParameter("no branch, tag or commit begins with '-'")
    return written
