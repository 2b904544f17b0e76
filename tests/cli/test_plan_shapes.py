"""The shapes of a plan: whatever goes out, people see one of its kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from long_rows import all_but
from plan_files import resealed
from sendspec.reading.schema.validator import load_schema

SPEC = """spec: 1
name: hello
channel: sms
vars: {shop: Łódka}
recipients: {file: people.csv}
message:
  body:
    type: text
    text:
      text: "Hi {{ first_name | default('you') }}{% if vip == 'yes' %}, see you at {{ shop }}{% elif vip == 'gold' %}, welcome{% endif %}."
  tags: ["{{ omit if vip == 'no' else vip }}"]
"""
EXAMPLES = """examples:
- with: {phone: "+447700900001", first_name: Max, vip: "no"}
  expect: {segments: 1}
"""


def people(*rows: str) -> str:
    return "phone,first_name,vip\n" + "".join(f"+4477009{n:05d},{row}\n" for n, row in enumerate(rows))


def shapes_of(project: Any, *more: str) -> list[dict[str, Any]]:
    done = project.run("plan", "hello.yaml", "--format", "json", *more)
    assert done.code == 0, done.err
    assert load_schema("plan").problems(done.json) == []
    [spec] = done.json["specs"]
    assert sum(shape["messages"] for shape in spec["shapes"]) == spec["totals"]["send"]
    assert sum(shape["segments"] for shape in spec["shapes"]) == spec["segments"]["total"]
    shapes: list[dict[str, Any]] = spec["shapes"]
    return shapes


@pytest.mark.parametrize(("count", "jobs"), all_but([(12_000, "3")], [(12_000, "3"), (50_000, "1"), (50_000, "3")]))
def test_a_shape_that_a_single_row_of_50_000_has_is_seen(project_dir: Any, count: int, jobs: str) -> None:
    rows = [f"{('Ann', 'Bob', 'Zoë', '')[n % 4]},{('yes', 'no')[n % 2]}" for n in range(count)]
    planted = count * 31 // 50 // 4 * 4
    rows[planted] = "Eve,gold"
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", people(*rows))
    shapes = shapes_of(project_dir, "--jobs", jobs)
    assert shapes[-1] == {
        "id": "45ddc786d8eb", "messages": 1, "segments": 1, "encoding": "GSM-7",
        "branches": [
            {"at": "message.body.text.text", "condition": "vip == 'yes'", "outcome": "false"},
            {"at": "message.body.text.text", "condition": "vip == 'gold'", "outcome": "true"},
            {"at": "message.tags.0", "condition": "vip == 'no'", "outcome": "false"},
        ],
        "fallbacks": [], "omitted": [],
        "sample": {"line": planted + 2, "text": "Hi Eve, welcome.", "from": "recipients"},
    }  # fmt: skip
    assert [(shape["messages"], shape["encoding"], shape["fallbacks"], shape["omitted"]) for shape in shapes[:-1]] == [
        (count // 2 - 1, "UCS-2", [], []),
        (count // 4, "GSM-7", [], ["message.tags.0"]),
        (count // 4, "GSM-7", ["first_name"], ["message.tags.0"]),
    ]
    text = project_dir.run("plan", "hello.yaml", "--jobs", jobs).out
    shown = f"{count:_}".replace("_", " ")
    assert f"  4 of 4 shapes, {shown} of {shown} messages\n" in text
    assert f"     1 × 1 segment GSM-7, row {planted + 2}, the rarest\n" in text
    assert " Hi Eve, welcome.\n" in text
    assert "first_name by default · without tags.0\n" in text


def test_with_many_shapes_the_longest_the_dearest_and_the_rarest_are_among_those_shown(project_dir: Any) -> None:
    conditions = "".join(f"{{% if '{n}' in vip %}}{n}{{% endif %}}" for n in range(6))
    project_dir.write("hello.yaml", SPEC.replace("Hi ", f"{conditions} Hi "))
    kinds = ["0", "1", "2", "3", "4", "5", "01", "12", "23"]
    rows = [f"Ann,{kind}" for at, kind in enumerate(kinds) for _ in range(20 - at)]
    rows += [f"{'x' * 400},34", f"{'x' * 400},34", "Eve,45"]
    project_dir.write("people.csv", people(*rows))
    shapes = shapes_of(project_dir)
    assert (len(shapes), shapes[-1]["sample"]["text"]) == (11, "45 Hi Eve.")
    text = project_dir.run("plan", "hello.yaml").out
    assert "  7 of 11 shapes, " in text
    assert "2 × 3 segments GSM-7, row 146, the longest\n" in text
    assert f"34 Hi {'x' * 153}…\n" in text
    assert "45 Hi Eve.\n" in text
    assert text.endswith("    and 4 more: `--detail`\n")
    detail = project_dir.run("plan", "hello.yaml", "--detail").out
    assert "  11 of 11 shapes, " in detail
    assert "more" not in detail
    assert f"34 Hi {'x' * 400}.\n" in detail


def test_on_ci_samples_have_no_values_of_recipients(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC + EXAMPLES)
    project_dir.write("people.csv", people("Secret,no", "Secret,no", "Secret,no", "Secret,yes", "Secret,yes", ",gold"))
    project_dir.environ["CI"] = "true"
    samples = [shape["sample"] for shape in shapes_of(project_dir)]
    assert samples == [
        {"line": 2, "text": "Hi Max.", "from": "examples"},
        {"line": 5, "text": "Hi ⟨first_name⟩, see you at Łódka.", "from": "columns"},
        {"line": 7, "text": "Hi you, welcome.", "from": "columns"},
    ]
    done = project_dir.run("plan", "hello.yaml", "--detail")
    assert "Secret" not in done.out + done.err
    assert "Hi ⟨first_name⟩, see you at Łódka." in done.out


def test_a_shape_keeps_its_id_whatever_the_rows_and_the_spelling_of_the_spec(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", people("Ann,no", "Bob,yes", "Bob,yes"))
    first = {shape["id"]: shape["messages"] for shape in shapes_of(project_dir)}
    project_dir.write("hello.yaml", SPEC.replace("vip == 'yes'", 'vip==\\"yes\\"').replace("Hi ", "Hello "))
    project_dir.write("people.csv", people("Eve,yes", *["Max,no"] * 500))
    second = {shape["id"]: shape["messages"] for shape in shapes_of(project_dir)}
    assert sorted(first) == sorted(second)
    assert (sorted(first.values()), sorted(second.values())) == ([1, 2], [1, 500])


def test_every_forcing_character_is_ranked_with_its_place(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC.replace("you at", "you – at"))
    long, script = "x" * 150, "абвгдежзик"
    project_dir.write(
        "people.csv", people(f"D’Arc{long},no", f"O’Hara{long},no", "“Al”,no", f"{script},no", "Ann,yes", "Łucja,no")
    )
    done = project_dir.run("plan", "hello.yaml", "--format", "json")
    [spec] = done.json["specs"]
    assert load_schema("plan").problems(done.json) == []
    assert spec["forcing"][0] == {
        "character": "’", "code_point": "U+2019", "name": "RIGHT SINGLE QUOTATION MARK", "source": "data",
        "column": "first_name", "messages": 2, "segments_saved": 4, "rows": [2, 3],
    }  # fmt: skip
    found = {(each["character"], each["source"]): (each["messages"], each.get("column")) for each in spec["forcing"]}
    assert found == {
        ("’", "data"): (2, "first_name"), ("“", "data"): (1, "first_name"), ("”", "data"): (1, "first_name"),
        (None, "data"): (1, "first_name"), ("–", "template"): (1, None), ("Ł", "template"): (1, None),
        ("Ł", "data"): (1, "first_name"), ("ó", "template"): (1, None),
    }  # fmt: skip
    text = project_dir.run("plan", "hello.yaml").out
    assert (
        "  ⚠ 6 messages are UCS-2, some for several reasons:\n"
        "    2 because of ’ (U+2019) in column first_name (rows 2, 3): replacing it saves 4 segments\n"
        "    and 7 more causes: `--detail`\n"
    ) in text
    detail = project_dir.run("plan", "hello.yaml", "--detail").out
    assert "    1 because of non-Latin text in column first_name (row 5)\n" in detail
    assert "    1 because of – (U+2013) in the spec's own text\n" in detail


def test_a_plan_file_has_shapes_without_texts_and_show_counts_them(project_dir: Any) -> None:
    project_dir.write("hello.yaml", SPEC)
    project_dir.write("people.csv", people("Ann,no", "Bob’,yes", "Bob,yes"))
    shapes = shapes_of(project_dir)
    assert project_dir.run("plan", "hello.yaml", "--out", "plan.json").code == 0
    written = (project_dir.folder / "plan.json").read_text(encoding="utf-8")
    [spec] = json.loads(written)["specs"]
    assert spec["shapes"] == [
        {name: shape[name] for name in ("id", "messages", "segments", "encoding")} for shape in shapes
    ]
    assert "Bob" not in written
    assert "forcing" not in spec
    for name, other in (("messages", 3), ("segments", 9)):
        edited = resealed(
            {
                **json.loads(written),
                "specs": [{**spec, "shapes": [{**spec["shapes"][0], name: other}, spec["shapes"][1]]}],
            }
        )
        project_dir.write("edited.json", json.dumps(edited))
        assert "changed after it was written" in project_dir.run("show", "edited.json").err
    out = project_dir.run("show", "plan.json").out
    assert "    shapes   2\n      2 × 1 segment UCS-2\n      1 × 1 segment GSM-7\n" in out


LANGUAGES = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, where: "{{ vip | default('') != 'out' }}"}
vars: {mode: a}
message:
  body:
    type: text
    text:
      text: "{% if row['vip'] | default('') | trim == 'tr' %}Merhaba{% elif vip | default('') in ['uk', 'UK'] or vip | default('') == 'ua' %}Привіт{% elif mode == 'b' %}B{% else %}Hallo{% endif %} {{ 'x' if first_name != 'A' else '' }}"
"""


def test_a_shape_that_matched_no_constant_shows_what_the_column_holds(project_dir: Any) -> None:
    project_dir.write("hello.yaml", LANGUAGES)
    kinds = ["de", "de", "de", "TR", "de ", "", "+447700900123", "f" * 40, "out", "tr", "uk", "ua"]
    project_dir.write("people.csv", people(*(f"A,{kind}" for kind in kinds), "A,de"))
    first, *others = shapes_of(project_dir)
    values = [("de", 4), ("TR", 1), ("de ", 1), ("+44••••••••23", 1), ("f" * 40, 1)]
    assert first["unmatched"] == [
        {"column": "vip", "values": [{"value": value, "messages": count} for value, count in values]}
    ]
    assert [each["unmatched"] for each in others if "unmatched" in each] == [
        [{"column": "vip", "values": [{"value": "", "messages": 1}]}]
    ]
    text = project_dir.run("plan", "hello.yaml").out
    assert f"        vip: de 4 · TR 1 · 'de ' 1 · +44••••••••23 1 · {'f' * 29}… 1\n" in text
    assert "        vip: (empty) 1\n" in text
    project_dir.environ["CI"] = "true"
    assert shapes_of(project_dir)[0]["unmatched"] == [
        {"column": "vip", "values": [{"messages": count} for _, count in values]}
    ]
    assert "        vip: 5 values, 4 · 1 · 1 · 1 · 1\n" in project_dir.run("plan", "hello.yaml").out


def test_values_are_looked_for_in_the_first_rows_of_a_long_table(project_dir: Any) -> None:
    project_dir.write("hello.yaml", LANGUAGES)
    project_dir.write("people.csv", people(*(f"A,v{n % 30}" for n in range(20_001))))
    [shape] = shapes_of(project_dir)
    [found] = shape["unmatched"]
    assert (len(found["values"]), found["others"], found["looked_at"]) == (20, 6_660, 20_000)
    assert " · 25 more (in the first 20 000 rows)\n" in project_dir.run("plan", "hello.yaml").out
