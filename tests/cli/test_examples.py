"""`sendspec test` on specs that keep their examples from being composed."""

from __future__ import annotations

from project_dir import ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: poeple.csv}
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
"""
EXAMPLE = """examples:
  - with: {phone: "+447700900001", first_name: Ada}
    expect: {text: Hi Ada}
"""


def test_a_table_that_is_not_there_is_told_as_validate_tells_it(project_dir: ProjectDir) -> None:
    project_dir.write("people.csv", "phone,first_name\n+447700900001,Ada\n")
    project_dir.write("hello.yaml", SPEC)
    tested, validated = (project_dir.run(command, "hello.yaml") for command in ("test", "validate"))
    assert tested.code == 1
    assert tested.err == validated.err
    assert "there is no file 'poeple.csv' [file-missing]" in tested.err
    assert "write 'people.csv'" in tested.err


def test_examples_need_no_table(project_dir: ProjectDir) -> None:
    project_dir.write("hello.yaml", SPEC + EXAMPLE)
    assert project_dir.run("test", "hello.yaml").code == 0


def test_what_is_wrong_with_the_spec_itself_is_told_beside_a_missing_table(project_dir: ProjectDir) -> None:
    project_dir.write("hello.yaml", SPEC.replace("{{ first_name }}", "{{ first_name "))
    told = project_dir.run("test", "hello.yaml").err
    assert "[template-syntax]" in told or "template" in told
    assert "[file-missing]" in told
