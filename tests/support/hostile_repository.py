"""A repository that somebody hostile wrote: each trick is a spec with what it needs, and names what it tries and what must happen."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from project_dir import CHANNEL, WORKSPACE

CANARY = "canary-5e1f0c7a"
"""Stands in every file and variable that must not be read."""
OUTSIDE = "outside"
MARK = "PWNED"
"""A file that a command of the repository would make."""
PEOPLE = "phone,first_name\n+447700900001,Ada\n+447700900002,Grace\n"


@dataclass(frozen=True)
class Trick:
    """`code` is that of the problem that must be reported for the spec; None: it must be fine. `says` is in the problem, or in the text's result."""

    name: str
    tries: str
    code: str | None
    says: str = ""
    table: str = "../data/people.csv"
    text: str = "Hi {{ first_name }}"
    more: str = ""
    plant: Callable[[Repository], object] = lambda repository: None
    whole: Callable[[Path], str] | None = None

    @property
    def path(self) -> str:
        return f"specs/{self.name}.yaml"

    def spec(self) -> str:
        return f"""spec: 1
name: {re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40]}
channel: sms
recipients:
  file: {_quoted(self.table)}
message: {{body: {{type: text, text: {{text: {_quoted(self.text)}}}}}}}
{self.more}"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if "\n" not in text else '"' + text.replace("\n", "\\n") + '"'


@dataclass
class Repository:
    """The work tree in `folder`; what the tricks are after is in `outside`, beside it."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def outside(self) -> Path:
        return self.folder.parent / OUTSIDE

    @property
    def mark(self) -> Path:
        return self.outside / MARK

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        settings = ("user.name=Mallory", "user.email=m@example.com", "core.hooksPath=/dev/null", "core.fsmonitor=false")
        options = [word for setting in settings for word in ("-c", setting)]
        done = subprocess.run(
            ["git", *options, *arguments], cwd=self.folder, input=stdin, capture_output=True, check=True, timeout=120
        )
        return done.stdout.decode().strip()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def link(self, name: str, target: Path | str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def commit(self) -> None:
        self.git("add", "--all", "--force", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "Trust me")


def new_repository(folder: Path) -> Repository:
    """A repository with a project, a table, and what is outside of it."""
    repository = Repository(folder)
    folder.mkdir()
    repository.outside.mkdir()
    (repository.outside / "people.csv").write_text(f"phone,first_name\n+447700900009,{CANARY}\n", encoding="utf-8")
    (repository.outside / "spec.yaml").write_text(f"spec: 1\nname: {CANARY}\n", encoding="utf-8")
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.write("data/people.csv", PEOPLE)
    repository.write("sendspec.yaml", project_file(repository.mark))
    return repository


def project_file(mark: Path, more: str = "") -> str:
    """A project file whose key, ledger and payloads come from commands that leave a mark."""
    return f"""default_environment: test
{more}environments:
  test:
    access_key: {{command: [touch, '{mark}']}}
    ledger: {{url: {{command: [touch, '{mark}']}}}}
    api_url: http://127.0.0.1:9
    approvals: {{approvers: data/approvers}}
    channels: {{sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms}}}}
  keyed:
    access_key: {{file: data/key.csv}}
    ledger: {{file: .sendspec/keyed.db}}
    channels: {{sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms}}}}
"""


def trust_nothing(repository: Repository) -> None:
    """Settings of a repository that came with its `.git` folder: each runs a program that leaves the mark."""
    program = repository.outside / "program"
    program.write_text(f"#!/bin/sh\ntouch '{repository.mark}'\n", encoding="utf-8")
    program.chmod(0o755)
    hooks = repository.folder / ".git" / "evil-hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction"):
        (hooks / hook).symlink_to(program)
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy",
                 "diff.external", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
                 "credential.helper", "gpg.program", "pager.ls-files", "uploadpack.packObjectsHook"):  # fmt: skip
        repository.git("config", name, str(program))
    repository.git("config", "alias.ls-files", f"!{program}")
    repository.git("config", "core.hooksPath", str(hooks))
    repository.git("config", "core.untrackedCache", "true")
    repository.write(".git/info/attributes", "* filter=evil diff=evil\n")


def promise_objects(repository: Repository, path: str) -> None:
    """A partial clone whose object has to be fetched by a program of the repository's own."""
    program = repository.outside / "program"
    for name, value in (("core.repositoryFormatVersion", "1"), ("extensions.partialClone", "origin"), ("remote.origin.promisor", "true"),
                        ("remote.origin.url", f"ext::{program}"), ("protocol.ext.allow", "always"), ("protocol.allow", "always")):  # fmt: skip
        repository.git("config", name, value)
    identity = repository.git("rev-parse", f":{path}")
    (repository.folder / ".git" / "objects" / identity[:2] / identity[2:]).unlink()


def _replace_later(name: str, by: Callable[[Path], object]) -> Callable[[Repository], None]:
    """Git tracks a plain file, and the work tree has something else in its place."""

    def plant(repository: Repository) -> None:
        repository.write(name, PEOPLE)
        _LATER.setdefault(str(repository.folder), []).append((name, by))

    return plant


_LATER: dict[str, list[tuple[str, Callable[[Path], object]]]] = {}


def replace_in_work_tree(repository: Repository) -> None:
    for name, by in _LATER.pop(str(repository.folder), []):
        (repository.folder / name).unlink()
        by(repository.folder / name)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10_000_000_000)


def _submodule(repository: Repository) -> None:
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")


def _untracked(repository: Repository) -> None:
    repository.write(".git/info/exclude", "data/private.csv\n")
    _LATER.setdefault(str(repository.folder), []).append(("data/private.csv", lambda path: None))


def _aliases(path: Path) -> str:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    return f"a0: &a0 [x, x, x, x, x, x, x, x, x]\n{levels}\n"


LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
LOUD = "::error::x \x1b[31mred\x1b[0m \u202eevil\u202c <script>alert(1)</script> [a](http://evil) \r"

TRICKS = (
    Trick("table-link", "read a table through a link", "untrusted-left-out", "a link", "../data/link.csv",
          plant=lambda r: r.link("data/link.csv", r.outside / "people.csv")),
    Trick("passwd-link", "read /etc/passwd through a link", "untrusted-left-out", "a link", "../data/passwd.csv",
          plant=lambda r: r.link("data/passwd.csv", "/etc/passwd")),
    Trick("folder-link", "read a table in a linked folder", "untrusted-left-out", "a link", "../linked/people.csv",
          plant=lambda r: r.link("linked", r.outside)),
    Trick("spec-link", "read a spec through a link", "untrusted-left-out", "a link",
          plant=lambda r: r.link("specs/spec-link.yaml", r.outside / "spec.yaml")),
    Trick("suppress-link", "read a list through a link", "untrusted-left-out", "a link", more="suppress: [../data/stop.txt]\n",
          plant=lambda r: r.link("data/stop.txt", r.outside / "people.csv")),
    Trick("approvers-link", "read the approvers through a link", None,
          plant=lambda r: r.link("data/approvers", r.outside / "people.csv")),
    Trick("dot-dot", "leave by ..", "outside-project", table=f"../../{OUTSIDE}/people.csv"),
    Trick("absolute", "name an absolute path", "outside-project", table="/etc/passwd"),
    Trick("proc", "read the environment from /proc", "outside-project", table="/proc/self/environ"),
    Trick("git-folder", "read the key in .git/config", "outside-project", table="../.git/config"),
    Trick("key-file", "read the access key as a table", "key-file-as-input", table="../data/key.csv",
          plant=lambda r: r.write("data/key.csv", f"phone\n{CANARY}\n")),
    Trick("fifo", "wait for ever at a pipe in the work tree", None, table="../data/fifo.csv",
          plant=_replace_later("data/fifo.csv", os.mkfifo)),
    Trick("device", "read a device without end", None, table="../data/zero.csv",
          plant=_replace_later("data/zero.csv", lambda path: path.symlink_to("/dev/zero"))),
    Trick("sparse", "fill the memory with a table of 10 GB", None, table="../data/sparse.csv",
          plant=_replace_later("data/sparse.csv", _sparse)),
    Trick("untracked", "read a table that git ignores", None, "audience: not in this repository", "../data/private.csv",
          plant=_replace_later("data/people2.csv", lambda path: path.with_name("private.csv").write_text(
              f"phone,first_name\n+447700900009,{CANARY}\n"))),
    Trick("submodule", "read a table of a submodule", "untrusted-left-out", "a submodule", "../sub/people.csv", plant=_submodule),
    Trick("lfs", "have a pointer taken for a table", None, "its table is in Git LFS", "../data/lfs.csv",
          plant=lambda r: r.write("data/lfs.csv", LFS_POINTER)),
    Trick("examples", "have examples without recipients rejected", None, "audience: not in this repository", "../data/none.csv",
          text="Hi {{ first_name }}{% if vip == 'yes' %}, dear guest{% endif %}",
          more="examples: [{with: {phone: '+447700900001', first_name: Ada, vip: 'no'}, expect: {text: Hi Ada}}]\n"),
    Trick("standard-input", "wait for standard input", None, "audience: on standard input", "-"),
    Trick("nested-loops", "loop without end", "template-forbidden",
          text="{% for a in first_name %}{% for b in first_name %}x{% endfor %}{% endfor %}"),
    Trick("huge-join", "make a text of gigabytes", "text-too-long", table="../data/long.csv",
          text="{{ first_name | replace('x', first_name) | replace('x', first_name) }}",
          plant=lambda r: r.write("data/long.csv", "phone,first_name\n+447700900001," + "x" * 30_000 + "\n")),
    Trick("big-number", "compute a number without end", "template-forbidden", text="{{ 10 ** 10 ** 10 }}"),
    Trick("deep-template", "overflow the stack with a template", "template-too-complex", text="{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}"),
    Trick("escape", "run code in a template", "template-forbidden", text="{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    Trick("environment", "read the environment in a template", "unknown-name", text="{{ env.SECRET }}"),
    Trick("import", "read a file in a template", "template-forbidden", text="{% include '/etc/passwd' %}"),
    Trick("aliases", "fill the memory with YAML aliases", "alias-expansion", whole=_aliases),
    Trick("deep-yaml", "overflow the stack with YAML", "nesting-depth", whole=lambda path: "a: " + "[" * 100_000),
    Trick("big-scalar", "fill the memory with a scalar", "file-too-large", whole=lambda path: "a: '" + "x" * 2_000_000 + "'"),
    Trick("tag", "make an object by a YAML tag", "yaml-tag", whole=lambda path: "!!python/object/apply:os.system ['true']\n"),
    Trick("digits", "make a search slow with a long cell", "phone-letters", table="../data/digits.csv",
          plant=lambda r: r.write("data/digits.csv", "phone,first_name\n" + "(+" * 40_000 + ",Ada\n")),
    Trick("escape-column", "act on a terminal with a column's name", "forbidden-character", table="../data/loud.csv",
          plant=lambda r: r.write("data/loud.csv", f'phone,first_name,"{LOUD}"\n+447700900001,Ada,x\n')),
    Trick("loud-channel", "act on a terminal, a log or a page with a value", "forbidden-character",
          whole=lambda path: f'spec: 1\nname: loud\nchannel: {json.dumps(LOUD)}\nrecipients: [{{phone: "+447700900001"}}]\n'
          "message: {body: {type: text, text: {text: Hi}}}\n"),
    Trick("newline", "break a line with a table's name", None, table="../data/a\n::error::b.csv",
          plant=lambda r: r.write("data/a\n::error::b.csv", PEOPLE)),
    Trick("::error file=x::evil\x1b[31m", "act on a log with a spec's name", "unknown-name", text="{{ nobody }}"),
    Trick("--help", "be taken for an option", None, table="../data/--upload-pack=touch.csv",
          plant=lambda r: r.write("data/--upload-pack=touch.csv", PEOPLE)),
    Trick("case", "have another file read by its case", None, table="../data/case.csv",
          plant=lambda r: (r.write("data/case.csv", PEOPLE), r.write("data/CASE.csv", "nothing\n"))),
    Trick("many-errors", "flood the log with errors", "missing-key",
          whole=lambda path: "spec: 1\nname: trick\n" + "".join(f"key{n}: 1\n" for n in range(300))),
)  # fmt: skip
