"""What plan, preview and report say of a list as people have them, against a count that shares no code with them."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from counted_campaign import COUNTRIES, Campaign, campaign, cost_of, segments_of
from html_page import read_page
from long_rows import all_but
from project_dir import Answer, CountingServer, ProjectDir, Request, project, project_dir, server

__all__ = ["project", "project_dir", "server"]

REASONS = ("the number is on a block list", "the operator is closed")
ROWS = (120, 1_200)
MOST_BUBBLES = 40
MOST_LISTED = 20
MOST_NAMED = 8
"""A text with more characters beyond GSM-7 is in another script, and none of them is named."""


@pytest.fixture(scope="module", params=all_but(ROWS[:1], ROWS))
def counted(request: pytest.FixtureRequest) -> Campaign:
    return campaign(request.param)


def place(project: ProjectDir, counted: Campaign) -> None:
    for name, text in counted.files().items():
        project.write(name, text)
    project.write("sendspec.yaml", "prices: prices.csv\n" + _project_file(project))


def _project_file(project: ProjectDir) -> str:
    path = project.folder / "sendspec.yaml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def shape_counts(shapes: Any) -> list[tuple[int, int, str]]:
    return sorted((shape["messages"], shape["segments"], shape["encoding"]) for shape in shapes)


def expected_shapes(counted: Campaign) -> list[tuple[int, int, str]]:
    return sorted((count, count * int(str(shape[-1])), str(shape[-2])) for shape, count in counted.shapes.items())


def test_the_list_has_what_is_counted(counted: Campaign) -> None:
    """Else the tests below prove little: every kind of row is there, and the planted one is alone in its shape."""
    assert set(counted.skipped) == {"filtered", "duplicate", "suppressed"}
    assert counted.shapes[counted.planted.shape] == 1
    assert {person.lang for person in counted.sent} == set(COUNTRIES)
    assert {size for person in counted.sent for size in person.size} >= {"GSM-7", "UCS-2", 1, 2, 3}
    assert any("🎂" in person.text for person in counted.sent)


def test_plan_and_preview_are_right_to_the_message(project_dir: ProjectDir, counted: Campaign) -> None:
    place(project_dir, counted)
    everybody = len(counted.people)
    totals = {"recipients": everybody, "send": len(counted.sent), "skip": everybody - len(counted.sent)}
    plan = project_dir.run("plan", "counted.yaml", "--format", "json").json
    preview = project_dir.run("preview", "counted.yaml", "--html", "page.html", "--format", "json").json
    for document in (plan, preview):
        assert document["totals"] == totals
        assert document["skipped"] == counted.skipped
        assert document["segments"] == counted.segments
        assert Decimal(document["cost"]["high"]) == cost_of(counted.sent)
        (spec,) = document["specs"]
        assert shape_counts(spec["shapes"]) == expected_shapes(counted)
    by_line = {shape["sample"]["line"]: shape for shape in spec["shapes"]}
    assert by_line[counted.planted.line]["messages"] == 1
    firsts: dict[tuple[object, ...], int] = {}
    for person in counted.sent:
        firsts.setdefault(person.shape, person.line)
    assert set(by_line) == set(firsts.values())
    page = read_page((project_dir.folder / "page.html").read_text("utf-8"))
    assert len(page.all("div", class_="bubble")) <= MOST_BUBBLES
    shown_texts = [each.one("p").exact_text("cut") for each in page.all("div", class_="bubble")]
    assert shown_texts.count(counted.planted.text) == 1
    shown = " ".join(page.text.split())
    total, sent = f"{everybody:,}".replace(",", " "), f"{len(counted.sent):,}".replace(",", " ")
    for said in (f"{sent} of {total} recipients", *(f"{count} {reason}" for reason, count in counted.skipped.items())):
        assert said in shown


def test_every_message_is_what_its_row_makes_it(project_dir: ProjectDir, counted: Campaign) -> None:
    place(project_dir, counted)
    found = project_dir.run("preview", "counted.yaml", "--all", "--format", "json").json["messages"]
    assert [(each["row"], each["text"], each["encoding"], each["segments"]) for each in found] == [
        (person.line, person.text, *person.size) for person in counted.sent
    ]
    assert [Decimal(each["cost"]["high"]) for each in found] == [cost_of([person]) for person in counted.sent]


def test_after_a_send_the_report_is_right_to_the_message(
    project: ProjectDir, server: CountingServer, counted: Campaign
) -> None:
    """Some are refused, for two reasons, and the answer about one gets lost: as the server counted it."""
    place(project, counted)
    by_phone = {person.phone: person for person in counted.sent}
    refused = {person.phone: REASONS[n % 2] for n, person in enumerate(counted.sent[5::17])}
    lost = counted.sent[-1].phone

    def decide(number: int, request: Request) -> Answer:
        phone = receiver_of(request)
        if phone == lost:
            return Answer(drop=True, taken=False)
        if (reason := refused.get(phone)) is not None:
            return Answer(422, json.dumps({"code": "InvalidPayload", "message": reason}).encode())
        return Answer()

    server.decide = decide
    done = project.run("send", "counted.yaml", "--env", "test", "--yes", "--format", "json", timeout=300)
    assert done.code == 4
    posted = Counter(receiver_of(request) for request in server.posts)
    assert posted == Counter(list(by_phone))  # each once, nobody else
    texts = {receiver_of(request): request.json["body"]["text"]["text"] for request in server.posts}
    assert texts == {phone: person.text for phone, person in by_phone.items()}
    accepted = [person for phone, person in by_phone.items() if phone not in refused and phone != lost]
    assert len(server.taken) == len(accepted)
    report = project.run("report", "counted.yaml", "--env", "test", "--format", "json").json
    became = {"accepted": len(accepted), "refused": len(refused), "in_doubt": 1, "not_sent": 0}
    skipped = len(counted.people) - len(counted.sent)
    assert done.json["totals"] == {"recipients": len(counted.people), **became, "skipped": skipped}
    assert done.json["skipped"] == counted.skipped
    assert report["totals"] == {
        "recipients": len(counted.sent),
        **became,
        "skipped": 0,
    }  # the ledger has who was to get something
    assert report["requests"] == len(server.posts)
    sizes = [person.size[1] for person in counted.sent]
    expected = {**counted.segments, "unmeasured": 0, "accepted": sum(p.size[1] for p in accepted), "most": max(sizes)}
    assert report["segments"] == expected
    assert Decimal(report["cost"]["high"]) == cost_of(accepted)
    assert {
        each["country"]: (each["messages"], each["accepted"], each["segments"]) for each in report["countries"]
    } == {
        country: (
            sum(p.lang == lang for p in counted.sent),
            sum(p.lang == lang for p in accepted),
            sum(p.size[1] for p in accepted if p.lang == lang),
        )
        for lang, country in COUNTRIES.items()
    }
    reasons = Counter(refused.values())
    assert sorted(each["count"] for each in report["refusals"]) == sorted(reasons.values())
    for each in report["refusals"]:
        assert [reason for reason in REASONS if reason in each["text"]] == [
            r for r in REASONS if reasons[r] == each["count"]
        ]
    assert [each["count"] for each in report["doubts"]] == [1]
    assert sum(each["count"] for each in report["latency"]["histogram"]) == report["latency"]["count"]
    assert Counter({name: sum(b[name] for b in report["throughput"]["buckets"]) for name in ("accepted", "refused", "in_doubt")}) == {
        "accepted": len(accepted), "refused": len(refused), "in_doubt": 1,
    }  # fmt: skip
    rows = {row["row"]["line"]: row for row in report["recipients"]["rows"]}
    assert {line: (row["state"], row["segments"], row["encoding"]) for line, row in rows.items()} == {
        p.line: (
            "in_doubt" if p.phone == lost else "refused" if p.phone in refused else "accepted",
            p.size[1],
            p.size[0],
        )
        for p in counted.sent
    }


def receiver_of(request: Request) -> str:
    return str(request.json["receiver"]["contacts"][0]["identifierValue"])


def test_what_forces_ucs2_and_what_its_replacement_saves(project_dir: ProjectDir, counted: Campaign) -> None:
    place(project_dir, counted)
    (spec,) = project_dir.run("preview", "counted.yaml", "--format", "json").json["specs"]
    found = {each["character"]: each for each in spec["forcing"]}
    strange = {person.line: {c for c in person.text if segments_of(c)[0] == "UCS-2"} for person in counted.sent}
    few = {line: characters for line, characters in strange.items() if len(characters) <= MOST_NAMED}
    for character, column in {"’": "name", "“": "name", "…": "note", "😀": "note", "û": "note"}.items():
        if character not in found and len(found) == MOST_LISTED:
            continue
        having = [line for line, characters in few.items() if character in characters]
        assert (found[character]["messages"], found[character]["source"]) == (len(having), "data"), character
        assert (found[character]["column"], found[character]["rows"][0]) == (column, having[0]), character
    alone = [person for person in counted.sent if strange[person.line] == {"’"}]
    saved = sum(person.size[1] - segments_of(person.text.replace("’", "'"))[1] for person in alone)
    assert found["’"]["segments_saved"] == saved
