"""E-mail addresses as people write them, normalised."""

from __future__ import annotations

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask, printable

MAX_EMAIL = 254
MAX_LOCAL_PART = 64

_SPACES = " \t\r\n"
_EMAIL = lazy_pattern(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9]))"
)
_WITHIN = lazy_pattern(rf"(?:^|[<:(\[\"]){_EMAIL.pattern}(?=$|[ >)\]\",;])")
"""An address with something around it."""


def normalise_email(text: str) -> str | Problem:
    """The address with its domain in lower case. The local part is up to the mail server and stays unchanged.

    ASCII only: an internationalised domain is written in its ASCII form (`xn--…`).
    """
    written = text.strip(_SPACES)
    at = written.rfind("@")
    match = _EMAIL.fullmatch(written) if len(written) <= MAX_EMAIL and at <= MAX_LOCAL_PART else None
    if match is not None:
        return written[: at + 1] + match[1].lower()
    return Problem("email-address", *_why_no_email(written))


def _why_no_email(written: str) -> tuple[str, str]:
    if not written:
        return "the e-mail address is empty", "fill it in, or leave such rows out with `where`"
    shown = mask(written)
    count = written.count("@")
    if count != 1:
        several = "keep one address, without a name beside it" if count else "write it as name@example.com"
        several = "write one @" if "@@" in written and count == written.count("@@") + 1 else several
        return f"'{shown}' has {count or 'no'} @; an e-mail address has one", several
    domain = written.partition("@")[2]
    if not domain.isascii():
        return (
            f"the domain of '{shown}' has letters beyond a-z",
            "write the domain in its ASCII form, which begins with xn--",
        )
    odd = next((c for c in written if not c.isascii() or not c.isprintable() or c in ' <>()[],;:\\"'), None)
    if odd is not None:
        return f"'{shown}' has the character '{printable(odd)}' in it", _without(odd, written)
    if len(written) > MAX_EMAIL or len(written) - len(domain) - 1 > MAX_LOCAL_PART:
        limits = f"at most {MAX_EMAIL} are allowed, {MAX_LOCAL_PART} of them before the @"
        return f"'{shown}' has {len(written)} characters; {limits}", "write a shorter address"
    if any(not part for part in written.replace("@", ".").split(".")):
        return f"'{shown}' has a dot too much: at the start or end of a part, or beside another dot", "remove that dot"
    if "." not in domain:
        return f"'{shown}' has no dot behind its @", "write the whole domain, such as example.com"
    return f"'{shown}' is not written like an e-mail address", "correct it: name@example.com is one"


def _without(odd: str, written: str) -> str:
    """What to do about a character that no address has. What is left without it may be the address of somebody else."""
    if _WITHIN.search(written):
        return "keep the address alone, without a name, `mailto:` or brackets around it"
    if odd == "," and "," in written.partition("@")[2]:
        return "write '.' instead of ','"
    if odd.isalpha():
        return "ask for the address: no mailbox here is written with this letter"
    return "correct the address, or ask for it"
