"""The program `gh` and the service's API behind it, as far as our workflows use them. A token may do what its job's permissions say.

The state is files in a folder: scripts in processes of their own change it. Whatever isn't known is an error.
"""

from __future__ import annotations

import fcntl
import json
import re
import traceback
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from warm_program import served_program

BOT = "github-actions[bot]"
REPOSITORY = "shop/messages"
LISTS = ("pulls", "artifacts", "issues", "labels")


class GitHubState:
    """Pull requests, comments, issues and artifacts of the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._file = folder / "state.json"
        if not self._file.exists():
            self._file.write_text(
                json.dumps({name: [] for name in LISTS} | {"tokens": {}, "comments": {}, "writes": 0})
            )

    def load(self) -> dict[str, Any]:
        with self.changing() as found:
            return found

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """The state, which is kept with its changes. One at a time: jobs run at once. What raises changes nothing."""
        with self._file.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            state = json.load(file)
            yield state
            file.seek(0)
            file.truncate()
            json.dump(state, file)

    def change(self, **values: Any) -> None:
        with self.changing() as state:
            state |= values

    def install(self, tools: Path) -> None:
        """Puts the program where scripts find it. It asks this process, so what it does costs no start of an interpreter."""
        program = tools / "gh"
        program.write_text(_program().replace("sys.argv[1:]", f"[{str(self.folder)!r}, *sys.argv[1:]]"))
        program.chmod(0o755)

    def new_token(self, permissions: Mapping[str, str]) -> str:
        with self.changing() as state:
            token = f"token-{len(state['tokens'])}"
            state["tokens"][token] = dict(permissions)
        return token

    def keep_artifact(self, run: int, name: str, folder: Path) -> None:
        with self.changing() as state:
            state["artifacts"] = [kept for kept in state["artifacts"] if (kept["run"], kept["name"]) != (run, name)]
            number = max((kept["id"] for kept in state["artifacts"]), default=0) + 1
            place = self.folder / f"{number}.zip"
            with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in folder.iterdir():
                    archive.write(file, file.name)
            state["artifacts"].append({"id": number, "run": run, "name": name, "size_in_bytes": place.stat().st_size})

    def replace_artifact(self, run: int, name: str, content: Mapping[str, bytes]) -> None:
        """What a run of an attacker's own workflow leaves under a name."""
        with self.changing() as state:
            [kept] = [kept for kept in state["artifacts"] if (kept["run"], kept["name"]) == (run, name)]
            place = self.folder / f"{kept['id']}.zip"
            with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
                for file, data in content.items():
                    archive.writestr(file, data)
            kept["size_in_bytes"] = place.stat().st_size


class Command:
    """One run of `gh`, on a state that it may change. The token in GH_TOKEN says what it may do."""

    def __init__(self, folder: Path, state: dict[str, Any], token: str) -> None:
        self._folder = folder
        self._state = state
        self._permissions: dict[str, str] = state["tokens"].get(token, {})
        self.out = b""

    def run(self, words: list[str]) -> None:
        match words:
            case ["api", *rest]:
                self._api(rest)
            case ["label", "create", name, "--force", "--description", _]:
                self._need("issues", "write")
                self._state["labels"] = sorted({*self._state["labels"], name})
            case [
                "issue",
                "list",
                "--label",
                label,
                "--state",
                "all",
                "--limit",
                "1",
                "--json",
                "number,state",
                "--jq",
                '.[] | "\\(.number) \\(.state)"',
            ]:
                self._need("issues", "read")
                found = [issue for issue in self._state["issues"] if label in issue["labels"]]
                self.out = "".join(f"{issue['number']} {issue['state']}\n" for issue in found[-1:]).encode()
            case ["issue", "create", "--title", title, "--label", label, "--body-file", file]:
                self._need("issues", "write")
                assert label in self._state["labels"]
                issue = {"number": len(self._state["issues"]) + 1, "title": title, "labels": [label], "state": "OPEN"}
                self._state["issues"].append({**issue, "body": Path(file).read_text()})
            case ["issue", "edit", number, "--body-file", file]:
                self._issue(number)["body"] = Path(file).read_text()
            case ["issue", "reopen" | "close" as verb, number, "--comment", text]:
                self._issue(number)["state"] = "OPEN" if verb == "reopen" else "CLOSED"
                self._state["comments"].setdefault(number, []).append({"user": {"login": BOT}, "body": text})
            case _:
                raise SystemExit(f"gh {words}: not emulated")

    def _issue(self, number: str) -> dict[str, Any]:
        self._need("issues", "write")
        [issue] = [issue for issue in self._state["issues"] if issue["number"] == int(number)]
        found: dict[str, Any] = issue
        return found

    def _need(self, name: str, level: str) -> None:
        if self._permissions.get(name) not in (level, "write"):
            raise SystemExit(f"gh: HTTP 403: this token may not {level} {name}")
        self._state["writes"] += level == "write"

    def _api(self, words: list[str]) -> None:
        method, target, fields, sent = "GET", "", dict[str, str](), None
        while words:
            match words:
                case ["--method", method, *words]:
                    pass
                case ["--raw-field", field, *words]:
                    name, _, fields[name] = field.partition("=")
                case ["--input", file, *words]:
                    sent = json.loads(Path(file).read_text())
                case ["--paginate" | "--silent", *words]:
                    pass
                case [target, *words] if not target.startswith("-"):
                    pass
                case _:
                    raise SystemExit(f"gh api {words}: not emulated")
        answer = self._answer(method, target.removeprefix(f"repos/{REPOSITORY}/"), fields, sent)
        if isinstance(answer, bytes):
            self.out = answer
        elif method == "GET":
            self.out = json.dumps(answer).encode()

    def _answer(self, method: str, target: str, fields: Mapping[str, str], sent: Any) -> Any:
        match method, target:
            case "GET", "pulls":
                self._need("pull-requests", "read")
                return [
                    p for p in self._state["pulls"] if p["state"] == fields["state"] and p["label"] == fields["head"]
                ]
            case "GET", _ if found := re.fullmatch(r"actions/runs/(\d+)/artifacts\?name=([\w-]+)", target):
                self._need("actions", "read")
                kept = [a for a in self._state["artifacts"] if (a["run"], a["name"]) == (int(found[1]), found[2])]
                return {"artifacts": kept}
            case "GET", _ if found := re.fullmatch(r"actions/artifacts/(\d+)/zip", target):
                self._need("actions", "read")
                return (self._folder / f"{found[1]}.zip").read_bytes()
            case "GET", _ if found := re.fullmatch(r"issues/(\d+)/comments\?per_page=100", target):
                self._need("pull-requests", "read")
                return self._state["comments"].get(found[1], [])
            case "POST", _ if found := re.fullmatch(r"issues/(\d+)/comments", target):
                self._need("pull-requests", "write")
                comments = self._state["comments"].setdefault(found[1], [])
                number = sum(map(len, self._state["comments"].values())) + 1
                comments.append({"id": number, "user": {"login": BOT}, "body": sent["body"]})
            case "PATCH", _ if found := re.fullmatch(r"issues/comments/(\d+)", target):
                self._need("pull-requests", "write")
                every = [comment for comments in self._state["comments"].values() for comment in comments]
                [comment] = [comment for comment in every if comment["id"] == int(found[1])]
                comment["body"] = sent["body"]
            case _:
                raise SystemExit(f"gh api --method {method} {target}: not emulated")
        return None


@cache
def _program() -> str:
    return served_program(_run)


def _run(words: list[str], _: str, environ: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    try:
        place = GitHubState(Path(words[0]))
        with place.changing() as state:
            command = Command(place.folder, state, environ.get("GH_TOKEN", ""))
            command.run(words[1:])
    except SystemExit as ended:
        return 1, b"", f"{ended}\n".encode()
    except Exception:
        return 1, b"", traceback.format_exc().encode()
    return 0, command.out, b""
