"""What people will see as a value: each shape once, against counts of the test's own, and nothing of anybody's in CI."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from long_rows import all_but
from project_dir import ProjectDir
from sendspec.diagnostics.diagnostic import Problems
from sendspec.operations.forcing_cause import ForcingSource
from sendspec.operations.offline_plan import open_jobs
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.preview import MOST_SHOWN, Preview, check_for_preview, preview_of
from sendspec.operations.system import real_system
from sendspec.planning.decision import Skip

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, where: "{{ stop | default('') != 'y' }}"}
suppress: [out.csv]
vars: {shop: Acme}
message:
  sender: {connector: {identifierValue: Acme}}
  body:
    type: text
    text:
      text: "Hi {{ name | default('there') }}, {{ shop }} has your order{% if vip | default('') == 'y' %}, dear VIP{% endif %}. {{ note | default('') }}"
examples:
  - with: {phone: "+447700900999", name: Sample, vip: "y"}
    expect: {segments: 1}
"""
COLUMNS = ("phone", "name", "vip", "note", "stop")


def preview(project: ProjectDir, rows: Sequence[tuple[str, ...]], spec: str = SPEC, **environ: str) -> Preview:
    with (project.folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    project.write("out.csv", "phone\n+447700900000\n")
    project.write("hello.yaml", spec)
    problems = Problems()
    system = real_system("test", environ=environ)
    context, jobs = open_jobs((str(project.folder / "hello.yaml"),), "test", None, problems, system)
    assert context is not None
    plans = check_for_preview(jobs, context, problems, 1)
    assert not problems.has_errors, [each.problem for each in problems]
    return preview_of(jobs, plans, context)


def phone(number: int) -> str:
    return f"+4477009{number:05d}"


def slow_size(text: str) -> tuple[str, int]:
    """Encoding and segments, from the standard's own words; for texts without characters of two units."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,'!"
    is_gsm7 = all(each in letters for each in text)
    alone, part = (160, 153) if is_gsm7 else (70, 67)
    return "GSM-7" if is_gsm7 else "UCS-2", 1 if len(text) <= alone else -(-len(text) // part)


@pytest.mark.parametrize("count", all_but([2_000], [2_000, 100_000]))
def test_a_shape_that_a_single_row_has_is_found(project: ProjectDir, count: int) -> None:
    """Against an independent count of texts, shapes, segments and of who gets none; the planted row is among the bubbles."""
    draw = random.Random(1)
    planted = count * 3 // 4
    rows, shapes, skipped, segments = [], Counter[Any](), Counter[str](), 0
    for number in range(count):
        name = draw.choice(["Ann", "", "Zoe’s", "Bob"])
        vip, note = ("y", "n" * 150) if number == planted else ("", draw.choice(["", "n" * 140]))
        stop = "y" if draw.random() < 0.01 else ""
        rows.append((phone(number), name, vip, note, stop))
        if stop or phone(number) == "+447700900000":
            skipped["filtered" if stop else "suppressed"] += 1
            continue
        text = f"Hi {name or 'there'}, Acme has your order{', dear VIP' if vip else ''}. {note}"
        size = slow_size(text)
        shapes[bool(name), bool(vip), bool(note), *size] += 1
        segments += size[1]
    rows.append(rows[planted])
    skipped["duplicate"] += 1
    [spec] = preview(project, rows).specs
    assert spec.plan.segments.total == segments
    assert {skip.value: found for skip, found in spec.plan.skipped.items()} == dict(skipped)
    assert sorted(shapes.values()) == sorted(shape.messages for shape in spec.shapes)
    assert [each.shape for each in spec.shown] == list(spec.shapes)
    assert spec.shown_messages == spec.plan.send == count + 1 - sum(skipped.values())
    alone = [each for each in spec.shown if each.line == planted + 2]
    assert [each.shape and each.shape.messages for each in alone] == [1]
    assert "dear VIP" in alone[0].text
    for each in spec.shown:
        assert each.measure is not None
        assert (each.measure.encoding.value, len(each.segments)) == slow_size(each.text)
        assert "".join(each.segments) == each.text == "".join(piece.text for piece in each.pieces)


def test_with_ci_set_no_value_is_shown_but_an_example_s(project: ProjectDir) -> None:
    rows = [(phone(1), "Secret", "y", "", ""), (phone(2), "Secret", "", "Secret", "")]
    [spec] = preview(project, rows, CI="1").specs
    assert "Secret" not in repr(replace(spec.plan, skipped_lines={})) + repr(spec.shown) + repr(spec.detail)
    by_source = {each.source: each for each in spec.shown}
    assert by_source[SampleSource.EXAMPLES].text == "Hi Sample, Acme has your order, dear VIP. "
    columns = by_source[SampleSource.COLUMNS]
    assert columns.text == "Hi ⟨name⟩, Acme has your order. ⟨note⟩" == "".join(piece.text for piece in columns.pieces)
    assert (columns.id, columns.measure, columns.country, columns.cost) == (None, None, "", None)
    [own] = preview(project, rows[:1]).specs
    assert own.shown[0].text == "Hi Secret, Acme has your order, dear VIP. "


def test_of_many_shapes_the_frequent_the_longest_and_the_rarest_are_shown(project: ProjectDir) -> None:
    text = "".join(f"{{% if '{each}' in note %}}{each}{{% endif %}}" for each in "abcdef")
    own = SPEC.split("      text:")[0] + f"      text: \"x{text}{{{{ name | default('') }}}}\"\n"
    notes = ["".join(each for bit, each in enumerate("abcdef") if number >> bit & 1) or "-" for number in range(60)]
    rows = [(phone(number), "", "", notes[number % 60], "") for number in range(150)]
    rows.append((phone(900), "n" * 170, "", "-", ""))
    [spec] = preview(project, rows, own).specs
    assert len(spec.shapes) == 61
    assert len(spec.shown) == MOST_SHOWN - 3 + 1
    shown = {each.shape.id for each in spec.shown if each.shape is not None}
    assert {spec.shapes[0].id, spec.shapes[-1].id} <= shown
    assert max(each.measure.segments for each in spec.shown if each.measure is not None) == 2


def test_each_forcing_character_says_where_it_comes_from(project: ProjectDir) -> None:
    own = SPEC.replace("has your order", "has your ’order’").replace(
        "Hi {{", "{{ stop | default('a') | upper | replace('A', 'Ґ') }}Hi {{"
    )
    [spec] = preview(project, [(phone(1), "O’Brien Ж", "", "", "a")], own).specs
    [shown] = spec.shown
    assert [(shown.text[each.index], each.replacement, each.source, each.column) for each in shown.forcing] == [
        ("Ґ", None, ForcingSource.TEMPLATE, ""),
        ("’", "'", ForcingSource.DATA, "name"),
        ("Ж", None, ForcingSource.DATA, "name"),
        ("’", "'", ForcingSource.TEMPLATE, ""),
        ("’", "'", ForcingSource.TEMPLATE, ""),
    ]
    assert [each.character for each in shown.forcing] == [shown.text[each.index] for each in shown.forcing]
    assert shown.replaced is not None
    assert shown.replaced.encoding.value == "UCS-2"


def test_whom_the_environment_leaves_out_is_counted(project: ProjectDir) -> None:
    settings = (project.folder / "sendspec.yaml").read_text(encoding="utf-8")
    project.write("sendspec.yaml", settings.replace("    channels:", f'    only_to: ["{phone(1)}"]\n    channels:'))
    [spec] = preview(project, [(phone(1), "A", "", "", ""), (phone(2), "B", "", "", "")]).specs
    assert spec.plan.skipped == {Skip.ONLY_TO: 1}
    assert [each.line for each in spec.shown] == [2]


def test_the_cost_of_a_message_is_that_of_its_country(project: ProjectDir) -> None:
    settings = (project.folder / "sendspec.yaml").read_text(encoding="utf-8")
    project.write("sendspec.yaml", "prices: prices.csv\n" + settings)
    project.write("prices.csv", "country,segment,currency\nGB,0.04,EUR\nNL,0.05-0.07,EUR\n")
    rows = [(phone(1), "A", "", "", ""), ("+31612345678", "", "", "n" * 200, ""), ("+4915112345678", "Ж", "", "", "")]
    [spec] = preview(project, rows).specs
    found = [
        (each.country, each.cost and (str(each.cost.low), str(each.cost.high), each.cost.currency))
        for each in spec.shown
    ]
    assert found == [("GB", ("0.04", "0.04", "EUR")), ("NL", ("0.10", "0.14", "EUR")), ("DE", None)]
    assert spec.sender == "Acme"
