"""A plan against a base reads git's objects alone, whatever the repository is made of and configured to do."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from base_repository import HELLO, PEOPLE, SPEC, BaseRepository, people, tree_state
from long_rows import every
from sendspec.operations.base_commit import find_base
from sendspec.operations.base_files import NotInBase, base_folder

pytestmark = pytest.mark.process


@pytest.fixture
def repository(tmp_path: Path) -> BaseRepository:
    """A committed spec whose text was changed since."""
    repository = BaseRepository(tmp_path / "repository")
    repository.begin()
    repository.replace(HELLO, ("Hi", "Hello"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    repository.project.environ["TMPDIR"] = str(scratch)
    return repository


def codes(repository: BaseRepository, base: str) -> list[tuple[str, str]]:
    """The codes of the errors, each with its fix, of a plan that is refused."""
    done = repository.plan(HELLO, "--format", "json", base=base)
    assert done.code == 1, done.out + done.err
    return [(each["code"], each["fix"]) for each in done.json["diagnostics"]]


def clone(repository: BaseRepository, *options: str) -> BaseRepository:
    """A clone over a transport, so that it can be a shallow or a partial one."""
    place = repository.top.parent / "clone"
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("clone", "--quiet", *options, f"file://{repository.top}", str(place))
    cloned = object.__new__(BaseRepository)
    cloned.top, cloned.project = place, type(repository.project)(place)
    return cloned


def test_a_name_that_git_does_not_know_is_told(repository: BaseRepository) -> None:
    for ref in (
        "nowhere",
        "",
        "HEAD:specs",
        "HEAD^{tree}",
        "0" * 40,
        "main..HEAD",
        "^HEAD",
        "^main",
        "HEAD^!",
        "a\x1b[31mb",
    ):
        ((code, fix),) = codes(repository, ref)
        assert code == "base-unknown"
        assert "fetch-depth" not in fix
    done = repository.plan(base="-x")
    assert done.code == 2
    assert "no branch, tag or commit begins with '-'" in done.err


def test_a_shallow_clone_is_told_to_fetch_the_whole_history(repository: BaseRepository) -> None:
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit()
    cloned = clone(repository, "--depth", "1", "--branch", "topic")
    ((code, fix),) = codes(cloned, "origin/main")
    assert code == "base-unknown"
    assert "`fetch-depth: 0`" in fix
    repository.git("checkout", "--quiet", "main")
    repository.commit("Apart")
    cloned.git("fetch", "--quiet", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    ((code, fix),) = codes(cloned, "origin/main")
    assert code == "base-shallow"
    assert "`fetch-depth: 0`" in fix
    cloned.git("fetch", "--quiet", "--unshallow")
    assert cloned.plan(base="origin/main").code == 0


def test_without_a_repository_or_git_the_base_is_unusable(repository: BaseRepository, tmp_path: Path) -> None:
    repository.project.environ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1"
    ((code, fix),) = codes(repository, "HEAD")
    assert code == "base-unusable"
    assert fix.endswith(f"git config --global --add safe.directory {repository.top}")
    del repository.project.environ["GIT_TEST_ASSUME_DIFFERENT_OWNER"]
    repository.project.environ["PATH"] = str(tmp_path)
    assert [code for code, _ in codes(repository, "HEAD")] == ["base-unusable"]
    del repository.project.environ["PATH"]
    (repository.top / ".git").rename(tmp_path / "away")
    assert [code for code, _ in codes(repository, "HEAD")] == ["base-unusable"]


def test_before_the_first_commit_there_is_no_base(tmp_path: Path) -> None:
    repository = BaseRepository(tmp_path)
    repository.write(HELLO, SPEC)
    repository.write(PEOPLE, people(1))
    repository.write("sendspec.yaml", "environments: {}\n")
    assert [code for code, _ in codes(repository, "HEAD")] == ["base-unknown"]


def table_is_a_link(repository: BaseRepository) -> None:
    (repository.project.folder / PEOPLE).unlink()
    (repository.project.folder / PEOPLE).symlink_to("/etc/passwd")


def folder_is_a_link(repository: BaseRepository) -> None:
    (repository.project.folder / "data").rename(repository.project.folder / "lists")
    (repository.project.folder / "data").symlink_to("lists")


def spec_is_a_link(repository: BaseRepository) -> None:
    (repository.project.folder / HELLO).unlink()
    repository.write("specs/other.txt", SPEC)
    (repository.project.folder / HELLO).symlink_to("other.txt")


def table_in_lfs(repository: BaseRepository) -> None:
    repository.write(PEOPLE, f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n")


def table_ignored(repository: BaseRepository) -> None:
    repository.write(".gitignore", "data/\n")
    repository.git("rm", "--quiet", "--cached", PEOPLE)


def table_is_a_module(repository: BaseRepository) -> None:
    repository.git("rm", "--quiet", PEOPLE)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{PEOPLE}")
    repository.git("commit", "--quiet", "-m", "A submodule")


def broken_spec(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("first_name", "first_nmae"))


def broken_yaml(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("channel: sms", "channel: {sms"))


def broken_row(repository: BaseRepository) -> None:
    repository.write(PEOPLE, people(3) + "12,Zed,A9\n")


def broken_project(repository: BaseRepository) -> None:
    repository.write("sendspec.yaml", "environments: []\n")


def leads_out(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("../data/people.csv", "../../../../../etc/passwd"))


def binary(repository: BaseRepository) -> None:
    repository.write(PEOPLE, b"\x00GITCRYPT\x00" + bytes(range(256)))


def no_suppression_list(repository: BaseRepository) -> None:
    repository.replace(HELLO, ("message:", "suppress: [stop.txt]\nmessage:"))


def no_prices(repository: BaseRepository) -> None:
    repository.write("sendspec.yaml", "prices: prices.csv\nenvironments: {}\n")


UNREADABLE: list[tuple[Callable[[BaseRepository], None], str]] = [
    (table_is_a_link, "'data/people.csv' is a link in that commit"),
    (folder_is_a_link, "'data/people.csv' is not in that commit"),
    (spec_is_a_link, ""),
    (table_in_lfs, "'data/people.csv' is kept in Git LFS, and git itself has only its pointer"),
    (table_ignored, "'data/people.csv' is not in that commit"),
    (table_is_a_module, "'data/people.csv' is a submodule in that commit"),
    (broken_spec, "specs/hello.yaml:6: no recipient column is called 'first_nmae'"),
    (broken_yaml, "specs/hello.yaml:3: the mapping that begins here is not closed"),
    (broken_row, "data/people.csv:5: '••' has 2 digits"),
    (broken_project, "sendspec.yaml:1: "),
    (leads_out, "specs/hello.yaml:4: '../../../../../etc/passwd' leads out of the project"),
    (binary, "data/people.csv:1: the table is UTF-16 text"),
    (no_suppression_list, "'specs/stop.txt' is not in that commit"),
    (no_prices, "'prices.csv' is not in that commit"),
]


@pytest.mark.parametrize(("edit", "problem"), every(3, UNREADABLE), ids=lambda each: getattr(each, "__name__", ""))
def test_a_base_that_can_not_be_read_is_told_and_stops_nothing(
    repository: BaseRepository, edit: Callable[[BaseRepository], None], problem: str
) -> None:
    repository.git("checkout", "--quiet", "HEAD", ".")
    edit(repository)
    if edit is not table_is_a_module:
        repository.commit()
    repository.git("revert", "--no-edit", "HEAD")
    change = repository.change(base="HEAD~1")
    if edit is spec_is_a_link:  # no file, so no spec of the base
        assert change["kind"] == "added"
        return
    assert list(change) == ["kind", "problem"]
    assert change["kind"] == "not-compared"
    assert change["problem"].startswith(problem)
    assert "scratch" not in change["problem"]
    assert f"the base can't be compared: {problem}" in repository.plan(base="HEAD~1").out


def test_a_base_without_the_environment_is_told(repository: BaseRepository) -> None:
    channel = "{workspace: 0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01, channel: 5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01}"
    repository.write(
        "sendspec.yaml",
        "environments:\n  fresh:\n    access_key: {env: KEY}\n    ledger: {file: ledger.db}\n"
        f"    channels:\n      sms: {channel}\n",
    )
    problem = repository.change(HELLO, "--env", "fresh")["problem"]
    assert problem.startswith("sendspec.yaml has another environment there: there is no environment 'fresh'")


def _hostile(repository: BaseRepository, mark: Path) -> None:
    """Everything that git could be told to run writes a file."""
    script = repository.top.parent / "evil"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    script.chmod(0o755)
    names = ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman")
    for name in names:
        (repository.top / ".git/hooks" / name).write_bytes(script.read_bytes())
        (repository.top / ".git/hooks" / name).chmod(0o755)
    repository.write(".gitattributes", "* filter=evil diff=evil merge=evil export-ignore ident\n")
    settings = {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(repository.top / ".git/hooks"),
        "core.pager": str(script),
        "core.sshCommand": str(script),
        "core.editor": str(script),
        "core.alternateRefsCommand": str(script),
        "core.gitProxy": str(script),
        "core.untrackedCache": "true",
        "credential.helper": f"!{script}",
        "diff.external": str(script),
        "diff.evil.textconv": str(script),
        "diff.evil.command": str(script),
        "filter.evil.smudge": str(script),
        "filter.evil.clean": str(script),
        "filter.evil.process": str(script),
        "filter.evil.required": "true",
        "pager.ls-tree": str(script),
        "pager.cat-file": str(script),
        "pager.rev-parse": str(script),
        "alias.ls-tree": f"!{script}",
        "alias.cat-file": f"!{script}",
        "uploadpack.packObjectsHook": str(script),
        "gpg.program": str(script),
        "log.showSignature": "true",
    }
    for name, value in settings.items():
        repository.git("config", name, value)


def test_nothing_runs_and_nothing_is_written(repository: BaseRepository, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    repository.write("specs/bye.yaml", SPEC.replace("name: hello", "name: bye"))
    repository.commit()
    repository.replace(HELLO, ("Hello", "Dear"))
    (repository.project.folder / "specs/bye.yaml").unlink()
    _hostile(repository, mark)
    repository.write("staged.txt", "staged\n")
    mark.unlink(missing_ok=True)
    before = tree_state(repository.top)
    document = repository.document()
    assert document["specs"][0]["change"]["recipients"]["changed"] == 10
    assert document["base"]["removed"] == [{"name": "bye", "path": "specs/bye.yaml"}]
    assert not mark.exists(), mark.read_text()
    assert tree_state(repository.top) == before
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_partial_clone_fetches_nothing(repository: BaseRepository) -> None:
    repository.commit()
    cloned = clone(repository, "--filter=blob:none")
    cloned.replace(HELLO, ("Hello", "Dear"))
    (cloned.project.folder / HELLO).write_bytes((cloned.project.folder / HELLO).read_bytes())
    cloned.git("commit", "--quiet", "--all", "-m", "Dear")
    before = tree_state(cloned.top / ".git")
    done = cloned.plan(HELLO, "--format", "json", base="HEAD~2")
    assert done.code == 0
    assert done.json["specs"][0]["change"] == {
        "kind": "not-compared",
        "problem": "this clone lacks what is in 'specs/hello.yaml'",
    }
    assert tree_state(cloned.top / ".git") == before


def test_replaced_objects_are_not_looked_at(repository: BaseRepository) -> None:
    other = repository.write("other.txt", SPEC.replace("Hi", "Replaced"))
    fake = repository.git("hash-object", "-w", str(other))
    repository.git("replace", repository.git("rev-parse", f"HEAD:{HELLO}"), fake)
    assert repository.change()["texts"][0]["before"].startswith("Hi Person0")


def test_variables_of_a_hook_do_not_lead_elsewhere(repository: BaseRepository, tmp_path: Path) -> None:
    other = BaseRepository(tmp_path / "other")
    other.begin(3)
    git_dir = str(other.top / ".git")
    repository.project.environ |= {"GIT_DIR": git_dir, "GIT_WORK_TREE": str(other.top), "GIT_INDEX_FILE": "nowhere"}
    assert repository.change()["recipients"]["changed"] == 10


def test_a_linked_work_tree_has_a_base_too(repository: BaseRepository) -> None:
    linked = repository.top.parent / "linked"
    repository.git("worktree", "add", "--quiet", "--detach", str(linked))
    repository.project.folder = linked
    repository.replace(HELLO, ("Hi", "Hello"))
    assert repository.change()["recipients"]["changed"] == 10


def test_a_sparse_checkout_has_not_lost_what_it_leaves_out(repository: BaseRepository) -> None:
    repository.write("more/bye.yaml", SPEC.replace("name: hello", "name: bye"))
    repository.commit()
    repository.git("sparse-checkout", "set", "specs", "data")
    assert not (repository.top / "more").exists()
    assert repository.document()["base"]["removed"] == []


def test_names_in_gits_objects_do_not_lead_out(repository: BaseRepository, tmp_path: Path) -> None:
    blob = repository.git("hash-object", "-w", HELLO)
    hostile = ["../../escaped.yaml", "/escaped.yaml", "a/../../escaped.yaml", ".git/config", ".GIT/config", "a//b", ""]
    with base_folder(find_base("HEAD", repository.top, os.environ)) as folder:
        assert stat.S_IMODE(folder.place.stat().st_mode) == 0o700
        for name in hostile:
            with pytest.raises(NotInBase):
                folder.bring(name)
        folder.bring(HELLO)
        assert [str(path.relative_to(folder.place)) for path in folder.place.rglob("*") if path.is_file()] == [HELLO]
        place = folder.place
    assert not place.exists()
    assert blob


def test_the_folder_is_gone_after_an_interrupt(repository: BaseRepository) -> None:
    places: list[Path] = []

    def interrupted() -> None:
        with base_folder(find_base("HEAD", repository.top, os.environ)) as folder:
            folder.bring(PEOPLE)
            places.append(folder.place)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not places[0].exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_folder_is_gone_after_a_signal_that_ends_the_process(
    repository: BaseRepository, number: signal.Signals
) -> None:
    code = f"""if True:
        import os
        from pathlib import Path
        from sendspec.operations.base_commit import find_base
        from sendspec.operations.base_files import base_folder
        from sendspec.operations.ending_signal import ending_on_signals
        with ending_on_signals():
            with base_folder(find_base("HEAD", Path({str(repository.top)!r}), os.environ)) as folder:
                folder.bring({PEOPLE!r})
                print(folder.place, flush=True)
                os.kill(os.getpid(), {int(number)})
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -number, done.stderr
    assert done.stdout
    assert not Path(done.stdout.strip()).exists()
