"""A preview that follows its files, and messages that are composed once more with other values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from project_dir import ProjectDir
from sendspec.diagnostics.clock import Clock
from sendspec.operations.edited_message import (
    MOST_CHARACTERS,
    Edited,
    EditResult,
    NotEditable,
    Rejected,
    RowLeftOut,
)
from sendspec.operations.file_watch import POLL_SECONDS
from sendspec.operations.preview import preview_of
from sendspec.operations.preview_watch import PreviewWatch, Watched
from sendspec.operations.system import real_system
from sendspec.operations.wrong_usage import WrongUsage
from sendspec.planning.decision import Skip
from sendspec.showing.pages.edited import OTHER_ROWS, edited_json

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv, where: "{{ kind | default('') != 'none' }}"}
suppress: [off.csv]
message:
  body: {type: text, text: {text: "Hi {{ name | default('you') }}, {% if kind | default('') == 'vip' %}dear guest{% else %}welcome{% endif %}."}}
"""
PEOPLE = "phone,name,kind,note\n+447700900001,Ann,vip,first\n+447700900002,Ben,,second\n"
OFF = "phone\n+447700900999\n"
LOOKS = 12


class Desk:
    """A project whose preview is watched, at a time that the test sets."""

    def __init__(self, folder: Path, *, environ: dict[str, str] | None = None, env: str | None = None) -> None:
        self.folder = folder
        self.write("hello.yaml", SPEC)
        self.write("people.csv", PEOPLE)
        self.write("off.csv", OFF)
        self.now = 0.0
        self.codes_seen: list[str] = []
        self.while_reading: Callable[[], object] = lambda: None
        clock = Clock(monotonic=lambda: self.now, wall=self._wall, sleep=lambda _: None, random=lambda: 0.5)
        system = real_system("preview", environ=environ or {}, clock=clock)
        self.watch = PreviewWatch([str(folder / "hello.yaml")], env, None, system, lambda *made: preview_of(*made[:3]))

    def _wall(self) -> float:
        """Each reading asks for the time."""
        self.while_reading()
        return 1_800_000_000.0

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def looked(self) -> int:
        """How often something else was to see, in enough looks for any change to settle."""
        found = 0
        for _ in range(LOOKS):
            self.now += POLL_SECONDS
            found += self.watch.look()
            self.codes_seen += self.codes
        return found

    @property
    def present(self) -> Watched:
        return self.watch.present

    @property
    def texts(self) -> list[str]:
        assert self.present.picture is not None
        return [each.text for spec in self.present.picture.preview.specs for each in spec.shown]

    @property
    def codes(self) -> list[str]:
        return [each.code for each in self.present.errors]

    def edited(self, **changes: str) -> EditResult:
        assert self.present.picture is not None
        return self.present.picture.edited(0, 2, changes)


@pytest.fixture
def desk(project_dir: ProjectDir) -> Desk:
    desk = Desk(project_dir.folder)
    desk.watch.begin()
    return desk


FIRST = ["Hi Ann, dear guest.", "Hi Ben, welcome."]


def test_a_change_of_any_file_is_seen_once(desk: Desk) -> None:
    assert (desk.texts, desk.codes, desk.looked()) == (FIRST, [], 0)
    desk.write("people.csv", PEOPLE.replace("Ann", "Zoë"))
    assert (desk.looked(), desk.texts[0]) == (1, "Hi Zoë, dear guest.")
    desk.write("hello.yaml", SPEC.replace("welcome", "hello"))
    assert (desk.looked(), desk.texts[1]) == (1, "Hi Ben, hello.")
    desk.write("off.csv", OFF + "+447700900002\n")
    assert (desk.looked(), len(desk.texts)) == (1, 1)
    desk.write("sendspec.yaml", "environments: {}\n")
    assert desk.looked() == 1


def spec_broken(desk: Desk) -> None:
    desk.write("hello.yaml", SPEC.replace("name |", "nmae |").replace("default('you')", "upper"))


def yaml_broken(desk: Desk) -> None:
    desk.write("hello.yaml", "spec: [1\n")


def spec_gone(desk: Desk) -> None:
    (desk.folder / "hello.yaml").unlink()


def table_gone(desk: Desk) -> None:
    (desk.folder / "people.csv").unlink()


def row_broken(desk: Desk) -> None:
    desk.write("people.csv", PEOPLE.replace("+447700900001", "12"))


def list_gone(desk: Desk) -> None:
    (desk.folder / "off.csv").unlink()


def project_broken(desk: Desk) -> None:
    desk.write("sendspec.yaml", "nonsense: 1\n")


def folder_gone(desk: Desk) -> None:
    desk.folder.rename(desk.folder.with_name("aside"))


def looping_link(desk: Desk) -> None:
    (desk.folder / "people.csv").unlink()
    (desk.folder / "people.csv").symlink_to("people.csv")


def mend(desk: Desk) -> None:
    if not desk.folder.exists():
        desk.folder.with_name("aside").rename(desk.folder)
    for name in ("hello.yaml", "people.csv", "off.csv", "sendspec.yaml"):
        (desk.folder / name).unlink(missing_ok=True)
    desk.write("hello.yaml", SPEC)
    desk.write("people.csv", PEOPLE)
    desk.write("off.csv", OFF)


@pytest.mark.parametrize(
    "broken",
    [spec_broken, yaml_broken, spec_gone, table_gone, row_broken, list_gone, project_broken, folder_gone, looping_link],
)
def test_errors_lie_over_the_last_good_picture_until_they_are_mended(
    desk: Desk, broken: Callable[[Desk], None]
) -> None:
    good = desk.present.picture
    broken(desk)
    assert desk.looked() == 1
    assert desk.codes
    assert desk.present.picture is good
    assert desk.looked() == 0
    mend(desk)
    assert desk.looked() == 1
    assert (desk.codes, desk.texts) == ([], FIRST)


def test_a_watch_that_begins_with_errors_shows_the_picture_as_soon_as_there_is_one(project_dir: ProjectDir) -> None:
    desk = Desk(project_dir.folder)
    table_gone(desk)
    desk.watch.begin()
    assert (desk.present.picture, desk.codes) == (None, ["file-missing"])
    mend(desk)
    assert (desk.looked(), desk.texts) == (1, FIRST)


def test_an_environment_that_is_gone_is_wrong_usage_at_first_and_an_error_later(project_dir: ProjectDir) -> None:
    project_dir.write("sendspec.yaml", "environments: {}\n")
    with pytest.raises(WrongUsage):
        Desk(project_dir.folder, env="test").watch.begin()
    desk = Desk(project_dir.folder)
    desk.watch.begin()
    desk.write("sendspec.yaml", "default_environment: nowhere\nenvironments: {}\n")
    assert desk.looked() == 1
    assert desk.codes


def test_errors_of_a_file_that_changes_while_it_is_read_are_not_told_unless_that_never_ends(desk: Desk) -> None:
    """Half a file often has errors, and nobody wants to see them for a moment."""
    halves = [PEOPLE + "+4477", PEOPLE + "+44770090", PEOPLE + "+447700900003,Cem,,third\n"]
    desk.write("people.csv", PEOPLE + "+4")
    desk.while_reading = lambda: desk.write("people.csv", halves.pop(0)) if halves else None
    for _ in range(3):
        desk.looked()
    assert desk.codes_seen == []
    assert desk.texts == ["Hi Ben, welcome.", "Hi Ann, dear guest."]
    growing = PEOPLE + "+4"

    def grow() -> None:
        nonlocal growing
        growing += "4"
        desk.write("people.csv", growing)

    grow()
    desk.while_reading = grow
    assert desk.looked() + desk.looked() > 0
    assert desk.codes


def result(found: EditResult) -> object:
    match found:
        case Edited(message, skip):
            return message.text, skip
        case Rejected(diagnostics):
            return [each.code for each in diagnostics]
        case RowLeftOut():
            return "left out"
        case NotEditable(reason):
            return reason


@pytest.mark.parametrize(
    ("changes", "gives"),
    [({}, ("Hi Ann, dear guest.", None)), ({"name": "Zoë’s"}, ("Hi Zoë’s, dear guest.", None)),
     ({"name": ""}, ("Hi you, dear guest.", None)), ({"kind": "", "name": "A\nB"}, ("Hi A\nB, welcome.", None)),
     ({"name": "{{ 7 * 7 }}{% raw %}"}, ("Hi {{ 7 * 7 }}{% raw %}, dear guest.", None)),
     ({"name": "</script><b>&amp;"}, ("Hi </script><b>&amp;, dear guest.", None)),
     ({"name": " \u00a0\t"}, ("Hi you, dear guest.", None)), ({"name": " Ann "}, ("Hi  Ann , dear guest.", None)),
     *(({"name": f"x{character}"}, ["forbidden-character"]) for character in ("\u202e", "\x1b[31m", "\0", "\x85", "\r")),
     ({"note": "\u202e"}, ["forbidden-character"]), ({"name": "a\r\nb"}, ("Hi a\r\nb, dear guest.", None)),
     ({"kind": "none"}, "left out"), ({"phone": "+447700900999"}, ("Hi Ann, dear guest.", Skip.SUPPRESSED)),
     ({"phone": "12"}, ["phone-length"]), ({"phone": ""}, ["phone-empty"]), ({"name": "#N/A"}, ["spreadsheet-error"]),
     ({"nobody": "x"}, "the row has no such column"), ({"name": "x" * (MOST_CHARACTERS + 1)}, "the value is too long")],
)  # fmt: skip
def test_an_edited_row_is_composed_as_a_row_of_the_table_and_changes_no_file(
    desk: Desk, changes: dict[str, str], gives: object
) -> None:
    before = {path.name: path.read_bytes() for path in desk.folder.iterdir() if path.is_file()}
    assert result(desk.edited(**changes)) == gives
    assert {path.name: path.read_bytes() for path in desk.folder.iterdir() if path.is_file()} == before
    assert result(desk.edited()) == ("Hi Ann, dear guest.", None)


def test_a_value_that_can_not_be_is_shown_as_it_was_typed(desk: Desk) -> None:
    found = desk.edited(name="x\u202e")
    assert isinstance(found, Rejected)
    assert [each.excerpt for each in found.diagnostics] == ["x\u202e"]


def test_another_key_may_be_that_of_another_row_which_is_said(desk: Desk) -> None:
    for changes, is_other in (({}, False), ({"name": "Zoë"}, False), ({"phone": "+447700900002"}, True)):
        found = desk.edited(**changes)
        assert isinstance(found, Edited)
        assert found.is_other is is_other
        assert desk.present.picture is not None
        note = edited_json(desk.present.picture.preview.specs[0], 0, found, is_changed=bool(changes))["note"]
        assert (OTHER_ROWS in note) is is_other


def test_the_measure_and_segments_follow_the_edit(desk: Desk) -> None:
    plain, emoji = desk.edited(name="x" * 150), desk.edited(name="x" * 150 + "😀")
    assert isinstance(plain, Edited)
    assert isinstance(emoji, Edited)
    sizes = [(each.message.measure, len(each.message.segments)) for each in (plain, emoji)]
    assert [(measure.encoding, measure.segments, count) for measure, count in sizes if measure is not None] == [
        ("GSM-7", 2, 2), ("UCS-2", 3, 3),
    ]  # fmt: skip
    assert [found.character for found in emoji.message.forcing] == ["😀"]


def test_numbers_can_be_edited_unseen_and_used_columns_come_first(desk: Desk) -> None:
    assert desk.present.picture is not None
    values = desk.present.picture.editable(0, 2)
    assert [(each.column, each.shown, each.is_masked, each.is_used) for each in values] == [
        ("phone", "+44••••••••01", True, True), ("name", "Ann", False, True), ("kind", "vip", False, True),
        ("note", "first", False, False),
    ]  # fmt: skip
    assert desk.present.picture.editable(0, 17) == desk.present.picture.editable(7, 2) == ()
    assert desk.present.picture.edited(7, 2, {}) == NotEditable("there is no such message any more")


def test_values_of_json_keep_their_types_where_they_can(project_dir: ProjectDir) -> None:
    desk = Desk(project_dir.folder)
    desk.write(
        "hello.yaml",
        SPEC.replace("people.csv", "people.jsonl").replace(
            "{{ name | default('you') }}", "{{ name }} {{ n + 0 if false else n }}".replace("n + 0 if false else ", "")
        ),
    )
    desk.write("people.jsonl", '{"phone": "+447700900001", "name": "Ann", "kind": "vip", "n": 3, "deep": {"a": [1]}}\n')
    desk.watch.begin()
    assert desk.present.picture is not None
    shown = {each.column: each.shown for each in desk.present.picture.editable(0, 1)}
    assert (shown["n"], shown["deep"]) == ("3", '{"a":[1]}')
    assert result(desk.present.picture.edited(0, 1, {"n": "12.50"})) == ("Hi Ann 12.50, dear guest.", None)
    for changes in ({"name": "\u2028"}, {"n": '"\\u202e"'}, {"n": '["\x85"]'}, {"deep": '{"a": "\\u0000"}'}):
        assert result(desk.present.picture.edited(0, 1, changes)) == ["forbidden-character"]
    assert result(desk.present.picture.edited(0, 1, {"n": '1, "x": "\\u202e"'})) == (
        'Hi Ann 1, "x": "\\u202e", dear guest.',
        None,
    )
    assert result(desk.present.picture.edited(0, 1, {"name": "  ", "n": '1, "x": 2'})) == (
        'Hi    1, "x": 2, dear guest.',
        None,
    )
    assert result(desk.present.picture.edited(0, 1, {"n": "many", "name": "7"})) == ("Hi 7 many, dear guest.", None)
    assert result(desk.present.picture.edited(0, 1, {"n": "[1"})) == ("Hi Ann [1, dear guest.", None)


def test_rows_on_one_line_are_not_told_apart_and_not_edited(project_dir: ProjectDir) -> None:
    desk = Desk(project_dir.folder)
    rows = "[{phone: '+447700900001', name: Ann}, {phone: '+447700900002', kind: vip, name: Ben}]"
    desk.write("hello.yaml", SPEC.replace("""{file: people.csv, where: "{{ kind | default('') != 'none' }}"}""", rows))
    desk.watch.begin()
    assert desk.present.picture is not None
    assert sorted(desk.texts) == ["Hi Ann, welcome.", "Hi Ben, dear guest."]
    assert {sample.text for sample in desk.present.picture.preview.specs[0].detail.samples.values()} == set(desk.texts)
    assert desk.present.picture.rows == ({},)


def test_with_ci_set_no_recipient_s_row_is_kept(project_dir: ProjectDir) -> None:
    desk = Desk(project_dir.folder, environ={"CI": "true"})
    desk.watch.begin()
    assert desk.present.picture is not None
    assert desk.present.picture.rows == ({},)
    assert desk.edited(name="x") == NotEditable("there is no such message any more")
    assert "Ann" not in repr(desk.present.picture.preview.specs[0].shown)


def test_many_readings_leave_no_file_open(desk: Desk) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(5):
        desk.write("people.csv", PEOPLE.replace("Ann", f"Ann{number}"))
        assert desk.looked() == 1
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
