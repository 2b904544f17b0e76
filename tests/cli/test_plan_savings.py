"""What a plan says would save segments, counted here again from the texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sendspec.reading.schema.validator import load_schema

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message:
  body:
    type: text
    text:
      text: "{{ first_name }}, %s"
"""
REST = "y" * 150
NAMES = ["Ann", "Bob", "O’Hara", "“Al”…", "Łucja", "Maximiliane-Charlotte", "Eve-Marie-Luise"]
PRICES = {"+4477": Decimal("0.04"), "+3161": Decimal("0.085")}


def test_savings_are_the_same_whatever_the_number_of_processes(project_dir: Any) -> None:
    rows = [(f"{('+4477009', '+316123')[n % 2]}{n:05d}", NAMES[n % 7]) for n in range(4_000)]
    project_dir.write("hello.yaml", SPEC % REST)
    project_dir.write("people.csv", "phone,first_name\n" + "".join(f"{number},{name}\n" for number, name in rows))
    project_dir.write("prices.csv", "country,segment,currency\nGB,0.04,EUR\nNL,0.085,EUR\n")
    project_dir.write("sendspec.yaml", "prices: prices.csv\n")
    found = [project_dir.run("plan", "hello.yaml", "--format", "json", "--jobs", jobs).json for jobs in ("1", "3")]
    assert found[0] == found[1]
    assert load_schema("plan").problems(found[0]) == []
    [spec] = found[0]["specs"]
    savings = spec["savings"]
    cut, money = too_long(rows, 20)
    assert [each for each in savings if each["kind"] == "shorten" and each["cut"] == 13] == [
        {
            "kind": "shorten", "cut": 13, "source": "template", "branches": [], "messages": cut, "segments_saved": cut,
            "shapes": [each["id"] for each in spec["shapes"] if (each["encoding"], each["segments"] // each["messages"]) == ("GSM-7", 2)],
            "cost_saved": {
                "currency": "EUR", "low": str(money), "high": str(money), "unknown_segments": 0,
                "amounts": [{"currency": "EUR", "low": str(money), "high": str(money)}],
            },
        }
    ]  # fmt: skip
    worth = [Decimal(each["cost_saved"]["low"]) for each in savings]
    assert worth == sorted(worth, reverse=True)
    [together] = [each for each in savings if each["kind"] == "replace" and "source" not in each]
    assert [each["character"] for each in together["characters"]] == ["’", "“", "”", "…"]


def too_long(rows: list[tuple[str, str]], most: int) -> tuple[int, Decimal]:
    """How many GSM-7 texts are up to `most` units over one segment, and what one segment of each costs."""
    over = [number for number, name in rows if name.isascii() and 160 < len(f"{name}, {REST}") <= 160 + most]
    return len(over), sum((PRICES[number[:5]] for number in over), Decimal())
