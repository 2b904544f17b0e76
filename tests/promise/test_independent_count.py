"""What plan, preview and report say of a list as people have them, against a count that shares no code with them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from counted_campaign import COUNTRIES, Campaign, campaign, cost_of, segments_of
from long_rows import all_but
from project_dir import ProjectDir

ROWS = (120, 1_200)
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
    preview = project_dir.run("preview", "counted.yaml", "--format", "json").json
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


def test_every_message_is_what_its_row_makes_it(project_dir: ProjectDir, counted: Campaign) -> None:
    place(project_dir, counted)
    found = project_dir.run("preview", "counted.yaml", "--all", "--format", "json").json["messages"]
    assert [(each["row"], each["text"], each["encoding"], each["segments"]) for each in found] == [
        (person.line, person.text, *person.size) for person in counted.sent
    ]
    assert [Decimal(each["cost"]["high"]) for each in found] == [cost_of([person]) for person in counted.sent]


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
