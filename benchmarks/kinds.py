"""Kinds of tables and texts that cost more to plan than the benchmark's own. A kind writes its spec and table into a project."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.material import COLUMNS, DAYS, NAMES, SPEC, TEXT, Project

Kind = Callable[[Project, int], Path]
"""Writes `KIND.yaml` and a table of so many rows into the project; returns the spec's path."""
Cells = tuple[str, ...]

WIDE_COLUMNS = 40
LONG_ENDING = (
    " We deliver to your door between nine and five. If nobody is at home, we leave the parcel with a neighbour or bring it"
    " to a pick-up point in your street, and send another message with its address. Thank you for ordering at Acme."
)
GREEK = (
    "Γειά σου {{ first_name }}, η παραγγελία σου {{ order_id }} φτάνει την {{ day }} μεταξύ εννέα και πέντε. Αν δεν είναι"
    " κανείς στο σπίτι, την αφήνουμε στον γείτονα και σου στέλνουμε ένα νέο μήνυμα με τη διεύθυνση."
)
EMOJI = "Hi {{ first_name }} 👋🏽, order {{ order_id }} 📦🚚 is on its way 🎉🎉 and arrives on {{ day }} 🗓️. Track it 👉 acme.example 🧡 "
FLAGS = "Hi {{ first_name }}, {{ order_id }} ships 🇳🇱🇩🇪🇫🇷🇧🇪🇬🇧🇪🇸🇮🇹 on {{ day }}, he\u0301re\u0308 and the\u0301re\u0302 👩‍👩‍👧‍👦 "
COUNTRY_NUMBERS = (
    "+3161{}", "+491512{}", "+3361{}", "+44740{}", "+1202{}", "+3247{}", "+43660{}", "+552198{}", "+91987{}", "+35191{}",
)  # fmt: skip
"""Forms of mobile numbers of ten countries. With seven digits from `FIRST_DIGITS` on, they are valid."""
FIRST_DIGITS = 2_000_000
HTML = """<html><body><h1>Hello {{ first_name }}</h1><p>Your order {{ order_id }} arrives on {{ day }}.</p>
    <p>The parcel waits for you at the pick-up point.</p><p><a href="https://acme.example/orders/{{ order_id }}">Your order</a></p></body></html>"""


def spec_of(
    kind: str, *, text: str = TEXT, recipients: str = "", platform: str = "sms", body: str = "", extra: str = ""
) -> str:
    """The spec of `material`, with another text, another body, or more keys."""
    body = body or f'{{type: text, text: {{text: "{text}"}}}}'
    return f"""spec: 1
name: {kind}
channel: {platform}
recipients: {{file: {kind}.csv{recipients}}}
message:
  body: {body}
  tags: ["{{{{ tag }}}}"]
{extra or '  validity: "{{ ttl | int }}"'}
"""


def cells(n: int, phone: str = "") -> Cells:
    """A row of the table of `material`, with its own number or another one."""
    name = NAMES[n % len(NAMES)]
    return (phone or f"+316{10_000_000 + n}", name, f"A{n:07d}", DAYS[n % 5], "shipping", f"{3600 + n % 7}", f"r{n}@acme.example")  # fmt: skip


def write(
    project: Project, rows: int, *, kind: str, spec: str, row: Callable[[int], Cells] = cells, columns: Cells = COLUMNS
) -> Path:
    path = project.folder / f"{kind}.yaml"
    path.write_text(spec, encoding="utf-8")
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(_table(rows, row, columns))
    return path


def _table(rows: int, row: Callable[[int], Cells], columns: Cells) -> Iterable[Cells]:
    yield columns
    yield from map(row, range(rows))


def numbers(kind: str, phone: Callable[[int], str], recipients: str = "") -> Kind:
    """The message of `material` to numbers that are written or checked otherwise."""
    return partial(write, kind=kind, spec=spec_of(kind, recipients=recipients), row=lambda n: cells(n, phone(n)))


def texts(kind: str, text: str) -> Kind:
    """The table of `material` with another text."""
    return partial(write, kind=kind, spec=spec_of(kind, text=text))


def wide(n: int) -> Cells:
    return (*cells(n), *(f"cell {n % 97} of column {column}" for column in range(len(COLUMNS), WIDE_COLUMNS)))


def different(n: int) -> Cells:
    """Every cell differs from those of all other rows."""
    return (f"+316{10_000_000 + n}", f"Anna{n}", f"A{n:07d}", f"day {n}", f"tag-{n}", f"{3600 + n}", f"r{n}@acme.example")  # fmt: skip


def mobile(n: int, form: str) -> str:
    """A Dutch mobile number in a form with eight holes for its last digits."""
    return form.format(*f"{10_000_000 + n:08}")


def country_number(n: int) -> str:
    """A mobile number of one of ten countries."""
    return COUNTRY_NUMBERS[n % len(COUNTRY_NUMBERS)].format(FIRST_DIGITS + n // len(COUNTRY_NUMBERS))


def forms() -> Mapping[str, Kind]:
    """Kinds of numbers and addresses."""
    national, valid = ", country: NL", ", check: valid"
    spec = partial(spec_of, platform="email", extra=" ")
    html = f"{{type: html, html: {{html: '{HTML}', text: \"{TEXT}\"}}}}"
    dutch: Mapping[str, tuple[str, str]] = {
        "national": ("06 {}{}{}{}{}{}{}{}", national),
        "national-digits": ("06{}{}{}{}{}{}{}{}", national),
        "national-dashes": ("06-{}{} {}{} {}{} {}{}", national),
        "national-valid": ("06 {}{}{}{}{}{}{}{}", national + valid),
        "valid": ("+316{}{}{}{}{}{}{}{}", valid),
        "spaces": ("+31 6 {}{} {}{} {}{} {}{}", ""),
        "dashes": ("+31-6-{}{}{}{}{}{}{}{}", ""),
        "trunk": ("+31 (0)6 {}{}{}{} {}{}{}{}", ""),
        "double-zero": ("00316{}{}{}{}{}{}{}{}", national),
    }
    return {
        **{kind: numbers(kind, partial(mobile, form=form), more) for kind, (form, more) in dutch.items()},
        "national-us": numbers("national-us", lambda n: f"(202) {200 + n // 10_000}-{n % 10_000:04}", ", country: US"),
        "national-de": numbers("national-de", lambda n: f"0151 2{n:07}", ", country: DE"),
        "countries": numbers("countries", country_number),
        "countries-valid": numbers("countries-valid", country_number, valid),
        "email": partial(write, kind="email", spec=spec("email", recipients=', to: "{{ email }}"')),
        "email-html": partial(write, kind="email-html", spec=spec("email-html", body=html, recipients=', to: "{{ email }}"')),
    }  # fmt: skip


def bodies() -> Mapping[str, Kind]:
    """Kinds of texts and columns."""
    ours = {"gsm-parts": TEXT + LONG_ENDING, "gsm-extended": TEXT + LONG_ENDING + " [€]"}
    scripts = {"latin-ucs2": TEXT + LONG_ENDING + " Zoë…", "greek": GREEK, "emoji": EMOJI * 3, "flags": FLAGS * 3}
    return {
        **{kind: texts(kind, text) for kind, text in {**ours, **scripts}.items()},
        "different": partial(write, kind="different", spec=spec_of("different"), row=different),
        "wide": partial(
            write,
            kind="wide",
            spec=spec_of("wide"),
            row=wide,
            columns=(*COLUMNS, *(f"column_{column}" for column in range(len(COLUMNS), WIDE_COLUMNS))),
        ),
        **{
            platform: partial(write, kind=platform, spec=spec_of(platform, platform=platform, text=TEXT + LONG_ENDING))
            for platform in ("whatsapp", "rcs")
        },
    }


TUNED = "tuned"
KINDS: Mapping[str, Kind] = {
    TUNED: partial(write, kind=TUNED, spec=SPEC.replace("few.csv", f"{TUNED}.csv")),
    **forms(),
    **bodies(),
}
"""By name. The first one is what all others are compared with."""
