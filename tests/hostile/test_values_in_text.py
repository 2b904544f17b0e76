"""Values become text as JSON writes them, numbers as they stand in the file; into HTML they go escaped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from email_project import write_mail
from project_dir import ProjectDir

HEAD = "spec: 1\nname: values\nchannel: sms\n"
ROWS_BEFORE = 300
"""More rows than `GENERATE_FROM`."""


def rendered(project_dir: ProjectDir, template: str, *, line: str, rows_before: int = 0) -> Any:
    """The last message's text, of a table of JSON lines that are all the same but for the number."""
    before = [line.replace("+447700900001", f"+4477008{n:05d}") + "\n" for n in range(rows_before)]
    project_dir.write("people.jsonl", "".join(before) + line + "\n")
    message = json.dumps({"body": {"type": "text", "text": {"text": template}}})
    project_dir.write("values.yaml", f"{HEAD}recipients: {{file: people.jsonl}}\nmessage: {message}\n")
    done = project_dir.run("render", "values.yaml")
    if done.code:
        return json.loads(project_dir.run("validate", "values.yaml", "--format", "json").out)["diagnostics"][0]["code"]
    return json.loads(done.out.splitlines()[-1])["body"]["text"]["text"]


@pytest.mark.parametrize("rows_before", [0, ROWS_BEFORE], ids=["one by one", "compiled"])
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{ "v=" ~ flag }}', "v=true"),
        ("{{ flag ~ no ~ price }}", "truefalse12.50"),
        ("v={{ flag }}", "v=true"),
        ("{{ price }} EUR", "12.50 EUR"),
        ("{{ exponent }}.", "1E+2."),
        ("{{ nested.price }}.", "7.10."),
        ("{{ prices | join('/') }}", "1.0/2.50/true"),
        ("{% for p in prices %}{{ p }};{% endfor %}", "1.0;2.50;true;"),
        ("{{ flag | upper }}", "TRUE"),
        ("{{ flag | string }}", "true"),
        ("{{ flag | replace('true', flag) }}{{ flag | replace('r', no) }}", "truetfalseue"),
        ("{{ flag | lower }}{{ flag | title }}{{ flag | trim }}{{ flag | capitalize }}", "trueTruetrueTrue"),
        ("{{ 'abcdefghij' | truncate(6, true, flag) }}", "abtrue"),
        ("{{ price | trim('0') }}", "12.5"),
        ("{{ absent | default(price) }}!", "12.50!"),
        ("{% if flag %}{{ price }}{% endif %}", "12.50"),
        ("{{ price if flag else count }}.", "12.50."),
        ("{{ price | float }}.", "12.5."),
        ('{{ "t=" ~ tags }}', "not-text"),
        ('{{ "g=" ~ gone }}', "empty-value"),
        ('{{ "n=" ~ nested }}', "not-text"),
        ("t={{ tags }}", "not-text"),
        ("{{ tags | string }}", "not-text"),
        ("{{ tags | upper }}", "not-text"),
        ("{{ [none, 'a'] | join }}", "none-in-text"),
        ("{{ lists | join }}", "not-text"),
        ("{{ 'a' | replace('a', tags) }}", "not-text"),
        ("{% for p in lists %}{{ p }}{% endfor %}", "not-text"),
    ],
)
def test_a_value_becomes_text_as_json_writes_it(
    project_dir: ProjectDir, template: str, text: str, rows_before: int
) -> None:
    line = (
        '{"phone": "+447700900001", "flag": true, "no": false, "price": 12.50, "count": 3, "tags": ["b", "a"], "gone": null, '
        '"exponent": 1E+2, "nested": {"price": 7.10}, "prices": [1.0, 2.50, true], "lists": [["a"]]}'
    )
    assert rendered(project_dir, template, line=line, rows_before=rows_before) == text


def test_numbers_of_the_spec_keep_their_spelling(project_dir: ProjectDir) -> None:
    project_dir.write(
        "values.yaml",
        HEAD
        + 'recipients:\n  - {phone: "+447700900001", price: 12.50, parts: {half: .50}}\n'
        + "vars: {rate: 0.10, rates: [1.00, 2.0]}\n"
        + "message: {body: {type: text, text: {text: \"{{ price }} {{ parts.half }} {{ rate }} {{ rates | join(' ') }}\"}}}\n"
        + "examples:\n  - with: {phone: '+447700900001', price: 3.00, parts: {half: 1.10}}\n"
        + "    expect: {text: '3.00 1.10 0.10 1.00 2.0'}\n",
    )
    assert json.loads(project_dir.run("render", "values.yaml").out)["body"]["text"]["text"] == "12.50 .50 0.10 1.00 2.0"
    assert project_dir.run("test", "values.yaml").code == 0


@pytest.mark.parametrize("rows_before", [0, ROWS_BEFORE], ids=["one by one", "compiled"])
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ zero }}.", "-0."),
        ("{{ nested.zero }} {{ zeros | join(',') }}", "-0 0,-0,0"),
        ("{{ text }} {{ zero | int }} {{ zero == 0 }}", "a: -0, b 0 true"),
    ],
)
def test_a_zero_keeps_its_minus(project_dir: ProjectDir, template: str, text: str, rows_before: int) -> None:
    line = '{"phone": "+447700900001", "zero": -0, "nested": {"zero":-0}, "zeros": [0,-0, 0], "text": "a: -0, b"}'
    assert rendered(project_dir, template, line=line, rows_before=rows_before) == text


def test_a_zero_of_the_spec_keeps_its_minus_too(project_dir: ProjectDir) -> None:
    project_dir.write(
        "values.yaml",
        HEAD
        + 'recipients:\n  - {phone: "+447700900001", zero: -0}\n'
        + "vars: {nought: -0, zeros: [0, -0]}\n"
        + "message: {body: {type: text, text: {text: \"{{ zero }} {{ nought }} {{ zeros | join(' ') }}\"}}}\n",
    )
    assert json.loads(project_dir.run("render", "values.yaml").out)["body"]["text"]["text"] == "-0 -0 0 -0"


@pytest.mark.parametrize("rows_before", [0, ROWS_BEFORE], ids=["one by one", "compiled"])
def test_a_whole_expression_keeps_its_type(project_dir: ProjectDir, rows_before: int) -> None:
    rows = [f'{{"phone": "+4477008{n:05d}", "size": 2.0}}\n' for n in range(rows_before)]
    project_dir.write("people.jsonl", "".join(rows) + '{"phone": "+447700900001", "size": 12.50}\n')
    project_dir.write(
        "values.yaml",
        HEAD
        + "recipients: {file: people.jsonl}\n"
        + "message:\n  body:\n    type: location\n    location:\n      coordinates: {latitude: '{{ size }}', longitude: '{{ size }}'}\n",
    )
    project_dir.write("sendspec.yaml", _whatsapp())
    done = project_dir.run("render", "values.yaml")
    assert done.code == 0, done.err
    last = json.loads(done.out.splitlines()[-1])
    assert last["body"]["location"]["coordinates"] == {"latitude": 12.5, "longitude": 12.5}
    assert '"latitude":12.5,' in done.out.splitlines()[-1].replace(" ", "")


def _whatsapp() -> str:
    channel = "{workspace: 0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01, channel: 5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01, platform: whatsapp}"
    return (
        "environments:\n  production:\n    access_key: {env: NO_SUCH_KEY}\n    ledger: {file: .sendspec/p.db}\n"
        f"    channels:\n      sms: {channel}\n"
    )


EVIL = "<script>alert('x')</script> & \"co\""
ESCAPED = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;co&quot;"


def html_of(
    project_dir: ProjectDir, html: str, row: dict[str, object], *, text: str = "Hi", **more: object
) -> dict[str, str]:
    write_mail(project_dir, html, row, text=text, **more)
    done = project_dir.run("render", "mail.yaml")
    assert done.code == 0, done.err
    found: dict[str, str] = json.loads(done.out)["body"]["html"]
    return found


@pytest.mark.parametrize(
    ("html", "made"),
    [
        ("<p>{{ name }}</p>", f"<p>{ESCAPED}</p>"),
        ("{{ name }}", ESCAPED),
        ("<p>{{ 'Dear ' ~ name }}</p>", f"<p>Dear {ESCAPED}</p>"),
        ("<p>{{ absent | default(name) }}</p>", f"<p>{ESCAPED}</p>"),
        ("<p>{% for n in names %}{{ n }}<br>{% endfor %}</p>", "<p>&lt;a&gt;<br>&amp;<br></p>"),
        ("<p>{{ names | join('<br>') }}</p>", "<p>&lt;a&gt;&lt;br&gt;&amp;</p>"),
        ("<p>{{ brand }}</p>", "<p>A &amp; B</p>"),
        ("<p>{{ name | safe | lower }}</p>", f"<p>{ESCAPED}</p>"),
        ("<p>{{ (name | safe) ~ '' }}</p>", f"<p>{ESCAPED}</p>"),
        ('<a href="{{ url }}">x</a>', '<a href="https://example.com/?a=1&amp;b=&quot;">x</a>'),
        ("<p>{{ count }} {{ flag }}</p>", "<p>3 true</p>"),
    ],
)
def test_values_are_escaped_in_html(project_dir: ProjectDir, html: str, made: str) -> None:
    row = {
        "name": EVIL, "names": ["<a>", "&"], "url": 'https://example.com/?a=1&b="', "count": 3, "flag": True,
    }  # fmt: skip
    found = html_of(project_dir, html, row, text="Dear {{ name }}", vars={"brand": "A & B"})
    assert found["html"] == made
    assert found["text"] == f"Dear {EVIL}"


@pytest.mark.parametrize("html", ["<b>{{ name | safe }}</b>", "{{ name | safe }}"])
def test_trusted_html_stays_and_is_said_in_a_warning(project_dir: ProjectDir, html: str) -> None:
    assert EVIL in html_of(project_dir, html, {"name": EVIL})["html"]
    for command in ("validate", "plan"):
        warned = project_dir.run(command, "mail.yaml")
        assert warned.code == 0
        assert "[trusted-html]" in warned.err + warned.out, warned
    found = json.loads(project_dir.run("validate", "mail.yaml", "--format", "json").out)["diagnostics"]
    assert [(each["code"], each["severity"]) for each in found] == [("trusted-html", "warning")]


def test_nothing_is_trusted_where_nothing_is_escaped(project_dir: ProjectDir) -> None:
    write_mail(project_dir, "<p>Hi</p>", {"name": EVIL}, text="Hi {{ name | safe }}")
    done = project_dir.run("validate", "mail.yaml", "--format", "json")
    assert done.code == 1
    assert [each["code"] for each in json.loads(done.out)["diagnostics"]] == ["template-forbidden"]


@pytest.mark.parametrize("html", ["<p>{{ name }}</p>", "{{ name }}", "<p>{{ name | safe }}{{ name ~ name }}</p>"])
def test_a_compiled_spec_escapes_as_one_row_does(project_dir: ProjectDir, html: str) -> None:
    alone = html_of(project_dir, html, {"name": EVIL})
    rows = [{"email": f"a{n}@example.com", "name": EVIL} for n in range(ROWS_BEFORE)]
    project_dir.write("people.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = project_dir.run("render", "mail.yaml")
    assert done.code == 0
    assert {json.dumps(json.loads(line)["body"]["html"]) for line in done.out.splitlines()} == {json.dumps(alone)}
