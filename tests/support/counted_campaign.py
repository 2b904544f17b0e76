"""A list as people have them, and a count of what it comes to that shares no code with what is tested.

Four languages, curly quotes, emoji and other scripts, people who are there twice, suppressed or filtered, and one row of a shape of its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from random import Random

TEXT = (
    "{% if lang == 'nl' %}Hallo{% elif lang == 'de' %}Guten Tag{% elif lang == 'fr' %}Bonjour{% elif lang == 'pl' %}Witaj{% endif %} "
    "{{ name | default('klant') }}, {{ order }}{% if kind == 'gift' %} [cadeau]{% endif %}{{ note | default('') }}"
)
SPEC = f"""spec: 1
name: counted
channel: sms
recipients: {{file: people.csv, where: "{{{{ send == 'yes' }}}}"}}
suppress: [stop.csv]
message:
  body:
    type: text
    text:
      text: >-
        {TEXT}
"""
GREETINGS = {"nl": "Hallo", "de": "Guten Tag", "fr": "Bonjour", "pl": "Witaj"}
COUNTRIES = {"nl": "NL", "de": "DE", "fr": "FR", "pl": "PL"}
NUMBERS = {"nl": "+316{:08d}", "de": "+49151{:08d}", "fr": "+336{:08d}", "pl": "+4850{:07d}"}
PRICES = {"NL": "0.08", "DE": "0.075", "FR": "0.0601", "PL": "0.031"}
NAMES = ("Anna", "O’Neill", "Zoë", "Łukasz", "“Bob”", "D'Arcy", "Núria", "Jörg", "Мария", "", "Mia 🎂", "Ærø")
NOTES = (
    "", "", "", ". Let op: tot €20 korting", " — bis morgen", " 👩‍👩‍👧‍👦", ". " + "Tot ziens in onze winkel! " * 6, ". " + "Do zobaczenia 😀 " * 9,
    ". {code} ~ [x]" * 14, ". Ça va? « Oui »", "…", ". " + "é" * 146,
)  # fmt: skip
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_SEPTETS = frozenset("^{}\\[~]|€")
ENDS = (70, 134, 160, 306)
"""Where segments end: texts are as long as that, and one or two more or less."""
PLANTED_NOTE = ". Seul " + "û" * 700


@dataclass(frozen=True)
class Person:
    line: int
    phone: str
    name: str
    lang: str
    order: str
    kind: str
    note: str
    send: str

    @property
    def text(self) -> str:
        gift = " [cadeau]" if self.kind == "gift" else ""
        return f"{GREETINGS[self.lang]} {self.name or 'klant'}, {self.order}{gift}{self.note}"

    @property
    def size(self) -> tuple[str, int]:
        return segments_of(self.text)

    @property
    def shape(self) -> tuple[object, ...]:
        return self.lang, self.kind == "gift", not self.name, not self.note, *self.size


@dataclass(frozen=True)
class Campaign:
    """The people of a list, each with the reason why nothing is sent, or an empty one."""

    people: tuple[Person, ...]
    reasons: tuple[str, ...]
    suppressed: tuple[str, ...]
    planted: Person

    @property
    def sent(self) -> list[Person]:
        return [person for person, reason in zip(self.people, self.reasons, strict=True) if not reason]

    @property
    def skipped(self) -> dict[str, int]:
        return dict(Counter(filter(None, self.reasons)))

    @property
    def segments(self) -> dict[str, int]:
        sizes = [person.size for person in self.sent]
        by_encoding = Counter(encoding for encoding, _ in sizes)
        return {"total": sum(size for _, size in sizes), "gsm7": by_encoding["GSM-7"], "ucs2": by_encoding["UCS-2"]}

    @property
    def shapes(self) -> Counter[tuple[object, ...]]:
        return Counter(person.shape for person in self.sent)

    def files(self) -> dict[str, str]:
        rows = [
            ",".join(_cell(value) for value in (p.phone, p.name, p.lang, p.order, p.kind, p.note, p.send))
            for p in self.people
        ]
        return {
            "counted.yaml": SPEC,
            "people.csv": "\r\n".join(["phone,name,lang,order,kind,note,send", *rows]) + "\r\n",
            "stop.csv": "\n".join(["phone", *self.suppressed]) + "\n",
            "prices.csv": "country,segment,currency\n" + "".join(f"{c},{p},EUR\n" for c, p in PRICES.items()),
        }  # fmt: skip


def campaign(rows: int, seed: int = 19) -> Campaign:
    random = Random(seed)
    people = [_person(number, random) for number in range(rows)]
    planted = Person(0, NUMBERS["fr"].format(99_000_000), "Solène", "fr", "A-1", "gift", PLANTED_NOTE, "yes")
    people.insert(rows * 2 // 3, planted)
    for number in range(0, rows, 40):  # the same person once more, with the same message, further down
        people.append(people[number])
    people = [
        Person(line, p.phone, p.name, p.lang, p.order, p.kind, p.note, p.send) for line, p in enumerate(people, 2)
    ]
    suppressed = tuple(
        dict.fromkeys(p.phone for p in people if int(p.phone[-4:]) % 53 == 0 and p.phone != planted.phone)
    )
    seen: set[str] = set()
    reasons = []
    for person in people:
        repeated = person.phone in seen
        reasons.append(
            "filtered" if person.send == "no"
            else "duplicate" if repeated
            else "suppressed" if person.phone in suppressed
            else ""
        )  # fmt: skip
        if person.send == "yes":
            seen.add(person.phone)
    return Campaign(tuple(people), tuple(reasons), suppressed, people[rows * 2 // 3])


def _person(number: int, random: Random) -> Person:
    lang = random.choice(tuple(GREETINGS))
    phone = NUMBERS[lang].format(1_200_000 + number * 7)
    kind = random.choice(("gift", "plain", "plain", "plain"))
    send = random.choice(("yes",) * 14 + ("no",))
    name = random.choice(NAMES)
    if number % 2:
        return Person(0, phone, name, lang, f"A{number}", kind, random.choice(NOTES), send)
    without = Person(0, phone, name, lang, f"A{number}", kind, " ", send)
    filler = random.choice("łé€😀")
    length = (random.choice(ENDS) + random.choice((-1, 0, 1, 2)) - len(without.text)) // (2 if filler in "€😀" else 1)
    return Person(0, phone, name, lang, f"A{number}", kind, " " + filler * max(length, 1), send)


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if {",", '"', "\n"} & set(value) else value


def segments_of(text: str) -> tuple[str, int]:
    """Encoding and segments as a telephone network has them: no character is cut in two."""
    if set(text) <= BASIC | TWO_SEPTETS:
        return "GSM-7", _packed([2 if character in TWO_SEPTETS else 1 for character in text], 160, 153)
    return "UCS-2", _packed([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _packed(sizes: list[int], alone: int, each: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > each:
            count, used = count + 1, 0
        used += size
    return count


def cost_of(people: list[Person]) -> Decimal:
    return sum((Decimal(PRICES[COUNTRIES[person.lang]]) * person.size[1] for person in people), Decimal(0))
