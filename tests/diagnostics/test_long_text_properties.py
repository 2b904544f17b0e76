"""Laws of the short cuts in looking for secrets: whatever the patterns would mask or recognise, the short cut lets them see."""

from __future__ import annotations

import re
import string

from hypothesis import strategies as st
from long_rows import holds_for
from sendspec.diagnostics import leaked_key, redaction

CHUNKS = [
    "AccessKey ", "Bearer ", "bEaRer\t", "access_key: ", "API-KEY = ", "authorization:", "postgres://", "MySQL:\\/\\/", "mongodb+srv://", "oracle:\\x2f\\x2f",
    "me:secret@host", "https://u@h", "user:pw@db.example/", "passwd=abc", "PASSWORD = 'x y'", "\u017f", "\u212a", "\u0131", "\u0130", "pas\u017fword=abcd",
    "Acce\u017f\u017fKey aB3dEfGh1jKlMn0pQrStUv", "aB3dEfGh1jKlMn0pQrStUv", "+31612345678", "06 12 34 56 78", "\u2460\u2461\u2462\u2463\u2464\u2465\u2466", "\\u0031\\u0032", "\\u003",
    "1", "23", "\\", "-", ".", " ", "_", ",", "@", "ro@example.com", "2026-01-02", "a1b2c3d4e5f60718", "é", "x" * 9, "'", '"', "{", "}", ": ",
]  # fmt: skip
STEPS = [
    "1",
    "2",
    "34",
    "\u207a",
    "\u2072",
    "\u00b2",
    "\u2460",
    "\\u0035",
    "\\u003",
    "\\u002b",
    "+",
    "-",
    " ",
    "_",
    "...",
    "    ",
    "     ",
    "x",
    "é",
]
"""Digits in several forms, what may stand between them, signs that are both, and what ends a number."""
texts = st.lists(st.sampled_from(CHUNKS), max_size=8).map("".join)
SIGNS = {
    "_LITERAL": leaked_key._SCHEME_SIGNS,
    "_AFTER_SCHEME": leaked_key._SCHEME_SIGNS,
    "_AFTER_NAME": leaked_key._NAME_SIGNS,
    "_DATABASE": leaked_key._DATABASE_SIGNS,
    "_PASSWORD": leaked_key._PASSWORD_SIGNS,
    "_BARE_LOGIN": leaked_key._LOGIN_SIGNS,
    "_ONLY_LOGIN": leaked_key._LOGIN_SIGNS,
    "_USER": leaked_key._LOGIN_SIGNS,
}


def test_every_pattern_of_a_secret_has_signs() -> None:
    assert {name for name, each in vars(leaked_key).items() if hasattr(each, "pattern")} == SIGNS.keys()
    assert set().union(*SIGNS.values()) == set(leaked_key._SIGNS)


@holds_for(250, 1_200, texts)
def test_a_text_without_a_sign_matches_no_pattern_of_a_secret(text: str) -> None:
    """What is left out would have found nothing. A user counts only if an `@` follows it."""
    for name, signs in SIGNS.items():
        found = getattr(leaked_key, name).search(text)
        if found is not None and (name != "_USER" or found[3]):
            assert leaked_key._has_sign(text, signs)


def test_the_letters_by_case_are_all_there_are() -> None:
    others = "".join(map(chr, range(128, 0x11_0000)))
    assert set(re.findall("[a-z]", others, re.IGNORECASE)) == {letter for letter, _ in leaked_key._LETTERS_BY_CASE}
    assert all(re.fullmatch(plain, letter, re.IGNORECASE) for letter, plain in leaked_key._LETTERS_BY_CASE)


@holds_for(120, 1_500, texts)
def test_a_text_that_has_no_possible_number_has_none(text: str) -> None:
    """Masking begins with a search that finds every number, and more."""
    if re.search(redaction._NUMBER, text):
        assert re.search(redaction._MAYBE_NUMBER, text)


@holds_for(60, 400, st.lists(st.sampled_from(STEPS), min_size=1, max_size=8).map("".join))
def test_a_long_number_ends_where_one_step_after_the_other_ends(text: str) -> None:
    """A number of more digits than one match takes is found whole, as if it were followed step by step, in possessive steps."""
    text *= 1 + 3 * redaction.MAX_AT_ONCE // len(text)
    head = re.compile(redaction._NUMBER.replace(f"{{6,{redaction.MAX_AT_ONCE}}}", "{6}"))
    sign, digit = re.compile(redaction._ANY_SIGN), re.compile(redaction._ANY_DIGIT)
    found, at = [], 0
    while number := head.search(text, at):
        at = number.end()
        while step := _next_digit(text, at, sign, digit):
            at = step.end()
        found.append((number.start(), at))
    numbers = redaction._finds(f"(?P<number>{redaction._NUMBER})", redaction._ANY_MORE, text)
    assert [(start, end) for _, start, end in numbers] == found


def _next_digit(text: str, at: int, sign: re.Pattern[str], digit: re.Pattern[str]) -> re.Match[str] | None:
    for _ in range(4):
        if between := sign.match(text, at):
            at = between.end()
    return digit.match(text, at)


@holds_for(120, 1_500, texts)
def test_addresses_are_masked_as_by_a_search_at_each_sign(text: str) -> None:
    """All addresses are found in one search, as if each `@` were looked at by itself."""
    found = list(text)
    for at in (n for n, character in enumerate(text) if character == "@"):
        after = re.compile(redaction._FROM_AT.pattern.removeprefix("@")).match(text, at + 1)
        before = redaction._BEFORE_AT.search(text, max(0, at - redaction.MAX_LOCAL), at)
        if before is not None and after is not None:
            for index in (*range(before.start() + 2, at), *range(at + 3, after.end())):
                found[index] = "•"
    assert redaction._without_addresses(text) == "".join(found)


def test_every_letter_of_the_signs_is_in_lower_case() -> None:
    letters = set("".join(leaked_key._SIGNS))
    assert letters <= {*string.ascii_lowercase, "@"}


USERS = [
    "://",
    ":\\/\\/",
    ":\\x2f\\x2F",
    ":\\u002f/",
    ":",
    "/",
    "\\",
    "\\x2f",
    "a",
    "bc",
    "@",
    " ",
    "'",
    '"',
    "\n",
    "•",
]


@holds_for(250, 1_200, st.lists(st.sampled_from(USERS), max_size=14).map("".join))
def test_users_before_hosts_are_those_that_one_pattern_finds(text: str) -> None:
    """The search that never looks at the same characters again finds what this pattern finds, which does."""
    slashes = leaked_key._SLASHES
    every = re.compile(rf"({slashes})([^\s/@'\"]+)(?=@)")
    assert [each.span(2) for each in leaked_key._users(text)] == [each.span(2) for each in every.finditer(text)]
    secret = re.compile(rf"({slashes})([^\s/@:'\"]*:[^\s/@'\"]+)(?=@)")
    with_password = filter(leaked_key._has_password, leaked_key._users(text))
    assert [each.span(2) for each in with_password] == [each.span(2) for each in secret.finditer(text)]


def test_many_slashes_that_no_host_follows_are_looked_at_once() -> None:
    """A pattern that begins again at each of them would need minutes."""
    text = "x:\\x2f\\x2f" * 100_000 + " @"
    assert leaked_key.hide_keys(text) == text
