"""Lists as people have them: exports of spreadsheets and shops. Each mistake is one problem, at its place, with a fix that mends it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from long_rows import all_but, long
from sendspec.composing.row_faults import MAX_ROWS

Intake = Any  # the fixture `intake` of this folder's conftest
HEAD = "phone,first_name\n"
GOOD = "+31612345678,Ann\n"
NL = "country: NL"

# What the spec has under `recipients` beside the file; the table; each problem as `code line`; words of the first fix.
MISTAKES: list[tuple[str, str, str | bytes, list[str], str]] = [
    # the table as a whole
    ("semicolons", "", "phone;first_name\n+31612345678;Ann\n", ["table-delimiter 1"], '`delimiter: ";"` under recipients, or `delimiter: auto`'),
    ("semicolons and national numbers", NL, "phone;first_name\n0612345678;Ann\n", ["table-delimiter 1"], "delimiter: auto"),
    ("tabs", "", "phone\tfirst_name\n+31612345678\tAnn\n", ["table-delimiter 1"], r'delimiter: "\t"'),
    ("pipes", "", "phone|first_name\n+31612345678|Ann\n", ["table-delimiter 1"], 'delimiter: "|"'),
    ("commas where semicolons are expected", 'delimiter: ";"', HEAD + GOOD, ["table-delimiter 1"], 'delimiter: ","'),
    ("a mark of a spreadsheet", "", "sep=;\nphone;first_name\n+31612345678;Ann\n", ["table-delimiter 1"], "delimiter: auto"),
    ("one column whose name has a semicolon in it", "to: \"{{ row['phone;first_name'] }}\"", '"phone;first_name"\n+31612345678\n', ["unknown-name 9"], "they make one column of it, 'phone;first_name'; then set `delimiter: ';'` under recipients"),
    ("spaces around names", "", " phone , first_name\n" + GOOD, ["column-spaces 1"], "remove the spaces"),
    ("no-break spaces and a second byte order mark", "", "\ufeff\ufeffphone,first_name\u00a0\n" + GOOD, ["column-spaces 1"], "remove the invisible characters from the header, or type it again"),
    ("a name twice", "", "phone,first_name,first_name\n+31612345678,A,B\n", ["repeated-column 1"], "rename"),
    ("a column without a name in the middle", "", "phone,,first_name\n+31612345678,x,Ann\n", ["empty-column-name 1"], "name it in the header"),
    ("a column without a name at the end that holds something", "", "phone,first_name,,\n+31612345678,A,x,\n", ["empty-column-name 1"], "name it in the header; or correct the row, if its cells have slipped to the right"),
    ("no header", "", "+31612345678,Ann\n", ["header-missing 1"], "put a line with the names above it"),
    ("another name for the column of numbers", "", "mobile,first_name\n+31612345678,Ann\n", ["missing-column 4"], "rename the column"),
    ("numbers with gaps beside dates", "country: DE, delimiter: auto", "first_name;Mobil;Eintritt\nA;+4915131208108;01.01.1999\nB;;13.05.2012\nC;k.A.;13.05.2013\n", ["missing-column 4"], 'write `to: "{{ Mobil }}"`'),
    ("numbers under another name beside dates", "country: DE, delimiter: auto", "first_name;Rufnummer;Eintritt\nA;+4915131208108;01.01.1999\nB;+4915131208109;2012-05-13\n", ["missing-column 4"], 'write `to: "{{ Rufnummer }}"`'),
    ("mobile numbers beside landlines and customer numbers", "country: DE, delimiter: auto", "Kundennummer;Telefon;Mobiltelefon;first_name\n10000123;030 1234567;0151 31208108;A\n10000124;030 1234568;4,91E+12;B\n", ["missing-column 4"], 'write `to: "{{ Mobiltelefon }}"`'),
    ("only dates, postcodes and amounts", "country: DE, delimiter: auto", "first_name;Eintritt;PLZ;Betrag;Stand\nA;01.01.1999;10115;12500.00;20260101\n", ["missing-column 4"], "add a column 'phone', as no other seems to hold numbers"),
    ("a title above the header", 'delimiter: ";"', "Bestellingen december 2026;\n;\nphone;first_name\n+31612345678;Ann\n", ["title-line 1"], "delete the lines above line 3"),
    ("a title without delimiters, of two lines", "delimiter: auto", "\nOrders\n1 December 2026\nphone;first_name\n+31612345678;Ann\n06;\n", ["title-line 2"], "above line 4"),
    ("a title above a header with another delimiter", "", "Orders 2026;;\nphone;first_name;n\n+31612345678;Ann;1\n", ["title-line 1"], "above line 2"),
    ("one name above rows of several cells", 'delimiter: ";"', "phone;;\n+31612345678;Ann;x\n", ["empty-column-name 1"], "name them in the header; or correct the row"),
    ("only blank rows", "", HEAD + ",\n ,\n\n", ["no-rows 1"], "add rows"),
    ("no rows", "", HEAD, ["no-rows 1"], "allow_empty"),
    ("Windows-1252", "", HEAD.encode() + b"+31612345678,Zo\xeb\n", ["not-utf8 2"], "CSV UTF-8 (comma delimited)"),
    ("Windows-1252 and other mistakes", NL, HEAD.encode() + b"0612345678,Zo\xeb\n06123,Ann\n0612345679,\n", ["not-utf8 2", "phone-number 3", "empty-value 9"], "LibreOffice"),
    ("Windows-1252 in the header and a quoted cell", "", 'phone,first_name,beëindigd\n+31612345678,"Zoë",x\n'.encode("cp1252"), ["not-utf8 1"], "in Excel as"),
    ("one row of Windows-1252 among others", "", HEAD.encode() + b"+31612345678,Zo\xc3\xab\n+31687654321,Zo\xeb\n", ["not-utf8 3"], "type 'ë' again here, and save the table as UTF-8"),
    ("a country by an abbreviation", "country: UK", HEAD + "07911123456,Ann\n", ["unknown-country 4"], "write GB"),
    ("a country in small letters", "country: nl", HEAD + "0612345678,Ann\n", ["unknown-country 4"], "write NL"),
    ("a country by its name", "country: Netherlands", HEAD + "0612345678,Ann\n", ["unknown-country 4"], "write NL"),
    ("Greece by its language", "country: EL", HEAD + "6912345678,Ann\n", ["unknown-country 4"], "write GR"),
    ("a country that there is not", "country: Atlantis", HEAD + "0612345678,Ann\n", ["unknown-country 4"], "ISO 3166"),
    # rows
    ("cells too few", "", "phone,first_name,n\n+31612345678,Ann\n", ["ragged-row 2"], "where there is nothing, write ',' at the end of the row"),
    ("a comma in a cell", "", HEAD + "+31612345678,Acme, Inc\n", ["ragged-row 2"], "put quotes around"),
    ("delimiters at the end of rows alone", "", HEAD + "+31612345678,Ann,,\n", ["ragged-row 2"], "remove the extra delimiters"),
    ("an empty cell too many in the middle", "", "phone,first_name,n\n+31612345678,,Ann,\n", ["ragged-row 2"], "further left"),
    ("rows too short and too long", "", "phone,first_name,n\n+31612345678,Ann\n+31687654321,Bob,1,,\n+31687654322\n", ["ragged-row 2", "ragged-row 3"], "add what is missing"),
    ("a quote in the middle of a quoted cell", "", HEAD + '+31612345678,"Rob "the" Bob"\n', ["stray-quote 2"], "twice"),
    ("a quote that is not closed", "", HEAD + '+31612345678,"Ann\n+31687654321,Bob\n', ["unclosed-quote 2"], "close the quote"),
    ("a direction mark", "", HEAD + "+31612345678\u202c,Ann\n", ["forbidden-character 2"], "type again what is around it"),
    ("a missing name","", HEAD + "+31612345678,\n", ["empty-value 9"], "fill it"),
    ("a name of spaces", "", HEAD + "+31612345678,   \n", ["empty-value 9"], "fill it in, or write a default"),
    ("a name of spaces in quotes, and of others", "", HEAD + '+31612345678,"  "\n+31612345679,\t\n', ["empty-value 9"], "fill it in, or write a default"),
    ("errors of a spreadsheet in the text", "", HEAD + "+31612345678,#N/B\n+31687654321,#VERW!\n", ["spreadsheet-error 2"], "correct the cell in the spreadsheet"),
    ("a value wider than its column", "", HEAD + "+31612345678,########\n", ["spreadsheet-error 2"], "widen the column in the spreadsheet"),
    ("an error of a spreadsheet in the key", 'key: "{{ nr }}"', "phone,first_name,nr\n+31612345678,Ann,#REF!\n", ["spreadsheet-error 2"], "correct"),
    ("an error of a spreadsheet in where", "where: \"{{ t == 'ja' }}\"", "phone,first_name,t\n+31612345678,Ann,ja\n+31687654321,,#NAAM?\n", ["spreadsheet-error 3"], "correct"),
    ("an error and another mistake in one row", NL, HEAD + "06123,#DEEL/0!\n", ["phone-number 2", "spreadsheet-error 2"], "add the digits"),
    ("the same person with another text", "", HEAD + GOOD + "+31612345678,Bob\n", ["conflicting-rows 3"], "keep one of them"),
    ("the same row twice", "", HEAD + GOOD + GOOD, ["duplicate-rows 3"], "remove one of them"),
    ("a space behind a key", 'key: "{{ nr }}"', "phone,first_name,nr\n+31612345678,Ann,B-1\n+31612345678,Ann,B-1 \u00a0\n", ["duplicate-rows 3"], "remove one"),
    ("a capital that where lacks", "where: \"{{ t | default('') == 'ja' }}\"", "phone,first_name,t\n+31612345678,Ann,Ja\n+31687654321,Bob,\n", ["all-filtered 4"], "write 'Ja' instead of 'ja'"),
    ("a value that where lacks", "where: \"{{ t in ['a', 'b'] }}\"", "phone,first_name,t\n+31612345678,Ann,x\n", ["all-filtered 4"], "write a value that 't' holds, such as 'x', or correct the table"),
    ("a where of several parts that nothing passes", "where: \"{{ t == 'a' and first_name == 'B' }}\"", "phone,first_name,t\n+31612345678,Ann,x\n", ["all-filtered 4"], "write values that 't' and 'first_name' hold in one row, such as 'x' and 'Ann', or `or` in place of `and`"),
    ("a row with a total and no number", "", "nr,phone,first_name,n\nA1,+31612345678,Ann,1\nTotaal,,,1234\n", ["total-row 3"], "delete it"),
    ("a total where a condition needs what it lacks", "where: \"{{ n == 'a' }}\"", "nr,phone,first_name,n\nA1,+31612345678,Ann,a\nSubtotal:,,,\n", ["total-row 3"], "delete it"),
    ("no key", "key: \"{{ row['Order nr'] }}\"", "phone,first_name,Order nr\n+31612345678,Ann,\n", ["empty-value 4"], "leave such rows out: `where: \"{{ row['Order nr'] is defined }}\"`"),
    ("no key beside a condition", "where: \"{{ n == 'a' }}\", key: \"{{ nr }}\"", "phone,first_name,nr,n\n+31612345678,Ann,,a\n", ["empty-value 4"], "`where: \"{{ (n == 'a') and nr is defined }}\"`"),
    ("an amount with a decimal comma", "to: \"{{ phone if n | float > 1 else phone }}\"", "phone,first_name,n\n+31612345678,Ann,\"€ 663,99\"\n", ["not-a-number 4"], "write a decimal point in place of the comma"),
    ("an amount that is compared as text", "where: \"{{ row['Bedrag in €'] > 100 }}\"", "phone,first_name,Bedrag in €\n+31612345678,Ann,663.99\n", ["text-compared 4"], "write `(row['Bedrag in €'] | float) > 100`"),
    ("one key for two numbers", 'key: "{{ nr }}"', "phone,first_name,nr\n+31612345678,Ann,B-1\n+31687654321,Ann,B-1\n", ["conflicting-rows 3"], "correct one of them, or remove it"),
    ("a no-break space inside a column's name", 'to: "{{ row[\'Mijn nr\'] }}"', "Mijn\u00a0nr,first_name\n+31612345678,Ann\n", ["column-spaces 1"], "write a plain space"),
    ("a table as psql prints it", "", " phone       | first_name \n-------------+------------\n 31612345678 | Ann\n(1 row)\n\n", ["psql-table 1"], "export it with `psql --csv"),
    ("psql's count of rows", "", HEAD + GOOD + "(1 linha)\n", ["psql-table 3"], "remove the line"),
    # numbers
    ("no number", NL, HEAD + ",Ann\n", ["phone-empty 2"], 'leave such rows out: `where: "{{ phone is defined }}"`'),
    ("no number beside a condition", "where: \"{{ n | default('') != 'x' }}\", to: \"{{ row['Mijn nr'] }}\"", "Mijn nr,first_name,n\n,Ann,a\n", ["phone-empty 2"], "`where: \"{{ (n | default('') != 'x') and row['Mijn nr'] is defined }}\"`"),
    ("no number in a column with an apostrophe", "to: '{{ row[\"Nr''s\"] }}'", "Nr's,first_name\n,Ann\n", ["phone-empty 2"], "`where: '{{ row[\"Nr''s\"] is defined }}'`"),
    ("a number of spaces", NL, HEAD + "  ,Ann\n", ["phone-empty 2"], 'leave such rows out: `where: "{{ phone is defined }}"`'),
    ("numbers of spaces among quotes", NL, HEAD + '  ,"Ann"\n', ["phone-empty 2"], 'leave such rows out: `where: "{{ phone is defined }}"`'),
    ("n/a", NL, HEAD + "n/a,Ann\n", ["phone-empty 2"], 'empty the cell and leave such rows out: `where: "{{ phone is defined }}"` under recipients'),
    ("n/a beside a condition on it", "where: \"{{ first_name is defined and phone is defined }}\"", HEAD + "n/a,Ann\n", ["phone-empty 2"], "fill it in, or empty the cell"),
    ("n/a beside another condition", "where: \"{{ first_name is defined }}\"", HEAD + "n/a,Ann\n", ["phone-empty 2"], "{{ (first_name is defined) and phone is defined }}"),
    ("keine Angabe", "country: DE", HEAD + "k.A.,Ann\n", ["phone-empty 2"], 'empty the cell and leave such rows out: `where: "{{ phone is defined }}"`'),
    ("a dash", NL, HEAD + "-,Ann\n", ["phone-empty 2"], "empty the cell"),
    ("an error of a spreadsheet in place of a number", NL, HEAD + "#N/A,Ann\n", ["spreadsheet-error 2"], "correct the cell in the spreadsheet"),
    ("another language's error in place of a number", NL, HEAD + "#WAARDE!,Ann\n", ["spreadsheet-error 2"], "export the table again"),
    ("a row with a total", NL, HEAD + GOOD + "Total,2\n", ["phone-letters 3"], "remove the row if it is nobody's"),
    ("too short for its country", NL, HEAD + "06 1234 567,Ann\n", ["phone-number 2"], "add the digits that are missing"),
    ("too long for its country", NL, HEAD + "06 12345 678 901,Ann\n", ["phone-number 2"], "remove what is too much"),
    ("a code without its plus", "country: DE", HEAD + "49171 1234567,Ann\n", ["phone-number 2"], "write + in front"),
    ("international and too short", "", HEAD + "+3161234567,Ann\n", ["phone-length 2"], "add the digits that are missing"),
    ("international and too long", "", HEAD + "+316123456789,Ann\n", ["phone-length 2"], "remove the digit that is too much"),
    ("a Dutch number", "", HEAD + "06 12345678,Ann\n", ["phone-country 2"], "the country of these numbers, such as NL or FR,"),
    ("French numbers", "", HEAD + "0612345678,Ann\n0712345678,Bob\n", ["phone-country 2"], "the country of these numbers, such as NL or FR,"),
    ("a British number", "", HEAD + "07911 123456,Ann\n", ["phone-country 2"], "the country of these numbers, such as GB or NG,"),
    ("a German number", "", HEAD + "0151 12345678,Ann\n", ["phone-country 2"], "the country of these numbers, such as DE,"),
    ("a number of several countries", "", HEAD + "0791234567,Ann\n", ["phone-country 2"], "the country of these numbers"),
    ("00 and no country", "", HEAD + "0031612345678,Ann\n", ["phone-country 2"], "write + in front of each country code, in place of 00"),
    ("no plus and no country", "", HEAD + "31612345678,Ann\n447911123456,Bob\n31687654321,Eve\n", ["phone-country 2"], "write + in front of each number"),
    ("numbers without a country in several forms", "", HEAD + "0612345678,A\n0031687654321,B\n31611223344,C\n", ["phone-country 2"], "write + in front of each country code, in place of 00 where"),
    ("numbers of one area without a country", "", HEAD + "51993415491,Ann\n51981234567,Bob\n", ["phone-country 2"], "add `country:` with the country of these numbers under recipients if they are national; if each begins with its country code, write + in front"),
    ("numbers of several areas without a country", "", HEAD + "48993415491,Ann\n11981234567,Bob\n21981234567,Bob\n51981234567,Bob\n", ["phone-country 2"], "add `country:` with the country of these numbers under recipients, or write each number with + and its country code"),
    ("a trunk zero", "", HEAD + "+310612345678,Ann\n", ["phone-trunk-zero 2"], "remove that 0"),
    ("an apostrophe of a spreadsheet", "", HEAD + "'+31612345678,Ann\n", ["phone-letters 2"], "remove the apostrophe"),
    ("a formula of a spreadsheet", "", HEAD + '"=""+31612345678""",Ann\n', ["phone-letters 2"], "without ="),
    ("a power of ten", "", HEAD + "3.16E+10,Ann\n", ["spreadsheet-number 2"], "format the column as text"),
    ("a power of ten with a comma", 'delimiter: ";"', "phone;first_name\n6,12E+10;Ann\n", ["spreadsheet-number 2"], "export the table again"),
    ("a number with decimals", "", HEAD + "31612345678.0,Ann\n", ["spreadsheet-number 2"], "remove '.0' from its end; the + or 0 in front may be gone as well"),
    ("a number with decimals and its country", "country: BR", HEAD + "\"48993415491,0\",Ann\n", ["spreadsheet-number 2"], "remove ',0' from its end"),
    ("a number with decimals that lacks its plus", "country: DE", HEAD + "491711234567.0,Ann\n", ["spreadsheet-number 2"], "remove '.0' from its end, and write + in front of it"),
    ("the letter O", NL, HEAD + "O612345678,Ann\n", ["phone-letters 2"], "write 0 instead of O"),
    ("the letter l", NL, HEAD + "06l2345678,Ann\n", ["phone-letters 2"], "write 1 instead of l"),
    ("a word and a colon before the number", NL, HEAD + "Mobiel: 06 12345678,Ann\n", ["phone-letters 2"], "remove 'Mobiel:'"),
    ("a word before the number", NL, HEAD + "tel 0612345678,Ann\n", ["phone-letters 2"], "remove 'tel'"),
    ("a word with an accent before the number", "country: FR", HEAD + "Tél : 06 12345678,Ann\n", ["phone-letters 2"], "remove 'Tél :'"),
    ("two numbers", NL, HEAD + "0612345678 / 0687654321,Ann\n", ["phone-several 2"], "keep one number"),
    ("an extension", NL, HEAD + "020 1234567 ext 12,Ann\n", ["phone-extension 2"], "remove the extension"),
    ("a landline", NL, HEAD + "020 1234567,Ann\n", ["phone-landline 2"], "write a mobile number, or leave such rows out: `where: \"{{ phone is not landline('NL') }}\"`"),
    ("an address for e-mail", NL, HEAD + "ann@example.com,Ann\n", ["phone-letters 2"], "use a channel for e-mail"),
    ("a number too short for a mobile", "country: DE", HEAD + "0171/123,Ann\n", ["phone-invalid 2"], "add the digits that are missing, or remove the row; `check: valid`"),
    ("a premium number", "country: DE", HEAD + "0900 1234567,Ann\n", ["phone-invalid 2"], "write the person's own number, or remove the row"),
    ("a date in place of a number", "country: DE", HEAD + "01.01.1999,Ann\n2012-05-13,Bob\n12/31/2026,Eve\n1.5.26,Zoe\n2026-12-31 00:00:00,Max\n", ["phone-letters 2"], "write the person's number, or name the column of the numbers with `to`"),
    ("a name with spaces around it", "", HEAD + "+31612345678, Ann\n", ["value-spaces 2"], "first_name | trim"),
    ("a word for nothing", "", HEAD + "+31612345678,NULL\n", ["value-filler 2"], "empty the cell"),
    ("a database's sign for nothing", "", HEAD + "+31612345678,\\N\n", ["value-filler 2"], "empty the cell"),
]  # fmt: skip
WARNINGS = {
    "all-filtered",
    "column-spaces",
    "duplicate-rows",
    "phone-invalid",
    "phone-landline",
    "value-filler",
    "value-spaces",
}

SPOTLESS: list[tuple[str, str, str | bytes, int]] = [
    ("a spreadsheet's export", "delimiter: auto, " + NL, "\ufeffphone;first_name;;\r\n06 12345678;Ann;;\r\n;;;\r\n\r\n  \r\n06-87654321;Bob;;\r\n;;;\r\n", 2),
    ("every spelling of a number", NL, HEAD + "0031612345678,A\n31687654321,B\n+31 (0)6 11223344,C\n06-22334455,D\n622334456,E\n(06) 22334457,F\n06\u00a0223344\u202f58,G\n06–22334459,H\n", 8),
    ("pipes", "delimiter: auto", "phone|first_name\n+31612345678|Ann\n", 1),
    ("a mark that names the delimiter", "delimiter: auto", "sep=;\nphone;first_name\n+31612345678;Ann\n", 1),
    ("blank rows of every kind", "", HEAD + ",\n  ,\t\n\n   \n" + GOOD + '"",""\n,\n', 1),
    ("errors of a spreadsheet that nothing uses, and a number sign", "", "phone,first_name,n\n+31612345678,#1001,#N/B\n", 1),
    ("an error of a spreadsheet that the spec leaves out", "where: \"{{ first_name != '#N/A' }}\"", HEAD + GOOD + "+31687654321,#N/A\n", 1),
    ("an error in a row that is left out for another reason", "where: \"{{ n == 'a' }}\"", "phone,first_name,n\n+31612345678,A,a\n+31687654321,#N/A,b\n", 1),
    ("quotes inside cells", "", HEAD + '+31612345678,5" pipe\n+31687654321,"Rob ""the"" Bob"\n', 2),
]  # fmt: skip


def given(intake: Intake, options: str, content: str | bytes) -> None:
    intake.change("{file: people.csv}", "{file: people.csv" + (f", {options}" if options else "") + "}")
    intake.write("people.csv", content)


@pytest.mark.parametrize(
    ("options", "content", "expected", "fix"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_is_one_problem_with_its_fix(
    intake: Intake, options: str, content: str | bytes, expected: list[str], fix: str
) -> None:
    given(intake, options, content)
    said = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    assert [f"{each['code']} {each['line']}" for each in said.diagnostics] == expected
    assert fix in said.diagnostics[0]["fix"]
    errors = {each["code"] for each in said.diagnostics if each["severity"] == "error"}
    warnings = {each["code"] for each in said.diagnostics if each["severity"] == "warning"}
    assert said.code == bool(errors)
    assert warnings <= {*WARNINGS, "empty-column-name"}
    assert not errors & WARNINGS


BY_HAND = {
    # what the table should hold, or what a column means
    "a name twice", "a column without a name in the middle", "no header", "another name for the column of numbers", "no rows",
    "a table as psql prints it", "psql's count of rows", "only blank rows", "a column without a name at the end that holds something", "one column whose name has a semicolon in it",
    "one name above rows of several cells", "a comma in a cell", "cells too many", "delimiters at the end of rows alone",
    "an empty cell too many in the middle", "a quote in the middle of a quoted cell", "a quote that is not closed", "a missing name",
    "rows too short and too long", "a name of spaces", "a name of spaces in quotes, and of others",
    "a value that where lacks", "a where of several parts that nothing passes", "a country that there is not", "a row with a total",
    "numbers with gaps beside dates", "numbers under another name beside dates", "mobile numbers beside landlines and customer numbers",
    "only dates, postcodes and amounts",
    # what only the program that wrote the table can change
    "Windows-1252", "Windows-1252 and other mistakes", "Windows-1252 in the header and a quoted cell", "one row of Windows-1252 among others",
    "errors of a spreadsheet in the text", "a value wider than its column", "an error of a spreadsheet in the key",
    "an error of a spreadsheet in where", "an error and another mistake in one row", "an error of a spreadsheet in place of a number",
    "another language's error in place of a number", "a power of ten", "a power of ten with a comma",
    "an amount with a decimal comma", "one key for two numbers", "a name with spaces around it", "a word for nothing", "a database's sign for nothing",
    # whose mark is the column alone, and the fix is for the comparison
    "an amount that is compared as text",
    # what a title above the header has hidden
    "a title without delimiters, of two lines", "a title above a header with another delimiter",
    # which country the numbers are of
    "a British number", "a German number", "00 and no country", "numbers of one area without a country",
    "numbers of several areas without a country", "a number with decimals",
    # which number is the person's
    "too short for its country", "too long for its country", "a code without its plus", "international and too short",
    "international and too long", "a Dutch number", "French numbers", "a number of several countries", "numbers without a country in several forms",
    "a number too short for a mobile", "a premium number", "a formula of a spreadsheet", "two numbers", "an extension", "a landline", "a date in place of a number", "an address for e-mail",
}  # fmt: skip
"""Mistakes whose fix needs somebody who knows what is meant."""


def _followed(found: dict[str, Any], marked: str) -> str | None:
    """What stands in place of the marked text once somebody has done what the fix says; None if it is no such fix."""
    fix = found["fix"]
    if word := re.match(r"write ([A-Z]{2})$|write '([^']+)'$", fix):
        return str(word[1] or word[2])
    if letter := re.match(r"write (\d) instead of (\w)$", fix):
        return marked.replace(letter[2], letter[1])
    if tail := re.match(r"remove '([^']+)' from its end(, and write \+ in front of it)?$", fix):
        return "+" * bool(tail[2]) + marked.removesuffix(tail[1])
    if fix.startswith("type again what is around it"):
        return ""
    if gone := re.match(r"remove (?:'([^']+)'|the (apostrophe)$|(it)$)", fix):
        return "" if gone[3] else marked.replace("'" if gone[2] else gone[1], "", 1).strip()
    if end := re.search(r"write '(.)' at the end of the row", fix):
        return marked + end[1]
    if fix.endswith(("from the header", "or type it again")):
        return ",".join(name.strip(" \u00a0\ufeff") for name in marked.split(","))
    if fix.startswith(("keep one of them", "remove one of them", "delete it")):
        return ""
    if value := re.match(r"write '([^']+)' instead of '([^']+)'$", fix):
        return marked.replace(value[2], value[1])
    if code := re.match(r"write `([^`]+)`$", fix):
        return code[1]
    if "plain space" in fix:
        return marked.replace("\u00a0", " ")
    if fix.startswith("remove that 0"):
        return re.sub(r"^(\+\d\d)0", r"\1", marked)
    if "empty the cell" in fix:
        return ""
    return None


@pytest.mark.parametrize(
    ("options", "content"),
    [(row[1], row[2]) for row in MISTAKES if row[0] not in BY_HAND],
    ids=[row[0] for row in MISTAKES if row[0] not in BY_HAND],
)
def test_what_a_fix_says_mends_the_mistake(intake: Intake, options: str, content: str | bytes) -> None:
    given(intake, options, content)
    found = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics[0]
    path = intake.folder / found["path"]
    lines = path.read_text("utf-8-sig").split("\n")
    if above := re.match(r"delete the lines above line (\d+)$", found["fix"]):
        path.write_text("\n".join(lines[int(above[1]) - 1 :]))
        _is_clean(intake)
        return
    line, start, end = found["line"] - 1, found["column"] - 1, found.get("end_column", 0) - 1
    after = _followed(found, lines[line][start:end])
    if found["fix"].startswith("write + in front of each"):
        lines[1:-1] = [f"+{each}" for each in lines[1:-1]]
        after, end = lines[line][start : end + 1], end + 1
    keys = dict(re.findall(r"`(country|delimiter|where): ([^`]+)`", found["fix"])[:1])
    assert after is not None or keys, found["fix"]
    if after is not None:
        lines[line] = lines[line][:start] + after + lines[line][end:]
        path.write_text("\n".join(lines))
    for key, value in keys.items():
        others = re.sub(rf"""(?:, )?{key}: ("[^"]*"|'[^']*'|[^,]+)""", "", options).removeprefix(", ")
        intake.change(
            "{file: people.csv}", f"{{file: people.csv, {key}: {value}" + (f", {others}}}" if others else "}")
        )
    _is_clean(intake)


def _is_clean(intake: Intake) -> None:
    """Nothing is found but that the table's only row, one without a number, is left out, or that a number may be nobody's."""
    said = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    assert {each["code"] for each in said.diagnostics} <= {"all-filtered", "phone-invalid"}
    assert said.code == 0


@pytest.mark.parametrize(
    ("options", "content", "count"), [row[1:] for row in SPOTLESS], ids=[row[0] for row in SPOTLESS]
)
def test_what_is_only_untidy_is_read_as_it_is(intake: Intake, options: str, content: str | bytes, count: int) -> None:
    given(intake, options, content)
    assert len(intake.accepts()) == count
    assert len(intake.run("render", "hello.yaml", "--recipients", "people.csv").out.splitlines()) == count


@pytest.mark.parametrize("cell", ["   ", "  ", "\t", '"  "', ""])
def test_a_cell_of_spaces_takes_the_default(intake: Intake, cell: str) -> None:
    intake.text("\"Hi {{ first_name | default('you') }}\"")
    intake.write("people.csv", f"phone,first_name,n\n+31612345678,{cell},1\n+31687654321,Bob,2\n")
    assert [each["body"]["text"]["text"] for each in intake.accepts()] == ["Hi you", "Hi Bob"]


def test_a_missing_key_in_the_text_too_is_one_cell_to_fill(intake: Intake) -> None:
    given(intake, "key: \"{{ row['Order nr'] }}\"", "phone,first_name,Order nr\n+31612345678,Ann,\n")
    spec = Path("hello.yaml").read_text().replace("{{ first_name }}", "{{ row['Order nr'] }}")
    intake.write("hello.yaml", spec)
    told = intake.run("validate", "hello.yaml")
    assert told.err.count("[empty-value]") == 2
    assert "to do: fill 1 cell of 'Order nr'; nothing was sent" in told.err
    assert "write a default: {{ row['Order nr'] | default('…') }}" in told.err


def test_what_is_no_number_is_shown(intake: Intake) -> None:
    for written, shown in (
        ("€ 663,99", "'first_name' is '€ 663,99', which is no number: it has a decimal comma"),
        ("n.v.t.", "'first_name' is 'n.v.t.', which is no number"),
    ):
        intake.text('"{{ first_name | float }}"')
        intake.write("people.csv", f'{HEAD}+31612345678,"{written}"\n')
        [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
        assert found["problem"] == shown
        assert found["fix"] == "write {{ first_name }}: a text needs no number"


def test_the_unicode_text_of_a_spreadsheet_is_told_in_one_step(intake: Intake) -> None:
    intake.change("people.csv", "people.txt")
    intake.write("people.txt", (HEAD + GOOD).encode("utf-16"))
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert found["fix"].startswith("export it as CSV UTF-8 instead ('Unicode Text' of Excel is UTF-16)")


def test_the_path_of_a_table_is_shown_without_the_folder_of_the_spec(intake: Intake) -> None:
    intake.write("data/people.csv", HEAD + "x,Ann\n")
    intake.write("specs/hello.yaml", intake.spec.replace("people.csv", "../data/people.csv"))
    assert intake.run("validate", "specs/hello.yaml").err.startswith("data/people.csv:2:1: error: ")
    [found] = intake.run("validate", "specs/hello.yaml", "--format", "json").diagnostics
    assert found["path"] == "specs/../data/people.csv"


# The name and the content of a list under `suppress`, and what is found: the rows, words of the problem, words of the fix.
SUPPRESSED: list[tuple[str, str, list[tuple[list[int], str, str]]]] = [
    ("a.txt", "0152 40000000; Max\nk.A.\n0152 40000001, 0152 40000002\nk.A.\n", [
        ([1], "the line holds more than an address", "remove what is behind the address, or save the list as a .csv file"),
        ([2, 4], "'k.A.' is in the place of a phone number", "fill it in, or remove the row"),
        ([3], "the line holds several addresses", "write each on a line of its own"),
    ]),
    ("a.csv", "phone;n\n0152/40000000 Max;1\nk.A.;2\n;3\n0152 40000001;4\n", [
        ([2], "has letters in it", "write the number with the digits"),
        ([3], "'k.A.' is in the place of a phone number", "fill it in, or remove the row"),
        ([4], "the row has none", "fill it in, or remove the row"),
    ]),
    ("a.csv", "E-Mail,Datum\na@example.com,1\n", [
        ([], "the list seems to hold e-mail addresses, in 'E-Mail', and this spec sends to phone numbers", "name a list with a column 'phone'"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "expected"), SUPPRESSED)
def test_each_kind_of_fault_of_a_suppression_list_is_told_for_itself(
    intake: Intake, name: str, content: str, expected: list[tuple[list[int], str, str]]
) -> None:
    intake.change("{file: people.csv}", f"{{file: people.csv, country: DE}}\nsuppress: [{name}]")
    intake.write(name, content)
    found = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert [each.get("rows", []) for each in found] == [rows for rows, _, _ in expected]
    for each, (_, problem, fix) in zip(found, expected, strict=True):
        assert problem in each["problem"]
        assert each["fix"].startswith(fix)


AMOUNTS = [
    (["12,50", "12,50 €", "1.250,00", "12.50"], "write all numbers of 'n' with a decimal point in the table: some have a comma, such as '12,50', some a point, such as '12.50', and no filter suits both"),
    (["12,50", "1.250"], "remove the thousands' points and write a decimal point in place of the comma in the table, or write `replace('.', '') | replace(',', '.')` before the filter"),
    (["12,50", "1,250", "7"], "write a decimal point in place of the comma in the table, or write `replace(',', '.')` before the filter"),
    (["12,50 €", "1.250,00", "EUR 3"], "remove €, EUR and the thousands' points and write a decimal point in place of the comma in the table"),
    (["12,50 €", "3,00"], "remove € and write a decimal point in place of the comma in the table, or write `replace('€', '') | replace(',', '.')` before the filter"),
    (["£1,250.00", "12.50"], "remove £ and the thousands' commas in the table, or write `replace('£', '') | replace(',', '')` before the filter"),
    (["1'250", "12.50"], "remove the thousands' apostrophes in the table"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "fix"), AMOUNTS)
def test_the_fix_of_an_amount_suits_its_whole_column(intake: Intake, cells: list[str], fix: str) -> None:
    given(intake, 'where: "{{ n | float >= 1 }}"', "phone,first_name,n\n" + "".join(
        f'+316123456{at:02},Ann,"{cell}"\n' for at, cell in enumerate(cells)
    ))  # fmt: skip
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert (found["code"], found["fix"]) == ("not-a-number", fix)
    if code := re.search(r"`([^`]+)`", found["fix"]):
        intake.write("hello.yaml", Path("hello.yaml").read_text().replace("n | float", f"n | {code[1]} | float"))
        assert len(intake.accepts()) == len(cells)


def test_rows_with_one_key_name_it_and_its_column(intake: Intake) -> None:
    people = "phone,first_name,nr\n+31612345678,Ann,B-1\n+31687654321,Ann,B-1\n"
    given(intake, 'key: "{{ nr }}"', people)
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert found["problem"] == ("lines 2 and 3 both have the key 'B-1' (nr): the rows differ in 'phone'")


# What is written in the spec or the table, and the words of the problem.
TOLD: list[tuple[str, str | bytes, str]] = [
    ("", "phone;first_name;Eintrittsdatum;Mitgliedsnummer;Einwilligung;Bemerkung\n+31612345678;Ann;;;;\n",
     "the first line, 'phone;first_name;Eintrittsdatum;Mitgliedsnummer;…', looks separated by ';'"),
    ("", HEAD + ",\n ,\n\n", "it holds a header and 2 blank rows, from line 2 on"),
    ("", HEAD + "+31612345678,########\n", "'########' in 'first_name' is what a spreadsheet shows where a value is wider"),
    (NL, HEAD + "06123,Ann\n", "'0•••3' can't be a number of NL: 5 digits are too few"),
    ("country: DE", HEAD + "0171/123,Ann\n", "'+49••••••23' is too short for a mobile number of its country"),
    ("country: DE", HEAD + "0199 1234567,Ann\n", "'+49••••••67' is a number that its country has given to nobody"),
    ('key: "{{ nr }}"', "phone,first_name,nr\n+31612345678,Ann,B-1\n+31612345678,Ann,B-1 \n",
     "lines 2 and 3 both have the key 'B-1' (nr) once the spaces around it are left out, and the same message"),
    ('key: "{{ nr }}"', "phone,first_name,nr\n+31612345678,Ann,B-1\n+31612345678,Ann,B-1\n",
     "lines 2 and 3 both have the key 'B-1' (nr), and the same message"),
    ("where: \"{{ t == 'a' and row['first_name'] == 'B' }}\"", "phone,first_name,t\n+31612345678,Ann,x\n",
     "`where` leaves out the only row; 't' holds 'x' (1); 'first_name' holds 'Ann' (1)"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "content", "problem"), TOLD)
def test_the_problem_says_what_is_the_case(intake: Intake, options: str, content: str | bytes, problem: str) -> None:
    given(intake, options, content)
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert problem in found["problem"]


def test_an_empty_text_of_json_lines_is_left_out_by_what_the_fix_says(intake: Intake) -> None:
    intake.write("people.jsonl", '{"phone": "", "first_name": "A"}\n{"phone": "+31612345678", "first_name": "B"}\n')
    intake.change("people.csv", "people.jsonl")
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    condition = re.search(r"`(where: [^`]+)`", found["fix"])
    assert condition is not None
    intake.change("people.csv}", f"people.jsonl, {condition[1]}}}")
    assert len(intake.accepts()) == 1


def test_a_where_that_leaves_out_every_row_is_told_with_the_values_of_its_column(intake: Intake) -> None:
    rows = [f"+316123456{n:02},Ann,{'Ja' if n < 12 else ''}" for n in range(13)]
    given(intake, "where: \"{{ t | default('') == 'ja' }}\"", "\n".join(["phone,first_name,t", *rows, ""]))
    for command in ("validate", "plan"):
        told = intake.run(command, "hello.yaml", "--env", "live")
        assert told.code == 0
        assert "warning: `where` leaves out all 13 rows; 't' holds 'Ja' (12), empty (1) [all-filtered]" in told.err


def test_numbers_that_where_compares_with_are_masked(intake: Intake) -> None:
    given(intake, "where: \"{{ phone == 'x' }}\"", HEAD + GOOD)
    told = intake.run("validate", "hello.yaml", "--env", "live")
    assert "`where` leaves out the only row; 'phone' holds '+31•••••••78' (1)" in told.err


def test_a_plan_in_detail_names_the_rows_that_are_left_out(intake: Intake) -> None:
    left_out = "".join(f"+316870000{n:02},Bob\n" for n in range(12))
    given(intake, "where: \"{{ first_name == 'Ann' }}\"", HEAD + GOOD + GOOD + left_out)
    told = intake.run("plan", "hello.yaml", "--env", "live", "--detail")
    assert "duplicate: row 3\n" in told.out
    assert "filtered: rows 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, …\n" in told.out
    assert "filtered: rows" not in intake.run("plan", "hello.yaml", "--env", "live").out
    document = json.loads(intake.run("plan", "hello.yaml", "--env", "live", "--format", "json").out)
    assert document["specs"][0]["skipped_rows"] == {"duplicate": [3], "filtered": [*range(4, 14)]}


def test_blank_rows_are_counted_and_the_delimiter_is_told(intake: Intake) -> None:
    given(intake, "delimiter: auto", "phone;first_name\n+31612345678;Ann\n;\n ; \n\n")
    told = intake.run("validate", "hello.yaml", "-v")
    assert told.code == 0
    assert "people.csv: the delimiter is ';'" in told.err
    assert "people.csv: 2 blank rows skipped" in told.err
    assert "1 message for 1 recipient" in told.out
    below = (intake.folder / "hello.yaml").read_text().replace("people.csv", "../people.csv")
    intake.write("specs/hello.yaml", below)
    told = intake.run("validate", "specs/hello.yaml", "-v")
    assert told.err.splitlines()[:2] == ["../people.csv: the delimiter is ';'", "../people.csv: 2 blank rows skipped"]


def dirty_export() -> Iterator[list[str]]:
    """300 rows and a total, in which every 30 rows have the same mistakes."""
    draw = random.Random(7)
    digits = (str(number) for number in draw.sample(range(12_000_000, 88_000_000), 900))
    for n in range(300):
        own = next(digits)
        phones = {
            1: f"06 {own[:4]} {own[4:7]}", 2: f"0031 6{own}", 3: f"316{own}", 4: f"+31 (0)6 {own}", 5: f"'+316{own}",
            6: "6,12E+10", 7: "", 8: "n/a", 9: f"06{own} / 06{next(digits)}", 10: "020 1234567", 11: "06 11112222",
            16: f"06\u00a0{own}", 17: f"O6{own}", 18: "", 19: f"6{own}",
        }  # fmt: skip
        notes = {14: "x" * 300, 15: '"a "quote" in it"'}
        place = n % 30
        name = "" if place in (12, 18) else draw.choice(["Ana", "Bob", "Çem", "Dirk"])
        row = [phones.get(place, f"06 {own}"), name, f"A-{1000 + n}", "2026-12-01", notes.get(place, "")]
        yield row if place != 13 else [""] * 5
    yield ["Total", "300", "", "", ""]


Rows = list[list[str]]
Fix = Callable[[Rows, int], None]


def _cell(column: int, change: Callable[[str], str]) -> Fix:
    def fixed(rows: Rows, at: int) -> None:
        rows[at][column] = change(rows[at][column])

    return fixed


def _remove(rows: Rows, at: int) -> None:
    rows[at] = [""] * 5


def _new_number(rows: Rows, at: int) -> None:
    rows[at][0] = f"+3161{at:07}"


BY_FIX: list[tuple[str, Fix]] = [
    ("remove the spaces from the header", lambda rows, at: rows.__setitem__(0, [name.strip() for name in rows[0]])),
    ("write 0 instead of O", _cell(0, lambda text: text.replace("O", "0"))),
    ("remove the apostrophe", _cell(0, lambda text: text.removeprefix("'"))),
    ("write the number again, with the digits 0-9 and plain spaces", _cell(0, lambda text: text.replace("\u00a0", " "))),
    ("keep one number in the cell", _cell(0, lambda text: text.partition("/")[0])),
    ("write a quote inside a quoted cell twice", _cell(4, lambda text: '"' + text[1:-1].replace('"', '""') + '"')),
    ("add the digits that are missing", _new_number),
    ("format the column as text in the spreadsheet", _new_number),
    ("fill it in, or empty the cell", _cell(0, lambda text: "")),
    ("write the person's number, or remove the row", _remove),
    ("shorten the text", _cell(4, lambda text: text[:20])),
    ("fill it in, or write a default", _cell(1, lambda text: "Ann")),
    ("keep one of them", _remove),
]  # fmt: skip
"""How somebody does what a fix says, in one row. Fixes of the spec are done in the test."""


def test_a_dirty_export_is_clean_after_at_most_three_rounds_of_what_the_fixes_say(intake: Intake) -> None:
    rows: Rows = [[" phone ", "first_name ", "order_id", "date", "note"], *dirty_export()]
    options: dict[str, str] = {}
    rounds: list[int] = []
    while True:
        said = _check(intake, rows, options)
        if said.code == 0:
            break
        rounds.append(len(said.diagnostics))
        assert len(rounds) <= 3, said.diagnostics
        for each in said.diagnostics:
            if each["severity"] == "error" or each["code"] == "column-spaces":
                _do(each, rows, options)
    assert rounds[0] >= 13  # nearly everything is told in the first
    assert {each["code"] for each in said.diagnostics} <= WARNINGS


def _check(intake: Intake, rows: Rows, options: dict[str, str]) -> Any:
    text = "\r\n".join(";".join([*row, "", ""]) for row in rows) + "\r\n"
    intake.write("people.csv", "\ufeff" + text)
    given = ", ".join(f"{key}: {value}" for key, value in {"file": "people.csv", **options}.items())
    intake.change("{file: people.csv}", f"{{{given}}}")
    path = Path("hello.yaml")
    spec = path.read_text().replace("{{ first_name }}", "{{ first_name }} {{ note | default('') }}")
    path.write_text(spec + "limits: {segments: 1}\n")
    return intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")


def _do(found: dict[str, Any], rows: Rows, options: dict[str, str]) -> None:
    fix = found["fix"]
    if key := re.search(r"`(country|delimiter|where): ([^`]+)`|`(country):` .* such as ([A-Z]{2}),", fix):
        options[key[1] or key[3]] = key[2] or key[4]
    doing = next((change for words, change in BY_FIX if fix.startswith(words)), None)
    assert doing is not None or key, fix
    if doing is not None:
        for line in found.get("rows", [1]):
            doing(rows, line - 1)


def test_a_conflict_names_both_rows_and_the_columns_that_differ(intake: Intake) -> None:
    people = (
        "phone,first_name,order_id\n"
        + GOOD.strip()
        + ",A1\n+31687654321,Bob,A1\n+31 6 12345678,Bob,A1\n+31612345678,Eve,A2\n"
    )
    intake.write("people.csv", people)
    said = intake.run("validate", "hello.yaml", "--format", "json")
    [conflict] = said.diagnostics
    assert (conflict["code"], conflict["rows"]) == ("conflicting-rows", [4, 5])
    assert conflict["problem"] == (
        "line 4 names the same recipient as line 2, with another message: the rows differ in 'first_name'"
    )


@pytest.mark.parametrize("count", all_but([60], [60, MAX_ROWS + 50]))
def test_of_very_many_rejected_rows_the_first_are_looked_at_to_their_end(intake: Intake, count: int) -> None:
    intake.write("people.csv", HEAD + "nobody,\n" * count)
    said = intake.run("validate", "hello.yaml", "--format", "json")
    assert {each["code"]: each["row_count"] for each in said.diagnostics} == {
        "phone-letters": count,
        "empty-value": min(count, MAX_ROWS),
    }


@long
def test_how_many_rejected_rows_were_looked_at_is_told(intake: Intake) -> None:
    intake.write("people.csv", HEAD + "nobody,\n" * (MAX_ROWS + 50))
    said = intake.run("validate", "hello.yaml")
    assert "= in at least 10 000 rows: 2, 3, 4, …" in said.err
    assert "to do: fix 10 050 numbers, fill at least 10 000 names; nothing was sent" in said.err


def test_a_column_without_a_name_is_left_out_of_what_the_spec_may_use(intake: Intake) -> None:
    intake.text("\"Hi {{ row['x'] }}\"")
    intake.write("people.csv", "phone,,first_name\n+31612345678,x,Ann\n")
    problems = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    assert [(each["code"], each["severity"]) for each in problems] == [
        ("empty-column-name", "warning"), ("unknown-name", "error"),
    ]  # fmt: skip
    fix = "give this name to the column that has none, if it is that one; or add the column, or use one of: phone, first_name"
    assert problems[1]["fix"] == fix
