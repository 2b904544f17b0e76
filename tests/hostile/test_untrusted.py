"""`--untrusted` over repositories that somebody hostile wrote: nothing outside is read, run, reached or left, and it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hostile_repository import (
    CANARY,
    PEOPLE,
    TRICKS,
    Repository,
    new_repository,
    project_file,
    promise_objects,
    replace_in_work_tree,
    trust_nothing,
)
from json_documents import only
from long_rows import all_but
from project_dir import Done, ProjectDir

FINE = [trick for trick in TRICKS if trick.code is None]
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Nothing of the kind is ever printed, but line ends."""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies are made in a folder of the test's own, so that it sees what is left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("SECRET", CANARY)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "repository")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """All tricks together. `run` shows that no test changes them."""
    repository = new_repository(tmp_path_factory.mktemp("hostile") / "repository")
    for trick in TRICKS:
        trick.plant(repository)
        if not (repository.folder / trick.path).is_symlink():
            whole = trick.whole
            repository.write(trick.path, trick.spec() if whole is None else whole(repository.folder))
    repository.git("add", "--all", "--force", ".")
    for trick in TRICKS:
        if trick.name == "submodule":  # `git add` took it for a folder that is gone
            trick.plant(repository)
    repository.git("commit", "--quiet", "-m", "Trust me")
    replace_in_work_tree(repository)
    trust_nothing(repository)
    return repository


def run(repository: Repository, *arguments: str) -> Done:
    """Runs the command, and checks what holds whatever the repository tries."""
    folder = ProjectDir(repository.folder)
    before = _state(repository)
    done = folder.run(*arguments)
    assert _state(repository) == before
    assert not repository.mark.exists()
    assert list(Path(os.environ["TMPDIR"]).iterdir()) == []
    assert CANARY not in done.out + done.err
    if "json" not in arguments:
        assert RAW.findall(done.out + done.err) == []
    return done


def _state(repository: Repository) -> list[tuple[str, int, str]]:
    """Every file of the repository with its size; of small ones their content as well."""
    found = []
    for folder, _, names in os.walk(repository.folder):
        for name in names:
            path = Path(folder, name)
            size = path.lstat().st_size
            plain = path.is_file() and not path.is_symlink() and size < 10_000_000
            found.append((str(path), size, hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""))
    return sorted(found)


def test_what_every_trick_tries_is_refused_or_comes_to_nothing(hostile: Repository) -> None:
    """The table is `hostile_repository.TRICKS`."""
    assert len({trick.name for trick in TRICKS}) >= 20
    done = run(hostile, "validate", *(f"./{trick.path}" for trick in TRICKS), "--untrusted", "--format", "json")
    assert done.code == 1, done.err
    found = done.json["diagnostics"]
    for trick in TRICKS:
        places = {trick.path, f"specs/{trick.table}"} if trick.table != "../data/people.csv" else {trick.path}
        errors = {each["code"] for each in found if each["path"] in places and each["severity"] == "error"}
        assert (trick.code in errors) if trick.code else not errors, (trick.name, trick.tries, errors)
        said = [each["problem"] for each in found if each["path"] in places]
        if trick.code:
            assert any(trick.says in problem for problem in said), (trick.name, said)


@pytest.mark.parametrize("form", all_but(["text"], ["text", "github"]))
def test_no_form_of_the_report_acts_on_its_reader(hostile: Repository, form: str) -> None:
    specs = [f"./{trick.path}" for trick in TRICKS if trick.name != "many-errors"]
    done = run(hostile, "validate", *specs, "--untrusted", "--format", form)
    assert done.code == 1
    commands = [line for line in (done.out + done.err).splitlines() if line.lstrip().startswith("::")]
    assert all(re.match(r"::(error|warning) (file=[^,:]+,line=\d+|title=sendspec::and \d)", line) for line in commands)
    assert bool(commands) == (form == "github")


def test_what_is_fine_is_planned(hostile: Repository) -> None:
    paths = [f"./{trick.path}" for trick in FINE]
    done = run(hostile, "plan", *paths, "--untrusted", "--detail")
    assert done.code == 0, done.err
    for trick in FINE:
        assert trick.says in done.out, trick.name
    assert "Hi ⟨first_name⟩" in done.out
    assert "can't tell what was sent before" in done.err
    absent = [trick for trick in FINE if trick.says]
    plan = only(run(hostile, "plan", *paths, "--untrusted", "--format", "json").out, "plan")
    assert len(plan["untrusted"]["absent"]) == len(absent)
    assert plan["totals"] == {
        "recipients": 2 * len(FINE) - 2 * len(absent),
        "send": 2 * len(FINE) - 2 * len(absent),
        "skip": 0,
    }


def test_an_object_that_would_be_fetched_is_not(repository: Repository) -> None:
    repository.write("hello.yaml", TRICKS[0].spec())
    repository.commit()
    trust_nothing(repository)
    promise_objects(repository, "data/people.csv")
    done = run(repository, "validate", "hello.yaml", "--untrusted")
    assert done.code == 1
    assert "[untrusted-repository]" in done.err


def test_modules_in_the_repository_are_not_loaded(repository: Repository) -> None:
    """The process of the command is as isolated as a console script; its child is, whatever the environment says."""
    for name in ("jinja2", "sendspec", "sitecustomize", "usercustomize", "click", "json", "orjson", "encodings"):
        repository.write(f"{name}.py", f"open({str(repository.mark)!r}, 'w')\n")
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    loud = {"PYTHONPATH": str(repository.folder), "PYTHONSTARTUP": "json.py", "PYTHONHOME": str(repository.folder)}
    done = subprocess.run(
        [sys.executable, "-I", "-m", "sendspec", "validate", "hello.yaml", "--untrusted"],
        cwd=repository.folder, env={**os.environ, **loud}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not repository.mark.exists()


PLAIN = """spec: 1
name: hello
channel: sms
recipients: {file: data/people.csv}
message: {body: {type: text, text: {text: "Hi {{ first_name }}"}}}
"""


@pytest.mark.parametrize("name", all_but(["sendspec.lock"], ["sendspec.yaml", "sendspec.lock", "data/prices.csv"]))
def test_a_link_in_place_of_a_projects_file_is_refused(repository: Repository, name: str) -> None:
    repository.write("sendspec.yaml", project_file(repository.mark, "prices: data/prices.csv\n"))
    (repository.folder / name).unlink(missing_ok=True)
    repository.link(name, repository.outside / "spec.yaml")
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    done = run(repository, "plan", "hello.yaml", "--untrusted")
    assert done.code == 1
    assert "[untrusted-left-out]" in done.err


def test_a_price_without_end_is_refused(repository: Repository) -> None:
    repository.write("sendspec.yaml", project_file(repository.mark, "prices: data/prices.csv\n"))
    repository.write(
        "data/prices.csv", "country,segment,currency\nGB,9e999999999,GBP\nNL,0." + "1" * 100_000 + ",EUR\n"
    )
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    done = run(repository, "plan", "hello.yaml", "--untrusted", "--format", "json")
    assert done.code == 1
    assert {each["path"] for each in done.json["diagnostics"]} == {"data/prices.csv"}


@pytest.mark.parametrize(("numbers", "keys"), all_but([(200, 1_100)], [(200, 1_100), (10_000, 4_900)]))
def test_thousands_of_errors_are_counted_and_few_are_printed(repository: Repository, numbers: int, keys: int) -> None:
    rows = "".join(f"+44770090{n:04d}x,Ada\n" for n in range(numbers))
    repository.write("data/people.csv", "phone,first_name\n" + rows)
    many = "spec: 1\nname: many\n" + "".join(f"key{n}: 1\n" for n in range(keys))
    repository.write("many.yaml", many)
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    done = run(repository, "validate", "hello.yaml", "many.yaml", "--untrusted")
    assert done.code == 1
    assert "and 984 more; --format json lists up to 1,000\n\n1 004 errors in 2 files\n" in done.err
    assert f"fix {numbers:_} numbers".replace("_", " ") in done.err
    assert len(done.err) < 20_000


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", all_but([signal.SIGTERM], SIGNALS))
def test_a_signal_leaves_no_process_and_no_file(repository: Repository, number: signal.Signals) -> None:
    repository.write("data/people.csv", "phone,first_name\n" + "1,x\n" * 2_000_000)
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    temporary = Path(os.environ["TMPDIR"])
    command = [sys.executable, "-I", "-m", "sendspec", "validate", "hello.yaml", "--untrusted"]
    with subprocess.Popen(command, cwd=repository.folder, stderr=subprocess.PIPE) as started:
        child = _child_at_work(started.pid)
        started.send_signal(number)
        started.communicate(timeout=30)
    assert started.returncode in (130, -number)
    assert not _is_alive(child)
    assert list(temporary.iterdir()) == []


def test_a_child_has_nothing_and_does_not_outlive_a_parent_that_is_killed(repository: Repository) -> None:
    repository.write("data/people.csv", "phone,first_name\n" + "1,x\n" * 2_000_000)
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    kept = os.open(repository.outside / "people.csv", os.O_RDONLY)
    os.set_inheritable(kept, True)
    command = [sys.executable, "-I", "-m", "sendspec", "validate", "hello.yaml", "--untrusted"]
    with subprocess.Popen(command, cwd=repository.folder, stderr=subprocess.PIPE, close_fds=False) as started:
        try:
            child = _child_at_work(started.pid)
            _check_that_it_has_nothing(Path(f"/proc/{child}"))
        finally:
            started.kill()
    os.close(kept)
    _wait_until(lambda: not _is_alive(child))


def _check_that_it_has_nothing(about: Path) -> None:
    assert (about / "environ").read_text() == "LC_ALL=C.UTF-8\0PYTHONUTF8=1\0"
    assert (about / "cmdline").read_text().split("\0")[1:3] == ["-I", "-B"]
    assert os.getsid(int(about.name)) == int(about.name)
    opened = [target for link in (about / "fd").iterdir() if (target := _target(link))]
    opened = [target for target in opened if ".so" not in target]  # a library that it loads at this moment
    copied = [each for each in opened if each.startswith(os.environ["TMPDIR"])]
    assert {each.partition(":")[0] for each in opened if each not in copied} == {"/dev/null", "pipe"}
    assert all(each.endswith("/checkout/data/people.csv") for each in copied)
    limits = (about / "limits").read_text()
    assert re.search(r"Max cpu time\s+240\s", limits)
    assert re.search(r"Max address space\s+2000000000\s", limits)
    assert re.search(r"Max core file size\s+0\s", limits)
    _wait_until(lambda: re.search(r"Max processes\s+0\s", (about / "limits").read_text()))


def _child_at_work(parent: int) -> int:
    """The child of a process, once it has taken everything away from itself: its limits are the last thing but one."""
    found: list[int] = []

    def is_fenced() -> bool:
        found[:] = [int(each) for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        return any(re.search(r"Max file size\s+0\s", _read(Path(f"/proc/{each}/limits"))) for each in found)

    _wait_until(is_fenced)
    (child,) = found
    return child


def _target(link: Path) -> str:
    """What a descriptor is; empty for one that was closed meanwhile."""
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _wait_until(holds: object) -> None:
    end = time.monotonic() + 30
    assert callable(holds)
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "arguments",
    [
        ("--recipients", "x.csv"),
        ("--out", "plan.json"),
        ("--out", "p", "--with-samples"),
        ("--retry", "refused"),
        ("--only", "drift"),
    ],
)
def test_what_a_plan_without_a_ledger_can_t_do_is_wrong_usage(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    done = run(repository, "plan", "hello.yaml", "--untrusted", *arguments)
    assert done.code == 2
    assert "--untrusted" in done.err


def test_rejects_are_not_written(repository: Repository) -> None:
    done = run(repository, "validate", "hello.yaml", "--untrusted", "--rejects", "r.csv")
    assert done.code == 2
    assert "--untrusted" in done.err


def test_a_spec_that_git_does_not_track_is_told_apart(repository: Repository) -> None:
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    repository.write("new.yaml", PLAIN)
    repository.write("hello.yaml", PLAIN.replace("Hi", "{{ broken"))
    done = run(repository, "validate", "new.yaml", "hello.yaml", "--untrusted")
    assert done.code == 1
    assert done.err.count("[untrusted-untracked]") == 1
    assert "hello.yaml is not what git tracks" in done.err
    outside = run(repository, "validate", "../outside/spec.yaml", "--untrusted")
    assert outside.code == 1
    assert "[untrusted-untracked]" in outside.err


def test_a_failure_is_a_report_in_every_form(repository: Repository) -> None:
    done = run(repository, "validate", "../outside/spec.yaml", "--untrusted", "--format", "github")
    assert done.code == 1
    assert done.out.startswith("::error file=")
    done = run(repository, "plan", "../outside/spec.yaml", "--untrusted", "--format", "json")
    assert json.loads(done.out)["diagnostics"][0]["code"] == "untrusted-untracked"


PLACES_OF_INNER = [
    ("projects/inner", "specs/hello.yaml"), ("projects", "inner/specs/hello.yaml"), ("other", "../projects/inner/specs/hello.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("folder", "spec"), all_but([PLACES_OF_INNER[-1]], PLACES_OF_INNER))
def test_a_project_in_a_folder_is_checked_from_anywhere_in_the_repository(
    repository: Repository, folder: str, spec: str
) -> None:
    """Two projects, one in the folder of the other, and the working directory in a folder that git doesn't know."""
    inner = project_file(repository.mark).replace("{sms:", "{inner:")
    repository.write("projects/inner/sendspec.yaml", inner)
    repository.write("projects/inner/specs/hello.yaml", PLAIN.replace("data/", "../data/").replace("sms\n", "inner\n"))
    repository.write("projects/inner/data/people.csv", PEOPLE)
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    (repository.folder / folder).mkdir(exist_ok=True)
    done = ProjectDir(repository.folder / folder).run("validate", spec, "--untrusted")
    assert done.code == 0, done.err
    assert done.out == f"{spec}: ok, 2 messages for 2 recipients\n"
    both = run(repository, "validate", "hello.yaml", "projects/inner/specs/hello.yaml", "--untrusted")
    assert "[other-project]" in both.err


def test_the_copy_of_a_check_that_was_killed_is_removed_by_the_next_one(repository: Repository) -> None:
    repository.write("data/people.csv", "phone,first_name\n" + "1,x\n" * 2_000_000)
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    command = [sys.executable, "-I", "-m", "sendspec", "validate", "hello.yaml", "--untrusted"]
    with subprocess.Popen(command, cwd=repository.folder, stderr=subprocess.DEVNULL) as started:
        child = _child_at_work(started.pid)
        assert ProjectDir(repository.folder).run("validate", "nosuch.yaml", "--untrusted").code == 1
        assert len(list(Path(os.environ["TMPDIR"]).iterdir())) == 1  # one in use stays
        started.kill()
    _wait_until(lambda: not _is_alive(child))
    assert len(list(Path(os.environ["TMPDIR"]).iterdir())) == 1
    run(repository, "validate", "nosuch.yaml", "--untrusted")


@pytest.mark.parametrize("place", [".", "data", ".git"])
def test_a_temporary_folder_inside_of_the_repository_is_refused(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    monkeypatch.setenv("TMPDIR", str(repository.folder / place))
    before = _state(repository)
    done = ProjectDir(repository.folder).run("validate", "hello.yaml", "--untrusted")
    assert done.code == 1
    assert "[untrusted-files]" in done.err
    assert "set TMPDIR" in done.err
    assert _state(repository) == before


@pytest.mark.parametrize("option", all_but(["--untrusted"], ["--untrusted", "--base=HEAD"]))
def test_where_no_file_can_be_written_it_is_said(repository: Repository, option: str) -> None:
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 0; "$@" 2>&1 | cat; exit ${PIPESTATUS[0]}', "bash", sys.executable, "-I", "-m", "sendspec", "plan", "hello.yaml", option,
         "--env", "sandbox"], cwd=repository.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stdout) == (1, False)
    assert "can't be written" in done.stdout or "can be written" in done.stdout


def test_without_an_entry_in_the_lock_file_it_is_said_that_nothing_can_be_compared(repository: Repository) -> None:
    repository.write("hello.yaml", PLAIN)
    repository.commit()
    note = "note: sendspec.lock has nothing of test: "
    assert note in run(repository, "plan", "hello.yaml", "--untrusted").err
    assert note not in run(repository, "plan", "hello.yaml", "--untrusted", "--env", "sandbox").err
