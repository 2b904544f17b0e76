"""The files of an environment's approvals: the approvers with their keys, and revoked keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sendspec.diagnostics.characters import forbidden_in_file, with_visible_characters
from sendspec.diagnostics.diagnostic import Problems
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.diagnostics.position import FILE_START, span_on_line
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_place, printable
from sendspec.reading.public_key import FIELDS_BY_KIND, PublicKey, is_certificate, read_public_key

MAX_LINES = 1_000
MAX_LINES_OF_KEY = 10
"""Of one key: each is a run of ssh-keygen for each of its signatures."""
MAX_LINE = 20_000
"""Characters. A key of 16,384 bits, the longest that OpenSSH takes, has 2,800."""
KRL_MAGIC = b"SSHKRL\n\x00"
"""How OpenSSH's binary key revocation lists begin (OpenSSH, PROTOCOL.krl)."""
_WORD = lazy_pattern(r"[^ \t]+")
_OPTION = lazy_pattern(r'([A-Za-z-]+)(?:="([^"\\]*)")?(,(?=[A-Za-z])|(?=[ \t]))')
_NAMESPACES = lazy_pattern(r"[A-Za-z0-9@._*?!-]+(?:,[A-Za-z0-9@._*?!-]+)*")
_TIME = lazy_pattern(r"(\d{8})(\d{4})?(\d\d)?Z?", re.ASCII)
_OTHER_LINE_ENDS = lazy_pattern("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What else may end a line: a key behind one would be part of a comment for one reader, and a line of its own for another."""
_LINE_FIX = "write a line such as: ada@example.com ssh-ed25519 AAAA…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A line of the approvers file: a key, and the names it signs for. Both times are inclusive, as in OpenSSH."""

    names: tuple[str, ...]
    key: PublicKey
    namespaces: str | None = None
    valid_after: datetime | None = None
    valid_before: datetime | None = None


class _Fault(Exception):
    """A problem at a place of a line; becomes a diagnostic within this module."""

    def __init__(self, column: int, length: int, problem: Problem) -> None:
        super().__init__(problem.problem)
        self.column = column
        self.length = length
        self.problem = problem


def read_approvers(path: str, raw: bytes, problems: Problems) -> tuple[Approver, ...]:
    """The lines of a file in OpenSSH's form `allowed_signers` (ssh-keygen(1)), stricter where two readers could differ.

    Every line must be readable; none may stand for whoever fits a pattern, or whomever a certificate names.
    """
    found: list[Approver] = []
    lines_by_key: dict[bytes, int] = {}
    for number, line in _lines(path, raw, problems):
        try:
            approver = _approver(line)
            lines_by_key[approver.key.blob] = lines_by_key.get(approver.key.blob, 0) + 1
            if lines_by_key[approver.key.blob] > MAX_LINES_OF_KEY:
                raise _whole(line, f"this key is on more than {MAX_LINES_OF_KEY} lines", "remove those that are past")
            found.append(approver)
        except _Fault as fault:
            _add(problems, path, number, line, fault)
    if not found and not problems.has_errors:
        problems.add(Problem("key-list", "the file names no approver", _LINE_FIX).diagnostic(path))
    return tuple(found)


def check_revoked(path: str, raw: bytes, problems: Problems) -> None:
    """Adds what is wrong with a list of revoked keys: one public key a line, or a binary list of OpenSSH.

    Only ssh-keygen can check a binary list.
    """
    if raw.startswith(KRL_MAGIC):
        return
    for number, line in _lines(path, raw, problems):
        kind, _, rest = line.strip().partition(" ")
        key = read_public_key(kind, rest.lstrip().partition(" ")[0])
        if isinstance(key, Problem):
            _add(problems, path, number, line, _Fault(1, max(1, len(line)), key))


def people(approvers: Iterable[Approver]) -> dict[str, str]:
    """Who each name is: the same person's names lead to the same name. Names that share a key are one person's."""
    person: dict[str, str] = {}
    name_by_key: dict[bytes, str] = {}
    for approver in approvers:
        for name in map(str.casefold, approver.names):
            person.setdefault(name, name)
            other = person[name_by_key.setdefault(approver.key.blob, name)]
            if person[name] != other:
                person.update({one: other for one, it in person.items() if it == person[name]})
    return person


def _lines(path: str, raw: bytes, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        problems.add(Problem("key-list", "the file is not UTF-8 text", "save it as UTF-8 text").diagnostic(path))
        return
    if len(lines) > MAX_LINES:
        problem = f"the file has more than {MAX_LINES:,} lines"
        problems.add(Problem("key-list", problem, "remove lines that are not needed").diagnostic(path, FILE_START))
        return
    for number, line in enumerate(lines, start=1):
        text = line.removesuffix("\r")
        if text.strip(" \t") and not text.lstrip(" \t").startswith("#"):
            yield number, text
        elif _OTHER_LINE_ENDS.search(text) is not None:
            problem = "the comment has a line end inside that not every program takes for one"
            _add(problems, path, number, text, _whole(text, problem, "end lines with a line feed"))


def _add(problems: Problems, path: str, number: int, line: str, fault: _Fault) -> None:
    excerpt = with_visible_characters(mask_in_place(line[:200]))
    problems.add(fault.problem.diagnostic(path, span_on_line(number, fault.column, fault.length), excerpt=excerpt))


def _approver(line: str) -> Approver:
    if len(line) > MAX_LINE or forbidden_in_file(line) is not None:
        raise _whole(line, "the line is too long, or has an invisible character", _LINE_FIX)
    names = _WORD.search(line)
    assert names is not None
    _refuse_patterns(names)
    if not names[0].isascii():
        fix = "write the name in ASCII letters"
        raise _Fault(1, len(names[0]), Problem("key-list", "a name has letters that can look like others", fix))
    start, options = _options(line, _next(line, names.end()))
    kind = _WORD.match(line, start)
    encoded = None if kind is None else _WORD.match(line, _next(line, kind.end()))
    if kind is None or encoded is None:
        raise _whole(line, "the line has no key", _LINE_FIX)
    key = read_public_key(kind[0], encoded[0])
    if isinstance(key, Problem):
        raise _Fault(kind.start() + 1, encoded.end() - kind.start(), key)
    after, before = options.get("valid-after"), options.get("valid-before")
    return Approver(
        names=tuple(names[0].split(",")),
        key=key,
        namespaces=options.get("namespaces"),
        valid_after=None if after is None else _time(line, after),
        valid_before=None if before is None else _time(line, before),
    )


def _refuse_patterns(written: re.Match[str]) -> None:
    wrong = next((name for name in written[0].split(",") if not name or any(sign in name for sign in '*?!"\\')), None)
    if wrong is not None:
        problem = f"'{printable(mask_in_place(wrong[:60]))}' is not one person's name"
        fix = "name each person, without patterns and quotes"
        raise _Fault(written.start() + 1, len(written[0]), Problem("key-list", problem, fix))


def _options(line: str, start: int) -> tuple[int, dict[str, str]]:
    """Where the key begins, and the options before it by name."""
    found: dict[str, str] = {}
    word = _WORD.match(line, start)
    if word is None or word[0] in FIELDS_BY_KIND or is_certificate(word[0]):
        return start, found
    at = start
    while option := _OPTION.match(line, at):
        name, value = option[1].lower(), option[2]
        problem = _option_problem(name, value, found)
        if problem is not None:
            raise _Fault(at + 1, option.end() - at, problem)
        found[name], at = value, option.end()
        if not option[3]:
            return _next(line, at), found
    raise _Fault(
        at + 1, max(1, len(word[0]) - at + start), Problem("key-list", "this is neither an option nor a key", _LINE_FIX)
    )


def _option_problem(name: str, value: str | None, others: dict[str, str]) -> Problem | None:
    if name == "cert-authority":
        return Problem("key-list", "a certificate authority can't approve", "list each person's own key")
    if name not in ("namespaces", "valid-after", "valid-before"):
        problem = f"'{printable(name[:40])}' is neither an option nor a kind of key that can be listed"
        return Problem("key-list", problem, "use the options namespaces, valid-after and valid-before only")
    if name in others:
        return Problem("key-list", f"the option '{name}' is there twice", "remove one of them")
    if value is None or (name == "namespaces" and not _NAMESPACES.fullmatch(value)):
        return Problem("key-list", f"the option '{name}' has no value that can be read", f'write {name}="…"')
    return None


def _time(line: str, text: str) -> datetime:
    """A time of an option; without Z it is UTC too, so that every machine decides alike."""
    match = _TIME.fullmatch(text)
    try:
        if match is not None:
            written = match[1] + (match[2] or "0000") + (match[3] or "00")
            found = datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            if found.timestamp() > 0:  # ssh-keygen takes no earlier time
                return found
    except ValueError:
        pass
    problem = Problem(
        "key-list", f"'{printable(text[:40])}' is not a time", "write a time in UTC such as 20301231 or 20301231235959Z"
    )
    raise _Fault(line.index(f'"{text}"') + 1, len(text) + 2, problem)


def _next(line: str, at: int) -> int:
    """The place of the next word, or the line's end."""
    found = _WORD.search(line, at)
    return len(line) if found is None else found.start()


def _whole(line: str, problem: str, fix: str) -> _Fault:
    return _Fault(1, max(1, len(line)), Problem("key-list", problem, fix))
