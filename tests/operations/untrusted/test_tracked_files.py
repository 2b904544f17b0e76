"""What git says it tracks is not believed: an index can have any path in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sendspec.operations.git_command import Git, GitUnreadable
from sendspec.operations.untrusted.limits import LIMITS
from sendspec.operations.untrusted.private_checkout import private_checkout
from sendspec.operations.untrusted.tracked_files import LeftOut, tracked_files, working_prefix

pytestmark = pytest.mark.process

ID = "1" * 40
ODD = (
    "../up.yaml",
    "/etc/absolute.yaml",
    "a/../../b.yaml",
    "a//b.yaml",
    "./a.yaml",
    ".git/hooks/x.yaml",
    ".GIT/config.yaml",
    "a/.git/b.yaml",
)


def pretended_git(folder: Path, listing: str) -> Git:
    """A program `git` that lists these files, each with the content `x`."""
    (folder / ".git").mkdir()
    program = folder / "bin" / "git"
    program.parent.mkdir()
    (folder / "prefix").write_text("\n")
    (folder / "listing").write_bytes(listing.encode())
    program.write_text(f"""#!/bin/sh
case "$*" in
  *ls-files*) cat {folder}/listing ;;
  *batch-check*) while read id; do echo "$id blob 1"; done ;;
  *batch*) while read id; do echo "$id blob 1"; echo x; done ;;
  *show-prefix*) cat {folder}/prefix ;;
  *absolute-git-dir*) echo {folder}/.git ;;
esac
""")  # fmt: skip
    program.chmod(0o755)
    return Git(folder, {"PATH": f"{program.parent}:{os.environ['PATH']}"})


def test_a_path_that_leads_elsewhere_is_left_out(tmp_path: Path) -> None:
    listing = "".join(f"100644 {ID} 0\t{path}\0" for path in (*ODD, "sendspec.yaml", "good.yaml"))
    git = pretended_git(tmp_path, listing)
    tracked = tracked_files(git, ["good.yaml"])
    assert {each.path for each in tracked.files} == {"sendspec.yaml", "good.yaml"}
    assert tracked.left_out == dict.fromkeys(ODD, LeftOut.ODD)


def test_a_file_below_a_file_and_a_name_that_is_too_long_are_left_out(tmp_path: Path) -> None:
    names = ("a.yaml", "a.yaml/b.yaml", "x" * 300 + ".yaml", "z.yaml")
    git = pretended_git(tmp_path, "".join(f"100644 {ID} 0\t{path}\0" for path in names))
    tracked = tracked_files(git, ["z.yaml"])
    with private_checkout(git, tracked, LIMITS) as checkout:
        assert checkout.left_out == {names[1]: LeftOut.ODD, names[2]: LeftOut.ODD}
        assert (checkout.top / "z.yaml").read_text() == "x"
        assert [path.stat().st_mode & 0o777 for path in (checkout.top.parent, checkout.top / "z.yaml")] == [
            0o700,
            0o600,
        ]
    assert not checkout.top.parent.exists()


def test_a_work_tree_elsewhere_is_refused(tmp_path: Path) -> None:
    git = pretended_git(tmp_path, "")
    (tmp_path / "prefix").write_text("../../etc/\n")
    with pytest.raises(GitUnreadable):
        working_prefix(git)


def test_an_object_of_another_size_than_told_is_refused(tmp_path: Path) -> None:
    git = pretended_git(tmp_path, f"100644 {ID} 0\tz.yaml\0")
    tracked = tracked_files(git, ["z.yaml"])
    program = tmp_path / "bin" / "git"
    program.write_text(
        program.read_text().replace(
            '*batch*) while read id; do echo "$id blob 1"', '*batch*) while read id; do echo "$id blob 99"'
        )
    )
    with pytest.raises(GitUnreadable), private_checkout(git, tracked, LIMITS):
        pass
