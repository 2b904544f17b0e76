"""Tables that hide people, damage numbers or lie elsewhere; numbers that nobody can be reached at."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from project_dir import Answer

Intake = Any  # the fixture `intake` of this folder's conftest
ONE, TWO, THREE = "+31612345678", "+31687654321", "+31611223344"


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


TABLES: list[tuple[str, str | bytes, list[str]]] = [
    ("an empty table", "", ["no-rows people.csv:1:1"]),
    ("a table of blank lines", "\n\r\n\n", ["no-rows people.csv:1:1"]),
    ("a table with a header alone", "phone,first_name\n", ["no-rows people.csv:1:1"]),
    ("a table without the column of the address", f"mobile,first_name\n{ONE},Bob\n", ["missing-column hello.yaml:4:1"]),
    ("a table without a header", f"{ONE},Ann\n{TWO},Bob\n", ["header-missing people.csv:1:1"]),
    ("semicolons between the cells", f"phone;first_name\n{ONE};Ann\n", ["table-delimiter people.csv:1:1"]),
    ("tabs between the cells", f"phone\tfirst_name\n{ONE}\tAnn\n", ["table-delimiter people.csv:1:1"]),
    ("a column that stands twice", f"phone,first_name,first_name\n{ONE},a,b\n", ["repeated-column people.csv:1:18"]),
    ("cells behind the last name", f"phone,first_name,\n{ONE},a,b\n", ["empty-column-name people.csv:1:18"]),
    ("a row with too few cells", f"phone,first_name,n\n{ONE},Ann,1\n{TWO},Bob\n", ["ragged-row people.csv:3:1"]),
    ("a row with too many cells", f"phone,first_name\n{ONE},Ann\n{TWO},Bob, Jr\n", ["ragged-row people.csv:3:18"]),
    (
        "a quote that swallows the next rows",
        f'phone,first_name\n{ONE},"Ann\n{TWO},Bob\n{THREE},Carl"\n',
        ["unclosed-quote people.csv:2:14"],
    ),
    (
        "a quote that is open to the end",
        f'phone,first_name\n{ONE},Ann\n{TWO},"Bob\n{THREE},Carl\n',
        ["unclosed-quote people.csv:3:14"],
    ),
    ("a quote inside a cell", f'phone,first_name\n{ONE},"Rob"ert\n', ["stray-quote people.csv:2:19"]),
    ("a NUL in a cell", f"phone,first_name\n{ONE},A\0n\n".encode(), ["forbidden-character people.csv:2:15"]),
    ("a lone carriage return", f"phone,first_name\n{ONE},A\rn\n".encode(), ["forbidden-character people.csv:2:15"]),
    ("a table of carriage returns alone", f"phone,first_name\r{ONE},Ann\r".encode(), ["forbidden-character people.csv:1:17"]),
    ("a table in Latin-1", f"phone,first_name\n{ONE},Zoë\n".encode("latin-1"), ["not-utf8 people.csv:2:16"]),
    ("a table in UTF-16", f"phone,first_name\n{ONE},Ann\n".encode("utf-16"), ["not-utf8 people.csv:1:1"]),
    ("a gzip archive by another name", gzip.compress(b"phone\n1\n"), ["not-text people.csv:1:1"]),
    ("a spreadsheet by another name", _zipped(), ["not-text people.csv:1:1"]),
    ("an old spreadsheet by another name", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ["not-text people.csv:1:1"]),
    (
        "the same recipient with another message",
        f"phone,first_name\n{ONE},Robert\n{TWO},Ann\n{ONE},Rob\n",
        ["conflicting-rows people.csv:4:1"],
    ),
    (
        "the same recipient in another spelling with another message",
        f"phone,first_name\n{ONE},Robert\n+31 6 1234-5678,Rob\n",
        ["conflicting-rows people.csv:3:1"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_a_table_that_can_not_be_trusted(intake: Intake, content: str | bytes, expected: list[str]) -> None:
    intake.write("people.csv", content)
    intake.rejects(*expected)


NUMBERS: list[tuple[str, str, str]] = [
    ("a number in a spreadsheet's power of ten", "3.16123E+10", "spreadsheet-number"),
    ("a number in a spreadsheet's power of ten with a comma", "3,16123E+10", "spreadsheet-number"),
    ("a number that a spreadsheet gave a fraction", "31612345678.0", "spreadsheet-number"),
    ("a number that lost its plus", "31612345678", "phone-country"),
    ("a number that lost its leading zero", "612345678", "phone-country"),
    ("a national number without a country", "0612345678", "phone-country"),
    ("a number with 00 without a country", "0031612345678", "phone-country"),
    ("a number with letters", "+1-800-FLOWERS", "phone-letters"),
    ("a word", "nobody", "phone-letters"),
    ("a number in Devanagari digits", "+३१६१२३४५६७८", "phone-digits"),
    ("a number in full-width digits", "＋３１６１２３４５６７８", "phone-digits"),
    ("a number with a fraction slash look-alike", "+3161234567①", "phone-digits"),
    ("a number with an extension in words", "+31612345678 ext 2", "phone-extension"),
    ("a number with an extension in a parameter", "+31612345678;ext=2", "phone-extension"),
    ("a number with an extension behind an x", "+31612345678x2", "phone-extension"),
    ("two numbers in one cell", "+31612345678 / +31687654321", "phone-several"),
    ("two numbers with a comma", "+31612345678, +31687654321", "phone-several"),
    ("a number with the ending of a second one", "+44 7700 900018/19", "phone-several"),
    ("a number with a digit of a second one", "+31612345678/9", "phone-several"),
    ("a number with a second ending behind a hyphen", "+44 7700 900018-19", "phone-length"),
    ("a number that is too short", "+3161", "phone-length"),
    ("a number that is too long", "+3161234567890123", "phone-length"),
    ("a number that is too short for its country", "+1 202 555 01", "phone-length"),
    ("a number that is too long for its country", "+1 202 555 0130 1", "phone-length"),
    ("a number of no country", "+999612345678", "phone-unassigned"),
    ("a number that keeps its national zero", "+310612345678", "phone-trunk-zero"),
    ("an emergency number", "112", "phone-length"),
    ("a number of spaces", "   ", "phone-empty"),
]


@pytest.mark.parametrize(("cell", "code"), [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS])
def test_a_number_that_can_not_be_reached_is_shown_in_its_cell(intake: Intake, cell: str, code: str) -> None:
    intake.change("{file: people.csv}", '{file: people.csv, delimiter: "|"}')
    intake.write("people.csv", f"first_name|phone\nBob|+31612345678\nAnn|{cell}\n")
    intake.rejects(f"{code} people.csv:3:5")


def test_a_stricter_check_refuses_what_no_country_has_assigned(intake: Intake) -> None:
    intake.write("people.csv", "first_name,phone\nBob,+31612345678\nAnn,+31112345678\nCarl,+31900123456\n")
    assert len(intake.accepts("phone-landline people.csv:3:5")) == 3
    intake.change("{file: people.csv}", "{file: people.csv, check: valid}")
    intake.rejects("phone-invalid people.csv:3:5")
    assert intake.diagnostics[0]["rows"] == [3, 4]


def test_a_looser_check_takes_any_length_to_15_digits(intake: Intake) -> None:
    intake.write("people.csv", "first_name,phone\nBob,+31612345678\nAnn,+1 202 555 01\nCarl,+31201234567\n")
    intake.change("{file: people.csv}", "{file: people.csv, check: none}")
    written = [payload["receiver"]["contacts"][0]["identifierValue"] for payload in intake.accepts()]
    assert written == ["+31612345678", "+120255501", "+31201234567"]
    intake.write("people.csv", "first_name,phone\nBob,+31612345678\nAnn,+3161234567890123\n")
    intake.rejects("phone-length people.csv:3:5")


def test_a_check_is_one_of_three(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, check: strict}")
    intake.rejects("wrong-value hello.yaml:4:39")


def test_an_empty_address_names_the_rows(intake: Intake) -> None:
    intake.write("people.csv", "first_name,phone\nBob,+31612345678\nAnn,\n")
    intake.rejects("phone-empty people.csv:3:5")
    assert intake.diagnostics[0]["rows"] == [3]
    assert "leave such rows out: `where:" in intake.diagnostics[0]["fix"]


def test_a_number_with_a_trailing_bidi_mark(intake: Intake) -> None:
    intake.write("people.csv", "first_name,phone\nBob,+31612345678\u202c\n")
    intake.rejects("forbidden-character people.csv:2:17")


def test_a_trailing_bidi_mark_in_a_list_is_an_escape(intake: Intake) -> None:
    intake.change("{file: people.csv}", '[{phone: "+31612345678\\u202c", first_name: Ann}]')
    intake.rejects("forbidden-character hello.yaml:4:35")


def test_a_number_of_no_range_of_its_country(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, country: NL}")
    intake.write("people.csv", "first_name,phone\nBob,0612345678\nAnn,06123\n")
    intake.rejects("phone-number people.csv:3:5")


def test_a_country_reads_national_numbers(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, country: NL}")
    intake.write("people.csv", "first_name,phone\nBob,0612345678\nAnn,612345679\n")
    written = [payload["receiver"]["contacts"][0]["identifierValue"] for payload in intake.accepts()]
    assert written == ["+31612345678", "+31612345679"]


def test_the_columns_of_a_table_without_the_address_are_listed(intake: Intake) -> None:
    intake.write("people.csv", "mobile,first_name\n+31612345678,Bob\n")
    intake.rejects("missing-column hello.yaml:4:1")
    assert "mobile, first_name" in intake.diagnostics[0]["problem"]


def test_the_delimiter_that_a_table_has_is_offered(intake: Intake) -> None:
    intake.write("people.csv", "phone;first_name\n+31612345678;Bob\n")
    intake.rejects("table-delimiter people.csv:1:1")
    assert (
        "';'" in intake.diagnostics[0]["problem"] + intake.diagnostics[0]["fix"]
        or '";"' in intake.diagnostics[0]["fix"]
    )


def test_a_byte_order_mark_is_no_part_of_the_first_column(intake: Intake) -> None:
    intake.write("people.csv", "\ufeffphone,first_name\n+31612345678,Bob\n")
    assert len(intake.accepts()) == 1


def test_an_empty_table_is_sent_to_nobody_where_that_is_allowed(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, allow_empty: true}")
    intake.write("people.csv", "phone,first_name\n")
    assert intake.accepts() == []


def test_one_fault_on_many_rows_is_one_error_with_a_count(intake: Intake) -> None:
    people = "phone,first_name\n" + "".join(f"06123456{n:02d},Bob\n" for n in range(40))
    intake.write("people.csv", people)
    intake.rejects("phone-country people.csv:2:1")
    assert intake.diagnostics[0]["row_count"] == 40
    assert "39 more rows: 3, 4, 5, …" in intake.run("validate", "hello.yaml").err


@pytest.mark.parametrize(
    "again",
    ["+31612345678", "+31 6 1234 5678", "+31(0)612345678"],
    ids=lambda again: f"as {again[:4]}… {len(again)} characters",
)
def test_the_same_row_twice_is_warned_of_and_sent_once(intake: Intake, again: str) -> None:
    intake.write("people.csv", f"phone,first_name\n+31612345678,Robert\n+31687654321,Ann\n{again},Robert\n")
    assert len(intake.accepts("duplicate-rows people.csv:4:1")) == 2
    [warning] = intake.diagnostics
    assert warning["severity"] == "warning"
    assert "2" in warning["problem"]
    plan = json.loads(intake.run("plan", "hello.yaml", "--env", "live", "--format", "json").out)
    assert plan["skipped"] == {"duplicate": 1}


def test_rows_that_a_key_tells_apart_are_two_messages(intake: Intake) -> None:
    intake.change("{file: people.csv}", '{file: people.csv, key: "{{ order_id }}"}')
    intake.write("people.csv", "phone,first_name,order_id\n+31612345678,Robert,A1\n+31612345678,Rob,A3\n")
    assert len(intake.accepts()) == 2


PATHS: list[tuple[str, str]] = [
    ("a path that climbs out", "../../../etc/passwd"),
    ("a path that climbs out and comes back elsewhere", "../other/people.csv"),
    ("an absolute path", "/etc/passwd"),
    ("an absolute path into the project", "{here}/people.csv"),
    ("an address of a file", "file:///etc/passwd"),
    ("an address of the web", "https://example.com/people.csv"),
    ("a path to another machine", '"\\\\\\\\server\\\\share\\\\people.csv"'),
    ("a drive", '"C:people.csv"'),
    ("a home folder", '"~/people.csv"'),
    ("another's home folder", '"~root/people.csv"'),
    ("percent escapes", '"%2e%2e/%2e%2e/etc/passwd"'),
    ("a link out of the project", "leads-out.csv"),
    ("a folder that is a link out of the project", "folder-out/passwd"),
]


@pytest.mark.parametrize("written", [row[1] for row in PATHS], ids=[row[0] for row in PATHS])
def test_a_path_out_of_the_project(intake: Intake, written: str) -> None:
    intake.folder.joinpath("leads-out.csv").symlink_to("/etc/passwd")
    intake.folder.joinpath("folder-out").symlink_to("/etc")
    intake.change("{file: people.csv}", f"{{file: {written.format(here=intake.folder)}}}")
    intake.rejects("outside-project hello.yaml:4:20")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "people.csv")


def _folder(folder: Path) -> None:
    (folder / "people.csv").mkdir()


def _loop(folder: Path) -> None:
    (folder / "people.csv").symlink_to("people.csv")


def _nothing(folder: Path) -> None:
    pass


NO_FILES: list[tuple[str, Callable[[Path], None], str]] = [
    ("a table that isn't there", _nothing, "file-missing"),
    ("a table that is a pipe is not waited for", _pipe, "not-a-file"),
    ("a table that is a folder", _folder, "not-a-file"),
    ("a table that is a link to itself", _loop, "not-a-file"),
]


@pytest.mark.parametrize(("made", "code"), [row[1:] for row in NO_FILES], ids=[row[0] for row in NO_FILES])
def test_a_table_that_is_no_file(intake: Intake, made: Callable[[Path], None], code: str) -> None:
    intake.folder.joinpath("people.csv").unlink()
    made(intake.folder)
    intake.rejects_bounded(f"{code} hello.yaml:4:20")


def test_a_table_of_an_unknown_ending(intake: Intake) -> None:
    intake.folder.joinpath("people.csv").rename(intake.folder / "people.xlsx")
    intake.change("{file: people.csv}", "{file: people.xlsx}")
    intake.rejects("unknown-table-format hello.yaml:4:20")


def test_a_cell_of_many_megabytes_is_not_kept(intake: Intake) -> None:
    intake.write("people.csv", f"phone,first_name\n{ONE},Ann\n{TWO}," + "x" * 5_000_000 + "\n")
    intake.rejects_bounded("cell-too-long people.csv:3:1")


def test_a_cell_of_more_than_128_kb_is_too_long(intake: Intake) -> None:
    intake.write("people.csv", f"phone,first_name\n{ONE},Ann\n{TWO}," + "x" * 131_073 + "\n")
    intake.rejects("cell-too-long people.csv:3:14")


def test_a_quote_that_is_open_over_many_megabytes_is_found_where_it_opens(intake: Intake) -> None:
    rows = "".join(f"+3161{n:07d},Ann\n" for n in range(10_000))
    intake.write("people.csv", f'phone,first_name\n{ONE},"Ann\n{rows}')
    intake.rejects_bounded("unclosed-quote people.csv:2:14")


def test_a_table_beyond_the_limit_on_messages_is_stopped_by_every_send(intake: Intake) -> None:
    intake.text('"Hi {{ first_name }}"', "limits: {messages: 1}\n")
    intake.rejects("limit-messages hello.yaml:10:20", by_send=False)
    told = intake.send_rejects(code=7)
    assert "[limit-messages]" in told.err


def test_segments_beyond_the_limit_of_the_run_are_stopped_by_every_send(intake: Intake) -> None:
    intake.text('"Hi {{ first_name }}"', "limits: {total_segments: 1}\n")
    intake.rejects("limit-total-segments hello.yaml:10:26", by_send=False)
    assert "[limit-total-segments]" in intake.send_rejects(code=7).err


def test_a_limit_of_the_environment_stops_a_send_too(intake: Intake) -> None:
    intake.reconfigure("    channels:", "    limits: {messages: 1}\n    channels:")
    assert "[limit-messages]" in intake.send_rejects(code=7).err


def test_a_large_table_beyond_the_limit_takes_little_memory(intake: Intake) -> None:
    intake.text('"Hi"', "limits: {messages: 10}\n")
    intake.write("people.csv", "phone\n" + "".join(f"+3161{n:07d}\n" for n in range(10_000)))
    intake.rejects_bounded("limit-messages hello.yaml:10:20")


def test_a_table_that_is_written_to_while_a_send_copies_it(intake: Intake) -> None:
    changed: list[bool] = []

    def append(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and not changed and str(arguments[0]).startswith("copy-"):
            changed.append(True)  # the table is open by now, and its bytes are copied below
            with intake.folder.joinpath("people.csv").open("a") as table:
                table.write("+31611223344,Cy,A3\n")

    sys.addaudithook(append)
    sent = intake.run("send", "hello.yaml", "--env", "live", "--yes", "--format", "json")
    assert changed
    assert (sent.code, sent.found) == (1, ["file-changed people.csv:1:1"])


def test_a_table_that_changes_between_plan_and_send(intake: Intake) -> None:
    assert intake.run("plan", "hello.yaml", "--env", "live", "--out", "plan.json").code == 0
    intake.write("people.csv", intake.people + "+31611223344,Cy,A3\n")
    sent = intake.run("send", "--plan", "plan.json", "--yes")
    assert sent.code == 8
    assert "[plan-stale]" in sent.err
    assert sent.err.rstrip().endswith("nothing was sent")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"], ids=lambda start: f"a cell that begins with {start}")
def test_an_export_holds_no_formula(intake: Intake, server: Any, start: str) -> None:
    formula = f"{start}cmd|' /C calc'!A0"
    refusal = json.dumps({"code": "X", "message": formula}).encode()
    server.decide = lambda number, request: Answer(422, refusal) if number == 2 else Answer()
    intake.reconfigure("https://api.bird.com", server.url)
    intake.change("message:", f'message:\n  reference: "{formula}{{{{ order_id }}}}"')
    assert intake.run("send", "hello.yaml", "--env", "live", "--yes").code == 3
    exported = intake.run("ledger", "export", "--env", "live", "--as", "csv")
    assert exported.code == 0, exported.err
    rows = list(csv.DictReader(io.StringIO(exported.out)))
    assert sorted(row["state"] for row in rows) == ["accepted", "refused"]
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert len([cell for cell in cells if cell.startswith(f"'{formula}")]) >= 2
    assert len([cell for cell in cells if cell.startswith("'+31")]) == 2


def test_errors_of_spec_header_and_rows_are_told_at_once(intake: Intake) -> None:
    """A row's fault is not hidden by the spec's, and not by another one of the same row."""
    spec = (
        "spec: 1\nname: hello\nchannel: sms\nrecipients: {file: people.csv, country: UK}\n"
        'message: {body: {type: text, text: {text: "Hi {{ first_name }}"}}}\n'
    )
    intake.write("hello.yaml", spec)
    intake.write("people.csv", "phone;first_name;n;n\n07911123456;Ann;1;1\nnobody;;1;1\n;Bob;1;1\n07911123457;;1;1\n")
    intake.rejects(
        "unknown-country hello.yaml:4:41",
        "empty-value hello.yaml:5:50",
        "table-delimiter people.csv:1:1",
        "repeated-column people.csv:1:20",
        "phone-letters people.csv:3:1",
        "phone-empty people.csv:4:1",
    )
    assert next(d["rows"] for d in intake.diagnostics if d["code"] == "empty-value") == [3, 5]
    intake.write("hello.yaml", spec.replace("UK", "GB").replace("first_name", "frist_name"))
    intake.write("people.csv", "phone,first_name\n07911123456,Ann\nnobody,\n,Bob,\n")
    intake.rejects(
        "unknown-name hello.yaml:5:50", "phone-letters people.csv:3:1", "ragged-row people.csv:4:6",
    )  # fmt: skip
