"""CSV and TSV tables: every cell as it stands, every fault at its place."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.tables.row import Row
from table_files import opened


def by_name(rows: Iterable[Row]) -> list[Row]:
    """Each row with its values by name, whatever kind of table it is from."""
    return [Row(row.line, row.values) for row in rows]


def read(
    folder: Path, content: str | bytes, name: str = "people.csv", options: str = ""
) -> tuple[list[Row], list[Diagnostic]]:
    table, problems = opened(folder, content, name, options)
    rows = [] if table is None else by_name(table.rows(problems))
    if table is not None:
        table.close()
    return rows, list(problems)


def values(rows: list[Row]) -> list[dict[str, object]]:
    return [dict(row.values) for row in rows]


def test_csv_cells_are_text_as_they_stand_and_empty_ones_are_missing(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, "phone,zip,name\n+31612345678,00501, Ann \n0612345678,,1e5\n")
    assert problems == []
    assert rows == [
        Row(2, {"phone": "+31612345678", "zip": "00501", "name": " Ann "}),
        Row(3, {"phone": "0612345678", "name": "1e5"}),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    table, _ = opened(tmp_path, b"\xef\xbb\xbfphone,name\r\n+31612345678,Zo\xc3\xab\r\n")
    assert table is not None
    assert table.columns == ("phone", "name")
    assert values(list(table.rows(Problems()))) == [{"phone": "+31612345678", "name": "Zoë"}]


def test_a_tsv_is_split_by_tabs_and_a_written_delimiter_wins(tmp_path: Path) -> None:
    assert values(read(tmp_path, "phone\tname\n1\ta,b\n", "p.tsv")[0]) == [{"phone": "1", "name": "a,b"}]
    assert values(read(tmp_path, "phone;name\n1;a,b\n", "p.CSV", '  delimiter: ";"')[0]) == [
        {"phone": "1", "name": "a,b"}
    ]


def test_blank_lines_are_no_rows_and_lines_are_counted_on(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, "\nphone,name\n\n1,a\n\n2,b")
    assert problems == []
    assert [row.line for row in rows] == [4, 6]


@pytest.mark.parametrize(
    "text",
    [
        "\n,,\n  \nphone,name,n\n,,\n1,a,x\n , \u00a0,\t\n\n   \n,\n2,b,x\n,,,,,\n,,",
        'phone,name,n\n,"",\n1,"a",x\n"","",""\n  \n2,b,x\n\ufeff,,\n',
        "phone;name;n;;\n;;;;\n1;a;x;;\n2;b;x; ;\n;;\n",
        "sep=;\nphone;name;n\n1;a;x\n;;\n2;b;x\n",
    ],
    ids=["delimiters and spaces", "quotes", "columns without a name at the end", "a spreadsheet's mark"],
)
def test_blank_rows_and_empty_columns_at_the_end_are_nobodys(tmp_path: Path, text: str) -> None:
    table, problems = opened(tmp_path, text, options="  delimiter: auto")
    assert table is not None
    rows = by_name(table.rows(problems))
    assert list(problems) == []
    assert values(rows) == [{"phone": "1", "name": "a", "n": "x"}, {"phone": "2", "name": "b", "n": "x"}]
    assert [text.split("\n")[row.line - 1].strip(";")[0] for row in rows] == ["1", "2"]
    assert table.blank_rows > 0
    table.close()


def test_a_table_of_blank_rows_has_none(tmp_path: Path) -> None:
    assert [d.code for d in read(tmp_path, "phone,name\n,\n  \n")[1]] == ["no-rows"]


def test_what_is_in_a_column_without_a_name_is_reported_with_its_rows(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, 'phone,a,,\n1,2,,\n3,4,x,\n5,"6",,y\n')
    assert [row.line for row in rows] == [2]
    assert [(d.code, d.span.start.column, d.rows) for d in problems] == [("empty-column-name", 9, (3, 4))]


def test_spaces_around_column_names_are_told_and_not_read(tmp_path: Path) -> None:
    table, problems = opened(tmp_path, "\ufeff\ufeff phone , First\u00a0Name,\u200bn\n1,2,3\n")
    assert table is not None
    assert table.columns == ("phone", "First Name", "n")
    [warning] = problems
    assert (warning.code, warning.severity) == ("column-spaces", "warning")
    assert (
        "3 column names have invisible characters (U+200B, U+FEFF) around them, and are read as 'phone', 'First Name', 'n'"
        in warning.problem
    )


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("phone,name\n1,a;b;c\n", ","),
        ("phone;name\n1;a,b\n", ";"),
        ("phone\tname, first\n1\ta\n2\tb\n", "\t"),
        ('phone;"name, first"\n1;a\n', ";"),
        ("phone\n1\n", ","),
        ("sep=;\nphone;name\n1;a\n", ";"),
        ("\n;;\nphone;name\n1;a\n", ";"),
    ],
)
def test_auto_finds_the_delimiter(tmp_path: Path, text: str, delimiter: str) -> None:
    table, problems = opened(tmp_path, text, options="  delimiter: auto")
    assert list(problems) == []
    assert table is not None
    assert table.delimiter_found == delimiter
    assert table.columns[0] == "phone"


def test_another_delimiter_is_one_error_and_the_rows_are_checked_all_the_same(tmp_path: Path) -> None:
    for header, row in (("phone;name", "1;a"), ("phone;name, first", "1;a,b"), ('phone;"name, first"', "1;a")):
        rows, problems = read(tmp_path, f"{header}\n{row}\n2;b\n3;b;c\n")
        assert [(d.code, d.span.start.line) for d in problems] == [("table-delimiter", 1), ("ragged-row", 4)]
        assert [row.values["phone"] for row in rows] == ["1", "2"]
        assert problems[0].fix == 'set `delimiter: ";"` under recipients, or `delimiter: auto`'


def test_names_with_other_delimiters_in_them_are_no_mistake(tmp_path: Path) -> None:
    for text in ("phone,a;b;c\n1,2\n", 'phone,"a;b"\n1,2;3\n', "phone,a|b\n1,x|y\n"):
        assert read(tmp_path, text)[1] == []


def test_an_address_on_several_lines_is_one_cell(tmp_path: Path) -> None:
    text = (
        "phone,address,order\n"
        '+31612345678,"Keizersgracht 1, 2e\n1015 CJ, Amsterdam\nNL",A1\n'
        '+31612345679,"Damrak 2\r\n1012 LG",A2\n'
        "+31612345670,Dam,A3\n"
    )
    rows, problems = read(tmp_path, text)
    assert problems == []
    assert [row.line for row in rows] == [2, 5, 7]
    assert rows[0].values["address"] == "Keizersgracht 1, 2e\n1015 CJ, Amsterdam\nNL"
    assert rows[1].values["address"] == "Damrak 2\r\n1012 LG"


def test_quotes_delimiters_and_tabs_pass_inside_quoted_cells(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, 'phone,name\n1,"Acme, ""Inc""\t."\n2,5" pipe\n')
    assert problems == []
    assert [row.values["name"] for row in rows] == ['Acme, "Inc"\t.', '5" pipe']


def test_column_names_may_be_any_text(tmp_path: Path) -> None:
    table, _ = opened(tmp_path, 'phone, First Name ,"the ""long"", one",2026-12-01\n1,2,3,4\n')
    assert table is not None
    assert table.columns == ("phone", "First Name", 'the "long", one', "2026-12-01")


def test_records_on_several_lines_pass_wherever_the_file_is_cut_into_blocks(tmp_path: Path) -> None:
    record = '+31612345678,"Keizersgracht {0}, 2e\n1015 CJ, Amsterdam\n\nNL",A{0}\n'
    text = "phone,address,order\n" + "".join(record.format(n) for n in range(10_000))
    rows, problems = read(tmp_path, text)
    assert problems == []
    assert [row.line for row in rows] == list(range(2, 40_002, 4))
    assert rows[-1].values["address"] == "Keizersgracht 9999, 2e\n1015 CJ, Amsterdam\n\nNL"


def test_rows_can_be_read_again_and_side_by_side(tmp_path: Path) -> None:
    table, problems = opened(tmp_path, "phone\n" + "".join(f"{n}\n" for n in range(1000)))
    assert table is not None
    first, second = table.rows(problems), table.rows(problems)
    assert [row.line for row in first] == [row.line for row in second] == list(range(2, 1002))


PHONES = [f"+3160000000{n}" for n in range(6)]

FAULTS: list[tuple[str, str | bytes, str, int, int]] = [
    ("an empty file", "", "no-rows", 1, 1),
    ("only blank lines", "\n\n", "no-rows", 1, 1),
    ("only a byte order mark", b"\xef\xbb\xbf", "no-rows", 1, 1),
    ("only a header", "phone,name\n", "no-rows", 1, 1),
    ("only a header and blank lines", "phone,name\r\n\r\n", "no-rows", 1, 1),
    ("semicolons", "phone;n\n1;a\n", "table-delimiter", 1, 1),
    ("tabs", "phone\tn\n1\ta\n", "table-delimiter", 1, 1),
    ("a spreadsheet's own first line", "sep=;\nphone;n\n1;a\n", "table-delimiter", 1, 1),
    ("a repeated column", "phone,a,b,a\n1,2,3,4\n", "repeated-column", 1, 11),
    ("a repeated column in quotes", '"a","b","a"\n1,2,3\n', "repeated-column", 1, 10),
    ("a column without a name", "phone,,a\n1,2,3\n", "empty-column-name", 1, 7),
    ("a delimiter after the last column", "phone,a,\n1,2,3\n", "empty-column-name", 1, 9),
    ("no header", f"{PHONES[0]},Ann\n{PHONES[1]},Bob\n", "header-missing", 1, 1),
    ("no header, the number second", f"Ann,{PHONES[0]}\nBob,{PHONES[1]}\n", "header-missing", 1, 5),
    ("a quote open in the header", 'phone,"name\n1,a\n', "unclosed-quote", 1, 7),
    ("a header that swallows rows", f'phone,"name\n{PHONES[0]},Ann\n{PHONES[1]},Bob"\n', "unclosed-quote", 1, 7),
    ("a row with too much", "phone,a\n1,2\n3,4,5\n", "ragged-row", 3, 5),
    ("a row with too little", "phone,a,b\n1,2,3\n3,4\n", "ragged-row", 3, 1),
    (
        "a quote open to the end",
        f'phone,name\n{PHONES[0]},Ann\n{PHONES[1]},"Bob\n{PHONES[2]},Carl\n',
        "unclosed-quote",
        3,
        14,
    ),
    (
        "a quote closed by the next one that opens",
        f'phone,name\n{PHONES[0]},"Ann\n{PHONES[1]},Bob\n{PHONES[2]},"Carl"\n{PHONES[3]},Dan\n',
        "unclosed-quote",
        2,
        14,
    ),
    (
        "three people in one row",
        f'phone,name\n{PHONES[0]},"Ann\n{PHONES[1]},Bob\n{PHONES[2]},Carl"\n',
        "unclosed-quote",
        2,
        14,
    ),
    (
        "three people in one row, the number last",
        f'name,town,phone\nAnn,"Gouda,{PHONES[0]}\nBob,Delft,{PHONES[1]}\nCarl,Ede",{PHONES[2]}\n',
        "unclosed-quote",
        2,
        5,
    ),
    (
        "two people in one row, quoted in the middle",
        f'phone,name,country\n{PHONES[0]},"Ann,NL\n{PHONES[1]},Bob",NL\n',
        "unclosed-quote",
        2,
        14,
    ),
    (
        "two people in one row, by order number",
        'order,name\nA-1001,"Ann\nA-1002,Bob"\n',
        "unclosed-quote",
        2,
        8,
    ),
    ("two people in one cell of one column", f'phone\n"{PHONES[0]}\n{PHONES[1]}"\n', "unclosed-quote", 2, 1),
    ("two short ids in one cell of one column", 'id\n"A1\nB2"\n', "unclosed-quote", 2, 1),
    ("text after a closing quote", 'phone,a\n1,"b"c\n', "stray-quote", 2, 6),
    ("a NUL", b"phone,a\n1,b\n1,b\x00c\n", "forbidden-character", 3, 4),
    ("a bare carriage return", b"phone,a\n1,b\rc\n", "forbidden-character", 2, 4),
    ("a file with carriage returns only", b"phone,a\r1,b\r2,c\r", "forbidden-character", 1, 8),
    ("an escape character", "phone,a\n1,\x1b[31m\n", "forbidden-character", 2, 3),
    ("a bidi character", "phone,a\n1,漢b\u202ec\n", "forbidden-character", 2, 5),
    ("a C1 control character", "phone,a\n1,b\x85c\n", "forbidden-character", 2, 4),
    ("a control character in a cell of two lines", 'phone,a\n1,"b\nc\x07"\n', "forbidden-character", 3, 2),
    ("a bidi character in the header", "phone,a\u202e\n1,b\n", "forbidden-character", 1, 8),
    ("a cell of 128 KB and more", "phone,a\n1," + "x" * 131_073 + "\n", "cell-too-long", 2, 3),
    ("a quoted cell of 128 KB and more", 'phone,a\n1,"' + "x y\n" * 40_000 + '"\n2,b\n', "cell-too-long", 2, 3),
    ("a line of 5 MB", "phone,a\n1," + "x" * 5_000_000, "cell-too-long", 2, 1),
    ("Latin-1", "phone,a\n1,b\n1,Zoë\n".encode("latin-1"), "not-utf8", 3, 5),
    ("Latin-1 in the header", "phone,zoë\n1,b\n".encode("latin-1"), "not-utf8", 1, 9),
    ("UTF-16", "phone,a\n1,b\n".encode("utf-16"), "not-utf8", 1, 1),
    ("UTF-16 without a mark", "phone,a\n1,b\n".encode("utf-16-le"), "not-utf8", 1, 1),
    ("gzip", gzip.compress(b"phone,a\n1,b\n"), "not-text", 1, 1),
    ("zip, xlsx", b"PK\x03\x04\x14\x00\x00\x00", "not-text", 1, 1),
    ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not-text", 1, 1),
]


@pytest.mark.parametrize(("content", "code", "line", "column"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_faulty_csv_is_refused_at_the_place_of_its_fault(
    tmp_path: Path, content: str | bytes, code: str, line: int, column: int
) -> None:
    _, problems = read(tmp_path, content)
    assert [(d.code, d.span.start.line, d.span.start.column) for d in problems] == [(code, line, column)]
    assert problems[0].path == str(tmp_path / "people.csv")
    assert "error" not in problems[0].problem
    assert not any(phone[1:] in problems[0].excerpt + problems[0].problem for phone in PHONES)


def test_rows_below_an_unclosed_quote_are_read_again_once_it_is_over(tmp_path: Path) -> None:
    text = f'phone,name\n{PHONES[0]},"Ann\n{PHONES[1]},"Bob"\n{PHONES[2]},Carl\n{PHONES[3]},"Dan\n{PHONES[4]},Eve\n'
    rows, problems = read(tmp_path, text)
    assert [row.line for row in rows] == [4]
    assert [(d.code, d.rows) for d in problems] == [("unclosed-quote", (2, 5))]


def test_an_unclosed_quote_in_a_long_table_is_found_where_it_opens(tmp_path: Path) -> None:
    lines = [f"+316{n:08},Ann {n}" for n in range(20_000)]
    lines[5] = lines[5].replace(",", ',"')
    _, problems = read(tmp_path, "phone,name\n" + "\n".join(lines) + "\n")
    assert [(d.code, d.span.start.line, d.span.start.column) for d in problems] == [("unclosed-quote", 7, 14)]


def test_the_same_fault_on_many_rows_is_one_problem_that_lists_them(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, "phone,a\n1,2,3\n1,2\n1,2,3\n1\n")
    assert [row.line for row in rows] == [3]
    assert [(d.code, d.rows, d.row_count) for d in problems] == [("ragged-row", (2, 4), 2), ("ragged-row", (5,), 1)]
    assert problems[0].problem == "the row has 3 cells, the header has 2"


def test_faults_of_several_kinds_are_all_told(tmp_path: Path) -> None:
    rows, problems = read(tmp_path, 'phone,a\n1,2,3\n1,"a"b\n1,\x07\n1,ok\n')
    assert [row.line for row in rows] == [5]
    assert [d.code for d in problems] == ["ragged-row", "stray-quote", "forbidden-character"]


def test_an_empty_table_passes_where_the_spec_allows_it(tmp_path: Path) -> None:
    assert read(tmp_path, "phone\n", options="  allow_empty: true") == ([], [])
    assert read(tmp_path, "", options="  allow_empty: true") == ([], [])
    assert read(tmp_path, "", "p.jsonl", "  allow_empty: true") == ([], [])


def test_what_an_empty_table_holds_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, "phone\n")[1][0].problem == "the table has no recipients: it holds a header and no rows"
    assert read(tmp_path, "")[1][0].problem == "the table has no recipients: it holds nothing"


def test_the_delimiter_that_a_header_shows_is_offered(tmp_path: Path) -> None:
    fix = 'set `delimiter: ";"` under recipients, or `delimiter: auto`'
    assert read(tmp_path, "phone;n\n1;a\n")[1][0].fix == fix
    assert read(tmp_path, "a,b\n1,2\n", options='  delimiter: ";"')[1][0].fix == fix.replace(";", ",")


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "\u200b", "\ufeff", " \t "])
@pytest.mark.parametrize("long", ["x", "x" * 1_000, "x y; " * 300])
def test_a_cell_of_spaces_is_missing_beside_cells_of_any_length(tmp_path: Path, space: str, long: str) -> None:
    rows, problems = read(tmp_path, f"a,b,c,d\n1,{space},3,{long}\n")
    assert problems == []
    assert [set(row.values) for row in rows] == [{"a", "c", "d"}]


def test_a_number_where_names_belong_is_shown_masked(tmp_path: Path) -> None:
    problem = read(tmp_path, "+31612345678,Ann\n+31612345679,Bob\n")[1][0]
    assert "'+31••••••78'" in problem.problem
    assert problem.excerpt == "+31•••••••78,Ann"


@pytest.mark.parametrize(
    ("name", "content"),
    [("people.csv", "0612345678,a,0612345678\nx,y,z\n"), ("people.jsonl", '{"0612345678": 1, "0612345678": 2}\n')],
)
def test_a_number_that_stands_as_a_name_is_quoted_masked(tmp_path: Path, name: str, content: str) -> None:
    problem = read(tmp_path, content, name)[1][0]
    assert "'06••••••78'" in problem.problem


@pytest.mark.parametrize(
    ("line", "column", "place", "shown"),
    [
        (2, "name", (2, 14, 2, 17), "+31•••••••78,Ann,x"),
        (2, "phone", (2, 1, 2, 13), "+31•••••••78,Ann,x"),
        (2, None, (2, 1, 2, 19), "+31•••••••78,Ann,x"),
        (2, "nothing", (2, 1, 2, 19), "+31•••••••78,Ann,x"),
        (3, "name", (3, 15, 3, 23), '+31•••••••79,"B, ""C""",漢字'),
        (3, "note", (3, 25, 3, 27), '+31•••••••79,"B, ""C""",漢字'),
        (4, "name", (4, 15, 5, 4), '+31•••••••70,"two'),
        (4, "note", (5, 6, 5, 10), 'one",last'),
    ],
)
def test_a_cell_is_located_in_characters_without_its_quotes(
    tmp_path: Path, line: int, column: str | None, place: tuple[int, ...], shown: str
) -> None:
    text = 'phone,name,note\n+31612345678,Ann,x\n+31612345679,"B, ""C""",漢字\n+31612345670,"two\none",last\n'
    table, _ = opened(tmp_path, text)
    assert table is not None
    span, excerpt = table.locate(line, column)
    assert (span.start.line, span.start.column, span.end.line, span.end.column) == place
    assert excerpt == shown


def test_a_cell_far_down_is_located(tmp_path: Path) -> None:
    table, _ = opened(tmp_path, "phone,name\n" + "".join(f"{n:07},{'x' * 90}\n" for n in range(10_000)))
    assert table is not None
    assert table.locate(9_001, "name")[0].start.column == 9
    assert table.locate(9_001, "name")[1].startswith("00•••99,xxx")
