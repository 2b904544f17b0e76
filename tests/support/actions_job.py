"""One job of a workflow at work: its scripts in shells, and the few actions that ours use."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actions_document import Job, Step, read_action
from actions_expression import STATUS_FUNCTIONS, Unsupported, evaluate, filled, is_true
from warm_program import warm_program

if TYPE_CHECKING:
    from actions_service import Run

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = f"your-org/sendspec@{'0' * 40}"
"""How the examples name this repository's own action."""
SECONDS = 120


@dataclass(frozen=True, slots=True)
class JobDone:
    """What became of a job: `success`, `failure` or `skipped`, what its steps printed, and their summaries."""

    id: str
    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""

    @property
    def everything(self) -> str:
        return "\n".join((self.log, self.summary, *self.outputs.values()))


@dataclass(frozen=True, slots=True)
class Shell:
    """A script at work, in a process group of its own, and the file that it prints to."""

    process: subprocess.Popen[bytes]
    printed: Path

    def wait_until_printed(self, text: str) -> None:
        deadline = time.monotonic() + 10
        while text not in self.printed.read_text(encoding="utf-8") and time.monotonic() < deadline:
            time.sleep(0.01)

    def end(self) -> bool:
        """Ends all that the script started. Whether any of it was alive."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


class Outputs(dict[str, str]):
    """Outputs of a step. Those that it didn't write are empty."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(slots=True)
class Scope:
    """Where steps stand: in a job, or in an action with inputs of its own. `is_ok`: no step of it has failed."""

    contexts: dict[str, Any]
    environ: Mapping[str, str]
    is_ok: bool = True


class JobAtWork:
    def __init__(self, run: Run, job: Job, contexts: Mapping[str, Any]) -> None:
        self._run = run
        self._job = job
        self._folder = run.service.folder / f"job-{run.service.number()}-{job.id}"
        self._workspace, self._temporary = self._folder / "workspace", self._folder / "temporary"
        for folder in (self._workspace, self._temporary, self._folder / "home"):
            folder.mkdir(parents=True)
        runner = {"temp": str(self._temporary)}
        self._scope = Scope({**contexts, "runner": runner, "steps": {}}, self._given_environ())
        self._log: list[str] = []
        self._summary: list[str] = []
        self._files = iter(range(10_000))

    def run(self) -> JobDone:
        for step in self._job.steps:
            self._do(step, self._scope)
        outputs = {name: filled(text, self._scope.contexts) for name, text in self._job.outputs.items()}
        result = "success" if self._scope.is_ok else "failure"
        return JobDone(self._job.id, result, outputs, "".join(self._log), "".join(self._summary))

    def _given_environ(self) -> dict[str, str]:
        """What GitHub gives every step; the rest of the environment is empty."""
        event = self._run.event
        return {
            "PATH": f"{self._run.service.tools}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._folder / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": "ann",
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_REF": event.ref,
            "GITHUB_REPOSITORY": "shop/messages",
            "GITHUB_RUN_ID": str(self._run.number),
            "GITHUB_SHA": event.commit,
            "GITHUB_WORKSPACE": str(self._workspace),
            "RUNNER_TEMP": str(self._temporary),
        }

    def _do(self, step: Step, scope: Scope) -> None:
        """Runs a step if its condition is true, and keeps its outputs in the scope."""
        outputs: dict[str, str] = Outputs()
        outcome = "skipped"
        if self._is_wanted(step, scope):
            self._log.append(f"##[step] {step.title}\n")
            environ = {name: filled(text, scope.contexts) for name, text in step.environ.items()}
            if step.script is not None:
                is_ok = self._script(step, scope, environ, outputs)
            else:
                inputs = {name: filled(text, scope.contexts) for name, text in step.inputs.items()}
                is_ok = self._action(str(step.uses), inputs, scope, environ, outputs)
            scope.is_ok &= is_ok
            outcome = "success" if is_ok else "failure"
        if step.id:
            scope.contexts["steps"][step.id] = {"outputs": outputs, "outcome": outcome}

    @staticmethod
    def _is_wanted(step: Step, scope: Scope) -> bool:
        condition = step.condition or "success()"
        if not any(f"{name}(" in condition for name in STATUS_FUNCTIONS):
            condition = f"success() && ({condition})"
        contexts = {name: context for name, context in scope.contexts.items() if name != "secrets"}
        return is_true(evaluate(condition, contexts, {"always": lambda: True, "success": lambda: scope.is_ok}))

    def _script(self, step: Step, scope: Scope, environ: Mapping[str, str], outputs: dict[str, str]) -> bool:
        number = next(self._files)
        names = {
            "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary", "GITHUB_ENV": "environ", "GITHUB_PATH": "path",
        }  # fmt: skip
        files = {name: self._folder / f"{number}-{file}" for name, file in names.items()}
        for file in files.values():
            file.touch()
        script = self._folder / f"{number}.sh"
        script.write_text(step.script or "", encoding="utf-8")
        folder = self._workspace / filled(step.folder, scope.contexts)
        code = self._shell(script, folder, {**scope.environ, **environ, **{n: str(f) for n, f in files.items()}})
        outputs.update(written_outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")))
        self._summary.append(files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"))
        if files["GITHUB_ENV"].stat().st_size or files["GITHUB_PATH"].stat().st_size:
            raise Unsupported("a script changes the environment of later steps")
        return code == 0

    def _shell(self, script: Path, folder: Path, environ: Mapping[str, str]) -> int:
        """As the service starts a shell. What a script leaves running when it ends is an error."""
        service, printed = self._run.service, script.with_suffix(".log")
        with printed.open("wb") as log:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, process_group=0,
            )  # fmt: skip
            shell = Shell(process, printed)
            service.at_work.append(shell)
            try:
                code = process.wait(SECONDS)
            finally:
                service.at_work.remove(shell)
                is_orphaned = shell.end()
        assert code == -signal.SIGKILL or not is_orphaned, "a script ended before what it started"
        self._log.append(printed.read_text(encoding="utf-8"))
        return code

    def _action(
        self, name: str, inputs: dict[str, str], scope: Scope, environ: Mapping[str, str], outputs: dict[str, str]
    ) -> bool:
        if name == OURS:
            return self._composite(inputs, scope, environ, outputs)
        match name.partition("@")[0]:
            case "actions/checkout":
                return self._check_out(inputs)
            case "actions/setup-python":
                _only(inputs, "python-version", "update-environment")
                outputs["python-path"] = str(self._run.service.tools / "python3")
                return True
            case "actions/upload-artifact":
                return self._upload(inputs)
            case "actions/download-artifact":
                return self._download(inputs)
            case _:
                raise Unsupported(f"the action {name}")

    def _composite(
        self, given: dict[str, str], scope: Scope, environ: Mapping[str, str], outputs: dict[str, str]
    ) -> bool:
        action = read_action((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
        _only(given, *action.inputs)
        if missing := [name for name, about in action.inputs.items() if about.get("required") and name not in given]:
            raise Unsupported(f"the action needs {missing}")
        inputs = {name: str(about.get("default", "")) for name, about in action.inputs.items()} | given
        github = {**scope.contexts["github"], "action_path": str(CHECKOUT)}
        inner = Scope(
            {"github": github, "runner": scope.contexts["runner"], "inputs": inputs, "steps": {}},
            {**scope.environ, **environ, "GITHUB_ACTION_PATH": str(CHECKOUT)},
        )
        for step in action.steps:
            self._do(step, inner)
        outputs.update({name: filled(text, inner.contexts) for name, text in action.outputs.items()})
        return inner.is_ok

    def _check_out(self, inputs: Mapping[str, str]) -> bool:
        _only(inputs, "fetch-depth", "persist-credentials")
        assert inputs["persist-credentials"] == "false", "the token stays in the checkout, for every later step to read"
        depth = inputs.get("fetch-depth", "1")
        commit, source = self._run.event.commit, self._run.service.repository.as_uri()
        self._git("init", "--quiet")
        self._git("remote", "add", "origin", source)
        self._git("fetch", "--quiet", *([] if depth == "0" else ["--depth", depth]), "origin", commit)
        if depth == "0":
            self._git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
        self._git("checkout", "--quiet", "--detach", commit)
        return True

    def _git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self._workspace), *words], check=True, timeout=SECONDS)

    def _upload(self, inputs: Mapping[str, str]) -> bool:
        _only(inputs, "name", "path", "if-no-files-found", "overwrite", "retention-days")
        assert (inputs["if-no-files-found"], inputs["overwrite"]) == ("error", "true")
        file = self._workspace / inputs["path"]
        if not file.is_file():
            self._log.append(f"there is no file to upload as {inputs['name']}\n")
            return False
        kept = self._run.service.folder / f"artifact-{self._run.number}-{inputs['name']}"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        shutil.copy2(file, kept / file.name)
        self._run.artifacts[inputs["name"]] = kept
        self._run.service.state.keep_artifact(self._run.number, inputs["name"], kept)
        return True

    def _download(self, inputs: Mapping[str, str]) -> bool:
        _only(inputs, "name", "path")
        if inputs["name"] not in self._run.artifacts:
            self._log.append(f"there is no artifact {inputs['name']}\n")
            return False
        shutil.copytree(self._run.artifacts[inputs["name"]], self._workspace / inputs["path"], dirs_exist_ok=True)
        return True


def _only(given: Mapping[str, str], *known: str) -> None:
    if unknown := set(given) - set(known):
        raise Unsupported(f"the inputs {sorted(unknown)}")


def written_outputs(text: str) -> Iterator[tuple[str, str]]:
    """What a script wrote to GITHUB_OUTPUT: `name=value`, or a value of several lines between two delimiters."""
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = line.partition("=")
        if "<<" in name or not sign:
            name, sign, end = line.partition("<<")
            assert all((sign, end)), f"no output: {line!r}"
            value = "\n".join(iter(lambda: next(lines), end))
        yield name, value


INSTALLER = """#!/bin/bash
# Stands for Python: makes an environment whose sendspec is that of the tests, and notes what pip was asked for.
here=$(dirname "$0")
case "$*" in
  "-I -m venv "*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
  "-I -m pip install "*)
    printf '%s\\n' "$*" >>"$here/pip.log"
    [[ "$*" == *" --requirement "*requirements-action.txt ]] || cp "$(type -P sendspec-of-the-tests)" "$here/sendspec"
    ;;
  *) echo "python3 $*: not emulated" >&2; exit 1 ;;
esac
"""
REAL = f"""#!/bin/bash
PYTHONPYCACHEPREFIX="{os.environ.get("PYTHONPYCACHEPREFIX", "")}" exec "{sys.executable}" -I -m sendspec "$@"
"""
"""A sendspec in a process of its own, as signals need it."""


def install_tools(folder: Path) -> Path:
    """The programs that scripts find first: a Python that can only install, and the sendspec that it installs."""
    folder.mkdir()
    for name, text in (("python3", INSTALLER), ("sendspec-of-the-tests", warm_program())):
        write_program(folder / name, text)
    return folder


def write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
