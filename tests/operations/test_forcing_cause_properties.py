"""Law: who replaces a character as a plan says saves the segments that it promises, and more only where another cause shares a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from project_dir import ProjectDir
from sendspec import plan
from sendspec.operations.forcing_cause import ForcingCause, ForcingSource

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
vars: {shop: SHOP}
message:
  body:
    type: text
    text:
      text: "{% if lang == 'tr' %}TURKISH{% elif lang == 'ı’' %}{% for x in ['1', '2'] %}LOOP{% endfor %}{% else %}{{ shop }}{% endif %} {{ a }} {{ b | lower }}"
"""
OWN = ("TURKISH", "LOOP", "SHOP")
CHUNKS = st.lists(st.sampled_from(["ı", "ş", "’", "ab", "x" * 66, "x" * 30]), min_size=1, max_size=3).map("".join)
ROWS = st.lists(st.tuples(st.sampled_from(["tr", "ı’", "de"]), CHUNKS, CHUNKS), min_size=1, max_size=8)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=st.fixed_dictionaries(dict.fromkeys(OWN, CHUNKS)), rows=ROWS)
@example(
    own={"TURKISH": "yarın" + "x" * 66, "LOOP": "a", "SHOP": "b"},
    rows=[("tr", "ab", "c"), ("de", "ı" + "x" * 70, "c"), ("tr", "ı", "c")],
)
@example(
    own={"TURKISH": "ab", "LOOP": "ı", "SHOP": "ı"},
    rows=[("tr", "ı", "ı"), ("tr", "ı", "x" * 66), ("ı’", "ı", "ab")],
)
@example(
    own={"TURKISH": "ı", "LOOP": "ş" + "x" * 30, "SHOP": "ııı"},
    rows=[("ı’", "şab" + "x" * 66, "x" * 66), ("tr", "ı", "ı"), ("ı’", "x" * 30, "ab")],
)
def test_a_replacement_saves_what_was_promised(
    project_dir: ProjectDir, own: Mapping[str, str], rows: list[tuple[str, str, str]]
) -> None:
    total, causes = planned(project_dir, own, rows)
    for cause in causes:
        same = [each for each in causes if each.character == cause.character]
        promised = sum(each.segments_saved for each in same if is_within(each, cause))
        replaced = planned(
            project_dir,
            {name: without(cause, text, ForcingSource.TEMPLATE) for name, text in own.items()},
            [(lang, without(cause, a, "a"), without(cause, b, "b")) for lang, a, b in rows],
        )
        saved = total - replaced[0]
        shares = any(places(each) & places(cause) for each in same if not is_within(each, cause))
        assert saved >= promised if shares else saved == promised


def is_within(cause: ForcingCause, replaced: ForcingCause) -> bool:
    """Whether `cause` goes away with what is replaced for the other one."""
    return places(cause) <= places(replaced)


def places(cause: ForcingCause) -> set[str]:
    own = set() if cause.source is ForcingSource.DATA else {ForcingSource.TEMPLATE.value}
    return own | set(cause.columns)


def without(cause: ForcingCause, text: str, place: str) -> str:
    return text.replace(cause.character, "i") if place in places(cause) else text


def planned(project: ProjectDir, own: Mapping[str, str], rows: list[Any]) -> tuple[int, tuple[ForcingCause, ...]]:
    spec = SPEC
    for name, text in own.items():
        spec = spec.replace(name, text)
    project.write("hello.yaml", spec)
    numbered = [f"+4477009{n:05d},{','.join(row)}\n" for n, row in enumerate(rows)]
    project.write("people.csv", "phone,lang,a,b\n" + "".join(numbered))
    report = plan([project.folder / "hello.yaml"])
    return report.segments.total, report.details[0].forcing
