"""`validate --rejects`: the rows that are wrong, as they came, in a table that can be corrected and checked again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendspec.cli.main import run
from sendspec.reading.tables.csv_record import read_record
from sendspec.reading.tables.rejects import MARKS, guarded, reject_line, unguarded

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, delimiter: auto, country: NL}
limits: {segments: 1}
message: {body: {type: text, text: {text: "Hi {{ name }}{{ note | default('') }}"}}}
"""
Check = Callable[..., Any]
ADDED = ("sendspec_line", "sendspec_column", "sendspec_problem", "sendspec_fix")


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    """Runs `validate` on a table, and returns the exit code, the document and what was said."""
    monkeypatch.chdir(tmp_path)
    Path("hello.yaml").write_text(SPEC)

    def checked(content: str | bytes | None, *more: str, specs: tuple[str, ...] = ("hello.yaml",)) -> Any:
        if content is not None:
            Path("people.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        code = run(["validate", *specs, *more, "--format", "json"])
        printed = capfd.readouterr()
        return code, json.loads(printed.out) if printed.out else {}, printed.err

    return checked


def rejected(delimiter: str = ",") -> list[list[str]]:
    text = Path("wrong.csv").read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_the_wrong_rows_come_back_as_they_came_with_what_is_wrong_and_what_to_do(check: Check) -> None:
    people = '\ufeffphone ; name;note;;\r\n06 12345678;Ann;;;\r\n06123;"Bob; ""B""";x;;\r\n;;;;\r\n0687654321;;;;\r\n;Eve;1;;\r\n'
    code, document, said = check(people, "--rejects", "wrong.csv")
    assert (code, document["rejects"]) == (1, {"path": "wrong.csv", "rows": 3})
    assert "3 rows written to wrong.csv" in said
    assert Path("wrong.csv").stat().st_mode & 0o777 == 0o600
    raw = Path("wrong.csv").read_bytes()
    assert raw.startswith('\ufeff"sendspec_line";'.encode())
    assert b';"sendspec_fix";phone ; name;note;;\r\n' in raw
    assert b'\r\n"3";"phone";' in raw
    assert b'";06123;"Bob; ""B""";x;;\r\n' in raw
    header, *rows = rejected(";")
    assert tuple(header[:4]) == ADDED
    assert [(row[0], row[1]) for row in rows] == [("3", "phone"), ("5", "name"), ("6", "phone")]
    assert rows[0][2] == "'0•••3' can't be a number of NL: 5 digits are too few"
    assert "where" in rows[2][3]
    assert "06123" not in rows[0][2] + rows[0][3]


def test_the_corrected_rejects_pass_and_the_others_are_rejected_again(check: Check) -> None:
    assert check("phone;name;note;\n06123;Ann;=1+1;\n0612;Bob;;\n0687654321;Eve;;\n", "--rejects", "wrong.csv")[0] == 1
    text = Path("wrong.csv").read_text()
    Path("fixed.csv").write_text(text.replace("06123;", "+31612345678;"))
    code, document, _ = check(None, "--recipients", "fixed.csv", "--rejects", "wrong.csv")
    assert (code, [d["rows"] for d in document["diagnostics"] if d["severity"] == "error"]) == (1, [[3]])
    assert [row[4:7] for row in rejected(";")] == [["phone", "name", "note"], ["0612", "Bob", ""]]
    Path("fixed.csv").write_text(text.replace("06123;", "+31612345678;").replace("0612;", "0612345677;"))
    assert check(None, "--recipients", "fixed.csv", "--rejects", "wrong.csv")[:2] == (
        0,
        {
            "schema": "sendspec.diagnostics/1",
            "diagnostics": [],
            "rejects": {"path": "wrong.csv", "rows": 0},
        },
    )
    assert len(rejected(";")) == 1
    assert run(["render", "hello.yaml", "--recipients", "fixed.csv"]) == 0


def test_a_cell_is_sent_as_it_was_though_the_rejects_guard_it(check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    check('phone,name,note\n0612,=Ann(),"-5%, or"\n+31612,+31687654321,\'@x\n', "--rejects", "wrong.csv")
    assert [row[4:] for row in rejected()[1:]] == [["0612", "'=Ann()", "'-5%, or"], ["+31612", "+31687654321", "''@x"]]
    text = Path("wrong.csv").read_text()
    Path("fixed.csv").write_text(text.replace('",0612,', '",0612345678,').replace('",+31612,', '",+31612345679,'))
    capfd.readouterr()
    assert run(["render", "hello.yaml", "--recipients", "fixed.csv"]) == 0
    texts = [json.loads(line)["body"]["text"]["text"] for line in capfd.readouterr().out.splitlines()]
    assert texts == ["Hi =Ann()-5%, or", "Hi +31687654321'@x"]


def test_rows_that_can_not_be_read_come_back_whole(check: Check) -> None:
    people = (  # in two encodings
        b'phone,name,note\n0612345678,"Ann,x\n0612345679,Bob,x\n0612345670,"\xc3\x87arl",x\n0612345671,"D"an,x\n'
        b'0612345672,Zo\xeb,x\n0612345673,Eve\n+12345,"=two\nlines",x\n'
    )
    check(people, "--rejects", "wrong.csv")
    raw = Path("wrong.csv").read_bytes()
    for row in (
        b'0612345678,"Ann,x',
        b'0612345671,"D"an,x',
        b"0612345672,Zo\xeb,x",
        b"0612345673,Eve",
        b'+12345,"\'=two\nlines",x',
    ):
        assert b'",' + row + b"\n" in raw, row
    code, again, _ = check(None, "--recipients", "wrong.csv")
    assert code == 1
    assert {each["code"] for each in again["diagnostics"]} >= {"stray-quote", "not-utf8", "ragged-row", "phone-length"}
    assert next(each["problem"] for each in again["diagnostics"] if each["code"] == "ragged-row") == (
        "the row has 2 cells, the header has 3: there is none for 'note'"
    )


def test_what_is_wrong_lines_up_in_rows_with_too_few_or_too_many_cells(check: Check) -> None:
    check("phone,name,note\n0612345678,Ann\n0612345679,Bob,x,y\n06123,Cy,x\n", "--rejects", "wrong.csv")
    header, *rows = rejected()
    assert header.index("sendspec_problem") == 2
    assert [row[0] for row in rows] == ["2", "3", "4"]
    assert [row[4:] for row in rows] == [["0612345678", "Ann"], ["0612345679", "Bob", "x", "y"], ["06123", "Cy", "x"]]
    few, many = (
        "the row has 2 cells, the header has 3: there is none for 'note'",
        "the row has 4 cells, the header has 3",
    )
    assert [row[2] for row in rows[:2]] == [few, many]
    _, again, _ = check(None, "--recipients", "wrong.csv")
    found = [(each["code"], each["line"], each["problem"]) for each in again["diagnostics"]]
    assert found[0] == ("ragged-row", 2, few)
    assert found[1] == ("ragged-row", 3, many)
    assert found[2][:2] == ("phone-number", 4)
    assert again["diagnostics"][1]["column"] > len(rows[2][2])  # it is shown at its own cell, behind the four


def test_a_row_of_rejects_that_lost_its_cells_is_not_taken_for_a_blank_one(check: Check) -> None:
    check("phone,name\n0612,Ann\n", "--rejects", "wrong.csv")
    header = Path("wrong.csv").read_text().partition("\n")[0]
    Path("wrong.csv").write_text(f"{header}\n0612345678\n,,,,,\n5,,,,,\n\n,,,,0612345679,Ann\n")
    _, document, _ = check(None, "--recipients", "wrong.csv")
    assert [(each["code"], each["rows"]) for each in document["diagnostics"]] == [("ragged-row", [2])]


def test_rejects_of_a_table_in_another_encoding_are_utf8_and_not_all_of_its_rows(check: Check) -> None:
    people = "phone,name,note\n0612345678,Zoë,x\n06123,Çem,x\n0612345679,Bob,x\n".encode("cp1252")
    code, document, _ = check(people, "--rejects", "wrong.csv")
    assert code == 1
    assert [each["code"] for each in document["diagnostics"]] == ["not-utf8", "phone-number"]
    raw = Path("wrong.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert '",06123,Çem,x\n'.encode() in raw
    assert "Zoë" not in raw.decode()


def test_a_formula_is_guarded_in_a_row_of_any_kind() -> None:
    for text in ('=1,"a"b', 'x,"=1"b', 'x,@a,"b', "+1+1,+31612345678,-x"):
        record = read_record([text], 1, ",")
        line = reject_line(
            None if record.trouble else record, text, ",", has_marks=False, added=("1", "=c", "'=p'", "-f")
        )
        assert not any(cell.startswith(("=", "@", "-", "+1")) for cell in line.replace('"', "").split(",")), line
        assert "+31612345678" in line or "31612345678" not in text
    assert line == '"1","\'=c","\'=p\'","\'-f",\'+1+1,+31612345678,\'-x'


@given(st.lists(st.sampled_from([*"'=+-@\t\ra1 ", "+31612345678"])).map("".join))
def test_a_guard_comes_off_as_it_was_put_on(cell: str) -> None:
    """The law: reading undoes writing, and no cell but a plain number begins like a formula."""
    written = guarded(cell)
    assert unguarded(written) == cell
    assert not written.startswith(("=", "-", "@", "\t", "\r"))
    assert not written.startswith("+") or written[1:].isdigit()


@pytest.mark.parametrize(
    ("place", "code"),
    [("notes.csv", 1), ("people.csv", 1), (".git/hooks/x.csv", 1), ("none/wrong.csv", 1), ("folder", 1)],
)
def test_no_other_file_is_overwritten(check: Check, place: str, code: int) -> None:
    Path("notes.csv").write_text("phone,name\n1,2\n")
    Path(".git/hooks").mkdir(parents=True)
    Path("folder").mkdir()
    before = "phone,name\n0612,Ann\n"
    assert check(before, "--rejects", place)[0] == code
    assert (Path("notes.csv").read_text(), Path("people.csv").read_text()) == ("phone,name\n1,2\n", before)
    assert list(Path(".git/hooks").iterdir()) == []


def test_a_table_of_rejects_is_not_overwritten_by_its_own_check(check: Check) -> None:
    check("phone,name\n0612,Ann\n06123,Bob\n", "--rejects", "wrong.csv")
    before = Path("wrong.csv").read_text()
    code, document, _ = check(None, "--recipients", "wrong.csv", "--rejects", "wrong.csv")
    assert (code, document["diagnostics"][0]["code"]) == (1, "file-unwritable")
    assert Path("wrong.csv").read_text() == before


def test_rejects_are_of_one_csv(check: Check) -> None:
    Path("other.yaml").write_text(SPEC.replace("hello", "other"))
    assert check("phone,name\n0612,Ann\n", "--rejects", "wrong.csv", specs=("hello.yaml", "other.yaml"))[0] == 2
    Path("people.jsonl").write_text('{"phone": "0612", "name": "Ann"}\n')
    assert check(None, "--recipients", "people.jsonl", "--rejects", "wrong.csv")[0] == 2
    Path("hello.yaml").write_text(SPEC.replace("name }}", "nmae }}"))
    code, document, said = check(None, "--rejects", "wrong.csv")
    assert (code, "rejects" in document) == (1, False)
    assert "wrong.csv was not written" in said
    assert not Path("wrong.csv").exists()
    assert MARKS == ADDED
