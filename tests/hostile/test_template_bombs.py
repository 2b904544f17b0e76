"""Templates that multiply are refused while they grow: with a code and a place, in little time and memory."""

from __future__ import annotations

import json

import pytest
from email_project import write_mail
from limited_process import run_fenced
from long_rows import all_but
from project_dir import Done, ProjectDir

BIG = "a" * 120_000
WORDS = "- " * 60_000
ROWS_FOR_COMPILING = 300
"""More rows than `GENERATE_FROM`: the later ones come to the compiled function first."""

COSTLY = {
    "a loop that joins": "{% for c in big %}{{ c ~ big }}{% endfor %}",
    "a loop that prints": "{% for c in big %}{{ big }}{% endfor %}",
    "a loop of literal text": "{% for c in big %}" + "x" * 9_000 + "{% endfor %}",
    "a loop that sorts": "{% for c in big %}{{ big | sort | length }}{% endfor %}",
    "a loop that makes titles": "{% for c in big %}{{ words | title | length }}{% endfor %}",
    "a loop of unique letters": "{% for c in big %}{{ (big | unique) == 1 }}{% endfor %}",
    "a loop that trims": "{% for c in big %}{{ big | trim('ab') | length }}{% endfor %}",
    "a loop that looks for": "{% for c in big %}{% if 'aab' in big %}x{% endif %}{% endfor %}",
    "a loop that tests": "{% for c in big %}{% if big is lower %}{% endif %}{% endfor %}",
    "a loop that compares": "{% for c in big %}{% if big == big | string and (big ~ 'x') == 'x' %}{% endif %}{% endfor %}",
    "an empty loop": "{% for c in big %}{% endfor %}",
    "tests in a row": "{{ " + " ~ ".join(["(big | sort | length)"] * 30) + " }}",
}


def spec(template: str, *, where: str | None = None) -> str:
    recipients = {"file": "people.csv", **({} if where is None else {"where": where})}
    message = {"body": {"type": "text", "text": {"text": template}}}
    return json.dumps({"spec": 1, "name": "bomb", "channel": "sms", "recipients": recipients, "message": message})


def people(*bigs: str) -> str:
    rows = [f"+4477009{n:05d},{big},{WORDS}" for n, big in enumerate(bigs)]
    return "\n".join(["phone,big,words", *rows]) + "\n"


def refusal(done: Done) -> dict[str, object]:
    assert done.code == 1, (done.code, done.out[-400:], done.err[-400:])
    errors = [d for d in json.loads(done.out)["diagnostics"] if d["severity"] == "error"]
    assert len(errors) == 1, errors
    error: dict[str, object] = errors[0]
    assert error["code"] in ("template-too-costly", "text-too-long")
    assert error["problem"]
    assert error["fix"]
    assert (error["path"], error["line"]) == ("bomb.yaml", 1)
    return error


@pytest.mark.parametrize("what", all_but(["a loop that joins", "an empty loop", "tests in a row"], COSTLY))
def test_a_template_that_multiplies_is_refused_while_it_grows(project_dir: ProjectDir, what: str) -> None:
    project_dir.write("bomb.yaml", spec(COSTLY[what]))
    project_dir.write("people.csv", people(BIG))
    refusal(run_fenced(project_dir, "validate", "bomb.yaml", "--format", "json"))


LOOP = "{% if kind == 'x' %}{% for c in l %}{% endfor %}{% endif %}"


@pytest.mark.parametrize("jobs", all_but(["1"], ["1", "3"]))
def test_after_a_few_rows_over_the_limit_the_others_are_not_looked_at(project_dir: ProjectDir, jobs: str) -> None:
    document = json.loads(spec(LOOP + "Hi"))
    project_dir.write("bomb.yaml", json.dumps({**document, "vars": {"l": list(range(10_001))}}))
    rows = [f"+4477{n:08d},{'x' if n >= 4_500 else 'a'}\n" for n in range(4_600)]
    project_dir.write("people.csv", "phone,kind\n" + "".join(rows))
    found = run_fenced(project_dir, "validate", "bomb.yaml", "--format", "json", "-j", jobs).json["diagnostics"]
    (unchecked,) = [each for each in found if each["code"] == "rows-unchecked"]
    (costly,) = [each for each in found if each["code"] == "template-too-costly"]
    assert (costly["code"], costly["path"], costly["rows"]) == (
        "template-too-costly",
        "bomb.yaml",
        list(range(4_502, 4_507)),
    )
    assert (unchecked["code"], unchecked["severity"], unchecked["line"]) == ("rows-unchecked", "warning", 4_506)
    assert len(found) == 2


def test_where_is_bounded_too(project_dir: ProjectDir) -> None:
    project_dir.write("bomb.yaml", spec("Hi", where="{{ " + " or ".join(["(big | sort | length) == 1"] * 25) + " }}"))
    project_dir.write("people.csv", people(BIG))
    assert (
        refusal(run_fenced(project_dir, "validate", "bomb.yaml", "--format", "json"))["code"] == "template-too-costly"
    )


def test_many_small_templates_have_one_budget(project_dir: ProjectDir) -> None:
    """Each text is within its own limit, all together are not."""
    card = "{{ big | truncate(99999) }}"
    attachments = [{"mediaUrl": "https://example.com/a.png", "altText": card} for _ in range(60)]
    message = {"body": {"type": "image", "image": {"images": attachments, "text": "Hi"}}}
    document = {"spec": 1, "name": "bomb", "channel": "sms", "recipients": {"file": "people.csv"}, "message": message}
    project_dir.write("bomb.yaml", json.dumps(document))
    project_dir.write("people.csv", people(BIG))
    assert (
        refusal(run_fenced(project_dir, "validate", "bomb.yaml", "--format", "json"))["code"] == "template-too-costly"
    )


BOTH_WAYS = (
    "{{ big | title | length }}" * 20,
    "{% if " + " or ".join(["'y' in (big | title)"] * 28) + " %}a{% endif %}b",
    "{% for c in big %}{{ c ~ big }}{% endfor %}",
)


@pytest.mark.parametrize(
    "template",
    all_but([BOTH_WAYS[1]], BOTH_WAYS),
    ids=["filters", "comparisons", "loop"],
)
def test_both_ways_of_composing_refuse_the_same_rows(project_dir: ProjectDir, template: str) -> None:
    """One bomb among many short rows: whether the row is composed first, or after the spec was compiled."""
    short = ["b"] * ROWS_FOR_COMPILING
    lines = {}
    for name, bigs in {"first": [BIG, *short], "last": [*short, BIG]}.items():
        project_dir.write("bomb.yaml", spec(template))
        project_dir.write(
            "people.csv", "phone,big,words\n" + "".join(f"+4477009{n:05d},{b},x\n" for n, b in enumerate(bigs))
        )
        for command in ("validate", "plan"):
            error = refusal(run_fenced(project_dir, command, "bomb.yaml", "--format", "json"))
            lines[name, command] = (error["code"], error["rows"])
    code = lines["first", "plan"][0]
    assert lines == {
        ("first", "validate"): (code, [2]),
        ("first", "plan"): (code, [2]),
        ("last", "validate"): (code, [ROWS_FOR_COMPILING + 2]),
        ("last", "plan"): (code, [ROWS_FOR_COMPILING + 2]),
    }


LONG_LISTS = (
    "{% if 'y' in items or 'y' in items or 'y' in items %}a{% endif %}b",
    "{{ items | sort | first }}{{ items | sort | first }}",
    "{% for i in more %}{% endfor %}b",
)


@pytest.mark.parametrize("template", all_but([LONG_LISTS[0]], LONG_LISTS), ids=["tests", "filters", "loop"])
def test_a_long_list_of_json_is_bounded(project_dir: ProjectDir, template: str) -> None:
    row = {"phone": "+447700900001", "items": ["x"] * 200_000, "more": ["x"] * 20_000}
    rows = [{"phone": f"+4477008{n:05d}", "items": [], "more": []} for n in range(ROWS_FOR_COMPILING)]
    lines = [json.dumps(each, separators=(",", ":")) + "\n" for each in [*rows, row]]
    project_dir.write("people.jsonl", "".join(lines))
    project_dir.write("bomb.yaml", spec(template).replace("people.csv", "people.jsonl"))
    done = run_fenced(project_dir, "plan", "bomb.yaml", "--format", "json")
    if "first" not in template:
        assert refusal(done)["rows"] == [ROWS_FOR_COMPILING + 1]
    else:
        assert done.code == 1


def test_what_people_write_is_within_the_budget(project_dir: ProjectDir) -> None:
    """A long mail with a loop over fifty items, and filters on each."""
    items = [{"name": f"Part {n}", "price": n} for n in range(50)]
    loop = "{% for i in items %}{{ i.name | upper | truncate(20) }}: {{ i.price | decimals(2) }}{% if i.price > 5 %}!{% endif %}\n{% endfor %}"
    write_mail(
        project_dir, loop + "{{ notes | title }}", {"items": items, "notes": "x" * 5_000}, text=loop * 3 + "{{ notes }}"
    )
    assert project_dir.run("validate", "mail.yaml").code == 0


def test_a_spec_of_thousands_of_templates_is_not_compiled(project_dir: ProjectDir) -> None:
    images = [{"mediaUrl": "https://example.com/a.png", "altText": f"{{{{ phone }}}}{n}"} for n in range(3_000)]
    document = json.loads(spec("Hi"))
    document["message"] = {"body": {"type": "image", "image": {"images": images}}}
    project_dir.write("bomb.yaml", json.dumps(document))
    project_dir.write("people.csv", people("b"))
    done = run_fenced(project_dir, "validate", "bomb.yaml", "--format", "json")
    assert done.code == 1
    assert "template-too-complex" in [each["code"] for each in json.loads(done.out)["diagnostics"]]
