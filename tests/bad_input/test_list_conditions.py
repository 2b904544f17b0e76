"""Conditions on the cells of a list that are not what their author meant."""

from __future__ import annotations

from typing import Any

import pytest

Intake = Any  # the fixture `intake` of this folder's conftest
HEAD = "phone,first_name,t\n"
ROWS = [f"+316123456{n:02},Ann," for n in range(12)]


def given(intake: Intake, where: str, cells: list[str]) -> None:
    intake.change("{file: people.csv}", f'{{file: people.csv, where: "{where}"}}')
    intake.write("people.csv", HEAD + "".join(f'{row}"{cell}"\n' for row, cell in zip(ROWS, cells, strict=False)))


# The condition, the cells, the rows that are wrong, the problem and the fix.
MISORDERED = [
    ("{{ t > '2026-01-01' }}", ["03/14/2026", "2026-02-01", "2/1/26"], [2, 4], "'03/14/2026' > '2026-01-01' goes by characters, not by date", "write dates as year-month-day, such as 2026-03-14 for 03/14/2026, in the table and in the comparison"),
    ("{{ '01-06-2026' <= row['t'] | trim }}", ["2026-07-01"], [2], "'01-06-2026' <= '2026-07-01' goes by characters, not by date", "write dates as year-month-day, such as 2026-03-14,"),
    ("{{ first_name == 'Ann' and '2026-01-01' <= t < '2026-06-01' }}", ["14/03/2026"], [2], "'2026-01-01' <= '14/03/2026' goes", "2026-03-14 for 14/03/2026"),
    ("{{ t >= '100' }}", ["99", "150", "1000"], [2, 4], "'99' >= '100' goes by characters, not by size", "write `(t | float) >= 100`"),
    ("{{ t | default('0') >= '10,50' }}", ["9,50"], [2], "'9,50' >= '10,50' goes by characters", "write `(t | default('0') | replace(',', '.') | float) >= 10.50`"),
    ("{{ t >= '10' }}", ["€ 9,50", "#N/A"], [2], "'€ 9,50' >= '10' goes by", "write numbers with a decimal point, such as 9.50, in the table, and `(t | float) >= 10`"),
    ("{{ t < '10:00' }}", ["9:30"], [2], "not by time", "09:30"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "cells", "rows", "problem", "fix"), MISORDERED)
def test_an_order_that_goes_by_characters_is_an_error(
    intake: Intake, where: str, cells: list[str], rows: list[int], problem: str, fix: str
) -> None:
    given(intake, where, cells)
    told = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    found = [each for each in told.diagnostics if each["code"] == "text-order"]
    assert (told.code, found[0]["rows"], found[0]["line"]) == (1, rows, 4)
    assert problem in found[0]["problem"]
    assert fix in found[0]["fix"]


def test_an_order_that_is_meant_is_none(intake: Intake) -> None:
    given(intake, "{{ t >= '2026-01-01' and first_name < 'B' }}", ["2026-02-01", "2026-12-31"])
    assert len(intake.accepts()) == 2


def test_an_order_in_the_text_is_held_too(intake: Intake) -> None:
    intake.text("\"{% if first_name > '5' %}more{% endif %} <b>\"")
    intake.write("people.csv", "phone,first_name\n+31612345678,10\n")
    assert [each["code"] for each in intake.run("validate", "hello.yaml", "--format", "json").diagnostics] == [
        "text-order"
    ]


@pytest.mark.parametrize(
    ("where", "fix", "count"),
    [
        ("{{ t == '' }}", "t is not defined", 1),
        ("{{ row['t'] != '' }}", "t is defined", 2),
        ("{{ first_name == 'Ann' and t != '' }}", "t is defined", 2),
    ],
)
def test_a_comparison_with_an_empty_text_is_told_as_the_test_that_is_meant(
    intake: Intake, where: str, fix: str, count: int
) -> None:
    given(intake, where, ["x", "", "y"])
    told = intake.run("validate", "hello.yaml", "--env", "live")
    assert "error: 't' has no value here, and a missing value can't be compared [empty-compared]" in told.err
    assert f"= fix: write `{fix}`" in told.err
    assert "fill" not in told.err
    comparison = where.removesuffix(" }}").split("{{ ")[-1].split("and ")[-1]
    given(intake, where.replace(comparison, fix), ["x", "", "y"])
    assert len(intake.accepts()) == count


@pytest.mark.parametrize(
    "where", ["{{ t | float > 12,5 }}", "{{ t == 12,5 }}", "{{ first_name == 'Ann' and t | float > 12,5 }}"]
)
def test_a_decimal_comma_in_a_condition_is_told_as_one(intake: Intake, where: str) -> None:
    given(intake, where, ["13"])
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert found["problem"] == "`12,5` is two numbers: a template has no decimal comma"
    assert (found["fix"], found["end_column"] - found["column"]) == ("write 12.5", 4)


NEAR = [
    ("{{ t == 'true' }}", ["true", "TRUE ", "TRUE ", "Yes", "x", "false"], "'t' holds 'TRUE ' (2), 'Yes' (1), 'x' (1), which `where` doesn't take for 'true'; such rows are left out", "write `(t | trim | lower) in ['true', 'yes', 'x']`"),
    ("{{ t != 'ja' }}", ["ja", "Ja"], "which `where` doesn't take for 'ja'; such rows are kept", "write `(t | trim | lower) != 'ja'`"),
    ("{{ (t | default('')) in ['NL', 'BE'] and first_name == 'Ann' }}", ["NL", "nl", "", "DE"], "'t' holds 'nl' (1), which `where` doesn't take for 'NL' or 'BE'; such rows are left out", "write `(t | default('') | trim | lower) in ['nl', 'be']`"),
    ("{{ t == 'f' }}", ["f", "t", "FALSO", "false", "não"], "'t' holds 'FALSO' (1), 'false' (1), 'não' (1), which `where` doesn't take for 'f'", "write `(t | trim | lower) in ['f', 'falso', 'false', 'não']`"),
    ("{{ t != 'true' }}", ["t", "f", "f"], "'t' holds 't' (1), which `where` doesn't take for 'true'; such rows are kept", "['true', 't']"),
    ("{{ t | lower == 'ja' }}", ["ja", "Ja ", "JA"], "'t' holds 'Ja ' (1), which", "write `(t | lower | trim) == 'ja'`"),
    ("{{ t != 'nein' }}", ["ja", "ja", "ja", "nein", "Nein, bitte nicht", "abgemeldet"], "'t' holds 'Nein, bitte nicht' (1), 'abgemeldet' (1), which `where` doesn't take for 'nein'; such rows are kept, like those with 'ja' (3)", "write `t == 'ja'` to keep only these, or correct the table"),
    ("{{ t != 'Nein' }}", ["ja", "J", "ja", "Nein", "nein", "nein danke"], "'t' holds 'nein' (1), 'nein danke' (1), which", "write `(t | trim | lower) in ['ja', 'j']` to keep only these"),
    ("{{ t | default('') != 'ja' }}", ["ja", "", "ja (seit Mai)", ""], "'t' holds 'ja (seit Mai)' (1), which `where` doesn't take for 'ja'; such rows are kept", "write `(t | default('') | trim | lower) not in ['ja', 'ja (seit mai)']` if they mean the same"),
    ("{{ t not in ['abgemeldet', 'gesperrt'] }}", ["aktiv", "abgemeldet", "Abgemeldet, 3.5.", "neu"], "'t' holds 'Abgemeldet, 3.5.' (1), which", "not in ['abgemeldet', 'gesperrt', 'abgemeldet, 3.5.']"),
    ("{{ t != 'N' }}", ["J", "J", "N", "?"], "'t' holds '?' (1), which", "write `t == 'J'`"),
    ("{{ not t == 'nein' }}", ["ja", "nein", "weg"], "'t' holds 'weg' (1), which `where` doesn't take for 'nein'", "write `(t | trim | lower) in ['nein', 'weg']` if they mean the same"),
    ("{{ not t == 'nee' }}", ["nee", "Nee", "no"], "'t' holds 'Nee' (1), 'no' (1), which `where` doesn't take for 'nee'", "['nee', 'no']"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "cells", "problem", "fix"), NEAR)
def test_cells_that_a_condition_nearly_matches_are_told(
    intake: Intake, where: str, cells: list[str], problem: str, fix: str
) -> None:
    given(intake, where, cells)
    for command in ("validate", "plan"):
        told = intake.run(command, "hello.yaml", "--env", "live")
        assert told.code == 0
        assert problem in told.err
        assert fix in told.err
        assert told.err.count("[near-value]") == 1


@pytest.mark.parametrize(
    ("where", "cells"),
    [
        ("{{ t in ['ja', 'Ja'] }}", ["ja", "Ja", "nee"]),
        ("{{ t | trim | lower == 'ja' }}", ["ja", " JA"]),
        ("{{ t == 'x' }}", ["x", "y"]),
        ("{{ t == 'NL' }}", ["NL", "BE"]),
        ("{{ t != 'NO' }}", ["NO", "SE", "DK"]),
        ("{{ t != '0' }}", ["0", "1", "2", "12"]),
        ("{{ t != 'Pro' }}", ["Pro", "Pro Max", "Basic"]),
        ("{{ t != 'nein' }}", ["ja", "nein", *(f"Notiz {n}" for n in range(9))]),
        ("{{ t != 'S' }}", ["S", "M", "L"]),
        ("{{ t == 'ja' }}", ["ja", "nein", "weiß nicht"]),
        ("{{ 'nein' not in t }}", ["nein", "nein danke", "ja"]),
        ("{{ t != 'nein' }}", ["ja", "nein", ""]),
    ],
)
def test_cells_that_are_other_values_are_not(intake: Intake, where: str, cells: list[str]) -> None:
    given(intake, where, cells)
    assert "near-value" not in intake.run("validate", "hello.yaml", "--env", "live").err


def test_each_kind_of_fault_of_an_address_is_told_for_itself(intake: Intake) -> None:
    spec = intake.spec.replace("channel: sms", "channel: news")
    intake.write("hello.yaml", spec)
    cells = ["ann", "bob", "ann@example", '"a@example.com, b@example.com"', "ann@@example.com", '"ann@example,com"', ""]
    intake.write("people.csv", "email,first_name\n" + "".join(f"{cell},Ann\n" for cell in cells))
    told = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert [(each["line"], len(each.get("rows", [2]))) for each in told if each["code"] == "email-address"] == [
        (2, 2), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1),
    ]  # fmt: skip


def test_a_column_of_links_to_pages_is_warned_of(intake: Intake) -> None:
    body = '{type: image, image: {images: [{mediaUrl: "{{ t }}"}], text: Hi}}'
    intake.write("hello.yaml", intake.spec.split("  body:")[0] + f"  body: {body}\n")
    intake.write("people.csv", HEAD + ROWS[0] + "https://example.com/a.png\n" + ROWS[1] + "https://we.tl/t-abc\n")
    told = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert [each["problem"] for each in told] == [
        "'https://we.tl/t-abc' of line 3 is a link to share, which shows a page with the file in it; media is the file itself"
    ]


@pytest.mark.parametrize(
    ("number", "where", "fix"),
    [
        ('""', "true", "fill it in, or leave such rows out: `where: \"{{ phone | default('') != '' }}\"` under recipients"),
        ('"n/a"', "true", "fill it in, or write null and leave such rows out: `where: \"{{ phone | default('') != '' }}\"` under recipients"),
        ('""', "'{{ phone is defined }}'", "fill it in, or leave such rows out: `where: \"{{ (phone is defined) and phone | default('') != '' }}\"` under recipients"),
        ("null", "true", "fill it in, or leave such rows out: `where: \"{{ phone | default('') != '' }}\"` under recipients"),
        ('"#N/A"', "true", "correct the value where it comes from"),
    ],
)  # fmt: skip
def test_an_empty_value_of_json_lines_is_told_so(intake: Intake, number: str, where: str, fix: str) -> None:
    intake.change("{file: people.csv}", f"{{file: people.jsonl, where: {where}}}")
    intake.write("people.jsonl", f'{{"phone": {number}, "first_name": "Ann"}}\n')
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert found["fix"] == fix


def test_landlines_are_left_out_as_the_warning_says(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, country: NL, where: \"{{ phone is not landline('NL') }}\"}")
    intake.write(
        "people.csv", "phone,first_name\n020 1234567,Ann\n06 12345678,Bob\n+31201234567,Eve\n+12025550123,Zoë\n"
    )
    assert [each["receiver"]["contacts"][0]["identifierValue"] for each in intake.accepts()] == [
        "+31612345678", "+12025550123",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        (["48 99341-5491"] * 19 + ["+48512345678"], "  ⚠ countries: BR 19 · PL 1"),
        (["48 99341-5491", "+48512345678", "+31612345678"], "  countries: BR 1 · NL 1 · PL 1"),
        (["48 99341-5491", "+18005550123"], None),
    ],
)
def test_a_plan_says_which_messages_go_abroad(intake: Intake, numbers: list[str], line: str | None) -> None:
    intake.change("{file: people.csv}", '{file: people.csv, country: BR, key: "{{ n }}"}')
    rows = "".join(f"{number},Ann,{n}\n" for n, number in enumerate(numbers))
    intake.write("people.csv", "phone,first_name,n\n" + rows)
    for command in ("plan hello.yaml", "plan hello.yaml --out plan.json", "show plan.json"):
        said = intake.run(*command.split())
        assert said.code == 0, said.err
        if command.startswith("show") and line:
            assert f"    where    {line.partition(': ')[2]}" in said.out.splitlines()
        elif line:
            assert line in said.out.splitlines(), said.out
        assert bool(line) == ("PL" in said.out)


TRUTHS = [
    ("{{ t and first_name == 'Ann' }}", ["t", "f", "t", "f"], [3, 5], "'f' is text, and counts as true where `t` alone is a condition", "write `t == 't'`"),
    ("{{ first_name == 'Ann' and not t }}", ["t", "f", "t"], [3], "'f' is text", "write `t == 't'`"),
    ("{{ not (first_name == 'Bob' or not t) }}", ["true", "false"], [3], "'false' is text", "write `t == 'true'`"),
    ("{{ true if t else false }}", ["sim", "Não", "nao"], [3, 4], "'Não', 'nao' are texts, and count as true", "write `t == 'sim'`"),
    ("{{ t | trim | lower and first_name == 'Ann' }}", ["Yes", "no", "y"], [3], "where `t | trim | lower` alone", "write `t | trim | lower in ['yes', 'y']`"),
    ("{{ (t | default('')) and first_name == 'Ann' }}", ["f", "f", ""], [2, 3], "'f' is text", "write `t | default('') != 'f'`"),
    ("{{ first_name == 'Ann' if t else true }}", ["0", "10", "0.00", "5"], [2, 4], "'0', '0.00' are texts", "write `t not in ['0', '0.00']`"),
    ("{{ row['t'] and first_name == 'Ann' }}", ["t", "f", "unknown", "?"], [3], "'f' is text", "write `t != 'f'`"),
    ("{{ true if t else false }}", ["https://a.example", "NULL", "\\N"], [3, 4], "'NULL', '\\N' are texts", "empty such cells in the table"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "cells", "rows", "problem", "fix"), TRUTHS)
def test_a_text_that_says_no_and_counts_as_true_is_an_error(
    intake: Intake, where: str, cells: list[str], rows: list[int], problem: str, fix: str
) -> None:
    given(intake, where, cells)
    told = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    [found] = [each for each in told.diagnostics if each["code"] == "text-as-condition"]
    assert (told.code, found["rows"], found["line"]) == (1, rows, 4)
    assert problem in found["problem"]
    assert fix in found["fix"]


@pytest.mark.parametrize(
    "text",
    [
        "{% if t %}Paid{% else %}{{ first_name }}{% endif %}",
        "{% if not t %}Pay{% endif %} <b>",
        "{% if first_name == 'Bo' %}a{% elif t %}b{% endif %} <b>",
        "{{ 'paid' if t else first_name }}",
    ],
)
def test_a_text_that_says_no_is_no_condition_of_a_text_either(intake: Intake, text: str) -> None:
    intake.text(f'"{text}"')
    intake.write("people.csv", HEAD + ROWS[0] + "t\n" + ROWS[1] + "f\n")
    told = intake.run("validate", "hello.yaml", "--format", "json")
    assert [(each["code"], each["rows"]) for each in told.diagnostics] == [("text-as-condition", [3])]


@pytest.mark.parametrize(
    "cells",
    [
        ["M", "F", "X"], ["x", ""], ["https://a.example", ""], ["NL", "NO", "SE"], ["S", "M", "L"],
        ["Kim", "No", "Park"], ["1", "2"], ["a remark", "no", "another"],
    ],
)  # fmt: skip
def test_a_column_that_is_not_about_yes_and_no_may_stand_alone(intake: Intake, cells: list[str]) -> None:
    given(intake, "{{ true if t | default('') else false }}", cells)
    assert "text-as-condition" not in intake.run("validate", "hello.yaml", "--env", "live").err


BOOLEANS = [
    ("{{ t == true }}", ["t", "f"], "so `t == true` is never true", "write `t == 't'`"),
    ("{{ t != true }}", ["t", "f"], "so `t != true` is always true", "write `t != 't'`"),
    ("{{ not (t == True) }}", ["Yes", "no", "y"], "is never true", "write `t in ['Yes', 'y']`"),
    ("{{ row['t'] == false }}", ["t", "t"], "is never true", "write `row['t'] != 't'`"),
    ("{{ t == true }}", ["a", "b"], "is never true", "write `t == 'true'`"),
    ("{{ t is none }}", ["a", "b"], "so `t is none` is never true", "write `t is not defined`"),
    ("{{ t is not none }}", ["a", "b"], "is always true", "write `t is defined`"),
    ("{{ t != none }}", ["a", "b"], "is always true", "write `t is defined`"),
]


@pytest.mark.parametrize(("where", "cells", "problem", "fix"), BOOLEANS)
def test_a_text_is_neither_true_nor_false(intake: Intake, where: str, cells: list[str], problem: str, fix: str) -> None:
    given(intake, where, cells)
    told = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    found = told.diagnostics[0]
    assert (told.code, found["code"], found["fix"]) == (1, "compared-with-boolean", fix)
    assert problem in found["problem"]


@pytest.mark.parametrize(
    ("where", "cells", "fix"),
    [
        ("{{ t == 'true' }}", ["f", "f", "t"], "write 't' instead of 'true' if they mean the same"),
        ("{{ t == 'true' }}", ["f", "f"], "write a value that 't' holds, or correct the table"),
        ("{{ t == 'sim' }}", ["a", "a", "f"], "write a value that 't' holds, such as 'a', or"),
    ],
)
def test_where_nothing_is_left_no_word_for_the_opposite_is_proposed(
    intake: Intake, where: str, cells: list[str], fix: str
) -> None:
    given(intake, where, cells)
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert (found["code"], found["fix"][: len(fix)]) == ("all-filtered", fix)


@pytest.mark.parametrize(
    ("where", "fix"),
    [
        ("{{ t IS NOT NULL }}", "write `is defined`"),
        ("{{ t IS NULL }}", "write `is not defined`"),
        ("{{ t is NOT NULL AND first_name == 'Ann' }}", "write `is defined`"),
    ],
)
def test_a_condition_of_sql_is_answered_with_ours(intake: Intake, where: str, fix: str) -> None:
    given(intake, where, ["a"])
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert (found["code"], found["fix"]) == ("template-syntax", fix)


@pytest.mark.parametrize("country", ["BR", "US"])
def test_landlines_that_can_not_be_told_are_not_left_out_silently(intake: Intake, country: str) -> None:
    intake.change(
        "{file: people.csv}", f"{{file: people.csv, where: \"{{{{ phone is not landline('{country}') }}}}\"}}"
    )
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert found["code"] == "landline-unknown"
    assert f"the landlines of {country} can't be told" in found["problem"]


def test_a_landline_abroad_is_left_out_without_the_country_of_the_spec(intake: Intake) -> None:
    intake.change("{file: people.csv}", "{file: people.csv, country: BR}")
    intake.write("people.csv", "phone,first_name\n+31201234567,Ann\n")
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert '`where: "{{ phone is not landline }}"`' in found["fix"]


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ('"{""phone"":""+31612345678"",""first_name"":""Ann""}"', "json-syntax", "psql -At -c 'select row_to_json(t)"),
        ('[{"phone": "+31612345678", "first_name": "Ann"}]', "not-an-object", "convert the file: jq -c '.[]' FILE"),
    ],
)
def test_json_that_another_program_has_wrapped_says_how_to_get_lines(
    intake: Intake, line: str, code: str, fix: str
) -> None:
    intake.change("{file: people.csv}", "{file: people.jsonl}")
    intake.write("people.jsonl", line + "\n")
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert (found["code"], fix in found["fix"]) == (code, True)


def test_a_name_that_was_read_in_another_encoding_is_told(intake: Intake) -> None:
    intake.write(
        "people.csv", "phone,first_name\n+31612345678,JosÃ© da Silva\n+31612345679,ConceiÃ§Ã£o\n+31612345670,São\n"
    )
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert (found["code"], found["rows"]) == ("lost-character", [2, 3])
    assert "`Ã©` for `é`, in column 'first_name'" in found["problem"]


@pytest.mark.parametrize(("cell", "example"), [("f", "t == 't'"), ("t", "t == 't'"), ("gold", "t == 'gold'")])
def test_a_condition_that_is_a_column_alone_is_compared_with_its_word_for_yes(
    intake: Intake, cell: str, example: str
) -> None:
    given(intake, "{{ t }}", [cell])
    [found] = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert (found["code"], found["fix"]) == ("where-not-boolean", f'write a comparison, such as "{{{{ {example} }}}}"')


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("€ {{ t | float | round(2) }}, {{ first_name }}", "write `t | float | decimals(2)`"),
        ("€ {{ t | float | round(1) }}", "write `t | float | decimals(1)`"),
        ("€ {{ t | float | round }}", None),
    ],
)
def test_a_number_that_loses_its_last_zero_is_told(intake: Intake, text: str, fix: str | None) -> None:
    intake.text(f'"{text}"')
    intake.write("people.csv", HEAD + ROWS[0] + "167.80\n")
    said = intake.run("validate", "hello.yaml", "--format", "json")
    assert [(each["code"], each["fix"]) for each in said.diagnostics] == ([("rounded-number", fix)] if fix else [])
