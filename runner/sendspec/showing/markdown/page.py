"""A page of Markdown within a limit: it is made of parts that are whole or left out, and says how many were left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sendspec.diagnostics.lazy_dataclass import dataclass

MOST_CHARACTERS = 60_000
"""Of a page. GitHub takes 65,536 characters in a comment, and drops a job's summary of 1 MiB; a character is four bytes at most."""
GAP = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Parts of one kind, the most important first. `more` says what is left out, given the numbers of those parts.

    `is_cut`: `parts` aren't all that there are, so `more` has something to say in any case. `most` is how many characters the section
    takes at most.
    """

    parts: Sequence[str]
    more: Callable[[Sequence[int]], str]
    head: str = ""
    joint: str = GAP
    tail: str = ""
    is_cut: bool = False
    most: int = MOST_CHARACTERS


def more_of(noun: str, plural: str | None = None) -> Callable[[Sequence[int]], str]:
    """`and 31 more specs`."""
    return lambda left: f"and {len(left):,} more {noun if len(left) == 1 else plural or noun + 's'}"


def single(text: str) -> Section:
    """A section of one part."""
    return Section(parts=(text,), more=lambda left: "")


def fitted(section: Section, room: int) -> str:
    """As many parts as there is room for; empty if not even the words for what is left out fit."""
    room = min(room, section.most)
    taken = list(range(len(section.parts)))
    reserve = len(_text(section, ()))
    length = len(section.head) + len(section.tail)
    if section.is_cut or length + sum(len(part) + len(section.joint) for part in section.parts) > room:
        taken, free = [], room - reserve
        for number, part in enumerate(section.parts):
            if len(part) + len(section.joint) <= free:
                taken.append(number)
                free -= len(part) + len(section.joint)
    while len(text := _text(section, taken)) > room:
        if not taken:
            return ""
        taken.pop()
    return text


def _text(section: Section, taken: Sequence[int]) -> str:
    chosen = set(taken)
    left = [number for number in range(len(section.parts)) if number not in chosen]
    more = section.more(left) if left or section.is_cut else ""
    body = section.joint.join(section.parts[number] for number in taken)
    found = (section.head, body, more and f"{GAP}{more}" if body else more, section.tail)
    return "".join(found)


def page(sections: Sequence[Section | Callable[[int], Section]], last: Section, most: int = MOST_CHARACTERS) -> str:
    """The sections in their order, each with the room that those before it left, and the last one in any case.

    A function makes its section for the room that there is. Empty sections are left out; one without room for anything is counted in a
    line of its own.
    """
    end = GAP + fitted(last, most) + "\n"
    room = most - len(end) - len(_left_out(len(sections)))
    shown: list[str] = []
    missing = 0
    for each in sections:
        section = each(room - len(GAP)) if callable(each) else each
        text = fitted(section, room - len(GAP))
        if text:
            shown.append(text)
            room -= len(text) + len(GAP)
        elif section.parts or section.is_cut:
            missing += 1
    return GAP.join(shown) + (_left_out(missing) if missing else "") + end


def _left_out(sections: int) -> str:
    return (
        f"{GAP}Not shown, because the page would be too long: {sections} more {'part' if sections == 1 else 'parts'}."
    )
