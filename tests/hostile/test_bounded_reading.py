"""Any file of a megabyte is read or refused in about a second of the processor's time; suggestions don't multiply it."""

from __future__ import annotations

import json

import pytest
from limited_process import run_fenced
from long_rows import all_but, long
from project_dir import ProjectDir

MEGABYTE = 1_000_000
HEAD = "spec: 1\nname: big\nchannel: sms\n"
ROW = 'recipients:\n  - {phone: "+447700900001"}\n'
MESSAGE = "message: {body: {type: text, text: {text: Hi}}}\n"


def repeated(text: str) -> str:
    return (text * (MEGABYTE // len(text) + 1))[:MEGABYTE]


def codes(project_dir: ProjectDir, text: str) -> list[tuple[str, int]]:
    """The codes and lines of what `validate` finds in a spec, within the fence's time."""
    project_dir.write("big.yaml", text)
    done = run_fenced(project_dir, "validate", "big.yaml", "--format", "json")
    assert done.code == 1, (done.code, done.err[-400:])
    return [(each["code"], each["line"]) for each in json.loads(done.out)["diagnostics"]]


MEGABYTES = {
    "?": (repeated("? "), "nesting-depth"),
    "? -": (repeated("? - "), "nesting-depth"),
    "{": (repeated("{"), "nesting-depth"),
    "[": (repeated("["), "nesting-depth"),
    "!": (repeated("!"), "yaml-tag"),
    "!<": ("!<" + repeated("a%41")[:-2], "yaml-tag"),
    "maps": ("".join(f"k{n}: v\n" for n in range(90_000)), "too-many-values"),
    "keys": ("".join(f"? k{n}\n" for n in range(90_000)), "too-many-values"),
    "list": (repeated("- a\n"), "too-many-values"),
    "flow": ("[" + repeated("a,")[:-2], "too-many-values"),
    "wide and deep": (
        (("[" * 38 + "[]," * 300 + "]" * 38 + ",\n") * 1_000)[: MEGABYTE - 1].join(("[", "")),
        "too-many-values",
    ),
}


@pytest.mark.parametrize("what", all_but(["!<", "maps"], MEGABYTES))
def test_a_megabyte_is_refused_before_it_is_built(project_dir: ProjectDir, what: str) -> None:
    text, code = MEGABYTES[what]
    assert codes(project_dir, text)[-1][0] == code


LONG_TEXTS = [
    '"' + " " * 900_000 + '\\u202e"',
    *('"' + "\\\n " * times + '\\u202e"' for times in (300_000, 60_000)),
]


@pytest.mark.parametrize(
    "scalar",
    all_but(['"' + "\\\n " * 60_000 + '\\u202e"'], LONG_TEXTS),
    ids=["blanks", "escaped line ends", "fewer of them"],
)
def test_a_place_in_a_very_long_text_is_found_in_time(project_dir: ProjectDir, scalar: str) -> None:
    found = codes(project_dir, HEAD + ROW + "message: {body: {type: text, text: {text: " + scalar + "}}}\n")
    assert len(found) == 1


def test_where_the_nesting_is_too_deep_is_said_exactly(project_dir: ProjectDir) -> None:
    for text in ("[" * 41, "a: " + "{b: " * 40):
        project_dir.write("big.yaml", text)
        [found] = json.loads(project_dir.run("validate", "big.yaml", "--format", "json").out)["diagnostics"]
        assert (found["code"], found["column"]) == ("nesting-depth", len(text) - (3 if "{" in text else 0))


def test_a_large_spec_that_aliases_nothing_passes(project_dir: ProjectDir) -> None:
    rows = "".join(
        f'  - {{phone: "+4477009{n:05d}", a: b{n}, c: d, e: f, g: h, i: j, k: l, m: n}}\n' for n in range(1_000)
    )
    project_dir.write("big.yaml", HEAD + MESSAGE + "recipients:\n" + rows + "# " + "x" * 800_000 + "\n")
    assert project_dir.run("validate", "big.yaml").code == 0


@pytest.mark.parametrize("count", all_but([2_000], [2_000, 20_000]))
def test_thousands_of_unknown_keys_are_told_up_to_a_limit(project_dir: ProjectDir, count: int) -> None:
    text = (
        HEAD
        + ROW
        + "message:\n  body: {type: text, text: {text: Hi}}\n"
        + "".join(f"  validitx{n}: v\n" for n in range(count))
    )
    project_dir.write("big.yaml", text)
    done = run_fenced(project_dir, "validate", "big.yaml")
    assert done.code == 1
    assert "1 000 errors" in done.err


@long
def test_unknown_names_beside_very_many_columns(project_dir: ProjectDir) -> None:
    columns = [f"col{n}" for n in range(100_000)]
    project_dir.write("people.csv", f"phone,{','.join(columns)}\n+447700900001{',x' * len(columns)}\n")
    texts = ["".join(f"{{{{ cok{n + 60 * part} }}}}" for n in range(60)) for part in range(5)]
    images = [{"mediaUrl": "https://example.com/a.png", "altText": text} for text in texts]
    message = json.dumps({"body": {"type": "image", "image": {"images": images}}})
    found = codes(project_dir, HEAD + f"recipients: {{file: people.csv}}\nmessage: {message}\n")
    assert [code for code, _ in found] == ["unknown-name"] * 300


def test_a_near_miss_is_still_suggested_beside_many_columns(project_dir: ProjectDir) -> None:
    columns = [*(f"x{n}" for n in range(5_000)), "first_name"]
    project_dir.write("people.csv", f"phone,{','.join(columns)}\n+447700900001{',x' * len(columns)}\n")
    project_dir.write(
        "big.yaml", HEAD + "recipients: {file: people.csv}\n" + MESSAGE.replace("Hi", '"Hi {{ frist_name }}"')
    )
    done = project_dir.run("validate", "big.yaml")
    assert done.code == 1
    assert "write 'first_name'" in done.err


def test_thousands_of_suppress_files_are_refused_before_one_is_looked_for(project_dir: ProjectDir) -> None:
    files = "".join(f"  - s{n}.csv\n" for n in range(15_000))
    assert codes(project_dir, HEAD + ROW + MESSAGE + "suppress:\n" + files) == [
        ("too-many", (HEAD + ROW + MESSAGE).count("\n") + 2)
    ]


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ("a," * 50_000 + "b", "repeated-column", "column 2 is called 'a', and so is column 1, and 49 998 more"),
        (",".join(f"c{n},c{n}" for n in range(30_000)), "repeated-column", "29 980 more names are repeated"),
        ("phone" + "," * 50_000 + "z", "empty-column-name", "49 979 more columns of 50 001 have no name"),
    ],
    ids=["one name", "many names", "no names"],
)
def test_a_header_of_very_many_equal_names_is_refused_in_time(
    project_dir: ProjectDir, header: str, code: str, words: str
) -> None:
    project_dir.write("people.csv", header + "\n+447700900001\n")
    project_dir.write("big.yaml", HEAD + "recipients: {file: people.csv}\n" + MESSAGE)
    done = run_fenced(project_dir, "validate", "big.yaml", "--format", "json")
    assert done.code == 1, (done.code, done.err[-400:])
    diagnostics = json.loads(done.out)["diagnostics"]
    found = [each for each in diagnostics if each["code"] == code]
    assert {each["code"] for each in diagnostics} <= {code, "missing-column", "ragged-row"}  # which they are as well
    assert len(found) <= 21
    assert words in found[-1]["problem"]


def test_a_list_that_is_one_very_long_line_is_refused_in_little_memory(project_dir: ProjectDir) -> None:
    project_dir.write("stop.txt", "7" * 30_000_000)
    project_dir.write("big.yaml", HEAD + ROW + MESSAGE + "suppress: [stop.txt]\n")
    done = run_fenced(project_dir, "validate", "big.yaml", "--format", "json", memory_bytes=300 << 20)
    assert done.code == 1, (done.code, done.err[-400:])
    assert [each["code"] for each in json.loads(done.out)["diagnostics"]] == ["cell-too-long"]


@pytest.mark.parametrize(
    "content",
    [
        "phone" + "," * 3_900_000 + "\n+447700900001\n",
        pytest.param("phone,a\n+447700900001," + "," * 3_900_000, marks=long),
    ],
    ids=["header", "row"],
)
def test_a_line_of_millions_of_commas_is_refused_in_little_memory(project_dir: ProjectDir, content: str) -> None:
    project_dir.write("big.yaml", HEAD + "recipients: {file: people.csv}\n" + MESSAGE)
    project_dir.write("people.csv", content)
    done = run_fenced(project_dir, "validate", "big.yaml", "--format", "json")
    assert done.code == 1, (done.code, done.err[-400:])
    assert [each["code"] for each in json.loads(done.out)["diagnostics"]] == ["cell-too-long"]


@pytest.mark.parametrize("arguments", [["validate"], ["plan", "big.yaml", "--out"], ["init"]])
@pytest.mark.parametrize("times", [5_000, 50_000])
def test_a_path_longer_than_any_is_refused_in_little_memory(
    project_dir: ProjectDir, arguments: list[str], times: int
) -> None:
    project_dir.write("big.yaml", HEAD + ROW + MESSAGE)
    done = run_fenced(project_dir, *arguments, "x/" * times + "a.yaml")
    assert done.code == 1, (done.code, done.err[-400:])
    assert "[file-missing]" in done.err or "is too long for a path" in done.err
