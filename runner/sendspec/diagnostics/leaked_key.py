"""Recognises access keys in files that others can read, and hides them in excerpts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.redaction import DOTS

MIN_QUOTED = 6
"""So many characters of a secret are a quotation of it."""
KEY_NAMES = frozenset({"access_key", "accesskey", "access-key", "api_key", "apikey", "api-key", "authorization"})

_SCHEMES = r"(?:AccessKey|Bearer)"
# After "Bearer" may come an ordinary word; with a digit in it, or 20 characters long, it is a key.
_TOKEN = r"(?!\{\{)(?:(?=\S*\d)\S{8,}|\S{20,})"
_LITERAL = lazy_pattern(rf"\s*(?:Authorization:\s*)?{_SCHEMES}\s+{_TOKEN}\s*", re.IGNORECASE)
_AFTER_SCHEME = lazy_pattern(rf"\b({_SCHEMES}[ \t]+)([^\s'\"{{}}]{{8,}})", re.IGNORECASE)
_AFTER_NAME = lazy_pattern(
    r"\b((?:access[_-]?key|api[_-]?key|authorization)['\"]?[ \t]*[:=][ \t]*['\"]?)([^\s'\"{}\[\]&*!|>#][^'\"{}\n]*)",
    re.IGNORECASE,
)
_SLASHES = r":(?:\\?/|\\x2[fF]|\\u002[fF]){2}"
"""`://`, also as a YAML escape writes it."""
_DATABASE = lazy_pattern(
    r"\b((?:postgres(?:ql)?|mysql|mariadb|mssql|sqlserver|oracle|cockroachdb|redshift|mongodb)(?:\+\w+)?"
    rf"{_SLASHES}\s*)((?:\S{{0,500}}@)?[^\s'\"{{}}\[\],]+)",
    re.IGNORECASE,
)
_MAX_SLASHES = 13
_USER = lazy_pattern(rf"({_SLASHES})([^\s/@'\"]++)(@?)")
"""What is behind `://`; it is a user if an `@` follows."""
_NO_LOGIN = r"(?!(?:mailto|sips?|xmpp|acct|im|tel|sms|https?):)"
_BARE_LOGIN = lazy_pattern(
    rf"(?<![^\s'\"=(\[{{,`]){_NO_LOGIN}()([^\s:/@'\"{{}}=(\[,`]+:[^\s:/@'\"{{}}]+@[\w.-]+)(?=[/:])", re.IGNORECASE
)
_ONLY_LOGIN = lazy_pattern(rf"\s*{_NO_LOGIN}[^\s:/@'\"{{}}]+:[^\s@'\"{{}}]+@[\w.-]+\s*", re.IGNORECASE)
_PASSWORD = lazy_pattern(
    r"((?<![A-Za-z])[A-Za-z]*passw(?:or)?d\s*=\s*)(?!\$|\{\{|…)('(?:[^'\\]|\\.)*'|[^\s'\"&,}\]]+)", re.IGNORECASE
)
_SCHEME_SIGNS, _NAME_SIGNS = ("accesskey", "bearer"), ("key", "authorization")
_DATABASE_SIGNS = ("postgres", "mysql", "mariadb", "mssql", "sqlserver", "oracle", "cockroachdb", "redshift", "mongodb")
_PASSWORD_SIGNS = ("passw",)
_LOGIN_SIGNS = ("@",)
"""Every text that a pattern above matches has one of its signs, in whatever case. Looking for them costs less than compiling the patterns."""
_SIGNS = (*_SCHEME_SIGNS, *_NAME_SIGNS, *_DATABASE_SIGNS, *_PASSWORD_SIGNS, *_LOGIN_SIGNS)
_LETTERS_BY_CASE = (("\u0130", "i"), ("\u0131", "i"), ("\u017f", "s"), ("\u212a", "k"))
"""The letters that `re.IGNORECASE` takes for an i, s or k, and that may not become one in lower case."""


def is_key_literal(text: str) -> bool:
    """Whether all of `text` is an access key as in an `Authorization` header."""
    return _has_sign(text, _SCHEME_SIGNS) and _LITERAL.fullmatch(text) is not None


def holds_credentials(text: str) -> bool:
    """Whether `text` has the URL of a database in it, or a user with a password, in whatever form programs take them."""
    return (
        _holds(text, _DATABASE_SIGNS, _DATABASE)
        or _holds(text, _LOGIN_SIGNS, _BARE_LOGIN)
        or _holds(text, _PASSWORD_SIGNS, _PASSWORD)
        or any(map(_has_password, _users(text)))
        or (_has_sign(text, _LOGIN_SIGNS) and _ONLY_LOGIN.fullmatch(text) is not None)
    )


def is_secret(value: str) -> bool:
    """Whether nothing of a value should be shown."""
    return is_key_literal(value) or holds_credentials(value)


def hide_quoted(sentence: str, secret: str) -> str:
    """A sentence with each quotation of `secret` masked, however short: one that ends before its `@` looks like no login."""
    begin = secret[:MIN_QUOTED]
    at = sentence.find(begin)
    while at >= 0:
        end = at
        while end < min(len(sentence), at + len(secret)) and sentence[end] in (secret[end - at], "•"):
            end += 1
        sentence = sentence[:at] + DOTS + sentence[end:]
        at = sentence.find(begin, at + len(DOTS))
    return sentence


def hide_credentials(text: str) -> str:
    """A sentence with the URLs of databases, and users with passwords, masked, even if it quotes only the beginning of one."""
    text = _masked(text, _DATABASE_SIGNS, _DATABASE)
    return _without_logins(_without(text, filter(_has_password, _users(text))))


def hide_keys(line: str) -> str:
    """`line` with each access key, login and database URL masked, every character still in its column."""
    if not _has_sign(line, _SIGNS):
        return line
    line = _masked(line, _SCHEME_SIGNS, _AFTER_SCHEME)
    line = _masked(line, _NAME_SIGNS, _AFTER_NAME)
    line = _masked(line, _DATABASE_SIGNS, _DATABASE)
    return _without_logins(_without(line, _users(line)))


def _users(text: str) -> Iterator[re.Match[str]]:
    """Each user before a host, with a password or without.

    If no `@` follows, no later `://` in the same characters has one either, except one that is cut by their end. Looking at each of them
    took minutes for a hostile megabyte.
    """
    if not _has_sign(text, _LOGIN_SIGNS):
        return
    at = 0
    while (found := _USER.search(text, at)) is not None:
        at = max(found.end(1), found.end(2) - _MAX_SLASHES)
        if found[3]:
            yield found
            at = found.end(2)


def _has_password(user: re.Match[str]) -> bool:
    return ":" in user[2][:-1]


def _without(text: str, users: Iterable[re.Match[str]]) -> str:
    parts: list[str] = []
    at = 0
    for user in users:
        parts += (text[at : user.start(2)], "•" * len(user[2]))
        at = user.end(2)
    return "".join((*parts, text[at:]))


def _without_logins(text: str) -> str:
    return _masked(_masked(text, _LOGIN_SIGNS, _BARE_LOGIN), _PASSWORD_SIGNS, _PASSWORD)


def _has_sign(text: str, signs: Iterable[str]) -> bool:
    """Whether a pattern with these signs can match. The patterns need a second for a megabyte, and this little."""
    if not text.isascii():
        for letter, plain in _LETTERS_BY_CASE:
            text = text.replace(letter, plain)
    lower = text.lower()
    return any(sign in lower for sign in signs)


def _holds(text: str, signs: Iterable[str], pattern: re.Pattern[str]) -> bool:
    return _has_sign(text, signs) and pattern.search(text) is not None


def _masked(text: str, signs: Iterable[str], pattern: re.Pattern[str]) -> str:
    if not _has_sign(text, signs):
        return text
    return pattern.sub(lambda found: found[1] + "•" * len(found[2]), text)
