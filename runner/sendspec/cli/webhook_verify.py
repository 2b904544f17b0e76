"""`sendspec webhook verify`: whether one request is signed."""

from __future__ import annotations

import click

from sendspec.cli.console import Console, common_options
from sendspec.cli.webhook_option import key_option, url_option
from sendspec.diagnostics.exit_code import ExitCode
from sendspec.operations.webhook_settings import checked_url, signing_keys
from sendspec.operations.webhook_verify import MAX_BODY, NotVerified, verify_request
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.showing.webhook_verify import verify_document, verify_text


@click.command("verify")
@url_option
@key_option
@click.option(
    "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of the request; can be repeated."
)
@common_options
def command(console: Console, url: str, key_names: tuple[str, ...], headers: tuple[str, ...]) -> int:
    """Verify the signature of one request, whose body is read from standard input.

    Ends with 0 if it is signed with one of the keys, with 1 if it isn't. Its age is not looked at. Reads and changes nothing else.

    \b
    Examples:
      sendspec webhook verify --url https://example.com/bird --key-env BIRD_SIGNING_KEY \\
        --header "MessageBird-Signature: $SIGNATURE" --header "MessageBird-Request-Timestamp: $TIMESTAMP" < body
    """
    keys = signing_keys(key_names, console.system.environ)
    named = [_header(header) for header in headers]
    found = verify_request(keys, checked_url(url), named, _body(console))
    console.result(verify_text(found))
    console.document(verify_document(found))
    return ExitCode.REJECTED if isinstance(found, NotVerified) else ExitCode.DONE


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        problem = "a header is written as 'Name: value', and this one has no colon"
        raise WrongUsage(problem, "write 'Name: value'", option="--header")
    return name, value


def _body(console: Console) -> bytes:
    stdin = console.system.stdin
    if stdin is None:
        raise WrongUsage("the body is read from standard input, and there is none", "redirect it: < body")
    body = stdin.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise WrongUsage(
            f"the body has more than {MAX_BODY:,} bytes, and no webhook has", "pass the body of one request"
        )
    return body
