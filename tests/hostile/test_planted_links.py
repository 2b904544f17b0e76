"""A checkout in which somebody planted links: nothing outside of it is read, quoted or changed, and nothing hangs.

Git stores symbolic links, and archives store the rest. Each test plants one kind of thing at one place that a project has, runs every
command over it, and compares a folder outside before and after.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from long_rows import all_but
from processes import until
from project_dir import CHANNEL, WORKSPACE, Done, ProjectDir

CANARY = "outside-4c1d2e7f"
OUTSIDE_TEXT = f"""spec: {CANARY}
{CANARY},{CANARY}
{{"{CANARY}": "{CANARY}"}}
"""
PROJECT = f"""environments:
  test:
    api_url: http://127.0.0.1:9
    access_key: {{env: TEST_KEY}}
    ledger: {{file: .sendspec/test.db}}
    suppress: [lists/stop.txt]
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, timeout: 2}}
"""
SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: ../data/people.csv}
suppress: [../lists/stop.txt]
message:
  body: {type: text, text: {text: "Hi {{ first_name }}"}}
examples:
  - with: {phone: "+447700900001", first_name: Ada}
    expect: {text: "Hi Ada"}
"""
SPEC_PATH = "specs/hello.yaml"
READING = (
    ("validate", SPEC_PATH), ("plan", SPEC_PATH, "--env", "test"), ("render", SPEC_PATH), ("test", SPEC_PATH), ("status", SPEC_PATH),
    ("send", SPEC_PATH, "--yes"), ("doctor",), ("init",),
)  # fmt: skip
LEDGER = (
    ("validate", SPEC_PATH, "--env", "test"), ("plan", SPEC_PATH, "--env", "test"), ("status", "--env", "test"),
    ("doctor", "--env", "test"), ("ledger", "check", "--env", "test"), ("ledger", "export", "--env", "test"),
    ("send", SPEC_PATH, "--env", "test", "--yes"), ("ledger", "init", "--env", "test", "--empty"),
)  # fmt: skip
SANDBOX = (
    ("plan", SPEC_PATH), ("status",), ("ledger", "check"), ("send", SPEC_PATH, "--yes"), ("ledger", "purge", "--older-than", "9d"),
    ("ledger", "init"),
)  # fmt: skip
OUTPUT = (
    ("init",),
    ("init", "--example", "mms"),
    ("plan", SPEC_PATH, "--out", "plan.json"),
    ("send", "--plan", "plan.json", "--yes"),
)
EVERY_KIND = ("file", "folder", "dangling", "loop", "hard", "zero", "environ", "fifo")
SOME = ("file", "dangling", "hard", "fifo")
BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")
BESIDE_A_LEDGER = (".lock", ".epoch", ".spill")
PLACES: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]] = {
    **dict.fromkeys(("sendspec.yaml", SPEC_PATH, "data/people.csv", "specs"), (READING, EVERY_KIND)),
    **dict.fromkeys(("data", "lists", "lists/stop.txt"), (READING, ("file", "folder", "zero", "fifo"))),
    ".sendspec": (READING + LEDGER + SANDBOX, ("folder", "dangling", "fifo")),
    ".sendspec/tmp": (OUTPUT + SANDBOX, ("file", "folder", "dangling", "fifo")),
    "sendspec.lock": (LEDGER, EVERY_KIND),
    **dict.fromkeys(("plan.json", ".gitignore", ".sendspec/.gitignore"), (OUTPUT, SOME)),
    "schemas/spec.schema.json": (OUTPUT, EVERY_KIND),
    ".sendspec/sandbox.identity": (SANDBOX, EVERY_KIND),
    ".sendspec/test.db": (LEDGER, (*SOME, "loop", "zero")),
    **dict.fromkeys((f".sendspec/test.db{end}" for end in BESIDE_A_DATABASE + BESIDE_A_LEDGER), (LEDGER, SOME)),
    **dict.fromkeys((".sendspec/sandbox.db", ".sendspec/sandbox-api.db"), (SANDBOX, (*SOME, "loop", "zero"))),
    **dict.fromkeys((f".sendspec/sandbox.db{end}" for end in BESIDE_A_DATABASE + BESIDE_A_LEDGER), (SANDBOX, SOME)),
    **dict.fromkeys((f".sendspec/sandbox-api.db{end}" for end in BESIDE_A_DATABASE), (SANDBOX, SOME)),
}
"""Each place with the commands that have to do with it, and what is planted there."""
SECONDS = 20
"""Far more than any command takes; who waits for the other end of a pipe waits for ever."""


@dataclass(frozen=True)
class Outside:
    """A folder that is no part of the project."""

    folder: Path

    def state(self) -> dict[str, str]:
        """Every file and folder with what it is, and a hash of what is in it."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            digest = hashlib.sha256(content).hexdigest()
            found[str(path.relative_to(self.folder))] = f"{status.st_mode:o} {status.st_size} {digest}"
        return found


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Outside:
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret").write_text(OUTSIDE_TEXT)
    (folder / "secret").chmod(0o600)
    (folder / "folder").mkdir()
    for name in ("hello.yaml", "people.csv", "stop.txt", "sendspec.yaml", "test.db", "sandbox.db"):
        (folder / "folder" / name).write_text(OUTSIDE_TEXT)
    return Outside(folder)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a project that has sent to the sandbox, and a ledger of its own."""
    project_dir = ProjectDir(tmp_path_factory.mktemp("original"))
    project_dir.write("sendspec.yaml", PROJECT)
    project_dir.write(SPEC_PATH, SPEC)
    project_dir.write("data/people.csv", "phone,first_name\n+447700900001,Ada\n+447700900002,Bo\n")
    project_dir.write("lists/stop.txt", "+447700900002\n")
    project_dir.write(".git/config", f"[core]\n\t{CANARY} = true\n")
    assert project_dir.run("ledger", "init", "--env", "test", "--empty").code == 0
    done = project_dir.run("send", SPEC_PATH, "--yes")
    assert done.code == 0, done.err
    return project_dir.folder


@pytest.fixture
def checkout(original: Path, tmp_path: Path) -> ProjectDir:
    return checked_out(original, tmp_path / "checkout")


def checked_out(original: Path, folder: Path) -> ProjectDir:
    """A copy of its own."""
    shutil.copytree(original, folder)
    project_dir = ProjectDir(folder)
    project_dir.environ["TEST_KEY"] = "k" * 20
    return project_dir


Plant = Callable[[Path, Outside], None]


def linked(target: str) -> Plant:
    return lambda place, outside: place.symlink_to(outside.folder / target)


PLANTED: dict[str, Plant] = {
    "file": linked("secret"),
    "folder": linked("folder"),
    "dangling": linked("new"),
    "loop": lambda place, outside: place.symlink_to(place.name),
    "hard": lambda place, outside: os.link(outside.folder / "secret", place),
    "zero": lambda place, outside: place.symlink_to("/dev/zero"),
    "environ": lambda place, outside: place.symlink_to("/proc/self/environ"),
    "fifo": lambda place, outside: os.mkfifo(place),
}


def planted(project_dir: ProjectDir, name: str, kind: str, outside: Outside) -> None:
    place = project_dir.folder / name
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    PLANTED[kind](place, outside)


def quotes(done: Done) -> bool:
    return CANARY in done.out + done.err or "PATH=" in done.out + done.err


def sandbox_ended(project_dir: ProjectDir) -> None:
    """Starts the sandbox, and stops it once it listens or has given up."""
    process = project_dir.started("sandbox", "--port", "0")
    until(lambda: bool(process.output()) or process.poll() is not None, SECONDS)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in err, err


FEW = (
    SPEC_PATH,
    "data/people.csv",
    "sendspec.lock",
    "plan.json",
    ".sendspec/test.db",
    ".sendspec/sandbox-api.db-wal",
)


@pytest.mark.parametrize("place", all_but(FEW, PLACES))
def test_nothing_outside_is_changed_or_quoted(original: Path, outside: Outside, tmp_path: Path, place: str) -> None:
    commands, kinds = PLACES[place]
    before = outside.state()
    for kind in kinds:
        project_dir = checked_out(original, tmp_path / kind)
        planted(project_dir, place, kind, outside)
        for command in commands:
            done = project_dir.run(*command, timeout=SECONDS)
            assert done.code != 70, (kind, command, done.err)
            assert kind == "hard" or not quotes(done), (kind, command, done.out, done.err)
            assert outside.state() == before, (kind, command)
        if "sandbox-api" in place and kind in SOME:
            sandbox_ended(project_dir)
            assert outside.state() == before, kind


@pytest.mark.parametrize(
    "place", [".sendspec", "schemas", "schemas/spec.schema.json", ".sendspec/.gitignore", ".github", ".github/workflows", "specs", "data",
              ".gitignore", "new"],
)  # fmt: skip
def test_a_project_is_not_scaffolded_through_a_link(project_dir: ProjectDir, outside: Outside, place: str) -> None:
    before = outside.state()
    for kind in ("file", "folder", "dangling", "loop", "hard", "fifo"):
        here = ProjectDir(project_dir.folder / kind)
        here.write(".git/config", "")
        (here.folder / place).parent.mkdir(parents=True, exist_ok=True)
        PLANTED[kind](here.folder / place, outside)
        done = here.run("init", "new" if place == "new" else ".", timeout=SECONDS)
        assert done.code in (0, 1, 2), (kind, done.err)
        assert outside.state() == before, kind
        assert not quotes(done)


def test_a_project_may_be_reached_by_links_above_it(checkout: ProjectDir, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(checkout.folder)
    (tmp_path / "shorter").symlink_to(checkout.folder / "specs")
    elsewhere = ProjectDir(tmp_path)
    elsewhere.environ = checkout.environ
    for path in (
        "short/specs/hello.yaml",
        "shorter/hello.yaml",
        "shorter/../specs/hello.yaml",
        str(tmp_path / "short" / SPEC_PATH),
    ):
        for command in (("validate", path), ("plan", path, "--env", "test"), ("test", path)):
            done = elsewhere.run(*command)
            assert done.code == 0, (command, done.err)
    assert elsewhere.run("plan", "short/specs/hello.yaml", "--out", "short/plan.json").code == 0


def test_links_inside_a_project_to_what_is_inside_are_fine(checkout: ProjectDir) -> None:
    for name, target in (("specs/now.yaml", "hello.yaml"), ("lists/old", "../data"), ("plans.json", "data/plan.json")):
        (checkout.folder / name).symlink_to(target)
    assert checkout.run("validate", "specs/now.yaml").code == 0
    checkout.write(SPEC_PATH, SPEC.replace("../data/people.csv", "../lists/old/people.csv"))
    assert checkout.run("plan", SPEC_PATH, "--out", "plans.json").code == 0
    assert (checkout.folder / "data/plan.json").is_file()


def test_a_link_to_another_project_is_no_way_out_either(checkout: ProjectDir, original: Path) -> None:
    (checkout.folder / "others").symlink_to(original)
    for name in ("others/specs/hello.yaml", "others/specs/../specs/hello.yaml"):
        done = checkout.run("validate", name)
        assert done.code == 1
        assert "[outside-project]" in done.err


@pytest.mark.parametrize("path", [".git/config", "specs/../.git/config", ".GIT/config"])
def test_gits_own_files_are_neither_specs_nor_tables_nor_lists(checkout: ProjectDir, path: str) -> None:
    for spelled in (".git", ".GIT"):
        checkout.write(f"{spelled}/people.csv", f"phone,first_name\n{CANARY},{CANARY}\n")
        checkout.write(f"{spelled}/config", f"{CANARY}\n")
    found = [
        checkout.run("validate", path),
        checkout.run("plan", SPEC_PATH, "--recipients", path.replace("config", "people.csv")),
    ]
    checkout.write(SPEC_PATH, SPEC.replace("../data/people.csv", f"../{path}").replace("config", "people.csv"))
    found.append(checkout.run("validate", SPEC_PATH))
    checkout.write(SPEC_PATH, SPEC.replace("../lists/stop.txt", f"../{path}"))
    found.append(checkout.run("validate", SPEC_PATH))
    for done in found:
        assert done.code == 1, done
        assert "[outside-project]" in done.err
        assert CANARY not in done.out + done.err


def test_a_table_on_standard_input_needs_no_file(checkout: ProjectDir) -> None:
    people = "phone,first_name\n+447700900009,Cy\n"
    assert checkout.run("plan", SPEC_PATH, "--recipients", "-", stdin=people).code == 0


@pytest.mark.parametrize(
    "name",
    all_but(
        [SPEC_PATH, ".sendspec/test.db.epoch"],
        ["sendspec.yaml", SPEC_PATH, "sendspec.lock", ".sendspec/test.db.epoch", ".sendspec/test.db.spill"],
    ),
)
def test_a_file_is_never_read_further_than_it_may_be_long(checkout: ProjectDir, name: str) -> None:
    """Sparse, so that it costs nothing here; read to its end it would take 40 GB."""
    (checkout.folder / name).touch()
    os.truncate(checkout.folder / name, 40_000_000_000)
    for command in LEDGER:
        assert checkout.run(*command, timeout=SECONDS).code in (0, 1, 3, 6), command  # 3: no API listens
