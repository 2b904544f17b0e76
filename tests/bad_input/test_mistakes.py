"""Mistakes of a first week: each is one error or warning, at its place, in words that its author understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from long_rows import every

Intake = Any  # the fixture `intake` of this folder's conftest

# The text as the file writes it, what is found as `code line:column`, words of the problem, words of the fix.
TEMPLATES: list[tuple[str, str, str, str]] = [
    # words and signs of other languages
    ("'{% if order_id %}a{% elseif first_name %}b{% endif %}'", "template-syntax 9:35", "no `elseif`", "write `elif`"),
    ("'{% if order_id %}a{% else if first_name %}b{% endif %}'", "template-syntax 9:35", "no `else if`", "`elif`"),
    ("'{% if order_id = 1 %}a{% endif %}'", "template-syntax 9:29", "one `=` compares nothing, and a cell of a table is text", """write `== "1"`"""),
    ('"{% if order_id = first_name %}a{% endif %}"', "template-syntax 9:29", "one `=` compares nothing", "write `==`"),
    ('"{% if order_id | length = 2 %}a{% endif %}"', "template-syntax 9:38", "one `=` compares nothing", "write `==`"),
    ("'{% if order_id === 1 %}a{% endif %}'", "template-syntax 9:29", "no `===`, and a cell", """write `== "1"`"""),
    ("'{% if order_id && first_name %}a{% endif %}'", "template-syntax 9:29", "no `&&`", "write `and`"),
    ("'{% if order_id || first_name %}a{% endif %}'", "template-syntax 9:29", "no `||`", "write `or`"),
    ("'{% if !order_id %}a{% endif %}'", "template-syntax 9:20", "no `!`", "write `order_id is not defined`"),
    ("'{% if !order_id == first_name %}a{% endif %}'", "template-syntax 9:20", "no `!`", "write `not order_id`"),
    ("'{% if order_id then %}a{% endif %}'", "template-syntax 9:29", "no `then`", "remove it"),
    ("'{% if order_id %}a{% endfi %}'", "template-syntax 9:35", "`endfi` doesn't end the `if`", "write `endif`"),
    ("'{% if order_id %}a{% end %}'", "template-syntax 9:35", "`end` doesn't end the `if`", "write `endif`"),
    ("'{% for c in order_id %}a{% end %}'", "template-syntax 9:41", "`end` doesn't end the `for`", "write `endfor`"),
    ("'{% if order_id %}{% for c in order_id %}a{% endif %}'", "template-syntax 9:55", "`for` before this `endif` is still open", "write {% endfor %} before {% endif %}"),
    ("'{% if order_id %}a{% endfor %}b{% endif %}'", "template-syntax 9:32", "no `for` is open", "remove it, or write {% endif %}"),
    ("'a{% endif %}'", "template-syntax 9:15", "this `endif` belongs to nothing", "remove it, or write {% if … %} before it"),
    ("'a{% endfi %}'", "template-syntax 9:15", "no tag called 'endfi', and no `if` is open", "{% endif %} in its place"),
    ("'a{% endfor %}'", "template-syntax 9:15", "belongs to nothing", "remove it, or write the `for` that it ends"),
    ("'a{% else %}b'", "template-syntax 9:15", "this `else` belongs to nothing", "remove it, or write {% if … %} before it"),
    ("'{% if order_id %}a'", "template-syntax 9:17", "this `if` is never closed", "{% endif %}"),
    ("'{% unless order_id %}a{% end %}'", "template-syntax 9:14", "no `unless`", "write {% if order_id is not defined %}, and {% endif %}"),
    ("'{% blurb order_id %}a'", "template-syntax 9:17", "no tag called 'blurb'", "use one of: if, elif"),
    ("'{% fro c in order_id %}a{% endfor %}'", "template-syntax 9:17", "no tag called 'fro'", "write `for`"),
    ("'{% first_name %}'", "template-syntax 9:14", "no tag called 'first_name'; a value is", "write {{ first_name }}"),
    ("'{% first_name | upper %}'", "template-syntax 9:14", "no tag called 'first_name'", "write {{ first_name | upper }}"),
    ("'{% if first_name AND order_id %}a{% endif %}'", "template-syntax 9:31", "no `AND`", "write `and`"),
    ("'{% if NOT first_name %}a{% endif %}'", "template-syntax 9:20", "no `NOT`", "write `not`"),
    ('"{% if first_name == \'Bo\' und order_id %}a{% endif %}"', "template-syntax 9:39", "no `und`", "write `and`"),
    ('"{% if first_name == \'Bo\' OU (order_id) %}a{% endif %}"', "template-syntax 9:39", "no `OU`", "write `or`"),
    ("'{{ first_name ? 1 : 2 }}'", "template-syntax 9:17", "no `? :`", """write `"1" if first_name is defined else "2"`"""),
    ('"{{ first_name ? 1 : order_id }}"', "template-syntax 9:17", "no `? :`", "write `'1' if first_name is defined else order_id`"),
    ("'{{ first_name ?? 1 }}'", "template-syntax 9:28", "no `??`", """write `| default("1")`"""),
    ('"{{ first_name ?? order_id }}"', "template-syntax 9:28", "no `??`", "write `| default(order_id)`"),
    ("'{{ first_name; }}'", "template-syntax 9:27", "`;` ends nothing", "remove it"),
    ("'{{ $first_name }}'", "template-syntax 9:17", "no `$` before it", "write `first_name`"),
    ("'{{ .first_name }}'", "template-syntax 9:17", "no `.` before it", "write `first_name`"),
    ("'{{#if first_name}}a{{/if}}'", "template-syntax 9:14", "Handlebars", "write {% if first_name is defined %}, and {% endif %} for {{/if}}"),
    ("'{{#unless first_name}}a{{/unless}}'", "template-syntax 9:14", "Handlebars", "write {% if first_name is not defined %}, and"),
    ("'{{^first_name}}a{{/first_name}}'", "template-syntax 9:14", "Handlebars", "write {% if first_name is not defined %}, and"),
    ("'{% if first_name %}a{{/if}}'", "template-syntax 9:34", "Handlebars", "write {% endif %}"),
    ("'{{{ first_name }}}'", "template-syntax 9:14", "three braces", "write {{ first_name }}"),
    ("""'{{ first_name | default "you" }}'""", "template-syntax 9:30", "not in brackets", 'write `default("you")`'),
    ("""'{{ first_name | default: "you" }}'""", "template-syntax 9:30", "not in brackets", 'write `default("you")`'),
    ("'{{ first_name | default(‘you’) }}'", "template-syntax 9:38", "`‘` and `’` are typographic quotes", 'write `"you"`'),
    # what is opened and not closed
    ("'Hi {{ first_name'", "template-syntax 9:17", "{{ is never closed", "write }} where it ends"),
    ("'Hi {{ first_name }'", "template-syntax 9:31", "one `}` doesn't close {{", "write }}"),
    ("'Hi {{ first_name }, your order {{ order_id }}'", "template-syntax 9:31", "one `}` doesn't close {{", "write }}"),
    ("'{% if first_name } a'", "template-syntax 9:31", "`}` doesn't close {%", "write %}"),
    ("'{# a remark'", "template-syntax 9:14", "comment is never closed", "write #} where it ends"),
    ("""'{{ "first_name }}'""", "template-syntax 9:17", "quote is never closed, and 'first_name' is a column", "write `first_name`"),
    ("""'{{ first_name | default("you) }}'""", "template-syntax 9:38", "quote is never closed", 'write " where'),
    ("'{{ first_name | default(1 }}'", "template-syntax 9:37", "`(` is never closed", "write `)` where"),
    ("'{{ first_name ) }}'", "template-syntax 9:28", "`)` closes nothing", "remove it"),
    ("'{{ }}'", "template-syntax 9:14", "nothing is between {{ and }}", "column's name"),
    ("'{% %}'", "template-syntax 9:14", "nothing is between {% and %}", "remove it"),
    ("'{{ first_name | }}'", "template-syntax 9:28", "no filter's name comes after this `|`", "such as `upper`"),
    # what messages don't do
    ("'{{ order_id + 1 }}'", "template-forbidden 9:26", "arithmetic", "compute it in the table"),
    ("'{{ order_id * 2 - 1 * 3 }}'", "template-forbidden 9:30", "arithmetic", "compute it in the table"),
    ("'{{ now() }}'", "template-forbidden 9:17", "`now()` is not allowed in a message: the date would change", "date under `vars`"),
    ("'{{ order_id.strftime(1) }}'", "template-forbidden 9:17", "is not allowed in a message: templates can't format dates", "write the date into the table"),
    ("'{{ datetime.now() }}'", "template-forbidden 9:17", "`datetime.now()` is not allowed", "write the date under `vars`"),
    ("'{{ first_name.upper() }}'", "template-forbidden 9:17", "`first_name.upper()`", "write `first_name | upper`"),
    ("'{{ first_name.strip() }}'", "template-forbidden 9:17", "`first_name.strip()`", "write `first_name | trim`"),
    ("'{{ first_name.replace(1, 2) }}'", "template-forbidden 9:17", "is not allowed", "write `first_name | replace(1, 2)`"),
    ("'{{ row.get(1) }}'", "template-forbidden 9:17", "`row.get(1)`", 'write a column\'s name: phone, first_name, order_id, row["Opt-out"], row["Price (€)"]'),
    ("""'{{ row.get("first_name", "you") }}'""", "template-forbidden 9:17", "row.get", 'write `row["first_name"] | default("you")`'),
    ("'{{ len(first_name) }}'", "template-forbidden 9:17", "`len(first_name)`", "write `first_name | length | string`"),
    ("'{% if len(first_name) > 3 %}a{% endif %}b'", "template-forbidden 9:20", "`len(first_name)`", "write `first_name | length`"),
    ("'{{ first_name[:1] }}'", "template-forbidden 9:17", "the slice `first_name[:1]`", "write `first_name | first`"),
    ("'{{ first_name[:2] }}'", "template-forbidden 9:17", "the slice `first_name[:2]`", 'write `first_name | truncate(2, true, "")`'),
    ("'{{ first_name[-1:] }}'", "template-forbidden 9:17", "the slice `first_name[-1:]`", "write `first_name | last`"),
    ("'{{ first_name[1:2] }}'", "template-forbidden 9:17", "the slice `first_name[1:2]`", "add a column that holds this part of `first_name`, and write its name"),
    ("'{{ row[first_name] }}'", "template-forbidden 9:17", "`row[first_name]` takes the column's name from a value", """write `row["first_name"]`, in quotes, for the column 'first_name'"""),
    ("'{{ row[lang] }}'", "template-forbidden 9:17", "`row[lang]` takes the column's name", "write a column's name: phone, first_name"),
    ('"{{ row[land] }}"', "template-forbidden 9:17", "`row[land]` takes the column's name", "order_id, row['Opt-out'], row['Price (€)']"),
    ("'{{ first_name[order_id] }}'", "template-forbidden 9:17", "'first_name' is text, and text has no items", '{% elif order_id == "…" %}'),
    ("'{{ texts[order_id] }}'", "template-forbidden 9:17", "`texts[order_id]` chooses an item by a value", '{% if order_id == "…" %}'),
    ("'{{ first_name = 1 }}'", "template-syntax 9:14", "{{ }} prints a value", 'write {{ first_name }}; for a condition, {% if first_name == "1" %}…{% endif %}'),
    ('"Hi {{ first_name = order_id }}"', "template-syntax 9:17", "one `=` neither sets nor compares", "write {{ first_name }}; for a condition, {% if first_name == order_id %}"),
    ("'{{ first_name[0] }}'", "no-items 9:17", "'first_name' is text, and text has nothing called '0'", "write `first_name | first`"),
    ("'Hi {{ first_name.length }}'", "no-items 9:20", "text has nothing called 'length'", "write `first_name | length`"),
    ("'{{ first_name.toUpperCase }}'", "no-items 9:17", "nothing called 'toUpperCase'", "write `first_name | upper`"),
    ("'{{ first_name.initial }}'", "no-items 9:17", "nothing called 'initial'", "add a column"),
    ("'{% set a = 1 %}b'", "template-forbidden 9:14", "`set`", "put the value under `vars`"),
    ("'{{ first_name | strip }}'", "unknown-filter 9:30", "no filter called 'strip'", "write 'trim'"),
    ("'{{ first_name | upcase }}'", "unknown-filter 9:30", "no filter called 'upcase'", "write 'upper'"),
    ("'{{ first_name | e }}'", "unknown-filter 9:28", "no filter called 'e'", "remove it"),
    ("'{{ first_name | date(1) }}'", "unknown-filter 9:28", "no filter called 'date'", "remove it, and write the value into the table"),
    ("'{{ first_name | tojson }}'", "unknown-filter 9:28", "no filter called 'tojson'", "remove it: what a text holds"),
    ("'{{ first_name | uper }}'", "unknown-filter 9:30", "no filter called 'uper'", "write 'upper'"),
    ("'{% if first_name is empty %}a{% endif %}'", "unknown-test 9:20", "no test called 'empty'", "write `first_name is not defined`"),
    ("'{% if row.first_name is not empty %}a{% endif %}'", "unknown-test 9:20", "'empty'", "write `row.first_name is defined`"),
    ("'{% if first_name is null %}a{% endif %}'", "unknown-test 9:34", "no test called 'null'", "write 'undefined'"),
    ("'{% if first_name is true %}a{% endif %}'", "unknown-test 9:34", "no test called 'true'", "compare with the text that the cells hold"),
    ("'{% if first_name | bool %}a{% endif %}'", "unknown-filter 9:31", "no filter called 'bool'", "remove it, and compare with the text"),
    # a template that is all of the text, and gives none
    ("'{{ order_id | length }}'", "wrong-type 9:13", "expected text, found the number 2", 'write "{{ order_id | length | string }}"'),
    ('"{{ 1 if order_id else 2 }}"', "wrong-type 9:13", "found the number 1", 'write "{{ (1 if order_id else 2) | string }}"'),
    ('"{{ order_id == first_name }}"', "wrong-type 9:13", "found false", 'write a text for each case: "{% if order_id == first_name %}…'),
    ("'{{ order_id | float }}'", "not-a-number 9:14", "'order_id' is 'A1', which is no number", "write {{ order_id }}: a text needs no number"),
    ('"{{ order_id | replace(1, 2) | int }}"', "not-a-number 9:14", "'A2' is no number", "write {{ order_id | replace(1, 2) }}: a text needs no number"),
    # columns under another spelling
    ("'{{ FIRST_NAME }}'", "unknown-name 9:17", "'FIRST_NAME'", "write 'first_name'"),
    ("'{{ contact.first_name }}'", "unknown-name 9:17", "'contact'", "write 'first_name'"),
    ("'{{ first name }}'", "template-syntax 9:17", "no column is called 'first name'", "write `first_name`"),
    ("'{% if first name %}a{% endif %}'", "template-syntax 9:20", "no column is called 'first name'", "write `first_name`"),
    ("'{{ first-name | upper }}'", "template-forbidden 9:17", "`first-name` is read as `first` minus `name`", "write `first_name`"),
    ("'{{ last name }}'", "template-syntax 9:17", "no column is called 'last name'", 'add the column and write `row["last name"]`, or use one of: phone, first_name'),
    ("'{{ phone number }}'", "template-syntax 9:17", "no column is called 'phone number'", "write `phone`"),
    ("'{{ Opt-out }}'", "template-forbidden 9:17", "'Opt-out' is a column", 'write `row["Opt-out"]`'),
    ('"{{ Opt-out }}"', "template-forbidden 9:17", "'Opt-out' is a column", "write `row['Opt-out']`"),
    ('"{{ opt out }}"', "template-syntax 9:17", "'Opt-out' is a column", "write `row['Opt-out']`"),
    ('"{{ optout }}"', "unknown-name 9:17", "'optout'", "write `row['Opt-out']`"),
    ('"{% if first_name == Bo %}a{% endif %}"', "unknown-name 9:34", "'Bo'", "write `'Bo'`, in quotes"),
    ('"{% if first_name == frst_name %}a{% endif %}"', "unknown-name 9:34", "'frst_name'", "for the column, write 'first_name'"),
    ("""'{{ row["opt out"] }}'""", "unknown-name 9:22", "'opt out'", "write 'Opt-out'"),
    ('"{{ Price (€) }}"', "template-syntax 9:17", "'Price (€)' is a column", "write `row['Price (€)']`"),
    ('"{{unsubscribe}}"', "unknown-name 9:16", "'unsubscribe'", "write {{ '{{unsubscribe}}' }}"),
    ("'{{unsubscribe}}'", "unknown-name 9:16", "'unsubscribe'", 'write {{ "{{unsubscribe}}" }}'),
]  # fmt: skip

# The same for what passes, and should not pass silently; `!` before the place: an error.
TEXTS: list[tuple[str, str, str, str]] = [
    ('"Hi {first_name}"', "!unfilled-placeholder 9:17", "'first_name' is a column", "write {{ first_name }}"),
    ('"Hi { first_name }}"', "!unfilled-placeholder 9:17", "'{ first_name }}' is not a template", "write {{ first_name }}"),
    ('"Hi ${first_name}"', "!unfilled-placeholder 9:17", "read it as it is written", "{{ '${first_name}' }}"),
    ('"Hi #{first_name}"', "!unfilled-placeholder 9:17", "'#{first_name}'", "write {{ first_name }}"),
    ('"Hi %first_name%"', "!unfilled-placeholder 9:17", "'%first_name%'", "write {{ first_name }}"),
    ('"Hi <%= first_name %>"', "!unfilled-placeholder 9:17", "'<%= first_name %>'", "write {{ first_name }}"),
    ('"Hi [[first_name]]"', "!unfilled-placeholder 9:17", "'[[first_name]]'", "write {{ first_name }}"),
    ('"Hi *|FNAME|*"', "!unfilled-placeholder 9:17", "'*|FNAME|*' is not a template, so people would read it as it is written; 'first_name' is a column", "write {{ first_name }}"),
    ('"Hi %%first_name%%"', "!unfilled-placeholder 9:17", "'%%first_name%%'", "write {{ first_name }}"),
    ('"Hi {!Contact.FirstName}"', "!unfilled-placeholder 9:17", "'{!Contact.FirstName}'", "write {{ first_name }}"),
    ('"Hi %recipient.first_name%"', "!unfilled-placeholder 9:17", "'%recipient.first_name%'", "write {{ first_name }}"),
    ('"Hi *|first_name|*"', "!unfilled-placeholder 9:17", "'*|first_name|*'", "write {{ first_name }}"),
    ('"{{ first_name }} {order_id}"', "!unfilled-placeholder 9:31", "'{order_id}'", "write {{ order_id }}"),
    ('"Hi {frist_name}"', "!unfilled-placeholder 9:17", "; the column is called 'first_name'", "write {{ first_name }}"),
    ('"Hi %frist_name%"', "!unfilled-placeholder 9:17", "; the column is called 'first_name'", "write {{ first_name }}"),
    ('"Hi {{ first_name }}}"', "unfilled-placeholder 9:17", "the third } is not part of the template", "write {{ first_name }}"),
    ('"Hi {somebody}"', "unfilled-placeholder 9:17", "; no column is called 'somebody'", "write {{ … }} with one of: phone, first_name, order_id, row['Opt-out']"),
    ("'Hi {somebody}'", "unfilled-placeholder 9:17", "'{somebody}'", 'write {{ "{somebody}" }}'),
    ('"Hi «first_name»"', "!unfilled-placeholder 9:17", "'«first_name»'", "write {{ first_name }}"),
    ('"Hi «First_Name»"', "!unfilled-placeholder 9:17", "'first_name' is a column", "write {{ first_name }}"),
    ('"Hi «somebody»"', "unfilled-placeholder 9:17", "'«somebody»'", "write {{ … }} with one of: phone"),
    ('"Hi <<first_name>>"', "!unfilled-placeholder 9:17", "'<<first_name>>'", "write {{ first_name }}"),
    ('"Hi @first_name@"', "!unfilled-placeholder 9:17", "'@first_name@'", "write {{ first_name }}"),
    ('"Hi *|FIRST_NAME|*"', "!unfilled-placeholder 9:17", "'*|FIRST_NAME|*'", "write {{ first_name }}"),
    ('"Hi [First name]"', "!unfilled-placeholder 9:17", "'[First name]'", "write {{ first_name }}"),
    ('"Hi [Opt-out]"', "!unfilled-placeholder 9:17", "'Opt-out' is a column", "write {{ row['Opt-out'] }}"),
    ('"Hi [Price (€)]"', "!unfilled-placeholder 9:17", "'Price (€)' is a column", "write {{ row['Price (€)'] }}"),
    ('"Hi {Price (€)}"', "!unfilled-placeholder 9:17", "'{Price (€)}' is not a template", "write {{ row['Price (€)'] }}"),
    ("'Hi «price (€)»'", "!unfilled-placeholder 9:17", "'Price (€)' is a column", 'write {{ row["Price (€)"] }}'),
    ('"Hi <frist_name>"', "!unfilled-placeholder 9:17", "; the column is called 'first_name'", "write {{ first_name }}"),
    ("\"Hi {row['first_name']}\"", "!unfilled-placeholder 9:17", "'first_name' is a column", "write {{ first_name }}"),
    ('"Hi {first_name!r}"', "!unfilled-placeholder 9:17", "'{first_name!r}'", "write {{ first_name }}"),
    ('"Hi {order_id:.2f}"', "!unfilled-placeholder 9:17", "'{order_id:.2f}'", "write {{ order_id }}"),
    ('"Hi {first_name.title()}"', "!unfilled-placeholder 9:17", "'{first_name.title()}'", "write {{ first_name }}"),
    ('"Hi %(first_name)s"', "!unfilled-placeholder 9:17", "'%(first_name)s'", "write {{ first_name }}"),
    ('"Hi $first_name, you"', "!unfilled-placeholder 9:17", "'$first_name'", "write {{ first_name }}"),
    ('"Hi :first_name, you"', "!unfilled-placeholder 9:17", "':first_name'", "write {{ first_name }}"),
    ('"Hi JosÃ©"', "lost-character 9:13", "UTF-8 that was read as Windows-1252, such as `Ã©` for `é`, in the text", "save the spec as UTF-8"),
    ('"Hi {{ "%.2f" % order_id }}, you"', "!yaml-syntax 9:21", "text after the end of the value", "the quote before it ends the value"),
    ('"Hi {{ order_id | decimals(2, ",") }}, you"', "!yaml-syntax 9:44", "text after the end of the value", "the quote before it ends the value"),
    ('"Hi %s, you"', "unfilled-placeholder 9:17", "'%s' is not a template", "write {{ … }} with one of: phone"),
    ('"Hi [frist_name]"', "!unfilled-placeholder 9:17", "; the column is called 'first_name'", "write {{ first_name }}"),
    ('"Hi [first_name]"', "!unfilled-placeholder 9:17", "'[first_name]'", "write {{ first_name }}"),
    ('"Hi <first_name>"', "!unfilled-placeholder 9:17", "'<first_name>'", "write {{ first_name }}"),
    ("Hi {{ first_name }}, you are #1", "cut-by-comment 9:42", "'#1' for a comment", '"Hi {{ first_name }}, you are #1"'),
    ("Hi #1", "cut-by-comment 9:16", "'#1' for a comment", 'put quotes around the text: "Hi #1"'),
    ("Order # {{ order_id }}", "!cut-by-comment 9:19", "for a comment", 'put quotes around the text: "Order # {{ order_id }}"; if it is a comment, move'),
    ("Hi you, # 1", "cut-by-comment 9:21", "for a comment", '"Hi you, # 1"'),
    ("#1 in town", "!wrong-type 9:13", "'#1 in town' for a comment, so there is no value", 'put quotes around the text: "#1 in town"'),
    ("“Hi {{ first_name }}”", "curly-quotes 9:13", "“ and ” are not YAML's quotes", 'write " in their place'),
    (r"'Hi,\n you'", "literal-escape 9:13", "a line break only in double quotes", r'write "Hi,\n you", or several lines below `text: |`'),
    (r"Hi\n\nyou", "literal-escape 9:13", "people would read it as it is written", r'write "Hi\n\nyou"'),
    (r"""'Say "Hi",\n you'""", "literal-escape 9:13", "a line break only in double quotes", r'''write "Say \"Hi\",\n you", or several'''),
    (r'"Hi\\nyou"', "literal-escape 9:13", "is a backslash and an n, and people would read both", r'write "Hi\nyou", or several lines'),
    (r'"Hi\\n\\you"', "literal-escape 9:16", "people would read both; `\\n` is a line break", r"write `\n`, with one backslash"),
    (r"'\\n'", "literal-escape 9:14", "two backslashes and an n", 'write `\\n` with one backslash, and " around'),
    ("|\n        Hi\\nyou", "literal-escape 10:11", "people would read it", "begin a new line in its place"),
    ('"https://example.com/{somebody}?a=%20of%20"', "unfilled-placeholder 9:34", "; no column is called 'somebody'", "write {{ … }} with one of: phone"),
    ('"www.example.com/${name}"', "unfilled-placeholder 9:30", "'${name}'", "write {{ … }} with one of: phone"),
    ('"https://example.com/{first_name}"', "!unfilled-placeholder 9:34", "'{first_name}'", "write {{ first_name }}"),
    ('"www.example.com?a=%order_id%&b=c"', "!unfilled-placeholder 9:32", "'%order_id%'", "write {{ order_id }}"),
    (r"'Hi\nyou'", "literal-escape 9:13", "a line break only in double quotes", r'write "Hi\nyou"'),
    (r"'Your code:\n{{ order_id }}'", "literal-escape 9:13", "only in double quotes", r'write "Your code:\n{{ order_id }}"'),
    ("{first_name}", "!wrong-type 9:13", "YAML reads {…} as keys and values", 'write "{{ first_name }}" for a column'),
    ("[more]", "!wrong-type 9:13", "found a list", 'put quotes around it: "[more]"'),
    ("*more*", "!unknown-alias 9:13", "'*more*' for a reference", 'put quotes around the text: "*more*"'),
    ("> Hi", "!yaml-syntax 9:13", "after `>` YAML expects the text on the lines below", 'put quotes around it: "> Hi"'),
    ("- Hi", "!yaml-syntax 9:13", "YAML takes this `- ` for the entry of a list", 'put quotes around it: "- Hi"'),
    ("'{% if order_id == 1 %}a{% endif %}b'", "compared-with-number 9:20", "is never true", """write `order_id == "1"`"""),
    ('"{% if row[\'Opt-out\'] != 1.5 %}a{% endif %}b"', "compared-with-number 9:20", "is always true", "write `row['Opt-out'] != '1.5'`"),
    ("\"Hi {{ first_name == 'Bo' }}\"", "printed-condition 9:17", "is `true` or `false`", "write {% if first_name == 'Bo' %}…{% endif %}"),
    ("'{{ not order_id }} or {{ order_id }}'", "printed-condition 9:14", "{{ }} prints a value", "write {% if order_id is not defined %}…{% endif %}"),
    ("'Hi {{ order_id is defined and order_id != \"A\" }}'", "printed-condition 9:17", "prints a value", 'write {% if order_id is defined and order_id != "A" %}'),
    ("‘Hi’", "curly-quotes 9:13", "‘ and ’ are not YAML's quotes", 'write " in their place'),
]  # fmt: skip

INNOCENT = [
    "\"Hi {{ 'Bo' if order_id == 'A1' else first_name }}\"", "\"Hi {{ 'a == b, not c' }}\"", "'Hi {{ first_name | default(\"is\") }}'",
    '"100 %d\'accord, 50 %s, ok :phones: https://example.com/:phone US$phone $5 {0} {x:y}"', '"{a.b()} {row[1]}"',
    '"São João, À bientôt, Ångström, Â, â, Ã"',
    '"Hi\\nyou"', r"C:\nets", r'"C:\\nets"', r'''"{{ first_name | replace('\\n', ' ') }}"''', r"'\\server\nets on C:\new'",
    "Hi you # a remark", "Hi you ## remark", "|\n        Hi #1", '"Hi you #1"', "'“Hi”'", "He said “Hi”",
    '"100% of 50% off"', '"He said «Hi you», ask @somebody@ or me@first_name@example.com"', '"Hi [more] <b>"', '"{} { } {1}"', "\"{{ '{first_name}' }}\"",
    "'{ {{ first_name }}}'",
    '"{% if order_id | length == 2 %}a{% endif %}"', "\"{% if order_id == 'A1' %}a{% endif %}\"",
    '"https://example.com/?a=%20of%20"', '"www.example.com/<name>/[name]"',
]  # fmt: skip

TEXT_BODY = '  body:\n    type: text\n    text:\n      text: "Hi {{ first_name }}"\n'

# What the usual spec has, what is written instead, the place, words of the problem, words of the fix.
SPECS: list[tuple[str, str, str, str, str]] = [
    # keys as other programs call them
    ("channel:", "kanal:", "unknown-key 3:1", "no key 'kanal'", "write 'channel'"),
    ("message:", "nachricht:", "unknown-key 5:1", "no key 'nachricht'", "write 'message'"),
    ("{file: people.csv}", "{fichier: people.csv}", "unknown-key 4:14", "no key 'fichier'", "write 'file'"),
    ("{file: people.csv}", "{file: people.csv, land: NL}", "unknown-key 4:32", "no key 'land'", "write 'country'"),
    ("{file: people.csv}", "{file: people.csv, suppress: [a.csv]}", "unknown-key 4:32", "no key 'suppress'", "move it out of `recipients`, to the beginning of a line"),
    ("people.csv", r'"C:\Users\Vorstand\people.csv"', "yaml-syntax 4:20", "folders are separated by /", 'copy the file into the folder of the spec and write "people.csv"'),
    ("people.csv", r'"data\people.csv"', "yaml-syntax 4:20", "folders are separated by /", 'write "data/people.csv"'),
    ("people.csv", r'"data\mpeople"', "yaml-syntax 4:26", "YAML knows no such escape", "for a backslash"),
    ("channel: sms", "channel: sms\nnot_after: 31.12.2026 18:00", "wrong-format 4:12", "'31.12.2026 18:00' is not a date and time with an offset", "write 2026-12-31T18:00:00+01:00, with your own offset"),
    ("channel: sms", "channel: sms\nnot_after: 31.12.2026", "wrong-format 4:12", "'31.12.2026' is not", "write 2026-12-31T23:59:59+01:00, with your own time and offset"),
    ("spec: 1", "version: 1", "unknown-key 1:1", "a spec has no key 'version'", "write `spec: 1`"),
    ("spec: 1\n", "", "missing-key 1:1", "'spec' is missing", "add `spec: 1`"),
    ("recipients:", "recipient:", "unknown-key 4:1", "no key 'recipient'", "write 'recipients'"),
    ("recipients: {file: people.csv}", "csv: people.csv", "unknown-key 4:1", "no key 'csv'", "write `recipients: {file: people.csv}`"),
    ("recipients: {file: people.csv}", "file: people.csv", "unknown-key 4:1", "no key 'file'", "write `recipients: {file: people.csv}`"),
    ("recipients: {file: people.csv}", "contacts: [{phone: '+31612345678', first_name: a}]", "unknown-key 4:1", "no key 'contacts'", "write 'recipients'"),
    ("{file: people.csv}", "{csv: people.csv}", "unknown-key 4:14", "no key 'csv'", "write 'file'"),
    ("{file: people.csv}", "{file: people.csv, filter: a}", "unknown-key 4:32", "no key 'filter'", "write 'where'"),
    ("channel: sms", "channels: sms", "unknown-key 3:1", "no key 'channels'", "write 'channel'"),
    ("channel: sms", "channel: sms\nenvironment: live", "unknown-key 4:1", "no key 'environment'", "write `--env live` on the command line"),
    ("channel: sms", "channel: sms\ncountry: NL", "unknown-key 4:1", "no key 'country'", "write `recipients: {file: people.csv, country: NL}`"),
    ("channel: sms", "channel: sms\nvariables: {a: b}", "unknown-key 4:1", "no key 'variables'", "write 'vars'"),
    ("  body", "body", "unknown-key 6:1", "no key 'body'", "indent it, and what is below it, under `message`"),
    (TEXT_BODY, "  text: Hi\n", "unknown-key 6:3", "no key 'text'", 'write `body: {type: text, text: {text: "Hi"}}`'),
    (TEXT_BODY, '  body: "Hi"\n', "wrong-type 6:9", "found 'Hi'", '`body: {type: text, text: {text: "Hi"}}`'),
    ("message:\n" + TEXT_BODY, "message: Hi\n", "wrong-type 5:10", "found 'Hi'", "`message: {body: {type: text,"),
    (TEXT_BODY, "  body: {text: Hi}\n", "missing-key 6:3", "has no 'type'", 'write `body: {type: text, text: {text: "Hi"}}`'),
    (TEXT_BODY, "  body: {type: text, text: Hi}\n", "wrong-type 6:28", "found 'Hi'", 'write `text: {text: "Hi"}`'),
    (TEXT_BODY, "  body: {type: text, text: {body: Hi}}\n", "unknown-key 6:29", "no key 'body'", "write 'text'"),
    (TEXT_BODY, "  body: {type: image, text: {text: Hi}}\n", "wrong-value 6:16", "'image', and the body has `text`", "`type: text`"),
    ("type: text", "type: sms", "wrong-value 7:11", "'sms'", "write 'text'"),
    ("type: text", "type: Text", "wrong-value 7:11", "'Text'", "write 'text'"),
    # values
    ("spec: 1", 'spec: "1"', "spec-version 1:7", "'1'", "write 1, without quotes"),
    ("spec: 1", "spec: 2", "spec-version 1:7", "the number 2", "write 1, the version"),
    ("name: hello", "name: Hello World", "bad-name 2:7", "'Hello World' can't be", "write 'hello-world'"),
    ("name: hello", "name:", "wrong-type 2:6", "`name` has no value", "write one after the colon, such as `name: hello`"),
    ("channel: sms", "channel: [sms]", "wrong-type 3:10", "found a list", "write `channel: sms`"),
    ("channel: sms", "channel: [sms, mms]", "wrong-type 3:10", "found a list", "name one channel"),
    ("channel: sms", "channel: sms\ngeneration: 0", "out-of-range 4:13", "the number 0 is below 1", "write 1 or more"),
    ("channel: sms", 'channel: sms\ngeneration: "2"', "wrong-type 4:13", "a whole number", "write 2, without quotes"),
    ("channel: sms", "channel: sms\nlimits: 100", "wrong-type 4:9", "the number 100", "`limits: {messages: 100}`"),
    ("channel: sms", "channel: sms\nlimits: {messages: 5_000}", "wrong-type 4:20", "'5_000'", "write 5000"),
    ("channel: sms", "channel: sms\nlimits: {messages: 5,000}", "unknown-key 4:20", "the comma in 5,000 for the end", "write the number without a comma: 5000"),
    ("channel: sms", "channel: sms\nlimits: {failure_rate: 5%}", "wrong-type 4:24", "'5%'", "write 0.05"),
    ("channel: sms", "channel: sms\nlimits: {encoding: GSM-7}", "wrong-value 4:20", "'GSM-7'", "write 'gsm7'"),
    ("channel: sms", "channel: sms\nvars: [a]", "wrong-type 4:7", "found a list", "`vars: {name: value}`"),
    ("channel: sms", "channel: sms\nnot_after: 2099-12-01", "wrong-format 4:12", "a date without a time", "write 2099-12-01T23:59:59+01:00"),
    ("{file: people.csv}", "people.csv", "wrong-type 4:13", "a list or a mapping", "write `recipients: {file: people.csv}`"),
    ("{file: people.csv}", "{file: [people.csv]}", "wrong-type 4:20", "found a list", "write `file: people.csv`"),
    ("people.csv}", "people.csv, allow_empty: yes}", "wrong-type 4:45", "found 'yes'", "write true"),
    ("people.csv}", "people.csv, country: nl}", "unknown-country 4:41", "'nl'", "write NL"),
    ("people.csv}", "people.csv, country: Netherlands}", "unknown-country 4:41", "'Netherlands'", "write NL"),
    ("people.csv}", "people.csv, country: +31}", "unknown-country 4:41", "'+31'", "write NL"),
    ("people.csv}", "people.csv, country: 31}", "unknown-country 4:41", "'31'", "write NL"),
    ("people.csv}", "people.csv, delimiter: tab}", "too-long 4:43", "'tab' is not one character", 'write "\\t"'),
    ("people.csv}", "people.csv, where: order_id}", "where-not-boolean 4:39", "'order_id' has no {{ }} around it, so it is text", "or \"{{ order_id is defined }}\" for every row that has one"),
    ("people.csv}", "people.csv, where: order_id == 1}", "where-not-boolean 4:39", "'order_id == 1' has no {{ }} around it", """"{{ order_id == '1' }}\""""),
    ("people.csv}", "people.csv, where: Opt-out = no}", "where-not-boolean 4:39", "'Opt-out = no' has no {{ }}", """"{{ row['Opt-out'] == 'no' }}\""""),
    ("people.csv}", "people.csv, where: Opt-out <> ‘no’}", "where-not-boolean 4:39", "has no {{ }} around it", """"{{ row['Opt-out'] != 'no' }}\""""),
    ("people.csv}", """people.csv, where: "row['Opt-out'] = no"}""", "where-not-boolean 4:39", "text", """"{{ row['Opt-out'] == 'no' }}\""""),
    ("people.csv}", "people.csv, where: first_name == order_id}", "where-not-boolean 4:39", "text", '"{{ first_name == order_id }}"'),
    ("people.csv}", "people.csv, where: No}", "where-not-boolean 4:39", "YAML reads No as text", "write true for every row, false for none, or a column"),
    ("people.csv}", "people.csv, where: yes}", "where-not-boolean 4:39", "YAML reads yes as text", """"{{ … == 'yes' }}"; the columns are: phone, first_name"""),
    ("people.csv}", "people.csv, where: 1}", "where-not-boolean 4:39", "the number 1", "a column and what it should be"),
    ("people.csv}", "people.csv, where: 'Opt {{ out'}", "where-not-boolean 4:44", "this {{ is never closed", "write \"{{ row['Opt-out'] == '…' }}\" with"),
    ("people.csv}", "people.csv, where: first_name is Bo}", "where-not-boolean 4:39", "no {{ }}", """write "{{ first_name == 'Bo' }}\""""),
    ("people.csv}", "people.csv, where: Opt-out is not no}", "where-not-boolean 4:39", "no {{ }}", """write "{{ row['Opt-out'] != 'no' }}\""""),
    ("people.csv}", "people.csv, where: order_id not empty}", "where-not-boolean 4:39", "no {{ }}", 'write "{{ order_id is defined }}"'),
    ("people.csv}", "people.csv, where: order_id is defined}", "where-not-boolean 4:39", "no {{ }}", 'write "{{ order_id is defined }}"'),
    ("people.csv}", "people.csv, where: only people in Oss}", "where-not-boolean 4:39", "'only people in Oss' has no", """{{ … == '…' }}", or true for every row; the columns are: phone"""),
    ("people.csv}", "people.csv, where: '{{ Opt-out }} = no'}", "where-not-boolean 4:39", "text beside the {{ }}", """write "{{ row['Opt-out'] == 'no' }}\""""),
    ("people.csv}", "people.csv, where: '{{ Opt-out = no }}'}", "template-syntax 4:39", "is a column", """"{{ row['Opt-out'] == 'no' }}\""""),
    ("people.csv}", "people.csv, where: '{{ first_name = no }}'}", "template-syntax 4:39", "one `=`", """"{{ first_name == 'no' }}\""""),
    ("people.csv}", "people.csv, where: '{{ first_name == no }}'}", "unknown-name 4:57", "'no'", 'write `"no"`, in quotes'),
    ("people.csv}", "people.csv, key: '{{ Opt-out }}'}", "template-forbidden 4:41", "is a column", 'row["Opt-out"]'),
    ("people.csv}", "people.csv, key: {{ Opt-out }}}", "unquoted-template 4:37", "needs quotes", """write "{{ row['Opt-out'] }}\""""),
    ("message:", "message:\n  tags: red", "wrong-type 6:9", "a list", "write a list: [red]"),
    ("message:", "message:\n  sender: Acme", "wrong-type 6:11", "a mapping", "{connector: {identifierValue:"),
    ("message:", "message:\n  scheduledFor: 2026-12-01 10:00", "wrong-format 6:17", "no offset from UTC", "write 2026-12-01T10:00:00+01:00"),
    ("message:", "message:\n  capFrequency: yes", "wrong-type 6:17", "true or false", "write true"),
    ("name: hello", "name: erinnerung-für-märz", "bad-name 2:7", "'erinnerung-für-märz'", "'erinnerung-fuer-maerz'"),
    ("name: hello", "name: Çağrı Smørbrød", "bad-name 2:7", "can't be a spec's name", "'cagri-smoerbroed'"),
    ("channel: sms", "channel: sms\nlimits: {messages: 1.000}", "wrong-type 4:20", "1.000", "1000 if the point groups"),
    ("channel: sms", "channel: sms\nlimits: {messages: 1.500}", "wrong-type 4:20", "the number 1.500", "write 1500 if the point groups thousands, or a number without a fraction, such as 2"),
    ("channel: sms", "channel: sms\nlimits: {messages: 2.0}", "wrong-type 4:20", "the number 2.0 has a point in it", "write 2"),
    ("channel: sms", "channel: sms\nlimits: {cost: 60 EUR}", "wrong-format 4:16", "'60 EUR' has the currency behind the amount", "write EUR 60"),
    ("channel: sms", "channel: sms\nlimits: {cost: 60,00}", "unknown-key 4:16", "the comma in 60,00 for the end", "write 60.00"),
    ("channel: sms", "channel: sms\nlimits: {cost: EUR 60,5}", "unknown-key 4:16", "the comma in EUR 60,5 for the end", "write EUR 60.5"),
    ("channel: sms", 'channel: sms\nlimits: {cost: "60 €"}', "wrong-format 4:16", "'60 €' has the currency behind", "write EUR 60"),
    ("channel: sms", 'channel: sms\nlimits: {cost: "1.250,50 eur"}', "wrong-format 4:16", "eur", "write EUR 1250.50"),
    ("channel: sms", 'channel: sms\nlimits: {cost: "60"}', "wrong-format 4:16", "'60' is in quotes, so it is text", "write 60, without quotes"),
    ("channel: sms", 'channel: sms\nlimits: {cost: "€ 60"}', "wrong-format 4:16", "a sign where the three letters", "write EUR 60"),
    ("channel: sms", "channel: sms\nlimits: {cost: eur60}", "wrong-format 4:16", "has its currency in small letters and no space before the amount", "write EUR 60"),
    ("channel: sms", "channel: sms\nlimits: {cost: much}", "wrong-format 4:16", "'much' is no amount", "write a number, or a currency and a number, such as EUR 100"),
    ("message:", "message:\n  scheduledFor: 01.12.2026 9:00", "wrong-format 6:17", "zone", "2026-12-01T09:00:00Z, where Z is UTC"),
    ("message:", "message:\n  scheduledFor: 1-12-2026", "wrong-format 6:17", "zone", "or 2026-12-01T09:00:00+01:00, an hour ahead of it; with your own day, time and offset"),
    ("message:", "message:\n  scheduledFor: 2026-11-31", "wrong-format 6:17", "November 2026 has 30 days", "write 2026-11-30T09:00:00Z, where Z is UTC, or 2026-11-30T09:00:00+01:00, an hour ahead of it; with your own day, time"),
    ("message:", "message:\n  scheduledFor: soon", "wrong-format 6:17", "'soon'", "in this form: YYYY-MM-DDThh:mm:ssZ, where Z is UTC"),
    ("message:", "message:\n  scheduledFor: 31.11.2026", "wrong-format 6:17", "'31.11.2026' is no date: November 2026 has 30 days", "write 2026-11-30T09:00:00Z, where Z is UTC, or 2026-11-30T09"),
    ("message:", 'message:\n  scheduledFor: "{{ order_id }}"', "wrong-format 6:17", "'A1'", "write it into the table in this form: YYYY-MM"),
    ("message:", "message:\n  validity: 2h", "wrong-type 6:13", "'2h'", "write the seconds, without a unit: 7200"),
    ("message:", "message:\n  validity: long", "wrong-type 6:13", "'long'", "without a unit, such as 3600"),
    ("people.csv}", "people.csv, header: true}", "unknown-key 4:32", "no key 'header'", "the first line of the table"),
    ("people.csv}", "people.csv, skip_rows: 2}", "unknown-key 4:32", "no key 'skip_rows'", "delete the lines above"),
    ("people.csv}", "people.csv, encoding: latin1}", "unknown-key 4:32", "no key 'encoding'", "save the table as UTF-8"),
    ("people.csv}", "people.csv, sheet: 2}", "unknown-key 4:32", "no key 'sheet'", "save the sheet as a .csv file"),
    ("people.csv}", "people.csv, quotechar: x}", "unknown-key 4:32", "no key 'quotechar'", 'has " around it'),
    ("people.csv}", "people.csv, columns: [a]}", "unknown-key 4:32", "no key 'columns'", "first line names them"),
    ("people.csv}", "people.csv, dedupe: true}", "unknown-key 4:32", "no key 'dedupe'", "each number gets one message"),
    ("people.csv}", "people.csv, country: 0049}", "unknown-country 4:41", "'0049' is not a country's two-letter code", "write DE"),
    ('"Hi {{ first_name }}"', "{A: Hallo, B: Merhaba}", "wrong-type 9:13", "`text` is one text for all people, and here are 2: A, B", "\"{% if … == 'A' %}Hallo{% elif … == 'B' %}Merhaba{% endif %}\""),
    ('    text:\n      text: "Hi {{ first_name }}"', "    text:\n      A: Hallo\n      B: Merhaba", "unknown-key 9:7", "`text` has the keys A, B, and needs one key `text`", "in their place: `text: \"{% if … == 'A' %}Hallo{% elif"),
    # YAML
    ("name: hello", "name:hello", "yaml-syntax 2:1", "has no `: `", "write `name: hello`"),
    ("name: hello", "name = hello", "yaml-syntax 2:1", "has no `: `", "write `name: hello`"),
    ("name: hello", "name:\thello", "yaml-tab 2:6", "not a tab", "write a space after the colon"),
    ("  body", "\u00a0\u00a0body", "yaml-indentation 6:1", "a no-break space (U+00A0)", "indent with spaces"),
    ("  body", " \u00a0body", "yaml-indentation 6:2", "a no-break space (U+00A0)", "indent with spaces"),
    ("    text:", "\u3000text:", "yaml-indentation 8:1", "an ideographic space (U+3000)", "indent with spaces"),
    ("    text:\n", "    text: Hi\n", "yaml-syntax 8:11", "`text` has the value 'Hi', so no keys can be below it", "remove it; if the line below is part of it"),
    ("channel: sms", "  channel: sms", "yaml-syntax 3:3", "`channel` is indented below `name`, which has the value 'hello'", "indent it like `name`"),
    ("recipients: {", "recipients: people\n  file: {", "yaml-syntax 5:3", "`file` is indented below `recipients`", "indent it like `recipients`, or remove 'people'"),
    ('"Hi {{ first_name }}"', "Hi you,\n        and\n          you: Bo", "yaml-syntax 11:11", "goes on with the text of `text` in line 9, and YAML takes its `: ` for a key", "put quotes around the whole text, or write it on the lines below `text: |`"),

    ("    text:\n      text:", "    text:\n     \u00a0- text:", "yaml-indentation 9:6", "no-break space", "indent with spaces"),
    ("    type", "\t\ttype", "yaml-tab 7:1", "not a tab", "indent with spaces"),
    ("      text:", "    \ttext:", "yaml-tab 9:5", "not a tab", "indent with spaces"),
    ("  body", "\tbody", "yaml-tab 6:1", "not a tab", "indent with spaces"),
    ("{file: people.csv}", "[{phone: '+31612345678', first_name: a #1}]", "yaml-syntax 4:38", "'#1}]' for a comment", 'write `first_name: "a #1"`'),
    # files that are no specs
    ("spec: 1", "schema: sendspec.plan/1", "not-a-spec 1:1", "a plan, not a spec", "sendspec send --plan hello.yaml"),
    ("spec: 1", "schema: sendspec.run/1", "not-a-spec 1:1", "output of a command", "write `spec: 1` in place"),
]  # fmt: skip


@pytest.fixture
def table(intake: Intake) -> Intake:
    """The project with a table whose columns are no identifiers, some of them."""
    intake.write("people.csv", "phone,first_name,order_id,Opt-out,Price (€)\n+31612345678,Robert,A1,no,1\n")
    return intake


def _holds(found: list[dict[str, Any]], place: str, problem: str, fix: str, path: str = "hello.yaml") -> None:
    """What was found is this one thing."""
    told = [(f"{d['code']} {d['line']}:{d['column']}", d["path"], d["problem"], d["fix"]) for d in found]
    assert [each[:2] for each in told] == [(place, path)], told
    assert problem in found[0]["problem"]
    assert fix in found[0]["fix"]


@pytest.mark.parametrize(("written", "place", "problem", "fix"), TEMPLATES, ids=[row[0] for row in TEMPLATES])
def test_a_template_that_was_meant_otherwise(table: Intake, written: str, place: str, problem: str, fix: str) -> None:
    table.text(written)
    said = table.run("validate", "hello.yaml", "--format", "json")
    assert said.code == 1, said.err
    _holds(said.diagnostics, place, problem, fix)


@pytest.mark.parametrize(("written", "place", "problem", "fix"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_text_that_would_go_out_otherwise_than_its_author_reads_it(
    table: Intake, written: str, place: str, problem: str, fix: str
) -> None:
    table.text(written)
    said = table.run("validate", "hello.yaml", "--format", "json")
    assert said.code == (1 if place.startswith("!") else 0), said.err
    _holds(said.diagnostics, place.removeprefix("!"), problem, fix)


@pytest.mark.parametrize(("usual", "written", "place", "problem", "fix"), SPECS, ids=[row[1] for row in SPECS])
def test_a_spec_that_was_meant_otherwise(
    table: Intake, usual: str, written: str, place: str, problem: str, fix: str
) -> None:
    table.change(usual, written)
    said = table.run("validate", "hello.yaml", "--format", "json")
    assert said.code == 1, said.err
    _holds(said.diagnostics, place, problem, fix)


_FOLLOWED = re.compile(
    r"""(?P<gone>remove\ it)(?!\ (?:or|here))|(?:write|(?P<around>put\ quotes\ around\ (?:it|the\ text):|put\ it\ in\ quotes:)|write\ the\ number\ without\ a\ comma:|write\ a\ list:|write\ the\ seconds,\ without\ a\ unit:)\ (?:
    `(?P<code>[^`]+)`|(?P<tag>\{\{.*?\}\}(?!['"])|\{%[^%]*%\})|(?P<text>"(?:[^"\\]|\\.)*"|'[^']*\\[^']*')|'(?P<word>[^']+)'|(?P<plain>(?!one\b)(?:[A-Z]{3}\ )?[^\s"'`{,]+))
    (?=$|[,;:]\ (?!and\ )|\ for\ (?:the|a)\ column)""",
    re.VERBOSE,
)
"""A fix that says what to write in place of what is marked."""


def _followed(found: dict[str, Any], content: str) -> str | None:
    """`content` as it is once the fix has been followed to the letter; None if it doesn't say what to write."""
    said = _FOLLOWED.match(found["fix"])
    if said is None or found["line"] != found["end_line"]:
        return None
    text = "" if said["gone"] else next(each for each in said.group("code", "tag", "text", "word", "plain") if each)
    if "…" in text:
        return None
    lines = content.split("\n")
    line, start, end = lines[found["line"] - 1], found["column"] - 1, found["end_column"] - 1
    if said["around"]:
        start = line.find(text[1:-1])
        end = start + len(text) - 2
    key = re.search(r"[\w]+: +$", line[:start])
    if key and text.startswith(key[0].rstrip() + " "):
        start = key.start()
    lines[found["line"] - 1] = line[:start] + text + line[end:]
    return "\n".join(lines)


OF_THE_PROJECT = frozenset({"empty-text", "too-short", "all-filtered", "limit-cost"})
"""The only row may have what the text or the condition doesn't fit, and there are no prices."""

BY_HAND = frozenset(
    {
        # several places are concerned
        "'{% if order_id %}{% for c in order_id %}a{% endif %}'", "'{% if order_id %}a'",
        "'{% unless order_id %}a{% end %}'", "'{{#if first_name}}a{{/if}}'", "'{{#unless first_name}}a{{/unless}}'",
        "'{{^first_name}}a{{/first_name}}'", "'Hi {{ first_name'", "'{# a remark'", "'{{ first_name | default(1 }}'",
        """'{{ first_name | default("you) }}'""", "“Hi {{ first_name }}”", "‘Hi’", "",
        "channel: sms\ncountry: NL", "body", "\tbody",
        "{file: people.csv, suppress: [a.csv]}", r'"C:\Users\Vorstand\people.csv"',
        # something is to be decided
        r'"data\mpeople"',
        "'{% blurb order_id %}a'", "'{{ }}'", "'{{ first_name | }}'",
        "'{{ order_id + 1 }}'", "'{{ order_id * 2 - 1 * 3 }}'", "'{{ now() }}'", "'{{ datetime.now() }}'", "'{{ order_id.strftime(1) }}'",
        "'{{ row.get(1) }}'", "'{{ first_name[1:2] }}'", "'{% set a = 1 %}b'", "'{{ last name }}'", '"{{unsubscribe}}"',
        "'{{unsubscribe}}'", '"Hi {somebody}"', "'Hi {somebody}'", "name:", "\"Hi {{ first_name == 'Bo' }}\"", "'{{ not order_id }} or {{ order_id }}'",
        "'Hi {{ order_id is defined and order_id != \"A\" }}'", "people.csv, where: order_id}", "channel: [sms, mms]", '"Hi JosÃ©"', '"Hi {{ "%.2f" % order_id }}, you"', '"Hi {{ order_id | decimals(2, ",") }}, you"',
        '"Hi %s, you"', "'{% if first_name is true %}a{% endif %}'",
        "channel: sms\ngeneration: 0", "channel: sms\nvars: [a]", "name:\thello", "schema: sendspec.plan/1",
        "schema: sendspec.run/1", "'{{ row[lang] }}'", '"{{ row[land] }}"', "'{{ texts[order_id] }}'", "'{{ first_name[order_id] }}'",
        "'{{ first_name.initial }}'", '"{{ order_id == first_name }}"', '"Hi «somebody»"', "people.csv, where: yes}",
        "people.csv, where: No}", "people.csv, where: only people in Oss}", "people.csv, where: 'Opt {{ out'}",
        '"https://example.com/{somebody}?a=%20of%20"', '"www.example.com/${name}"', "recipients: people\n  file: {",
        "people.csv, where: 1}", "channel: sms\nlimits: {messages: 1.000}", "channel: sms\nlimits: {messages: 1.500}",
        "channel: sms\nlimits: {cost: much}", "message:\n  scheduledFor: soon",
        'message:\n  scheduledFor: "{{ order_id }}"', "message:\n  validity: long", "{A: Hallo, B: Merhaba}",
        "    text:\n      A: Hallo\n      B: Merhaba",
        "|\n        Hi\\nyou", r"'\\n'",
        # lines are to be indented
        "\u00a0\u00a0body", " \u00a0body", "\u3000text:", "  channel: sms", "Hi you,\n        and\n          you: Bo", "    text:\n     \u00a0- text:", "\t\ttype",
        "    \ttext:",
    }
)  # fmt: skip
"""What is written in the rows whose fixes no program could follow."""

ANOTHER: dict[str, str] = {
    "'{% if first_name } a'": "template-syntax",  # nor is the `if` closed
    "{file: people.csv, filter: a}": "where-not-boolean",
    r'"data\people.csv"': "file-missing",
    "people.csv, delimiter: tab}": "table-delimiter",  # the table has commas
    # whether it is in the past depends on the day
    "message:\n  scheduledFor: 2026-12-01 10:00": "",
    "message:\n  scheduledFor: 01.12.2026 9:00": "",
    "message:\n  scheduledFor: 1-12-2026": "",
    "message:\n  scheduledFor: 31.11.2026": "",
    "message:\n  scheduledFor: 2026-11-31": "",
    "message:\n  capFrequency: yes": "cap-frequency",
}
"""The code of what is wrong besides, in rows with two mistakes; empty: any or none."""


def _rows() -> Iterator[tuple[str, str, str]]:
    """What the usual spec has, what is written instead, and the row's name."""
    for written, *_ in (*TEMPLATES, *TEXTS):
        yield '"Hi {{ first_name }}"', written, written
    for usual, written, *_ in SPECS:
        yield usual, written, written


@pytest.mark.parametrize(("usual", "written", "name"), every(3, _rows()), ids=[row[2] for row in _rows()])
def test_a_fix_that_is_followed_to_the_letter_leaves_nothing_to_find(
    table: Intake, usual: str, written: str, name: str
) -> None:
    table.change(usual, written)
    [found] = table.run("validate", "hello.yaml", "--format", "json").diagnostics
    followed = _followed(found, (table.folder / "hello.yaml").read_text(encoding="utf-8"))
    assert (followed is None) == (name in BY_HAND), found["fix"]
    if followed is not None:
        table.write("hello.yaml", followed)
        left = table.run("validate", "hello.yaml", "--format", "json").diagnostics
        codes = {each["code"] for each in left} - OF_THE_PROJECT
        assert codes == {ANOTHER[name]} if ANOTHER.get(name) else not codes or name in ANOTHER, (codes, followed)


@pytest.mark.parametrize(
    ("content", "problem", "fix"),
    [
        ("environments: {}\n", "a project file", "name a spec, or write one with `sendspec init --example orders`"),
        ("body: {type: text, text: {text: Hi}}\n", "a request body", "`recipients: {file: people.csv}`"),
        ('{"receiver": {}, "body": {}}\n', "a request body", "`spec: 1`"),
    ],
)
def test_a_file_that_is_another_document(intake: Intake, content: str, problem: str, fix: str) -> None:
    intake.write("hello.yaml", content)
    _holds(intake.run("validate", "hello.yaml", "--format", "json").diagnostics, "not-a-spec 1:1", problem, fix)


@pytest.mark.parametrize("written", INNOCENT)
def test_a_text_that_is_meant_as_it_stands(table: Intake, written: str) -> None:
    table.text(written)
    said = table.run("validate", "hello.yaml", "--format", "json")
    assert (said.code, said.diagnostics) == (0, []), said.err


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ('{nl: "Dag {{ first_name }}"}', "11:20"),
        ('{nl: "{% if order_id %}a{% endif %}"}', "11:16"),
        ('["{# a remark #}{{ order_id }}"]', "11:26"),
    ],
)
def test_a_constant_is_no_template(table: Intake, value: str, place: str) -> None:
    shared = f"vars:\n  texts: {value}\n  unused: '{{{{ first_name }}}}'\n"
    shown = '"{{ texts.nl }}"' if value.startswith("{") else '"{{ texts | first }}"'
    table.write("hello.yaml", (table.spec + shared).replace('"Hi {{ first_name }}"', shown))
    found = table.run("validate", "hello.yaml", "--format", "json").diagnostics
    _holds(found, f"unfilled-placeholder {place}", "constants are not templates", "in `message`")


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ('"{% if first_name %}a{% endif %}b"', "fill it in, or ask whether there is a value: write `first_name is defined`"),
        ('"{% if not first_name %}a{% endif %}b"', "write `first_name is not defined` in place of `not first_name`"),
        ("\"{{ 'a' if row['first_name'] else 'b' }}\"", "write `row['first_name'] is defined`"),
        ("\"{{ first_name if first_name else 'b' }}\"", "write `first_name is defined`"),
        ("'{% if order_id and row[\"first_name\"] %}a{% endif %}b'", 'write `row["first_name"] is defined`'),
        ("\"{% if first_name == 'a' %}a{% endif %}b\"", "fill it in, or write a default: `first_name | default('…')`"),
        ('"{% if first_name is defined %}a{% endif %}b {{ first_name }}"', "fill it in, or write a default: {{ first_name | default('…') }}"),
    ],
)  # fmt: skip
def test_a_condition_on_an_empty_cell_is_to_ask_whether_there_is_a_value(
    intake: Intake, written: str, fix: str
) -> None:
    intake.write("people.csv", "phone,first_name,order_id\n+31612345678,,A1\n")
    intake.text(written)
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert fix in found["fix"]
    assert found["column"] == len("      text: ") + written.rindex("first_name") + 1
    meant = re.search(r"write `(.*? defined)`(?: in place of `(.*)`)?", found["fix"])
    if meant is not None:  # and what it says to write passes
        before, _, after = written.rpartition(meant[2] or meant[1].split(" is ")[0])
        intake.text(f"{before}{meant[1]}{after}")
        assert intake.run("validate", "hello.yaml", "--format", "json").diagnostics == []


def test_an_empty_text_of_json_is_asked_for_by_its_truth(intake: Intake) -> None:
    intake.write("people.jsonl", '{"phone": "+31612345678", "first_name": ""}\n')
    text = '"{% if first_name is empty %}a{% endif %}b"'
    intake.write("hello.yaml", intake.spec.replace("people.csv", "people.jsonl").replace('"Hi {{ first_name }}"', text))
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert found["fix"] == "write `(first_name is not defined or not first_name)`"


def test_an_item_that_a_mapping_lacks_is_missing_once(intake: Intake) -> None:
    intake.write("people.jsonl", '{"phone": "+31612345678", "person": {"first": "Ann"}}\n')
    spec = intake.spec.replace("people.csv", "people.jsonl")
    intake.write("hello.yaml", spec.replace("{{ first_name }}", "{{ person.last }}"))
    found = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    _holds(found, "empty-value 9:20", "'person' has no 'last'; it holds 'first'", "add 'last' to 'person', or")
    assert found[0]["rows"] == [1]
    assert "to do: fill 1 value of 'person.last';" in intake.run("validate", "hello.yaml").err
    intake.write("hello.yaml", spec.replace("{{ first_name }}", "{{ person.frist }}"))
    found = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    _holds(
        found, "empty-value 9:20", "'person' has no 'frist'", "write `person.first`, if that is meant; or add 'frist'"
    )
    intake.change("people.csv", "people.jsonl, key: '{{ person.last }}'")
    found = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    _holds(found[:1], "empty-value 4:43", "'person' has no 'last'", "add 'last' to 'person' in the table")


@pytest.mark.parametrize(
    "command", [("show",), ("approve", "--key", "key"), ("send", "--yes", "--env", "live", "--plan")]
)
def test_a_spec_in_place_of_a_plan_is_told_its_command(intake: Intake, command: tuple[str, ...]) -> None:
    said = intake.run(*command, "hello.yaml")
    assert said.code == 1
    assert "run `sendspec plan hello.yaml --out plan.json`, and name that file" in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("written", "example"), [("31.12.2026", "2026-12-31T09:00:00+01:00"), ("soon", "2027-03-01T09:00:00+01:00")]
)
def test_an_expiry_that_can_not_be_read_has_an_example(intake: Intake, written: str, example: str) -> None:
    said = intake.run("plan", "hello.yaml", "--out", "plan.json", "--expires", written)
    assert said.code == 2
    assert f"'{written}' names no moment to come" in said.err
    assert example in said.err


@pytest.mark.parametrize(
    ("written", "code", "fix"),
    [
        ("limits: {cost: 60 EUR}", "wrong-format 5:20", "write EUR 60"),
        ("prices: p.csv", "unknown-key 5:5", "move it to the top"),
    ],
)
def test_an_environment_that_was_meant_otherwise(intake: Intake, written: str, code: str, fix: str) -> None:
    intake.reconfigure("    ledger:", f"    {written}\n    ledger:")
    found = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json").diagnostics
    _holds(found, code, "", fix, "sendspec.yaml")


# The text and what is below it, and each placeholder: `severity line:column`, what it is, words of the fix.
SEVERAL_PLACEHOLDERS: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    ('"Hi [Price (€)] [Opt-out]"', "", [
        ("error 9:17", "[Price (€)]", "{{ row['Price (€)'] }}"), ("error 9:29", "[Opt-out]", "{{ row['Opt-out'] }}"),
    ]),
    ('"www.example.com?a=%order_id%&b={c}"', "", [
        ("error 9:32", "%order_id%", "{{ order_id }}"), ("warning 9:45", "{c}", "with one of: phone"),
    ]),
    ('"Hi {{ shop }} {{ other }}"', 'vars: {shop: "{first_name}", unused: "{order_id}", other: "{somebody} [first_name] [Price (€)]"}\n', [
        ("error 10:15", "{first_name}", "write this text in `message`, with {{ first_name }} in its place"),
        ("warning 10:60", "{somebody}", "write this text in `message`, with {{ … }} in its place"),
        ("error 10:71", "[first_name]", "with {{ first_name }} in its place"),
        ("error 10:84", "[Price (€)]", """with {{ row['Price (€)'] }} in its place"""),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "more", "expected"), SEVERAL_PLACEHOLDERS, ids=[r[0] for r in SEVERAL_PLACEHOLDERS]
)
def test_all_placeholders_are_found_at_once(
    table: Intake, written: str, more: str, expected: list[tuple[str, str, str]]
) -> None:
    table.text(written, more)
    found = table.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert {each["code"] for each in found} == {"unfilled-placeholder"}
    assert [f"{d['severity']} {d['line']}:{d['column']}" for d in found] == [each[0] for each in expected]
    for each, (_, shown, fix) in zip(found, expected, strict=True):
        assert f"'{shown}'" in each["problem"]
        assert fix in each["fix"]


def test_placeholders_are_not_looked_for_in_what_is_no_text(table: Intake) -> None:
    table.change("message:", 'vars: {shop: "{first_name}"}\nmessage:\n  meta: {extraInformation: {a: "{x}"}}')
    assert table.run("validate", "hello.yaml", "--format", "json").diagnostics == []


def test_links_that_will_be_shortened_are_announced(table: Intake) -> None:
    table.text('"Hi https://example.com/{{ order_id }}"', "  shortLinks: {domain: default}\n")
    said = table.run("validate", "hello.yaml", "--format", "json")
    _holds(said.diagnostics, "short-links 10:3", "fewer or more segments", "write short links")
    table.text('"Hi"', "  shortLinks: {domain: default}\n")
    assert table.run("validate", "hello.yaml", "--format", "json").diagnostics == []


def test_the_opt_out_link_of_the_api_is_known_by_its_name(table: Intake) -> None:
    table.text('"Hi, stop: {{ optOutLink }}"')
    _holds(
        table.run("validate", "hello.yaml", "--format", "json").diagnostics,
        "unknown-name 9:27",
        "'optOutLink'",
        "write {{ '{{optOutLink}}' }} for Bird to fill in: it does in its templates; whether",
    )
    table.text("\"Hi, stop: {{ '{{optOutLink}}' }}\"")
    assert table.run("validate", "hello.yaml", "--format", "json").diagnostics == []


# The arguments, the place, words of the problem, words of the fix. Beside the usual files is specs/hi.yaml.
PATHS: list[tuple[list[str], str, str, str]] = [
    (["helo.yaml"], "file-missing helo.yaml", "no file 'helo.yaml'", "write 'hello.yaml'"),
    (["hello"], "file-missing hello", "no file 'hello'", "write 'hello.yaml'"),
    (["./hello.yml"], "file-missing ./hello.yml", "no file './hello.yml'", "write './hello.yaml'"),
    (
        ["hi.yaml"],
        "file-missing hi.yaml",
        "no file 'hi.yaml'",
        "write 'specs/hi.yaml'",
    ),
    (["hi"], "file-missing hi", "no file 'hi'", "write 'specs/hi.yaml'"),
    (
        ["season-greeting"],
        "file-missing season-greeting",
        "no file",
        "write 'specs/hi.yaml', the file of the spec with this name",
    ),
    (["specs/hello.yaml"], "file-missing specs/hello.yaml", "no file 'specs/hello.yaml'", "write 'hello.yaml'"),
    (
        ["else.yaml"],
        "file-missing else.yaml",
        "no file 'else.yaml'",
        "write one of: hello.yaml, specs/hi.yaml; the path counts from the current folder",
    ),
    (["specs"], "not-a-file specs", "'specs' is a folder", "specs/hi.yaml"),
    (
        ["people.csv"],
        "not-a-spec people.csv",
        "'people.csv' is a table",
        "before it: hello.yaml --recipients people.csv",
    ),
    (
        ["hello.yaml", "people.csv"],
        "not-a-spec people.csv",
        "is a table",
        "before it: hello.yaml --recipients people.csv",
    ),
    (
        ["specs/*.yml"],
        "file-missing specs/*.yml",
        "no file matches 'specs/*.yml'",
        "write specs/*.yaml, without quotes",
    ),
    (["specs/*.yaml"], "file-missing specs/*.yaml", "no file matches", "write it without quotes, so that the shell"),
    (["specs/hello*"], "file-missing specs/hello*", "no file matches", "write hello*, without quotes"),
    (
        ["hi*.yaml"],
        "file-missing hi*.yaml",
        "no file matches",
        "write specs/hi*.yaml, without quotes",
    ),
    (
        ["data/*.yaml"],
        "file-missing data/*.yaml",
        "there is no folder 'data'",
        "name the files; there are: hello.yaml, specs/hi.yaml",
    ),
    (
        ["specs/x*.yaml"],
        "file-missing specs/x*.yaml",
        "no file matches",
        "name the files; there are: hello.yaml, specs/hi.yaml",
    ),
    (
        ["hello.yaml", "--recipients", "today.csv"],
        "file-missing today.csv",
        "'today.csv'",
        "write people.csv, if that is meant; the path counts from the current folder",
    ),
    (["hello.yaml", "--recipients", "people.cvs"], "file-missing people.cvs", "'people.cvs'", "write 'people.csv'"),
]


@pytest.mark.parametrize(("arguments", "place", "problem", "fix"), PATHS, ids=[" ".join(row[0]) for row in PATHS])
def test_a_path_that_was_meant_otherwise(
    intake: Intake, arguments: list[str], place: str, problem: str, fix: str
) -> None:
    intake.write("specs/hi.yaml", "spec: 1\nname: season-greeting  # in winter\n")
    code, path = place.split(" ")
    said = intake.run("validate", *arguments, "--format", "json")
    assert said.code == 1
    _holds(said.diagnostics, f"{code} 1:1", problem, fix, path)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("peple.csv", "write 'people.csv'"),
        ("people.tsv", "write 'people.csv'"),
        ("list.csv", "write 'data/list.csv'"),
        ("dat.csv", "write one of: people.csv, data/list.csv; the path counts from the folder of the spec"),
    ],
)
def test_a_table_that_is_not_there_is_offered_another_file_and_never_a_folder(
    intake: Intake, written: str, fix: str
) -> None:
    intake.write("data/list.csv", "phone\n")
    intake.change("people.csv", written)
    _holds(intake.run("validate", "hello.yaml", "--format", "json").diagnostics, "file-missing 4:20", "no file", fix)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("specs/hi.yaml", "write 'hi.yaml'"),
        ("hello.yaml", "write '../hello.yaml'"),
        ("../no.yaml", "write one of: ../hello.yaml, ../specs/hi.yaml"),
    ],
)
def test_a_path_that_counts_from_the_project_is_written_as_the_current_folder_needs_it(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, written: str, fix: str
) -> None:
    intake.write("specs/hi.yaml", "spec: 1\n")
    monkeypatch.chdir(intake.folder / "specs")
    _holds(intake.run("validate", written, "--format", "json").diagnostics, "file-missing 1:1", "", fix, written)


# The path, the code, words of the fix. The spec is specs/hello.yaml, the table data/list.csv.
TABLES: list[tuple[str, str, str]] = [
    ("..\\data\\list.csv", "outside-project", "write '../data/list.csv'"),
    ("data/list.csv", "file-missing", "write '../data/list.csv'"),
    ("list.csv", "file-missing", "write '../data/list.csv'"),
    ("../list.csv", "file-missing", "write '../data/list.csv'"),
    ("/home/me/list.csv", "outside-project", "copy it into data/ and write '../data/list.csv'"),
    ("~/list.csv", "outside-project", "copy it into data/ and write '../data/list.csv'"),
    ("C:\\Users\\me\\new.csv", "outside-project", "copy it into data/ and write '../data/new.csv'"),
    ("../../list.csv", "outside-project", "copy it into data/ and write '../data/list.csv'"),
    ("https://example.com/list.csv", "outside-project", "download it as a CSV into data/ and write '../data/list.csv'"),
    ("https://example.com/list", "outside-project", "download it as a CSV into data/ and write '../data/list.csv'"),
    ("https://example.com/?id=7", "outside-project", "download it as a CSV into data/ and write '../data/people.csv'"),
    (
        "../../list.xlsx",
        "outside-project",
        "export the sheet as CSV (in a spreadsheet: CSV UTF-8) into data/ and write '../data/list.csv'",
    ),
    ("{folder}/data/list.csv", "outside-project", "write '../data/list.csv'"),
    (
        "none.csv",
        "file-missing",
        "write one of: ../people.csv, ../data/list.csv; the path counts from the folder of the spec",
    ),
]


@pytest.mark.parametrize(("written", "code", "fix"), TABLES, ids=[row[0] for row in TABLES])
def test_a_table_that_is_elsewhere_is_written_as_the_spec_must(
    intake: Intake, written: str, code: str, fix: str
) -> None:
    intake.write("data/list.csv", "phone\n")
    path = written.replace("{folder}", str(intake.folder))
    intake.write("specs/hello.yaml", intake.spec.replace("people.csv", f"'{path}'"))
    said = intake.run("validate", "specs/hello.yaml", "--format", "json")
    _holds(said.diagnostics, f"{code} 4:20", "", fix, "specs/hello.yaml")


def test_without_a_folder_for_tables_a_table_is_to_be_copied_beside_the_spec(intake: Intake) -> None:
    intake.change("people.csv", "/tmp/list.csv")
    fix = "copy it into the folder of the spec and write 'list.csv'"
    _holds(intake.run("validate", "hello.yaml", "--format", "json").diagnostics, "outside-project 4:20", "", fix)


# The recipients, and the text, of faults that are mended by one change of the spec, whatever the number of rows.
OF_THE_SPEC = [
    ("{file: people.csv, key: all}", "'Hi {{ first_name }}'"),
    ("{file: people.csv, to: '+31612345678'}", "'Hi {{ first_name }}'"),
    ("{file: people.csv, where: '{{ order_id > 100 }}'}", "'Hi {{ first_name }}'"),
    ("{file: people.csv}", "'{{ order_id | length }}'"),
    ("{file: people.csv}", "'{{ 1 if order_id else 2 }}'"),
    ("{file: people.csv}", "'{{ order_id == first_name }}'"),
    ("{file: people.csv}", "'{{ order_id | float }}'"),
    ("{file: people.csv}", "'{{ order_id | replace(1, 2) | int }}'"),
]


@pytest.mark.parametrize(("recipients", "written"), OF_THE_SPEC, ids=[" ".join(row) for row in OF_THE_SPEC])
def test_a_fault_of_the_spec_is_not_to_be_looked_for_in_the_rows(intake: Intake, recipients: str, written: str) -> None:
    spec = intake.spec.replace("{file: people.csv}", recipients).replace('"Hi {{ first_name }}"', written)
    intake.write("hello.yaml", spec)
    said = intake.run("validate", "hello.yaml").err
    assert said.endswith("\n1 error in 1 file\nto do: correct 1 error in hello.yaml; nothing was sent\n")
    assert "in row" not in said


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ("liv", "no environment 'liv'; did you mean 'live'? there are: live, sandbox"),
        ("nope", "'nope'; there are: live"),
    ],
)
def test_an_environment_that_is_not_there_lists_those_that_are(intake: Intake, environment: str, words: str) -> None:
    said = intake.run("validate", "hello.yaml", "--env", environment)
    assert said.code == 2
    assert words in said.err


def test_a_channel_that_is_not_there_is_offered_the_one_that_is(intake: Intake) -> None:
    intake.change("channel: sms", "channel: smss")
    for environment, problem in (("live", "'live' has no channel 'smss'"), ("sandbox", "only the sandbox has")):
        said = intake.run("validate", "hello.yaml", "--env", environment, "--format", "json")
        _holds(said.diagnostics, "unknown-channel 3:10", problem, "write 'sms'")
    intake.change("channel: sms", "channel: newsletter")
    said = intake.run("validate", "hello.yaml", "--format", "json")
    assert said.code == 0
    _holds(said.diagnostics, "unknown-channel 3:10", "no environment in sendspec.yaml has one", "or write one of: sms")
    (intake.folder / "sendspec.yaml").unlink()
    assert intake.run("validate", "hello.yaml", "--format", "json").diagnostics == []


def test_identifiers_that_are_a_number_and_a_name_are_two_errors_at_once(intake: Intake) -> None:
    before = intake.project.partition("{workspace")[0]
    intake.write("sendspec.yaml", f"{before}{{workspace: Kaasboer, channel: 0612345678}}\n    color: red\n")
    said = intake.run("validate", "hello.yaml", "--env", "live", "--format", "json")
    assert said.found == [
        "not-a-uuid sendspec.yaml:7:24", "not-a-uuid sendspec.yaml:7:43", "unknown-key sendspec.yaml:8:5",
    ]  # fmt: skip


def test_without_a_project_file_a_table_outside_of_the_folder_says_what_is_missing(intake: Intake) -> None:
    (intake.folder / "sendspec.yaml").unlink()
    intake.change("people.csv", "../people.csv")
    said = intake.run("validate", "hello.yaml", "--format", "json")
    _holds(
        said.diagnostics,
        "outside-project 4:20",
        "no sendspec.yaml was found",
        "run `sendspec init ..`, which makes a project of the folder that holds both, or copy it into",
    )


# What the recipients are, the place, words of the problem, words of the fix.
RECIPIENTS: list[tuple[str, str, str, str]] = [
    ("{file: people.csv, to: phone}", "constant-recipient 4:36", "gives 'phone' for every row", 'write "{{ phone }}"'),
    ("{file: people.csv, to: '{phone}'}", "constant-recipient 4:36", "'{phone}' is not a template", 'write "{{ phone }}"'),
    ("{file: people.csv, to: Opt-out}", "constant-recipient 4:36", "'Opt-out'", "remove `to`, so that 'phone' is used, or write \"{{ row['Opt-out'] }}\""),
    ("{file: people.csv, to: handset}", "constant-recipient 4:36", "columns found are: phone, first_name", 'write "{{ phone }}"'),
    ("{file: people.csv, to: '{{ last name }}'}", "template-syntax 4:40", "no column is called 'last name'", "write `phone`, the column that addresses"),
    ("{file: people.csv, key: order_id}", "constant-recipient 4:37", "gives 'order_id' for every", 'write "{{ order_id }}"'),
    ("{file: people.csv, key: all}", "conflicting-rows 4:37", "`key` gives 'all' for every row, so all rows count as one", 'remove `key`, or write a column that differs from row to row, such as "{{ order_id }}"'),
    ("{file: people.csv, to: '+31612345678'}", "conflicting-rows 4:36", "`recipients.to` is fixed", 'such as "{{ phone }}"'),
]  # fmt: skip


@pytest.mark.parametrize(("written", "place", "problem", "fix"), RECIPIENTS, ids=[row[0] for row in RECIPIENTS])
def test_recipients_that_would_all_be_one(table: Intake, written: str, place: str, problem: str, fix: str) -> None:
    table.write("people.csv", "phone,first_name,order_id,Opt-out\n+31612345678,Bo,A1,no\n+31687654321,Ann,A2,no\n")
    table.change("{file: people.csv}", written)
    [found] = table.run("validate", "hello.yaml", "--format", "json").diagnostics
    _holds([found], place, problem, fix)
    meant = re.search(r'"\{\{.*\}\}"$', found["fix"])
    assert meant is not None or "Opt-out" in written or "last name" in written  # which holds no addresses
    if meant is not None:
        spec = Path("hello.yaml").read_text().split("\n")
        spec[3] = spec[3][: found["column"] - 1] + meant[0] + spec[3][found["end_column"] - 1 :]
        table.write("hello.yaml", "\n".join(spec))
        assert table.run("validate", "hello.yaml", "--format", "json").diagnostics == []


def test_a_receiver_that_is_fixed_is_the_fault_of_all_rows_that_differ(intake: Intake) -> None:
    intake.change("message:", 'message:\n  receiver: {contacts: [{identifierValue: "+31612345678"}]}')
    said = intake.run("validate", "hello.yaml", "--format", "json")
    _holds(said.diagnostics, "conflicting-rows 6:3", "`message.receiver` is fixed", "remove `receiver`, so that each")
    assert said.diagnostics[0]["rows"] == [3]


@pytest.mark.parametrize(
    ("people", "fix"),
    [
        ("Klant nr,mobiel,first_name\n12345678,+31612345678,Bo\n", 'to: "{{ mobiel }}"'),
        ("first_name,Klant nr\nBo,0612345678\n", """to: "{{ row['Klant nr'] }}\""""),
        ("first_name,Phone\nBo,none\n", 'to: "{{ Phone }}"'),
        ('first_name,Mobil,Eintritt\nBo,"4,91E+12",01.01.1999\n', 'to: "{{ Mobil }}"'),
        ("first_name,Kontakt\nBo,Max\n", "add a column 'phone', as no other seems to hold numbers"),
        ("first_name,a\nBo,b\n", "add a column 'phone', as no other seems to hold numbers"),
    ],
)
def test_without_a_column_of_addresses_the_one_that_holds_them_is_named(intake: Intake, people: str, fix: str) -> None:
    intake.write("people.csv", people)
    said = intake.run("validate", "hello.yaml", "--format", "json")
    _holds(said.diagnostics, "missing-column 4:1", "have no column 'phone'", fix)


# A line of JSON lines, the column, words of the problem, words of the fix.
JSON_LINES: list[tuple[str, int, str, str]] = [
    ('{"first_name": NaN}', 16, "JSON has no `NaN`", "write null"),
    ('{"first_name": None}', 16, "JSON has no `None`", "write null"),
    ('{"first_name": True}', 16, "JSON has no `True`", "write true"),
    ("{'first_name': 1}", 2, "no single quotes", 'write " around'),
    ('{first_name: "Bo"}', 2, "the key 'first_name' has no quotes", 'write "first_name"'),
    ('{"first_name": "Bo",}', 20, "this comma has nothing after it", "remove it"),
    ('{"first_name": "\\ud83d"}', 17, "'\\ud83d' is only one half of a character", "export the line again"),
    ('{"first_name": 1e400}', 16, "the number 1e400 is too large", "a smaller one, or put quotes around it"),
    ('{"first_name": "Bo"} x', 22, "'x' comes after the end of the object", "remove it"),
    ('{"first_name": "Bo"} {"first_name": "Ed"}', 22, "a second object", "move it to a line of its own"),
    ('{"first_name": "Bo" "x"}', 21, 'no comma is between "Bo" and "x"', "write a comma and a key between them"),
    ('{"first_name": "Bo" "x": 1}', 21, 'no comma is between "Bo" and "x"', "write one between them"),
    ('{"first_name" "Bo"}', 15, 'no colon is between "first_name" and "Bo"', "write one between them"),
    ('{"first_name": ""Bo""}', 16, "two quotes are where one is meant", 'write "Bo", or \\" for a quote'),
    ('{"first_name": "" "Bo"}', 19, 'no comma is between "" and "Bo"', "write a comma and a key"),
    ('{"first_name": "a "b" c"}', 20, "the quote before this ends the text", 'write \\" for a quote'),
    (
        '{"first_name": "Bo" 1}',
        21,
        'no comma is between "Bo" and 1',
        "write a comma and a key between them, or remove 1",
    ),
    ('{"first_name": "Bo" 1x}', 21, "stops being JSON here", "one object on the line"),
]


@pytest.mark.parametrize(("line", "column", "problem", "fix"), JSON_LINES, ids=[row[0] for row in JSON_LINES])
def test_a_line_that_can_not_be_read_says_why(intake: Intake, line: str, column: int, problem: str, fix: str) -> None:
    intake.write("people.jsonl", line + "\n")
    intake.change("people.csv", "people.jsonl")
    said = intake.run("validate", "hello.yaml", "--format", "json")
    _holds(said.diagnostics, f"json-syntax 1:{column}", problem, fix, "people.jsonl")
    shown = re.match(r"JSON has no `(\w+)`", said.diagnostics[0]["problem"])
    assert shown is None or said.diagnostics[0]["end_column"] == column + len(shown[1])


def test_a_send_that_its_ledger_stops_says_that_nothing_was_sent(intake: Intake) -> None:
    intake.write(".sendspec/live.db", "no ledger\n" * 100)
    said = intake.run("send", "hello.yaml", "--env", "live")
    assert said.code == 6
    assert said.err.endswith("\n\nnothing was sent\n"), said.err


# Blocks of text: what their lines are, the place of the fault on one of them.
BLOCKS: list[tuple[str, str]] = [
    ("|\n        Hi you\n        and you\n        {{ order_id | int }} and you", "not-a-number 12:9"),
    (">\n        Hi you\n        and you\n        {{ order_id | int }} and you", "not-a-number 12:9"),
    ("|-\n        Hi you\n\n          {{ first_nmae }}", "unknown-name 12:14"),
    (">\n        Hi you\n        {{ first_name = 1 }}", "template-syntax 11:9"),
    (">2\n        Hi you\n        {% if order_id %}a{% endfi %}", "template-syntax 11:30"),
    ("|\n        Hi {{ first_name }}\n        {order_id}", "unfilled-placeholder 11:9"),
]


@pytest.mark.parametrize(("written", "place"), BLOCKS, ids=[row[1] for row in BLOCKS])
def test_a_fault_in_a_block_of_text_is_shown_at_its_own_line(table: Intake, written: str, place: str) -> None:
    table.text(written)
    _holds(table.run("validate", "hello.yaml", "--format", "json").diagnostics, place, "", "")


@pytest.mark.parametrize(
    ("written", "rows", "words"),
    [
        ("sender: {connector: {identifierValue: A sender with a long name}}", None, "it has 25 characters"),
        ('sender: {connector: {identifierValue: "{{ first_name }} with a long name"}}', [2, 3], "it has 23 characters"),
        ("scheduledFor: 2020-01-01T10:00:00Z", None, "write a time within the next 35 days"),
        ("capFrequency: true", None, "useCase: marketing}}` beside it, under `message`"),
    ],
)
def test_a_fault_that_no_row_influences_names_no_rows(
    intake: Intake, written: str, rows: list[int] | None, words: str
) -> None:
    intake.change("message:", f"message:\n  {written}")
    [found] = intake.run("validate", "hello.yaml", "--format", "json").diagnostics
    assert found["line"] == 6
    assert words in found["problem"] + found["fix"]
    assert found.get("rows") == rows


PLAN = """phone,meta,total,Amount Due (£)
+31612345678,"{""plan"": ""gold""}",12,"£1,138.84"
+31687654321,{},x,"£1,138.84"
"""
PLAN_LINES = """{"phone": "+31612345678", "meta": {"a": 1}, "total": 1}
{"phone": "+31687654321", "meta": {"plan": "x"}}
"""

# The table, the text, and what is found: `code line:column`, words of the problem, words of the fix, the rows.
ROW_VALUES: list[tuple[str, str, list[tuple[str, str, str, list[int]]]]] = [
    (PLAN, "'{{ meta.plan }}'", [("no-items 9:17", "'meta' is text: JSON in a cell is not", "export 'plan' of `meta` as a column of its own and write `plan` here", [2, 3])]),
    (PLAN, "'{{ row[\"meta\"][\"plan\"] }}'", [("no-items 9:17", "is text: JSON in a cell", "export 'plan' of `row[\"meta\"]` as a column", [2, 3])]),
    (PLAN, "'{{ meta.plan | default(1) }}'", [("no-items 9:17", "'meta' is text: JSON", "export", [2, 3])]),
    (PLAN, "'{{ phone[0] }}'", [("no-items 9:17", "is text, and text has nothing called '0'", "write `phone | first`", [2, 3])]),
    (PLAN, "'{{ total.eur }}'", [("no-items 9:17", "nothing called 'eur'", "use `total` itself", [2, 3])]),
    (PLAN_LINES, "'{{ meta.plan }}'", [("empty-value 9:17", "'meta' has no 'plan'", "add 'plan' to 'meta', or write a default: {{ meta.plan | default(", [1])]),
    (PLAN_LINES, "'{{ total.eur }}'", [
        ("no-items 9:17", "'total' is a number", "write `total | string`, or add a column", [1]),
        ("empty-value 9:17", "'total' has no value", "fill it", [2]),
    ]),
    (PLAN_LINES, "'{% for e in [1] %}{{ e }}{% endfor %}{{ total }}'", [("empty-value 9:54", "'total'", "fill it", [2])]),
    (PLAN, "'You owe {{ row[\"Amount Due (£)\"] | decimals }} now'", [
        ("not-a-number 9:22", "'Amount Due (£)' is '£1,138.84', which is no number",
         "remove £ and the thousands' commas in the table, or write `replace(\"£\", \"\") | replace(\",\", \"\")`", [2, 3]),
    ]),
    (PLAN, "'{{ total | int }} {{ meta.plan }} {{ meta | float }}'", [
        ("not-a-number 9:14", "'total' is 'x', which is no number", "write the digits alone in the table, such as 1234.50, or remove the filter", [3]),
        ("no-items 9:35", "'meta' is text", "export", [2, 3]),
        ("not-a-number 9:48", "'meta' is", "remove the filter: this is JSON", [2, 3]),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("people", "written", "expected"), ROW_VALUES, ids=[row[1] for row in ROW_VALUES])
def test_all_values_of_a_row_that_do_not_fit_are_named_once(
    intake: Intake, people: str, written: str, expected: list[tuple[str, str, str, list[int]]]
) -> None:
    name = "people.jsonl" if people is PLAN_LINES else "people.csv"
    intake.write(name, people)
    intake.text(written)
    found = intake.run("validate", "hello.yaml", "--recipients", name, "--format", "json").diagnostics
    told = [(f"{d['code']} {d['line']}:{d['column']}", d.get("rows", [])) for d in found]
    assert told == [(place, rows) for place, _, _, rows in expected], found
    for diagnostic, (_, problem, fix, rows) in zip(found, expected, strict=True):
        assert problem in diagnostic["problem"]
        assert fix in diagnostic["fix"]
        assert diagnostic.get("row_count", len(rows)) == len(rows)
