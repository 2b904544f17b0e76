"""`validate --html`: a page of the rows that are wrong, each error in its cell."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from html_page import Element, read_page
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendspec.cli.main import run
from sendspec.operations.page_file import MARK
from sendspec.operations.row_errors import RowError
from sendspec.operations.wrong_rows import WrongRow, WrongTable
from sendspec.reading.schema.validator import load_schema
from sendspec.showing.pages.page import environment
from sendspec.showing.pages.wrong_rows import wrong_rows_page

SPEC = """spec: 1
name: hello
channel: sms
recipients: RECIPIENTS
limits: {segments: 1}
message: {body: {type: text, text: {text: "Hi {{ name }}{{ note | default('') }}"}}}
"""
CSV = "{file: people.csv, delimiter: auto, country: NL}"
MEGABYTE = 1_000_000
Check = Callable[..., Any]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    """Runs `validate --html wrong.html`; returns the exit code, the document, and the page."""
    monkeypatch.chdir(tmp_path)

    def checked(
        people: str | bytes, *more: str, name: str = "people.csv", recipients: str = CSV, specs: Sequence[str] = ("hello.yaml",)
    ) -> tuple[int, Any, Element]:  # fmt: skip
        if not Path("hello.yaml").exists():
            Path("hello.yaml").write_text(SPEC.replace("RECIPIENTS", recipients))
        Path(name).write_bytes(people if isinstance(people, bytes) else people.encode())
        code = run(["validate", *specs, "--html", "wrong.html", *more, "--format", "json"])
        document = json.loads(capfd.readouterr().out)
        html = Path("wrong.html").read_text("utf-8")
        assert len(html.encode()) <= MEGABYTE
        return code, document, read_page(html)

    return checked


def rows(page: Element, number: int = 1) -> list[list[str]]:
    return page.one("table", id=f"rows-{number}").cells()


def todo(page: Element) -> list[str]:
    return [item.text for each in page.all("ol") for item in each.all("li")]


PEOPLE = (
    '\ufeffphone ;name;note;;\r\n06 12345678;"Ann\r\nMarie";;;\r\n06123;"Bob; ""B""";x;;\r\n;;;;\r\n0687654321;;;;\r\n'
    ";Eve;1;;\r\n0687654322;Zoë;1;2\r\n0687654323;Kim;" + "x" * 170 + ";;\r\n"
)


def test_only_wrong_rows_are_shown_with_each_error_in_its_cell(check: Check) -> None:
    code, document, page = check(PEOPLE)
    assert (code, document["html"]) == (1, {"path": "wrong.html", "rows": 5})
    assert load_schema("diagnostics").problems(document) == []
    assert Path("wrong.html").stat().st_mode & 0o777 == 0o600
    assert page.one("h1").text == "5 rows of people.csv are wrong"
    assert todo(page) == [each["text"] for each in document["todo"]]
    assert set(todo(page)) == {"fix 1 number", "fill 1 number", "fill 1 name", "repair 1 row", "shorten 1 text"}
    header, *shown = rows(page)
    assert header == ["Row", "The row itself", "phone", "name", "note", "no name"]
    by_number = {row[0].split("\n")[0]: row for row in shown}
    assert [row[0] for row in shown] == ["3\nline 4", "5\nline 6", "6\nline 7", "7\nline 8", "8\nline 9"]
    assert by_number["3"][2].startswith(
        "06123\n'0•••3' can't be a number of NL: 5 digits are too few\nFix: add the digits"
    )
    assert by_number["3"][3:] == ['Bob; "B"', "x", ""]
    assert by_number["5"][2] == "06••••••21"
    assert by_number["5"][3].startswith("empty\n'name' has no value\nFix: ")
    assert by_number["6"][2].startswith("empty\nthe row has no phone number\n")
    assert by_number["7"][1].startswith("the row has 4 cells, the header has 5")
    assert by_number["8"][1].startswith("the text takes 2 segments; the limit is 1\nFix: shorten")
    wrong = [[at for at, cell in enumerate(row.inside) if isinstance(cell, Element) and cell.attributes.get("class") == "wrong"] for row in page.one("table", id="rows-1").all("tr")]  # fmt: skip
    assert wrong == [[], [2], [3], [2], [1], [1]]


def test_the_faults_are_in_the_order_of_what_to_do_with_those_of_one_row_too(check: Check) -> None:
    """Not one row's number above all rows of the fault, as if all had it; and of how many rows, and that nothing was sent."""
    people = "phone,name\n0612345601,\n0612345602,\n0612345603,\n06123,Al\n0612,Bo\n0612345604,Cy,x\n0612345605,Di\n"
    _, _, page = check(people)
    header, *groups = page.one("table", id="groups").cells()
    assert (header, todo(page)) == (
        ["What is wrong", "Rows", "Which", "Fix"],
        ["fix 2 numbers", "repair 1 row", "fill 3 names"],
    )
    assert [(row[0], row[1], row[2]) for row in groups] == [
        ("phone: in row 5, '0•••3' can't be a number of NL: 5 digits are too few phone-number", "2", "5, 6"),
        ("the row has 3 cells, the header has 2 ragged-row", "1", "7"),
        ("'name' has no value empty-value", "3", "2, 3, 4"),
    ]
    assert "hello.yaml · 7 rows checked, 6 of them wrong · nothing was sent" in page.text
    columns = [f"c{number}" for number in range(30)]
    Path("hello.yaml").write_text(
        SPEC.replace("RECIPIENTS", CSV).replace(
            "{{ name }}", "".join(f"{{{{ {each} }}}}" for each in ("name", *columns))
        )
    )
    many = [["0612345602", "Al", *("" if each == number else "x" for each in range(30))] for number in range(30)]
    table = [["phone", "name", *columns], *many, *2 * [["0612345601", "", *30 * "x"]]]
    _, _, page = check("\n".join(map(",".join, table)) + "\n")
    groups = page.one("table", id="groups").cells()
    assert [len(groups), *(row[:2] for row in groups if row[1] == "2")] == [
        12,
        ["'name' has no value empty-value", "2"],
    ]
    assert "And 20 more faults, in their rows below." in page.text
    Path("hello.yaml").unlink()
    _, _, alone = check("phone,name\n06123,Al\n0612345605,Di\n")
    assert not [each for each in alone.all("table") if each.attributes["id"] == "groups"]
    assert "2 rows checked, 1 of them wrong · nothing was sent" in alone.text


JSON_LINES = '{"phone": "06123", "name": "Bob", "more": {"a": [1, "é"]}}\n{"phone": "0612345678", "name": "Ann"}\n\n{"name": "Eve", "phone": 612345678901234567890}\n'
FORMS = {
    "people.jsonl": (
        "{file: people.jsonl, country: NL}",
        JSON_LINES,
        {"1": ["06123", "Bob", '{"a": [1, "é"]}'], "4": ["61•••••••••••••••••90", "Eve", ""]},
    ),
    "people.tsv": (
        "{file: people.tsv, country: NL}",
        "phone\tname\n06123\tBob, B\n0612345678\tAnn\n",
        {"2": ["06123", "Bob, B"]},
    ),
    "inline": (
        '{list: [{phone: "06123", name: Bob},\n  {phone: "06124", name: Ann}, {phone: "06125", x: 12.50}], country: NL}',
        "",
        {"4": ["06123", "Bob", ""], "5": ["06124", "Ann", ""], "5 2": ["06125", "empty", "12.50"]},
    ),
    "unclosed.csv": (
        "{file: unclosed.csv, country: NL}",
        'phone,name\n06123,"Bob\n06124,Ann\n',
        {"2": ['06123,"Bob']},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_recipients_of_every_form_are_shown_whole(check: Check, name: str) -> None:
    recipients, people, expected = FORMS[name]
    code, _, page = check(people, name=name, recipients=recipients)
    assert code == 1
    found: dict[str, list[str]] = {}
    header, *shown = rows(page)
    for row in shown:
        key = row[0] if row[0] not in found else f"{row[0]} 2"
        cells = row[2:] if header[1] == "The row itself" else row[1:]
        found[key] = [cell.split("\n")[0] for cell in cells]
    assert found == expected
    ids = [each.attributes["id"] for each in page.one("table", id="rows-1").all("tr", data_state="x") or page.all("tr") if "id" in each.attributes]  # fmt: skip
    assert len(set(ids)) == len(ids)


def test_rows_that_no_table_can_show_are_among_the_errors(check: Check) -> None:
    """The rows of a spec that doesn't compile."""
    _, _, page = check("phone\n06123\n06124\n")
    assert "people.csv:2:1: '0•••3' can't be a number" in page.text
    assert "1 error in hello.yaml" in page.text
    assert "row 3" in page.text


CANARIES = ("Annabel", "diabetes", "Delft", "07700900", "900o03", "asthma")
PRIVATE = {
    "people.csv": (CSV, "phone,name,note,town\n07700900o03,Annabel,diabetes,Delft\n0612345678,,asthma,Delft,5\n"),
    "people.jsonl": ("{file: people.jsonl, country: NL}", '{"phone": "07700900o03", "name": "Annabel", "note": "diabetes"}\n{"phone": "asthma", \n'),
    "inline": ('{list: [{phone: "07700900o03", name: Annabel, note: diabetes}, {phone: asthma}], country: NL}', ""),
    "no-header.csv": ("{file: no-header.csv, country: NL}", "phone,name,Annabel,Annabel\n07700900o03,asthma,Delft,x\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", PRIVATE)
def test_no_whole_number_is_on_the_page_and_on_ci_no_value_at_all(
    check: Check, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    recipients, people = PRIVATE[name]
    _, _, desk = check(people, name=name, recipients=recipients)
    monkeypatch.setenv("CI", "true")
    _, _, job = check(people, name=name, recipients=recipients)
    private = [word for word in CANARIES if word in people + recipients]
    assert private
    assert "07700900" not in desk.text
    assert [word for word in private if word in Path("wrong.html").read_text()] == []
    if "rows-1" in Path("wrong.html").read_text():
        assert len(rows(job)) == len(rows(desk))
        assert "phone: a phone number" in job.text


def test_hostile_cells_are_text(check: Check) -> None:
    evil = "</td></script><script>alert(1)</script>"
    content = f"phone,name,{evil}\n06123,{evil},=1+1\n06124,\u202eevil\x07,{{{{ 7 }}}}\n".encode() + b"06125,\xff,x\n"
    _, _, page = check(content)
    assert len(page.all("script")) == 1
    assert rows(page)[1][-2:] == [evil, "=1+1"]
    assert "\u202e" not in page.text
    assert "\x07" not in page.text


@pytest.mark.long
def test_of_a_long_list_every_fault_is_there_and_what_is_left_out_is_said(check: Check) -> None:
    lines = [f"06123,{'é<' * 150}{number},x" for number in range(1_300)]
    lines[1_290] = "0612345678,Ann,x,y"
    lines[1_280] = "0612,,x"
    _, document, page = check("phone,name,note\n" + "\n".join(lines) + "\n")
    assert document["html"]["rows"] == 1_300
    shown = rows(page)[1:]
    assert 300 < len(shown) < 1_001
    assert ("1 292", "the row has 4 cells, the header has 3") in [(row[0], row[1].split("\n")[0]) for row in shown]
    (late,) = (row for row in shown if row[0] == "1 282")
    assert late[2].startswith(
        "0612\nphone: a phone number doesn't exist in its country\n"
    )  # its own words were not kept
    counted = f"{len(shown):,}".replace(",", " ")
    assert f"Shown are {counted} of 1 300 wrong rows" in page.text
    group = page.one("table", id="groups").cells()[1]
    assert group[1:3] == ["1 299", "2, 3, 4, 5, 6, …"]


def test_of_a_wide_list_columns_without_a_fault_are_left_out(check: Check) -> None:
    wide = ",".join(["phone", "name", *(f"column{number}" for number in range(5_000))])
    _, _, page = check(f"{wide}\n" + "\n".join("06123" + ",<<<<<<<<" * 5_001 for _ in range(5)))
    assert len(rows(page)[0]) == 41
    assert "4 962 columns without a fault are left out" in page.text
    assert rows(page)[1][1].startswith("06123\n")


def test_several_specs_are_on_one_page(check: Check) -> None:
    Path("other.yaml").write_text(
        SPEC.replace("hello", "other").replace("RECIPIENTS", CSV).replace("{{ name", "{{ note }}{{ name")
    )
    Path("third.yaml").write_text(
        SPEC.replace("hello", "third").replace("RECIPIENTS", '{list: [{phone: "06125", name: Bob}], country: NL}')
    )
    Path("broken.yaml").write_text("spec: 1\nname: </h1>\n")
    specs = ("hello.yaml", "other.yaml", "third.yaml", "broken.yaml")
    code, _, page = check("phone,name,note\n0612345678,Bob,\n06123,Bob,x\n", specs=specs)  # fmt: skip
    assert code == 1
    assert page.one("h1").text == "3 rows in 2 tables are wrong"
    first, *todos = [each.text for each in page.all("section")]
    assert first.startswith("First, correct 4 errors")
    assert "broken.yaml:" in first
    assert len(todos) == 1
    shared = rows(page)[1:]
    assert [row[0] for row in shared] == ["2", "3"]
    assert shared[0][3].startswith("empty\n'note' has no value")
    assert shared[1][1].count("can't be a number") == 1
    assert rows(page, 2)[1][1].startswith("06125\n")


CHUNKS = (
    "06123",
    "0612345678",
    "Ann",
    ",",
    ";",
    "\n",
    "\r\n",
    "\r",
    '"',
    "é",
    "\ufeff",
    "\u202e",
    "\x00",
    "</td>",
    "{{",
    "#N/A",
    " ",
    "'",
)
BYTES = (b"\xff", b"\xed\xa0\x80", b"\xe9", *(chunk.encode() for chunk in CHUNKS))


@pytest.mark.parametrize("name", ["people.csv", "people.jsonl"])
@given(
    head=st.sampled_from([b"phone,name,note\n", b"phone;name\n", b""]),
    rest=st.lists(st.sampled_from(BYTES), max_size=40),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_table_holds_there_is_a_page_that_is_whole(
    tmp_path: Path, name: str, head: bytes, rest: list[bytes]
) -> None:
    """Law: for every table, the page is well-formed, names each id once, and the exit code is that of a check."""
    spec, table, page = tmp_path / "hello.yaml", tmp_path / name, tmp_path / "wrong.html"
    spec.write_text(SPEC.replace("RECIPIENTS", f"{{file: {name}, country: NL}}"))
    body = b"".join(rest)
    table.write_bytes(head + body if name.endswith("csv") else b'{"phone": "' + body + b'"}\n{"phone": "06123"}\n')
    page.unlink(missing_ok=True)
    assert run(["validate", str(spec), "--html", str(page), "-q"]) in (0, 1)
    read = read_page(page.read_text("utf-8"))
    ids = [each.attributes["id"] for each in read.all("tr") if "id" in each.attributes]
    assert len(set(ids)) == len(ids)


def test_standard_input_is_called_so() -> None:
    error = RowError("phone-number", "-", "phone", "it is too short", "add the digits")
    table = WrongTable("-", ("hello.yaml",), ("phone",), 1, (WrongRow(2, 2, (error,), ("06123",)),), 1)
    page = read_page(wrong_rows_page(["hello.yaml"], [], [table], checked="", is_ci=False))
    assert page.one("h1").text == "1 row of standard input is wrong"
    assert page.all("h2")[-1].text == "standard input"


def test_without_errors_the_page_says_so(check: Check) -> None:
    code, document, page = check("phone,name\n0612345678,Bob\n")
    assert (code, document["html"]["rows"]) == (0, 0)
    assert page.one("h1").text == "Nothing is wrong"
    assert "1 message for 1 recipient" in page.text
    assert page.all("table") == []


def test_both_files_have_the_same_rows(check: Check) -> None:
    _, document, page = check(PEOPLE, "--rejects", "wrong.csv")
    with Path("wrong.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = [row[0] for row in csv.reader(file, delimiter=";")][1:]
    assert [row[0].split()[-1] for row in rows(page)[1:]] == lines
    assert document["rejects"]["rows"] == document["html"]["rows"]


FAULTY_LINES = """{"phone": "0612345678", "name": "Ann"}
{"phone": "0612345679", "name": "\\u202eBob"}
{"phone": "0612345680", "note": "\\u0000c", "name": "Cem"}
{"phone": "12", "name": "Dee"}
{"phone":
[1]
{"phone": "0612345681", "name": "\\u202eEve"}
"""


def test_faulty_lines_of_json_hide_no_other_row(check: Check) -> None:
    _, document, page = check(FAULTY_LINES, name="people.jsonl", recipients="{file: people.jsonl, country: NL}")
    found = {each["code"] + str(each["rows"]): each["problem"] for each in document["diagnostics"]}
    assert found.keys() == {
        "forbidden-character[2, 7]", "forbidden-character[3]", "phone-number[4]", "json-syntax[5]", "not-an-object[6]"
    }  # fmt: skip
    assert "U+202E" in found["forbidden-character[2, 7]"]
    assert "U+0000" in found["forbidden-character[3]"]
    assert page.one("h1").text == "6 rows of people.jsonl are wrong"
    assert {row[0]: row[1].split("\n")[0][:22] or row[2][:2] for row in rows(page)[1:]} == {
        "2": "there is an invisible ", "3": "there is an invisible ", "4": "12", "5": "the line stops being J",
        "6": "the line is a list; ea", "7": "there is an invisible ",
    }  # fmt: skip


def test_of_lines_that_are_all_faulty_the_columns_are_not_known(check: Check) -> None:
    code, document, page = check('{"phone": \n[1]\n', name="people.jsonl", recipients="{file: people.jsonl}")
    assert code == 1
    assert [each["code"] for each in document["diagnostics"]] == ["json-syntax", "not-an-object"]
    assert page.one("h1").text == "2 rows of people.jsonl are wrong"
    assert rows(page)[1][1].startswith("the line stops being JSON here")


def test_each_character_that_can_not_be_sent_is_called_by_its_own_name(check: Check) -> None:
    _, document, page = check(
        "phone,name\n0612345678,\u202eA\n0612345679,\x1bB\n0612345680,\u202eC\n0612345681,\x85D\n"
    )
    told = [(each["rows"], "".join(re.findall(r"U\+\w{4}", each["problem"]))) for each in document["diagnostics"]]
    assert told == [([2, 4], "U+202E"), ([3], "U+001B"), ([5], "U+0085")]
    assert todo(page) == ["repair 4 rows"]


AMOUNTS = [
    (
        ["12,5", "12.5", "SECRET 7,25", "7,25", "8,25"],
        [2, 4, 5, 6],
        ["correct 4 values"],
        "write all numbers of 'name'",
    ),
    (["12,5", "12", "7,25"], [2, 4], ["correct 1 error in hello.yaml"], "or write `replace(',', '.')`"),
    (["1.250,5 kr.", "12"], [2], ["correct 1 value"], "remove kr. and the thousands' points"),
]


@pytest.mark.parametrize(("amounts", "wrong", "tasks", "fix"), AMOUNTS, ids=[fix for *_, fix in AMOUNTS])
def test_amounts_that_are_no_numbers_are_on_the_page(
    check: Check, amounts: Sequence[str], wrong: Sequence[int], tasks: Sequence[str], fix: str
) -> None:
    """Also where one change of the template would do, as the table may be what somebody wants to change."""
    Path("hello.yaml").write_text(
        SPEC.replace("RECIPIENTS", CSV).replace("{{ name }}", "{{ name | float | decimals(2) }}")
    )
    people = "phone;name\n" + "".join(f"06123456{70 + n};{amount}\n" for n, amount in enumerate(amounts))
    _, document, page = check(people, "--rejects", "wrong.csv")
    assert document["rejects"]["rows"] == document["html"]["rows"] == len(wrong)
    counted = "1 row of people.csv is" if len(wrong) == 1 else f"{len(wrong)} rows of people.csv are"
    assert page.one("h1").text == f"{counted} wrong"
    assert [row[0] for row in rows(page)[1:]] == [str(line) for line in wrong]
    assert fix.replace("`", "") in rows(page)[1][2]
    assert todo(page) == tasks
    assert sorted(row for each in document["diagnostics"] for row in each["rows"]) == wrong


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--html", "people.csv"], 1, "is no page that sendspec made"),
        (["--html", "hello.yaml"], 1, "is no page that sendspec made"),
        (["--html", "gone/wrong.html"], 1, "there is no folder"),
        (["--html", "x", "--rejects", "./x"], 2, "name two"),
        (["--html", "x", "--untrusted"], 2, "--html can't be used with --untrusted, which "),
    ],
)
def test_a_page_replaces_only_pages(
    check: Check, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    check("phone,name\n06123,Bob\n")
    before = Path("people.csv").read_bytes(), Path("hello.yaml").read_bytes()
    found = run(["validate", "hello.yaml", *arguments])
    assert (found, said in capfd.readouterr().err) == (code, True)
    assert (Path("people.csv").read_bytes(), Path("hello.yaml").read_bytes()) == before
    assert not Path("x").exists()


def test_pages_have_the_mark_that_lets_them_be_replaced() -> None:
    source, _, _ = environment().loader.get_source(environment(), "base.html")  # type: ignore[union-attr]
    assert re.search(re.escape(MARK.decode()), source[:1000])
