"""The names of a table's columns: what is read of each, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import mask_in_row, quoted
from sendspec.diagnostics.wording import counted, grouped
from sendspec.reading.tables.delimiter import SPACES

MAX_LISTED = 3
MAX_SHOWN = 30


def clean_name(text: str) -> str:
    """A column's name without what can't be seen around it; no-break spaces become plain ones."""
    return text.replace("\u00a0", " ").strip(SPACES + "\r\n")


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of a header's columns, but those without a name at its end. Names that are missing or repeated are made up."""
    names = [clean_name(text) for text in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    taken: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        taken[name if name and name not in taken else f"{name}\ufffd{number}"] = None
    return tuple(taken)


def is_made_up(name: str) -> bool:
    """Whether `column_names` made up the name of a column that has none."""
    return name.startswith("\ufffd") and name[1:].isdecimal()


def before_end(numbers: list[int], count: int) -> list[int]:
    """`numbers` without the run that ends with the last of `count` columns."""
    inner = list(numbers)
    while inner and inner[-1] == count:
        inner.pop()
        count -= 1
    return inner


def spaced_names(written: list[str]) -> Problem:
    around = "".join(text.replace(text.strip(SPACES + "\r\n"), "", 1) for text in written)
    odd = sorted(set(around) - set(" \t\r\n"))
    codes = f" ({', '.join(f'U+{ord(each):04X}' for each in odd)})" if odd else ""
    one = len(written) == 1
    return Problem(
        "column-spaces",
        f"{counted(len(written), 'column name')} {'has' if one else 'have'} {'invisible characters' if odd else 'spaces'}{codes} around {'it' if one else 'them'},"
        f" and {'is' if one else 'are'} read as {_listed(written)}",
        "remove the invisible characters from the header, or type it again"
        if odd
        else "remove the spaces from the header",
    )


def names_with_no_break(written: list[str]) -> Problem:
    one = len(written) == 1
    return Problem(
        "column-spaces",
        f"{counted(len(written), 'column name')} {'has' if one else 'have'} a no-break space inside,"
        f" and {'is' if one else 'are'} read with a plain one: {_listed(written)}",
        "write a plain space in the header",
    )


def _listed(written: list[str]) -> str:
    """The first names, as they are read."""
    names = ", ".join(f"'{quoted(clean_name(text))}'" for text in written[:MAX_LISTED])
    return names + (", …" if len(written) > MAX_LISTED else "")


def filled_without_name(texts: dict[int, str], count: int) -> Problem:
    """What a row has behind the columns with names, by the number of the column: there, columns without a name have to be empty."""
    several = len(texts) > 1
    columns = f"columns {', '.join(map(grouped, list(texts)[:MAX_LISTED]))}" if several else f"column {min(texts)}"
    held = ", ".join(f"'{mask_in_row(quoted(text[:MAX_SHOWN]))}'" for text in list(texts.values())[:MAX_LISTED])
    more = ", …" if len(texts) > MAX_LISTED else ""
    return Problem(
        "empty-column-name",
        f"{columns}{more} of {grouped(count)} {'have' if several else 'has'} no name, but {'hold' if several else 'holds'} {held}{more}",
        f"name {'them' if several else 'it'} in the header; or correct the row, if its cells have slipped to the right",
    )


def no_name(number: int, count: int) -> Problem:
    return Problem(
        "empty-column-name",
        f"column {number} of {count} has no name, so the spec can't use it",
        "name it in the header",
    )


def more_without_name(others: int, count: int) -> Problem:
    return Problem(
        "empty-column-name",
        f"{counted(others, 'more column')} of {grouped(count)} {'has' if others == 1 else 'have'} no name, from this one on",
        "name them, or remove the delimiters at the end of the line",
    )


def repeated(name: str, numbers: list[int]) -> Problem:
    first, second, *more = numbers
    problem = f"column {second} is called '{quoted(name)}', and so is column {first}"
    if not more:
        return Problem("repeated-column", problem, "rename one of them")
    return Problem("repeated-column", f"{problem}, and {grouped(len(more))} more", "rename them")


def more_repeated(others: int) -> Problem:
    problem = f"{counted(others, 'more name')} {'is' if others == 1 else 'are'} repeated, from this column on"
    return Problem("repeated-column", problem, "give each column its own name")
