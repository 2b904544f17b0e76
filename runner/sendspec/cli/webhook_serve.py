"""`sendspec webhook serve`: receives webhooks until it is stopped."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import click

from sendspec.cli.console import Console, common_options, environment_option, rejects
from sendspec.cli.interrupt import end_on_signals
from sendspec.cli.project import open_context
from sendspec.cli.webhook_option import key_option, url_option
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.webhook_files import spool_path
from sendspec.operations.webhook_settings import checked_url, signing_keys
from sendspec.showing.webhook_serve import aside_text, counts_text, refusal_text, serve_document, serve_text


def _address(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, int]:
    text = values[-1]
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else -1
    except ValueError:
        number = -1
    if not colon or not 0 <= number <= 65_535:
        raise click.BadParameter(f"'{text[:100]}' is no address, such as 127.0.0.1:8443", context, parameter)
    return "127.0.0.1" if host == "localhost" else host, number


@click.command("serve")
@click.option("--listen", "address", multiple=True, default=["127.0.0.1:8443"], callback=_address, metavar="HOST:PORT",
              show_default="127.0.0.1:8443", help="Address to listen on, without TLS; port 0 takes a free one.")  # fmt: skip
@url_option
@key_option
@environment_option
@common_options
def command(console: Console, address: tuple[str, int], url: str, key_names: tuple[str, ...], env: str | None) -> int:
    """Receive webhooks until you stop it, and store what they report.

    Answers 200 once a request is on disk, 401 if no key signed it, 503 if the disk refuses. URL is the public address that was
    registered, whose path it answers to; a proxy in front of it brings TLS. Requests are kept in .sendspec/webhooks-ENV.jsonl until they
    are stored, usually for less than a second.

    \b
    Examples:
      sendspec webhook serve --url https://hooks.example.com/bird --key-env BIRD_SIGNING_KEY --env production
      sendspec webhook serve --listen 0.0.0.0:8080 --url https://hooks.example.com/bird --key-env NEW_KEY --key-env OLD_KEY
    """
    from sendspec.operations.webhook_serve import ServeSettings, ServeWords, serve  # loads an HTTP server

    problems = Problems()
    context = open_context(console, (), env, problems)
    if rejects(console, problems, ending="nothing was received") or context is None:
        return ExitCode.REJECTED
    settings = ServeSettings(
        keys=signing_keys(key_names, console.system.environ), url=checked_url(url), address=address
    )

    def listening(where: str) -> None:
        console.result(where)
        console.document(serve_document(context.environment.name, where))
        parts = urlsplit(settings.url)
        target = (parts.path or "/") + ("?…" if parts.query else "")
        console.say(f"receiving for {context.environment.name} at http://{where}{target}; Ctrl-C ends it")
        if not ipaddress.ip_address(address[0]).is_loopback:
            console.say("others can reach this address, and it has no TLS: only the proxy in front of it should")

    name = context.environment.name
    words = ServeWords(
        listening=listening,
        counted=lambda answered: console.say(f"{counts_text(answered)} so far"),
        refused=lambda reason, error: console.warn(refusal_text(reason, error)),
        put_aside=lambda reasons, path: console.warn(aside_text(reasons, path, name)),
        tell=console.warn,
    )
    with end_on_signals() as end:
        report = serve(context, settings, words, end)
    for line in serve_text(report, spool_path(name)).splitlines():
        console.say(line)
    return ExitCode.DONE
