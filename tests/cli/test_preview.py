"""`preview`: one row, one key, everything; as JSON that its schema describes; and in CI nobody's values."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from json_documents import only
from project_dir import ProjectDir
from sendspec.cli.main import run

SPEC = """spec: 1
name: {name}
channel: sms
suppress: [out.csv]
recipients: {{file: people.csv, key: "{{{{ order_id }}}}", where: "{{{{ status != 'packed' }}}}"}}
message: {{body: {{type: text, text: {{text: "{name}: {{{{ who }}}}, {{{{ order_id }}}} has shipped."}}}}}}
"""
PEOPLE = """phone,order_id,status,who
+447700900001,A1001,shipped,Ann
+447700900002,A1002,packed,Bob
+447700900003,A1003,shipped,Cy
"+447700900004",A1004,shipped,"D
ee"
+447700900001,A1001,shipped,Ann
"""
CapturedBytes = pytest.CaptureFixture[bytes]


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(SPEC.format(name=name), encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "out.csv").write_text("phone\n+447700900003\n", encoding="utf-8")
    return tmp_path


def preview(captured: CapturedBytes, *arguments: str, code: int = 0) -> tuple[str, str]:
    assert run(["preview", *arguments]) == code
    out, err = captured.readouterr()
    return out.decode(), err.decode()


def document(captured: CapturedBytes, *arguments: str) -> Any:
    return only(preview(captured, *arguments, "--format", "json")[0], "preview")


@pytest.mark.parametrize(
    ("asked", "problem", "fix"),
    [
        (("--row", "3"), "row 3 gets no message: `where` leaves it out [recipient-excluded]", "change the row, or `where`"),
        (("--row", "4"), "row 4 gets no message: its address is on a suppression list", "take the address off the list"),
        (("--row", "7"), "row 7 gets no message: row 2 has the same recipient, with the same message", "write `--row 2`"),
        (("--row", "6"), "no row of people.csv begins on line 6: row 5 has several lines", "write `--row 5`"),
        (("--row", "1"), "no row of people.csv begins on line 1: the first row is 2 [row-unknown]", "write `--row 2`"),
        (("--row", "99"), "no row of people.csv begins on line 99: the last row is 7", "name a row from 2 to 7"),
        (("--key", "A1003"), "row 4 gets no message: its address is on a suppression list", "take the address"),
        (("--key", "A1002"), "(people.csv:3) gets no message: `where` leaves its row out", "change the row"),
        (("--key", "A10011"), "no recipient has the key 'A10011' [recipient-unknown]", "write 'A1001', as in line 2"),
    ],
)  # fmt: skip
def test_a_row_or_key_without_a_message_says_why(
    orders: Path, asked: tuple[str, ...], problem: str, fix: str, capfdbinary: CapturedBytes
) -> None:
    out, err = preview(capfdbinary, "one.yaml", *asked, code=1)
    assert out == ""
    assert problem in err
    assert f"fix: {fix}" in err


@pytest.mark.parametrize(
    ("asked", "said"),
    [(("--row", "99"), "no row of people.csv begins"), (("--key", "A1002"), "(people.csv:3) gets no message"),
     (("--key", "zz"), "fix: take it from the column 'order_id' of people.csv"), (("--key", "A10011"), "fix: write 'A1001', as in line 2 of people.csv")],
)  # fmt: skip
def test_a_table_is_named_without_the_folders_that_its_path_leaves_again(
    orders: Path, asked: tuple[str, ...], said: str, capfdbinary: CapturedBytes
) -> None:
    (orders / "specs").mkdir()
    text = (
        (orders / "one.yaml").read_text("utf-8").replace("people.csv", "../people.csv").replace("out.csv", "../out.csv")
    )
    (orders / "specs/one.yaml").write_text(text, encoding="utf-8")
    (orders / "sendspec.yaml").write_text("environments: {}\n", encoding="utf-8")
    assert said in preview(capfdbinary, "specs/one.yaml", *asked, code=1)[1]


@pytest.mark.parametrize("asked", [("--row", "5"), ("--key", "A1004"), ("--key", " A1004 ")])
def test_one_message_is_shown_whole(orders: Path, asked: tuple[str, ...], capfdbinary: CapturedBytes) -> None:
    out, _ = preview(capfdbinary, "one.yaml", *asked)
    assert "  row 5\n  │ one: D\n  │ ee, A1004 has shipped.\n" in out
    assert "filled in: who, order_id" in out
    [message] = document(capfdbinary, "one.yaml", *asked)["messages"]
    assert (message["row"], message["text"], message["segments"]) == (5, "one: D\nee, A1004 has shipped.", 1)
    assert [piece["text"] for piece in message["pieces"] if piece["filled"]] == ["D\nee", "A1004"]


def test_of_several_specs_those_without_the_key_are_told(orders: Path, capfdbinary: CapturedBytes) -> None:
    two = (orders / "two.yaml").read_text(encoding="utf-8").replace("people.csv", "others.csv")
    (orders / "two.yaml").write_text(two, encoding="utf-8")
    (orders / "others.csv").write_text("phone,order_id,status,who\n+447700900009,B1,shipped,Z\n", encoding="utf-8")
    out, err = preview(capfdbinary, "one.yaml", "two.yaml", "--key", "A1001")
    assert "one: Ann, A1001 has shipped." in out
    assert "note: two.yaml: no recipient has the key 'A1001'" in err


def test_every_message_is_listed_in_order_and_equals_what_is_rendered(orders: Path, capfdbinary: CapturedBytes) -> None:
    found = document(capfdbinary, "one.yaml", "two.yaml", "--all")
    assert found["complete"] is True
    assert [(each["spec"], each["row"]) for each in found["messages"]] == [
        ("one", 2),
        ("one", 5),
        ("two", 2),
        ("two", 5),
    ]
    assert run(["render", "one.yaml", "two.yaml"]) == 0
    bodies = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(body["reference"], body["body"]["text"]["text"]) for body in bodies] == [
        (each["id"], each["text"]) for each in found["messages"]
    ]
    assert sum(each["segments"] for each in found["messages"]) == found["segments"]["total"]
    out, _ = preview(capfdbinary, "one.yaml", "--all")
    assert out == (
        "row 2 · GSM-7 · 28 characters · 1 segment\n│ one: Ann, A1001 has shipped.\n\n"
        "row 5 · GSM-7 · 29 characters · 1 segment\n│ one: D\n│ ee, A1004 has shipped.\n\n"
    )


def test_a_shape_s_bubbles_and_totals_are_those_of_the_plan(orders: Path, capfdbinary: CapturedBytes) -> None:
    found = document(capfdbinary, "one.yaml")
    assert run(["plan", "one.yaml", "--format", "json"]) == 0
    plan = json.loads(capfdbinary.readouterr().out)
    for key in ("totals", "skipped", "segments"):
        assert found[key] == plan[key]
    for key in ("shapes", "skipped", "skipped_rows", "suppress"):
        assert found["specs"][0][key] == plan["specs"][0][key]
    [bubble] = found["specs"][0]["shown"]
    assert bubble["shape"] == found["specs"][0]["shapes"][0]["id"]
    assert "".join(piece["text"] for piece in bubble["pieces"]) == bubble["text"] == "one: Ann, A1001 has shipped."


@pytest.mark.parametrize("asked", [(), ("--row", "2"), ("--key", "A1001")])
def test_in_ci_nobody_s_values_are_shown(
    orders: Path, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfdbinary: CapturedBytes
) -> None:
    monkeypatch.setenv("CI", "true")
    out, err = preview(capfdbinary, "one.yaml", *asked)
    assert "one: ⟨who⟩, ⟨order_id⟩ has shipped." in out
    assert "no recipient's values are shown" in err
    text = json.dumps(document(capfdbinary, "one.yaml", *asked))
    assert not [value for value in ("Ann", "A1001", "D\\nee", "7700900") if value in text + out]


@pytest.mark.parametrize(
    ("arguments", "ci", "words"),
    [
        (("one.yaml", "--all"), "1", "leave it out to see each shape, or run it where CI isn't set"),
        (("one.yaml", "--all", "--row", "2"), "", "--row and --all can't be given together"),
        (("one.yaml", "--key", "A", "--row", "2"), "", "--row and --key can't be given together"),
        (("one.yaml", "two.yaml", "--row", "2"), "", "--row takes a row of one spec's table: name one spec"),
    ],
)
def test_what_can_not_be_shown_is_refused(
    orders: Path, arguments: tuple[str, ...], ci: str, words: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: CapturedBytes
) -> None:  # fmt: skip
    monkeypatch.setenv("CI", ci)
    out, err = preview(capfdbinary, *arguments, code=2)
    assert out == ""
    assert words in err


def test_faulty_specs_are_told_as_render_does(orders: Path, capfdbinary: CapturedBytes) -> None:
    (orders / "people.csv").write_text(PEOPLE.replace("+447700900001,A1001", "123,A1001"), encoding="utf-8")
    for form in ("text", "json"):
        printed = []
        for command in ("preview", "render"):
            assert run([command, "one.yaml", "--format", form]) == 1
            printed.append(capfdbinary.readouterr())
        assert printed[0] == printed[1]


def test_limits_on_a_run_warn_and_the_preview_is_shown(orders: Path, capfdbinary: CapturedBytes) -> None:
    (orders / "one.yaml").write_text(SPEC.format(name="one") + "limits: {messages: 1}\n", encoding="utf-8")
    out, err = preview(capfdbinary, "one.yaml")
    assert "1 of 1 shape, 2 of 2 messages" in out
    assert "[limit-messages]" in err


@pytest.mark.process
def test_a_table_that_changes_meanwhile_makes_the_list_incomplete(project_dir: ProjectDir) -> None:
    """The command waits for a reader of its first messages while the table grows."""
    project_dir.write("one.yaml", SPEC.format(name="one").replace("suppress: [out.csv]\n", ""))
    rows = "".join(f"+4477009{number:05d},A{number},shipped,{'x' * 100}\n" for number in range(2_000))
    project_dir.write("people.csv", "phone,order_id,status,who\n" + rows)
    reader, writer = os.pipe()
    started = project_dir.started("preview", "one.yaml", "--all", "--format", "json", stdout=writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as printed:
        first = printed.read(1_000)
        project_dir.write("people.csv", "phone,order_id,status,who\n" + rows + "+447700999999,Z,shipped,new\n")
        text = (first + printed.read()).decode()
    _, err = started.communicate(timeout=60)
    assert started.returncode == 1
    assert "don't use what was printed" in err
    assert only(text, "preview")["complete"] is False


def test_other_recipients_are_shown(orders: Path, capfdbinary: CapturedBytes) -> None:
    (orders / "other.csv").write_text(PEOPLE.replace("Ann", "Eve"), encoding="utf-8")
    out, _ = preview(capfdbinary, "one.yaml", "--recipients", "other.csv", "--row", "2")
    assert "one: Eve, A1001 has shipped." in out


def test_one_character_at_several_places_is_told_apart_in_what_could_be_saved(
    orders: Path, capfdbinary: CapturedBytes
) -> None:
    text = "{% if v is defined %}It’s{% else %}Hi{% endif %} {{ who }}" + " and so on" * 11
    (orders / "one.yaml").write_text(
        f'spec: 1\nname: one\nchannel: sms\nrecipients: {{file: few.csv}}\nmessage: {{body: {{type: text, text: {{text: "{text}"}}}}}}\n',
        encoding="utf-8",
    )
    (orders / "few.csv").write_text("phone,who,v\n+447700900001,Ann,1\n+447700900002,Ann,2\n+447700900003,D’Arcy,\n")
    told = preview(capfdbinary, "one.yaml")[0].splitlines()
    at = told.index("  to save, each by itself:")
    assert told[at + 1 : at + 3] == [
        "    replacing ’ (U+2019) in the spec's own text: 2 segments",
        "    replacing ’ (U+2019) in column who: 1 segment",
    ]
    assert "cuts are counted" not in told[-3]
    (orders / "few.csv").write_text("phone,who,v\n+447700900001,Ann😀,\n")
    (orders / "one.yaml").write_text(
        (orders / "one.yaml").read_text(encoding="utf-8").replace(" and so on" * 11, " and so on" * 7), encoding="utf-8"
    )
    assert "    (cuts are counted in the encoding that a text has; " in preview(capfdbinary, "one.yaml")[0]
    assert "  ⚠ replacing ’ (U+2019) in the spec's own text saves most: 2 segments" in told
