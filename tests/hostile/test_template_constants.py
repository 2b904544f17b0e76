"""Numbers and strings written in a template are held to the rules of any other text, and trip nothing up."""

from __future__ import annotations

import json

import pytest
from project_dir import ProjectDir

COMMANDS = (("validate",), ("render",), ("plan",))


def refused(project_dir: ProjectDir, template: str, code: str) -> str:
    """The problem, which all commands report alike, at the template's place."""
    message = {"body": {"type": "text", "text": {"text": template}}}
    recipients = [{"phone": "+447700900001", "first_name": "Ada"}]
    spec = {"spec": 1, "name": "hello", "channel": "sms", "recipients": recipients, "message": message}
    project_dir.write("hello.yaml", json.dumps(spec, ensure_ascii=False))
    problems = set()
    for command in COMMANDS:
        done = project_dir.run(*command, "hello.yaml", "--format", "json")
        assert done.code == 1, (command, done)
        [found] = json.loads(done.out)["diagnostics"]
        assert (found["code"], found["line"]) == (code, 1)
        assert found["fix"]
        problems.add(found["problem"])
    [problem] = problems
    return str(problem)


@pytest.mark.parametrize("digits", [19, 4_301, 9_000])
def test_a_number_of_very_many_digits_is_refused(project_dir: ProjectDir, digits: int) -> None:
    for number in ("9" * digits, "_".join("9" * (digits // 2)) + "9" * 10, "0x" + "f" * (digits - 2)):
        assert "18 digits" in refused(project_dir, f"Hi {{{{ {number} }}}}", "template-forbidden")


@pytest.mark.parametrize(
    ("escape", "shown"),
    [
        (r"\ud800", "U+D800"), (r"\udc00\ud800", "U+DC00"), (r"\ud83dx\ude00", "U+D83D"), (r"\u009b", "U+009B"),
        (r"\u202e", "U+202E"), (r"\x1b", "U+001B"), (r"\x00", "U+0000"), (r"\0", "U+0000"), (r"\U0000202e", "U+202E"),
        (r"\u200f", "U+200F"), (r"\N{RIGHT-TO-LEFT OVERRIDE}", "U+202E"), (r"\b", "U+0008"), ("é" + r"\u2028", "U+2028"),
    ],
)  # fmt: skip
def test_an_escape_brings_no_character_that_a_spec_could_not_hold(
    project_dir: ProjectDir, escape: str, shown: str
) -> None:
    for template in (f"Hi {{{{ '{escape}' }}}}", f'{{{{ first_name | default("{escape}") }}}}',
                     f"{{% if first_name == '{escape}' %}}a{{% endif %}}b", f"{{{{ row['{escape}'] }}}}",
                     f"{{{{ first_name | replace('A', '{escape}') }}}}"):  # fmt: skip
        assert shown in refused(project_dir, template, "forbidden-character")


def test_an_emoji_may_be_escaped_as_json_writes_it(project_dir: ProjectDir) -> None:
    project_dir.write(
        "hello.yaml",
        """spec: 1
name: hello
channel: sms
recipients: [{phone: "+447700900001", first_name: Ada}]
message: {body: {type: text, text: {text: '{{ "\\ud83d\\ude00 \\u00e9" }} {{ first_name | replace("A", "\\ud83d\\ude00") }}'}}}
""",
    )
    done = project_dir.run("render", "hello.yaml")
    assert done.code == 0, done.err
    assert "😀 é 😀da" in done.out
    assert project_dir.run("plan", "hello.yaml", "--out", "plan.json").code == 0


@pytest.mark.parametrize(
    ("template", "code", "words"),
    [
        ("{{ 1e999999 }}", "template-forbidden", "a number that is too large for JSON"),
        ("Hi {{ 1e999999 }}", "template-forbidden", "a number that is too large for JSON"),
        ("{% if 4 is divisibleby(0) %}a{% endif %}b", "render-failed", "divides by zero"),
        ('{{ row | sort(false, true, "a") }}', "render-failed", "a kind of value that it can't work with"),
    ],
)
def test_a_template_that_fails_says_why_in_plain_words(
    project_dir: ProjectDir, template: str, code: str, words: str
) -> None:
    problem = refused(project_dir, template, code)
    assert words in problem
    assert "Error" not in problem
