"""A project on the emulated service: people commit at a desk and open pull requests, and the example workflows plan and send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from uuid import uuid4

import psycopg
from actions_job import CHECKOUT, OURS, REAL, JobDone, install_tools, write_program
from actions_service import Environment, Event, Run, Service
from git_project import Repository
from postgres_server import server_url
from project_dir import CHANNEL, SECRET, WORKSPACE, CountingServer, ProjectDir
from ruamel.yaml import YAML
from warm_program import warm_program

PRODUCTION = ("--env", "production")
WORKFLOWS = ("messages", "comment")
SECRETS = ("SENDSPEC_LEDGER_URL", "BIRD_ACCESS_KEY")


class FileLedger:
    """A file on a volume that outlives every job, as on a self-hosted runner."""

    def __init__(self, folder: Path) -> None:
        volume = folder / "volume"
        volume.mkdir()
        self.setting = f"{{file: {volume / 'production.db'}, durable: true}}"

    def url_of(self, role: str) -> str:
        return ""

    def grant(self, project_dir: ProjectDir) -> None:
        """A file has no roles."""


class ServerLedger:
    """A schema of its own on the tests' server, used by the roles that `ledger init --roles` makes."""

    def __init__(self, folder: Path) -> None:
        self.schema = f"test_{uuid4().hex}"
        self.setting = f"{{url: {{env: SENDSPEC_LEDGER_URL}}, schema: {self.schema}}}"

    def url_of(self, role: str) -> str:
        return server_url().replace("tester", f"{self.schema}_{role}")

    def grant(self, project_dir: ProjectDir) -> None:
        printed = project_dir.run("ledger", "init", *PRODUCTION, "--roles")
        assert printed.code == 0, printed.err
        with psycopg.connect(server_url(), autocommit=True) as superuser:
            superuser.execute(printed.out.encode())

    def close(self) -> None:
        with psycopg.connect(server_url(), autocommit=True) as superuser:
            for role in ("owner", "plan", "send"):
                superuser.execute(
                    f"DROP OWNED BY {self.schema}_{role} CASCADE; DROP ROLE {self.schema}_{role}".encode()
                )


Ledger = FileLedger | ServerLedger


class HostedProject:
    """`desk` is where people commit; `service` has the repository that they push to, with a ledger and the environments."""

    def __init__(self, folder: Path, server: CountingServer, ledger: Ledger, *, is_private: bool = True) -> None:
        self.server = server
        self.ledger = ledger
        project_dir = ProjectDir(folder / "desk")
        project_dir.folder.mkdir()
        project_dir.environ |= {"SENDSPEC_LEDGER_URL": ledger.url_of("owner"), "BIRD_ACCESS_KEY": SECRET}
        project_dir.write("sendspec.yaml", self._settings())
        for name in WORKFLOWS:
            text = (CHECKOUT / "docs" / "github" / f"{name}.yml").read_text(encoding="utf-8")
            project_dir.write(f".github/workflows/{name}.yml", text)
        ledger.grant(project_dir)
        made = project_dir.run("ledger", "init", *PRODUCTION, "--empty")
        assert made.code == 0, made.err
        ledger.grant(project_dir)
        self.desk = Repository(project_dir, server)
        self._bare = folder / "bare"
        self.desk.git("init", "--quiet", "--bare", str(self._bare))
        self.desk.git("-C", str(self._bare), "config", "uploadpack.allowAnySHA1InWant", "true")
        self.service = Service(
            folder, self._bare, self._environments(), tools=install_tools(folder / "tools"), is_private=is_private
        )
        self.push()

    def _settings(self) -> str:
        return f"""environments:
  production:
    api_url: {self.server.url}
    access_key: {{env: BIRD_ACCESS_KEY}}
    ledger: {self.ledger.setting}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, timeout: 60, concurrency: 1}}
"""

    def _environments(self) -> dict[str, Environment]:
        plan = {**dict.fromkeys(SECRETS, ""), "SENDSPEC_LEDGER_URL": self.ledger.url_of("plan")}
        send = {"SENDSPEC_LEDGER_URL": self.ledger.url_of("send"), "BIRD_ACCESS_KEY": SECRET}
        return {
            "production-plan": Environment(plan),
            "production": Environment(send, is_reviewed=True),
            "production-reconcile": Environment(send),
        }

    @contextmanager
    def real_processes(self) -> Iterator[None]:
        """Meanwhile, jobs run sendspec in processes that a signal to its shell reaches."""
        program = self.service.tools / "sendspec-of-the-tests"
        write_program(program, REAL)
        yield
        write_program(program, warm_program())

    def push(self, branch: str = "main") -> str:
        self.desk.git("push", "--quiet", "--force", str(self._bare), f"HEAD:refs/heads/{branch}")
        return self.desk.git("rev-parse", "HEAD")

    def merged(self, message: str) -> Run:
        """Commits what the desk has on main, and the run that follows."""
        self.desk.commit(message)
        return self.pushed()

    def pushed(self) -> Run:
        return self.service.start(Event("push", self.push(), "refs/heads/main"))

    def dispatched(self, commit: str) -> Run:
        """A run that somebody starts by hand, or that comes late."""
        return self.service.start(Event("workflow_dispatch", commit, "refs/heads/main"))

    def scheduled(self) -> Run:
        return self.service.start(Event("schedule", self.push(), "refs/heads/main"))

    def pull_request(self, branch: str, number: int = 1, *, is_of_fork: bool = False) -> Run:
        """Opens a pull request of a branch of the desk, or pushes to it: a run on the merge that it would make."""
        head, base = self.desk.git("rev-parse", branch), self.desk.git("rev-parse", "main")
        self.desk.git("checkout", "--quiet", "--detach", base)
        self.desk.git("merge", "--quiet", "--no-ff", "--no-edit", head)
        merge = self.desk.git("rev-parse", "HEAD")
        self.desk.git("push", "--quiet", "--force", str(self._bare), f"{merge}:refs/pull/{number}/merge")
        self.desk.git("checkout", "--quiet", "main")
        owner = "mallory" if is_of_fork else "shop"
        pull = {"number": number, "state": "open", "label": f"{owner}:{branch}", "head": {"sha": head}}
        others = [pull for pull in self.service.state.load()["pulls"] if pull["number"] != number]
        self.service.state.change(pulls=[*others, pull])
        event = Event("pull_request", merge, f"refs/pull/{number}/merge", {"number": number}, is_of_fork=is_of_fork)
        return self.service.start(event)

    def commented(self, run: Run, branch: str, *, is_of_fork: bool = False) -> Run:
        """The run of the comment workflow that follows a pull request's run, on main, whatever the pull request changed."""
        payload = {
            "workflow_run": {
                "event": run.event.name,
                "id": run.number,
                "conclusion": "failure" if any(job.result == "failure" for job in run.jobs.values()) else "success",
                "html_url": f"https://github.com/shop/messages/actions/runs/{run.number}",
                "head_sha": self.desk.git("rev-parse", branch),
                "head_branch": branch,
                "head_repository": {"owner": {"login": "mallory" if is_of_fork else "shop"}},
            }
        }
        main = self.desk.git("rev-parse", "main")
        return self.service.start(Event("workflow_run", main, "refs/heads/main", payload), "comment.yml")

    def acted(self, **inputs: str) -> JobDone:
        """A push whose only job runs the action with these inputs; `_` stands for `-`."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        self.desk.write(".github/workflows/messages.yml", workflow_with(given))
        return self.merged("Another workflow").jobs["only"]

    def status(self) -> dict[str, int]:
        done = self.desk.project_dir.run("status", *PRODUCTION, "--format", "json")
        assert done.code == 0, done.err
        totals: dict[str, int] = done.json["totals"]
        return totals


def workflow_with(inputs: Mapping[str, str]) -> str:
    """One job that runs the action with these inputs, and may use the environment `production-reconcile`."""
    job = {
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": 5,
        "environment": "production-reconcile",
        "permissions": {"contents": "read"},
        "steps": [
            {"uses": f"actions/checkout@{'0' * 40}", "with": {"persist-credentials": False}},
            {
                "id": "run",
                "uses": OURS,
                "with": dict(inputs),
                "env": {"BIRD_ACCESS_KEY": "${{ secrets.BIRD_ACCESS_KEY }}"},
            },
        ],
        "outputs": {"report": "${{ steps.run.outputs.report }}"},
    }
    return dumped({"name": "one", "on": ["push"], "permissions": {}, "jobs": {"only": job}})


def dumped(document: object) -> str:
    text = StringIO()
    YAML(typ="safe").dump(document, text)
    return text.getvalue()
