"""`sendspec completion`: scripts that make shells complete sendspec's command line."""

from __future__ import annotations

import click

from sendspec.cli.complete import SHELLS
from sendspec.cli.console import Console, common_options
from sendspec.diagnostics.exit_code import ExitCode

NAMES = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(NAMES))
@common_options
def command(console: Console, shell: str) -> int:
    """Print a script that makes a shell complete commands, options, files, environments and error codes.

    \b
    Examples:
      sendspec completion bash > ~/.local/share/bash-completion/completions/sendspec
      sendspec completion zsh > "${fpath[1]}/_sendspec"
      sendspec completion fish > ~/.config/fish/completions/sendspec.fish
    """
    console.lines([(SHELLS / f"sendspec.{shell}").read_bytes()])
    return ExitCode.DONE
