"""What is installed works: from a wheel that was built from the sdist, and editable, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from long_rows import long
from oracles import IN_CI

pytestmark = pytest.mark.process

PROBE = """
import json, sendspec
from importlib.resources import files
from sendspec.reading.schema.validator import load_schema
schema = load_schema("message")
good = {"receiver": {"contacts": [{"identifierValue": "+31612345678"}]}, "body": {"type": "text", "text": {"text": "Hi"}}}
print(json.dumps({
    "where": sendspec.__file__, "accepts": schema.accepts(good), "refuses": not schema.accepts({}),
    "typed": (files("sendspec") / "py.typed").is_file(),
}))
"""


def run(*arguments: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist, and a wheel built from it, as an index would serve them."""
    checkout = Path(__file__).resolve().parent.parent
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, checkout, cwd=out)
    return out


@pytest.fixture(scope="module", params=[pytest.param(kind, marks=long) for kind in ("wheel", "editable")])
def installed(request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment where the package is installed."""
    folder = tmp_path_factory.mktemp(request.param) / "venv"
    if request.param == "wheel":
        return environment_with(next(built.glob("*.whl")), folder)
    return environment_with(Path(__file__).resolve().parent.parent, folder, "--editable")


def environment_with(package: Path, folder: Path, *options: str) -> Path:
    """A virtual environment that sees this one's libraries, and `package` installed without them."""
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    run(
        sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", folder / "bin" / "python",
        "install", "--no-deps", "--no-build-isolation", "--ignore-installed", *options, package, cwd=folder,
    )  # fmt: skip
    return folder / "bin"


def test_a_wheel_holds_the_package_and_the_schemas_and_nothing_else(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    ours = {
        "sendspec/schemas/message.schema.json", "sendspec/topics/spec.md", "sendspec/cli/main.py", "sendspec/py.typed",
    }  # fmt: skip
    assert ours <= set(names)
    assert [name for name in names if name.endswith((".png", ".svg"))] == []
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sendspec"}


def test_an_sdist_holds_every_file_of_the_repository_and_none_that_git_ignores(built: Path, checkout: Path) -> None:
    if not (checkout / ".git").exists():
        (pytest.fail if IN_CI else pytest.skip)("this is not a clone, so git cannot list the files")
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    tracked = listed(checkout, "--cached")
    assert tracked - names == set()
    assert names - {"PKG-INFO"} - tracked - listed(checkout, "--others", "--exclude-standard") == set()


def listed(checkout: Path, *options: str) -> set[str]:
    """Paths of files that are there, as git lists them."""
    names = run("git", "ls-files", "-z", *options, cwd=checkout).split("\0")
    return {name for name in names if name and (checkout / name).is_file()}


def test_an_installed_package_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    answer = json.loads(run(installed / "python", "-c", PROBE, cwd=tmp_path))
    assert (answer["accepts"], answer["refuses"], answer["typed"]) == (True, True, True)
    is_editable = "editable" in str(installed)
    where = Path(__file__).resolve().parent.parent / "runner" if is_editable else installed.parent
    assert Path(answer["where"]).is_relative_to(where)
    version = run(installed / "sendspec", "--version", cwd=tmp_path)
    assert version.startswith("sendspec ")
    assert run(installed / "python", "-m", "sendspec", "--version", cwd=tmp_path) == version
    assert run(installed / "sendspec", "help", "exit-codes", cwd=tmp_path).startswith("Exit codes\n")
    assert "complete -F _sendspec sendspec" in run(installed / "sendspec", "completion", "bash", cwd=tmp_path)


def test_foreign_files_with_the_names_of_ours_do_no_harm(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "runner.py").write_text("raise RuntimeError('a foreign module')\n", encoding="utf-8")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "message.schema.json").write_text("false", encoding="utf-8")
    spec = (
        'spec: 1\nname: hello\nchannel: sms\nrecipients:\n  - {phone: "+447700900001"}\n'
        "message:\n  body: {type: text, text: {text: Hi}}\n"
    )
    (tmp_path / "hello.yaml").write_text(spec, encoding="utf-8")
    for command in ([installed / "sendspec"], [installed / "python", "-m", "sendspec"]):
        assert run(*command, "validate", "hello.yaml", cwd=tmp_path) == "hello.yaml: ok, 1 message for 1 recipient\n"
