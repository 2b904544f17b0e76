"""What is installed works: from the wheel, from the wheel made of the sdist, and editable, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

PROBE = """
import json, sendspec
from sendspec.reading.schema.validator import load_schema
schema = load_schema("message")
good = {"receiver": {"contacts": [{"identifierValue": "+31612345678"}]}, "body": {"type": "text", "text": {"text": "Hi"}}}
print(json.dumps({"where": sendspec.__file__, "accepts": schema.accepts(good), "refuses": not schema.accepts({})}))
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the sdist, as an index would serve it."""
    checkout = Path(__file__).resolve().parent.parent
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, checkout, cwd=out)
    return next(out.glob("*.whl"))


def environment_with(package: str | Path, folder: Path, *options: str) -> Path:
    """A virtual environment that sees this one's libraries, and `package` installed without them."""
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in [libraries]), encoding="utf-8")
    run(
        sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", folder / "bin" / "python",
        "install", "--no-deps", "--no-build-isolation", "--ignore-installed", *options, package, cwd=folder,
    )  # fmt: skip
    return folder / "bin"


def test_a_wheel_holds_the_package_and_the_schemas_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "sendspec/schemas/message.schema.json" in names
    assert "sendspec/cli/main.py" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sendspec"}


def test_the_wheel_finds_its_schemas_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    binaries = environment_with(wheel, tmp_path / "venv")
    answer = run(binaries / "python", "-c", PROBE, cwd=tmp_path)
    assert '"accepts": true' in answer
    assert '"refuses": true' in answer
    assert str(tmp_path / "venv") in answer
    assert run(binaries / "sendspec", "--version", cwd=tmp_path).startswith("sendspec ")


def test_the_editable_install_runs_the_checkout(checkout: Path, tmp_path: Path) -> None:
    binaries = environment_with(checkout, tmp_path / "venv", "--editable")
    answer = run(binaries / "python", "-c", PROBE, cwd=tmp_path)
    assert '"accepts": true' in answer
    assert str(checkout / "runner" / "sendspec") in answer
