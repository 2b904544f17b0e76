"""The options that the commands of `sendspec webhook` share."""

from __future__ import annotations

from collections.abc import Callable

import click

from sendspec.cli.common_flag import OnceOption

Command = Callable[..., int]


def key_option(command: Command) -> Command:
    return click.option("--key-env", "key_names", multiple=True, required=True, metavar="NAME",
                        help="Environment variable with the signing key; can be repeated while a key is changed.")(command)  # fmt: skip


def url_option(command: Command) -> Command:
    return click.option("--url", cls=OnceOption, required=True, metavar="URL",
                        help="The webhook's URL as it was registered, its query included.")(command)  # fmt: skip
