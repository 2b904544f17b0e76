import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sendspec.diagnostics.exceptions import FileUnwritable
from sendspec.operations.own_opt_out_file import append_addresses
from sendspec.reading.suppress_setting import OwnOptOutFile

PHONE, EMAIL = "+31612345678", "Ann@example.com"
AT = 1_700_000_000.0


def append(root: Path, *addresses: str, written: str = "data/out.csv") -> int:
    context: Any = SimpleNamespace(root=root)
    return append_addresses(context, OwnOptOutFile(written, "sendspec.yaml"), dict.fromkeys(addresses, AT))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path


def test_addresses_are_added_once_and_only_the_owner_reads_them(root: Path) -> None:
    file = root / "data" / "out.csv"
    assert append(root) == 0
    assert not file.exists()
    assert append(root, PHONE) == 1
    assert append(root, EMAIL, PHONE) == 1
    assert append(root, EMAIL.lower()) == 0
    since = "2023-11-14T22:13:20+00:00"
    assert file.read_text() == f"phone,email,since\n{PHONE},,{since}\n,{EMAIL},{since}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["out.csv"]


def test_what_a_person_wrote_into_it_stays(root: Path) -> None:
    file = root / "data" / "out.csv"
    file.write_text('phone,email,since,note\n+447700900001,,2026-01-01,"asked, twice"\n+447700900002,,,')
    assert append(root, PHONE, "+447700900002") == 1
    assert file.read_text().splitlines()[1:] == [
        '+447700900001,,2026-01-01,"asked, twice"',
        "+447700900002,,,",
        f"{PHONE},,2023-11-14T22:13:20+00:00",
    ]


def _link(file: Path) -> None:
    file.symlink_to(file.with_name("other.csv"))


def _linked_folder(file: Path) -> None:
    file.parent.rmdir()
    file.parent.symlink_to("/tmp")


def _second_name(file: Path) -> None:
    file.write_text("phone,email,since\n")
    file.with_name("other.csv").hardlink_to(file)


@pytest.mark.parametrize(
    "planted",
    [
        _link,
        _linked_folder,
        _second_name,
        lambda file: file.write_text("phone,first_name\n+447700900001,Ada\n"),
        lambda file: file.write_text("phone,email,since\n+447700900001\n"),
        lambda file: file.mkdir(),
        lambda file: file.parent.rmdir(),
    ],
)
def test_no_other_file_is_written_to(root: Path, planted: Any) -> None:
    planted(root / "data" / "out.csv")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(FileUnwritable) as caught:
        append(root, PHONE)
    assert PHONE not in str(caught.value)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("written", ["../out.csv", "/tmp/out.csv", ".sendspec/out.csv", ".git/out.csv"])
def test_it_is_inside_the_project_and_not_among_its_private_files(root: Path, written: str) -> None:
    for folder in (".sendspec", ".git"):
        (root / folder).mkdir()
    (root / "sendspec.yaml").touch()
    with pytest.raises(FileUnwritable):
        append(root, PHONE, written=written)
