"""What is measured with: a project with one spec, its tables, the bodies that its messages have, a folder for mailmerge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SCHEMA = CHECKOUT / "schemas" / "message.schema.json"
COLUMNS = ("phone", "first_name", "order_id", "day", "tag", "ttl", "email")
NAMES = ("Robert", "Anna", "Zoë", "Joaquin", "Margaret", "Li", "Guillermo", "Ada")
"""One in eight texts is UCS-2, because of ë."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
TEXT = "Hi {{ first_name }}, your Acme order {{ order_id }} arrives on {{ day }} between 9:00 and 17:00."
SPEC = f"""spec: 1
name: order-shipped
channel: sms
recipients: {{file: few.csv}}
message:
  body: {{type: text, text: {{text: "{TEXT}"}}}}
  tags: ["{{{{ tag }}}}"]
  validity: "{{{{ ttl | int }}}}"
"""
WORKSPACE, CHANNEL = "0b0e5c1a-7c1f-4b0e-9d3c-2f7f1c6f8a01", "5d9a1c0e-3f55-4c39-8b1e-6a0c2f9e7b01"
PATH = f"/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"
CHANNELS = {"sms": CHANNEL, "email": f"{CHANNEL[:-1]}2", "whatsapp": f"{CHANNEL[:-1]}3", "rcs": f"{CHANNEL[:-1]}4"}
"""By platform, which is also the name of its channel."""
FAST, PACED = "fast", "paced"
PACE = 500
MAILMERGE_CONFIGURATION = "[smtp_server]\nhost = 127.0.0.1\nport = 25\n"
MAILMERGE_HEAD = "TO: {{ email }}\nSUBJECT: Order {{ order_id }} {{ tag }} {{ ttl }}\nFROM: shop@acme.example\n\n"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with the spec `order.yaml`. Its environments send at full speed or paced, each with a ledger of its own."""

    folder: Path

    @property
    def spec(self) -> Path:
        return self.folder / "order.yaml"

    def table(self, rows: int, *, broken: int = 0) -> Path:
        """A table of so many rows, made once; every `broken`th has an empty cell or no usable number."""
        path = self.folder / f"rows-{rows}-{broken}.csv"
        if not path.exists():
            write_table(path, rows, broken)
        return path

    def point_to(self, url: str, *, ledger: str = "") -> None:
        """Lets both environments send to a server on this machine. `ledger` is where it is; by default, each has a file."""
        lines = ["environments:"]
        for name, rest in ((FAST, "concurrency: 32"), (PACED, f"concurrency: 128, rate: {PACE}/s")):
            lines += [
                f"  {name}:",
                f"    api_url: {url}",
                "    access_key: {env: BENCHMARK_KEY}",
                f"    ledger: {ledger or f'{{file: {name}.db}}'}",
                "    channels:",
                *(
                    f"      {platform}: {{workspace: {WORKSPACE}, channel: {channel}, platform: {platform}, {rest}}}"
                    for platform, channel in CHANNELS.items()
                ),
            ]
        (self.folder / "sendspec.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def with_fresh_ledger(self, environment: str) -> Project:
        """The same project with an empty ledger; the one before is forgotten."""
        for path in self.folder.glob(f"{environment}.db*"):
            path.unlink()
        (self.folder / "sendspec.lock").unlink(missing_ok=True)
        call([sendspec(), "ledger", "init", "--env", environment], self.folder)
        return self


def make_project(folder: Path) -> Project:
    folder.mkdir(parents=True)
    project = Project(folder)
    project.spec.write_text(SPEC, encoding="utf-8")
    write_table(folder / "few.csv", 3, 0)
    project.point_to("http://127.0.0.1:9")
    return project


FIRST_NUMBER = 10_000_000


def write_table(path: Path, rows: int, broken: int, *, first: int = FIRST_NUMBER) -> None:
    """`first` is the number of the first recipient, after +316; every `broken`th row is broken, none if 0."""
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(COLUMNS) + "\n")
        for n in range(rows):
            name, phone = NAMES[n % len(NAMES)], f"+316{first + n}"
            if broken and n % broken == 0:
                name, phone = ("", phone) if n // broken % 2 else (name, "0612")
            out.write(f"{phone},{name},A{n:07d},{DAYS[n % 5]},shipping,{3600 + n % 7},r{n}@acme.example\n")


def make_mailmerge(folder: Path, table: Path) -> None:
    """The same text, as mailmerge wants it."""
    folder.mkdir(exist_ok=True)
    (folder / "mailmerge_template.txt").write_text(MAILMERGE_HEAD + TEXT + "\n", encoding="utf-8")
    (folder / "mailmerge_server.conf").write_text(MAILMERGE_CONFIGURATION, encoding="utf-8")
    shutil.copyfile(table, folder / "mailmerge_database.csv")


def write_bodies(project: Project, table: Path, path: Path) -> None:
    """The bodies that sendspec would post, a line each."""
    rendered = call([sendspec(), "render", str(project.spec), "--recipients", str(table)], project.folder)
    path.write_text(rendered, encoding="utf-8")


def sendspec() -> str:
    return script("sendspec")


def script(name: str) -> str:
    """A command beside the interpreter that runs this."""
    return str(Path(sys.executable).with_name(name))


def environ() -> dict[str, str]:
    """The environment of whatever is measured: nothing of a CI job's, Python as it is by itself, a key that opens nothing.

    With PYTHONDONTWRITEBYTECODE, say, every start would compile the modules again.
    """
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTHON")}
    return {**kept, "BENCHMARK_KEY": "benchmark", "NO_COLOR": "1"}


def call(command: list[str], folder: Path) -> str:
    """What a command that isn't measured prints; raises where it fails."""
    done = subprocess.run(command, cwd=folder, env=environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout
