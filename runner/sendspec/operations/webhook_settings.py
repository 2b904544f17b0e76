"""What a webhook is verified with: the URL that it was registered with, and its signing keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from urllib.parse import urlsplit

from sendspec.diagnostics.exceptions import KeyUnusable
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.reading.access_key import MAX_KEY, is_variable_name
from sendspec.reading.network_address import parse_address

MAX_URL = 2_000


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Keys that are in use at the same time, and the variables that they came from. Never shows a key."""

    names: tuple[str, ...]
    keys: tuple[str, ...] = field(repr=False)


def signing_keys(names: Sequence[str], environ: Mapping[str, str]) -> SigningKeys:
    """The keys in these variables. Raises `WrongUsage`, and `KeyUnusable`; no text contains a key."""
    if not all(map(is_variable_name, names)):
        raise WrongUsage(
            "it takes the name of an environment variable, and this is none; if it is the key itself, have it replaced",
            "put the key into a variable, and name that",
            option="--key-env",
        )
    once = tuple(dict.fromkeys(names))
    return SigningKeys(once, tuple(_key(name, environ) for name in once))


def _key(name: str, environ: Mapping[str, str]) -> str:
    key = environ.get(name)
    if not key:
        state = "not set" if key is None else "empty"
        raise KeyUnusable(f"the environment variable {name} is {state}", f"set {name} to the webhook's signing key")
    if len(key) > MAX_KEY:
        raise KeyUnusable(f"the signing key in {name} is longer than {MAX_KEY:,} characters", "put the key there alone")
    if any("\ud800" <= character <= "\udfff" for character in key):  # how Python reads bytes that are no UTF-8
        raise KeyUnusable(f"the signing key in {name} is no UTF-8 text", "copy the key again, as the text that it is")
    if not key.isprintable() or key != key.strip():
        problem = f"the signing key in {name} has a line end, or a space around it"
        raise KeyUnusable(problem, "copy the key again, and nothing else")
    return key


def checked_url(url: str) -> str:
    """`url`, if a webhook can be registered with it, or with the sandbox. Raises `WrongUsage`, which doesn't repeat it: it may hold a secret."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or len(url) > MAX_URL or not all("!" <= character <= "~" for character in url) or "#" in url:
        raise _odd_url("this is no address", "write the webhook's URL as it was registered: https://host/path")
    if parts.username is not None:
        raise _odd_url("no webhook has a user or a password in its URL", "leave out what is before the @")
    address = parse_address(host)
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise _odd_url("a webhook's URL begins with https", "write it as it was registered: https://host/path")
    return url


def _odd_url(problem: str, fix: str) -> WrongUsage:
    return WrongUsage(f"{problem}: {fix}", fix, option="--url")
