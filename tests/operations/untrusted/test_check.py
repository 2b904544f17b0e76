"""Checks of files that aren't trusted: what ends them, and what they tell where recipients aren't in the repository."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from hostile_repository import PEOPLE, Repository, new_repository, project_file
from long_rows import all_but
from project_dir import ProjectDir
from sendspec.composing.platforms.sms_segments import Encoding
from sendspec.diagnostics.diagnostic import Diagnostic
from sendspec.diagnostics.exceptions import SendspecError
from sendspec.operations.plan_sample import SampleSource
from sendspec.operations.system import real_system
from sendspec.operations.untrusted.check import Ask, untrusted_report
from sendspec.operations.untrusted.child_process import report_of_child
from sendspec.operations.untrusted.limits import LIMITS, UntrustedLimits
from sendspec.operations.untrusted.report import UntrustedReport
from sendspec.operations.wrong_usage import WrongUsage
from untrusted_here import here

pytestmark = pytest.mark.process

HELLO = """spec: 1
name: hello
channel: sms
recipients: {file: data/people.csv}
message: {body: {type: text, text: {text: "Hi {{ first_name }}"}}}
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    repository = new_repository(tmp_path / "repository")
    repository.write("hello.yaml", HELLO)
    return repository


def report(
    repository: Repository,
    *specs: str,
    env: str | None = None,
    plans: bool = True,
    limits: UntrustedLimits = LIMITS,
    base: str | None = None,
    ask: Ask = here,
) -> UntrustedReport:
    repository.commit()
    found = untrusted_report(
        specs or ("hello.yaml",), env, real_system("test"), repository.folder,
        plans=plans, limits=limits, base=base, ask=ask,
    )  # fmt: skip
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    return found


LOW = {
    "untrusted-files": replace(LIMITS, files=2),
    "untrusted-time": replace(LIMITS, seconds=0.05),
    "untrusted-memory": replace(LIMITS, memory_bytes=10_000_000),
    "untrusted-output": replace(LIMITS, output_bytes=100),
}


@pytest.mark.parametrize("code", all_but(["untrusted-files", "untrusted-memory"], LOW))
def test_a_limit_that_is_passed_ends_the_check_and_says_which(repository: Repository, code: str) -> None:
    with pytest.raises(SendspecError) as raised:
        report(repository, limits=LOW[code], ask=report_of_child)
    assert raised.value.code == code
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_ten_million_rows_end_at_the_limit_of_the_processor(repository: Repository) -> None:
    repository.write("data/people.csv", "phone,first_name\n" + "1,x\n" * 10_000_000)
    with pytest.raises(SendspecError) as raised:
        report(repository, limits=replace(LIMITS, cpu_seconds=1), ask=report_of_child)
    assert raised.value.code == "untrusted-time"


def test_a_project_that_is_too_large_in_all_is_not_copied(repository: Repository) -> None:
    with pytest.raises(SendspecError) as raised:
        report(repository, limits=replace(LIMITS, total_bytes=100))
    assert raised.value.code == "untrusted-files"


def test_a_file_that_is_too_large_is_left_out_and_said_to_be(repository: Repository) -> None:
    repository.write("data/people.csv", PEOPLE + "+447700900003,x\n" * 200)
    found = report(repository, limits=replace(LIMITS, file_bytes=2_000))
    assert [(each.code, each.path, each.span.start.line) for each in found.diagnostics] == [
        ("untrusted-left-out", "hello.yaml", 4)
    ]


def test_a_file_that_nothing_names_may_be_too_large(repository: Repository) -> None:
    repository.write("data/other.csv", "x" * 5_000)
    found = report(repository, limits=replace(LIMITS, file_bytes=3_000))
    assert found.plan is not None
    assert found.plan.send == 2


def test_files_of_other_kinds_and_of_other_projects_are_not_copied(repository: Repository) -> None:
    repository.write("tool.py", "x" * 5_000)
    repository.write("README.md", "x" * 5_000)
    found = report(repository, limits=replace(LIMITS, total_bytes=5_000))
    assert found.plan is not None


def test_an_environment_that_is_not_there_is_wrong_usage(repository: Repository) -> None:
    with pytest.raises(WrongUsage) as raised:
        report(repository, env="prod", ask=report_of_child)
    assert raised.value.option == "--env"


def test_a_damaged_lock_file_is_the_failure_that_it_is_elsewhere(repository: Repository) -> None:
    repository.write("sendspec.lock", "test: nonsense\n")
    with pytest.raises(SendspecError) as raised:
        report(repository, ask=report_of_child)
    assert raised.value.exit_code == 6
    assert raised.value.code.startswith("l")


def test_the_content_digest_is_that_of_a_plan_with_the_same_salt(repository: Repository) -> None:
    """`sendspec.lock` is in the repository, and its salt makes the digest comparable; without it, none is told."""
    without = report(repository).plan
    assert without is not None
    assert without.content_digest == ""
    lock = "version: 1\nledgers:\n  test:\n    ledger: 5a4d1b0e-0000-4000-8000-000000000009\n    salt: {}\n"
    repository.write("sendspec.lock", _lock(repository, lock))
    found = report(repository).plan
    assert found is not None
    assert found.content_digest.startswith("v1:")


def test_both_digests_are_those_of_a_plan_of_these_files_that_is_trusted(repository: Repository) -> None:
    found = report(repository, env="sandbox", ask=report_of_child).plan
    trusted = ProjectDir(repository.folder).run("plan", "hello.yaml", "--env", "sandbox", "--format", "json").json
    assert found is not None
    assert found.digests == (trusted["digest"], trusted["content_digest"])


def _lock(repository: Repository, text: str) -> str:
    from uuid import UUID

    from sendspec.ledger.identity import LedgerIdentity, write_identity

    write_identity(
        repository.folder / "sendspec.lock",
        "test",
        LedgerIdentity(str(UUID(int=9)), b"salt".ljust(32, b".")),
    )
    return (repository.folder / "sendspec.lock").read_text(encoding="utf-8")


BRANCHES = """spec: 1
name: hello
channel: sms
recipients: {file: data/none.csv}
vars: {shop: Acme}
message:
  body:
    type: text
    text:
      text: "{% if vip == 'yes' %}Dear {{ name | default('guest') }}{% elif new %}Welcome{% else %}Hi {{ name }}{% endif %}, from {{ shop }}"
examples:
  - {with: {phone: "+447700900001", vip: "no", new: "", name: Ada}, expect: {text: "Hi Ada, from Acme"}}
"""


def test_a_spec_without_its_table_tells_what_it_would_say_on_every_way(repository: Repository) -> None:
    repository.write("hello.yaml", BRANCHES)
    found = report(repository, ask=report_of_child)
    assert found.plan is not None
    assert [(each.code, each.severity.value) for each in found.diagnostics] == [("audience-absent", "warning")]
    (absent,) = found.plan.absent
    assert (absent.why, absent.file, absent.more) == ("not in this repository", "data/none.csv", False)
    assert [(each.source, each.text) for each in absent.texts] == [
        (SampleSource.EXAMPLES, "Hi Ada, from Acme"),
        (SampleSource.COLUMNS, "Dear ⟨name⟩, from Acme"),
        (SampleSource.COLUMNS, "Dear guest, from Acme"),
        (SampleSource.COLUMNS, "Welcome, from Acme"),
    ]
    measured = [each.measure for each in absent.texts]
    assert measured[0] is not None
    assert (measured[0].segments, measured[0].encoding) == (1, Encoding.GSM7)
    assert measured[1:] == [None] * 3


def test_ways_are_bounded(repository: Repository) -> None:
    parts = "".join(f"{{% if c{n} %}}{n}{{% endif %}}" for n in range(10))
    repository.write("hello.yaml", HELLO.replace("people", "none").replace("Hi {{ first_name }}", parts))
    found = report(repository)
    assert found.plan is not None
    assert (len(found.plan.absent[0].texts), found.plan.absent[0].more) == (40, True)


def test_a_fixed_text_is_measured_without_a_table(repository: Repository) -> None:
    repository.write("hello.yaml", HELLO.replace("people", "none").replace("Hi {{ first_name }}", "Ω" + "x" * 70))
    found = report(repository)
    assert found.plan is not None
    (text,) = found.plan.absent[0].texts
    assert text.measure is not None
    assert (text.measure.segments, text.measure.encoding) == (1, Encoding.GSM7)


def test_an_example_that_can_t_be_composed_is_an_error_without_a_table(repository: Repository) -> None:
    repository.write("hello.yaml", BRANCHES.replace("+447700900001", "not a number"))
    assert "audience-absent" in [each.code for each in report(repository).diagnostics]
    assert any(each.severity == "error" for each in report(repository).diagnostics)


def test_a_template_with_a_mistake_is_an_error_without_a_table(repository: Repository) -> None:
    repository.write("hello.yaml", HELLO.replace("people", "none").replace("first_name }}", "first_name | nofilter }}"))
    found = report(repository, plans=False)
    assert any(each.severity == "error" for each in found.diagnostics)


def test_a_table_that_is_nearly_named_is_offered(repository: Repository) -> None:
    repository.write("hello.yaml", HELLO.replace("people", "peple"))
    (warning,) = report(repository).diagnostics
    assert warning.fix.startswith("write 'data/people.csv'")


def test_lists_and_prices_that_are_not_there_are_warnings(repository: Repository) -> None:
    project = (repository.folder / "sendspec.yaml").read_text(encoding="utf-8")
    repository.write(
        "sendspec.yaml",
        "prices: data/prices.csv\n" + project.replace("approvals", "suppress: [gone.txt]\n    approvals"),
    )
    repository.write("hello.yaml", HELLO + "suppress: [data/stop.csv]\n")
    for plans in (True, False):
        found = report(repository, plans=plans)
        listed = sorted((each.code, each.path, each.severity.value) for each in found.diagnostics)
        assert listed == [
            ("list-absent", "hello.yaml", "warning"),
            ("list-absent", "sendspec.yaml", "warning"),
            ("list-absent", "sendspec.yaml", "warning"),
        ]


def test_a_list_that_is_there_is_used(repository: Repository) -> None:
    repository.write("data/stop.csv", "phone\n+447700900001\n")
    repository.write("hello.yaml", HELLO + "suppress: [data/stop.csv]\n")
    found = report(repository).plan
    assert found is not None
    assert (found.send, found.skipped) == (1, {"suppressed": 1})


def test_a_file_in_a_merge_conflict_is_said_to_be(repository: Repository) -> None:
    repository.commit()
    identity = repository.git("rev-parse", ":hello.yaml")
    repository.git(
        "update-index", "--index-info",
        stdin=f"0 {'0' * 40}\thello.yaml\n100644 {identity} 1\thello.yaml\n100644 {identity} 2\thello.yaml\n".encode(),
    )  # fmt: skip
    found = untrusted_report(("hello.yaml",), None, real_system("test"), repository.folder, plans=True, ask=here)
    assert [each.code for each in found.diagnostics] == ["untrusted-left-out"]
    assert "merge conflict" in found.diagnostics[0].problem


def test_outside_of_a_repository_it_can_t_be_used(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO, encoding="utf-8")
    system = real_system("test", environ={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    with pytest.raises(SendspecError) as raised:
        untrusted_report(("hello.yaml",), None, system, tmp_path, plans=True)
    assert raised.value.code == "untrusted-repository"


def test_a_clone_without_history_and_a_second_work_tree_do(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    repository.git("clone", "--quiet", "--depth", "1", f"file://{repository.folder}", str(tmp_path / "shallow"))
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    for folder in ("shallow", "second"):
        found = untrusted_report(("hello.yaml",), None, real_system("test"), tmp_path / folder, plans=True, ask=here)
        assert found.plan is not None
        assert found.plan.send == 2


def test_a_repository_before_its_first_commit_does(repository: Repository) -> None:
    repository.git("add", "--all")
    found = untrusted_report(("hello.yaml",), None, real_system("test"), repository.folder, plans=True, ask=here)
    assert found.plan is not None


def test_line_ends_of_the_work_tree_are_no_change(repository: Repository) -> None:
    repository.commit()
    repository.write("hello.yaml", HELLO.replace("\n", "\r\n"))
    system = real_system("test")
    assert untrusted_report(("hello.yaml",), None, system, repository.folder, plans=True, ask=here).unstaged == ()
    repository.write("hello.yaml", HELLO.replace("Hi", "Hey"))
    assert untrusted_report(("hello.yaml",), None, system, repository.folder, plans=True, ask=here).unstaged == (
        "hello.yaml",
    )


def test_every_file_that_was_read_otherwise_than_it_stands_in_the_work_tree_is_told(repository: Repository) -> None:
    repository.write("shop/sendspec.yaml", project_file(repository.mark, "prices: prices.csv\n"))
    repository.write("shop/prices.csv", "country,segment,currency\n*,0.1,EUR\n")
    repository.write("shop/lists/stop.txt", "+447700900009\n")
    repository.write("shop/data/people.csv", PEOPLE)
    repository.write("shop/data/others.csv", PEOPLE)
    repository.write("shop/specs/hello.yaml", HELLO.replace("data/", "../data/") + "suppress: [../lists/stop.txt]\n")
    repository.commit()
    names = ["data/people.csv", "lists/stop.txt", "prices.csv", "sendspec.yaml"]
    for name in (*names, "data/others.csv"):
        repository.write(f"shop/{name}", f"# another\n{'x' * 2_000_000}\n")
    folder = repository.folder / "shop" / "specs"
    told = untrusted_report(("hello.yaml",), None, real_system("test"), folder, plans=True, ask=here)
    assert told.plan is not None
    assert sorted(told.unstaged) == [f"../{name}" for name in names]


def with_base(repository: Repository) -> None:
    """A branch `main`, and a branch that changes a text, a recipient, and files that decide."""
    repository.write("data/approvers", "ann@example.com ssh-ed25519 AAAA\n")
    repository.write("gone.yaml", HELLO.replace("name: hello", "name: gone"))
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "request")
    repository.write("hello.yaml", HELLO.replace("Hi", "Hello"))
    repository.write("data/people.csv", PEOPLE + "+447700900003,Edsger\n")
    (repository.folder / "gone.yaml").unlink()


def test_a_plan_is_compared_with_its_base_as_one_that_is_trusted(repository: Repository) -> None:
    with_base(repository)
    repository.commit()
    done = ProjectDir(repository.folder)
    told = [
        done.run("plan", "hello.yaml", "--env", "keyed", "--base", "main", "--format", "json", *more).json
        for more in ((), ("--untrusted",))
    ]
    assert told[1]["base"] == told[0]["base"]
    assert told[1]["base"]["removed"] == [{"name": "gone", "path": "gone.yaml"}]
    changes = [document["specs"][0]["change"] for document in told]
    for change in changes:
        for text in change["texts"]:
            del text["before"], text["after"], text["words"]  # without recipients' own values where it isn't trusted
    assert changes[1].pop("changed_values") == 0  # the other one's texts have them
    assert changes[1].pop("new") == {"messages": 1, "segments": 1}
    assert changes[1] == changes[0]
    assert changes[1]["recipients"] == {"added": 1, "dropped": 0, "changed": 2, "same": 0}


def test_changes_of_files_that_decide_are_warned_of(repository: Repository) -> None:
    with_base(repository)
    assert "guard-changed" not in {each.code for each in _against_main(repository)}
    project = (repository.folder / "sendspec.yaml").read_text(encoding="utf-8")
    repository.write("sendspec.yaml", f"{project}# looser\n")
    repository.write("data/approvers", "mallory@example.com ssh-ed25519 BBBB\n")
    found = [(each.path, each.severity.value) for each in _against_main(repository) if each.code == "guard-changed"]
    assert found == [("sendspec.yaml", "warning"), ("data/approvers", "warning")]


def test_a_deleted_price_table_and_a_new_project_between_are_warned_of(repository: Repository) -> None:
    project = (repository.folder / "sendspec.yaml").read_text(encoding="utf-8")
    repository.write("sendspec.yaml", f"prices: prices.csv\n{project}")
    prices = repository.write("prices.csv", "country,segment,currency\nGB,0.05,GBP\n")
    repository.write("specs/hello.yaml", HELLO.replace("data/", "../data/"))
    with_base(repository)
    prices.unlink()
    found = {each.path for each in _against_main(repository) if each.code == "guard-changed"}
    assert found == {"prices.csv"}
    repository.write("specs/sendspec.yaml", project)
    repository.write("specs/data/people.csv", PEOPLE)
    repository.write("specs/hello.yaml", HELLO)
    found = {
        each.path
        for each in report(repository, "specs/hello.yaml", base="main").diagnostics
        if each.code == "guard-changed"
    }
    assert found == {"specs/sendspec.yaml"}


def _against_main(repository: Repository) -> tuple[Diagnostic, ...]:
    return report(repository, base="main").diagnostics


def test_a_link_in_the_base_is_not_followed_and_not_compared(repository: Repository) -> None:
    repository.link("data/linked.csv", repository.outside / "people.csv")
    repository.write("hello.yaml", HELLO.replace("people", "linked"))
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "request")
    repository.write("hello.yaml", HELLO)
    repository.commit()
    found = untrusted_report(
        ("hello.yaml",), None, real_system("test"), repository.folder, plans=True, base="main", ask=here
    )
    assert found.plan is not None
    assert found.plan.base is not None
    change = found.plan.base.specs["hello"]
    assert (change.kind.value, change.problem) == ("not-compared", "'data/linked.csv' is a link in that commit")


def test_a_base_that_is_not_there_is_the_failure_that_it_is_elsewhere(repository: Repository) -> None:
    repository.commit()
    with pytest.raises(SendspecError) as raised:
        untrusted_report(("hello.yaml",), None, real_system("test"), repository.folder, plans=True, base="nosuch")
    assert raised.value.code == "base-unknown"


def test_what_a_spec_without_recipients_says_is_compared_too(repository: Repository) -> None:
    repository.write("hello.yaml", HELLO.replace("people", "none"))
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "request")
    repository.write("hello.yaml", HELLO.replace("people", "none").replace("Hi", "Hello"))
    repository.write("new.yaml", HELLO.replace("people", "none").replace("name: hello", "name: new"))
    repository.commit()
    specs, system = ("hello.yaml", "new.yaml"), real_system("test")
    found = untrusted_report(specs, None, system, repository.folder, plans=True, base="main", ask=here).plan
    assert found is not None
    assert [(each.gone, each.before) for each in found.absent] == [
        (("Hi ⟨first_name⟩",), ("Hi ⟨first_name⟩",)),
        ((), None),
    ]


def test_a_git_that_waits_for_ever_counts_into_the_time(repository: Repository) -> None:
    repository.commit()
    os.mkfifo(repository.outside / "waiting")
    repository.write(".git/config", f"[include]\n\tpath = {repository.outside / 'waiting'}\n")
    with pytest.raises(SendspecError) as raised:
        untrusted_report(
            ("hello.yaml",),
            None,
            real_system("test"),
            repository.folder,
            plans=True,
            limits=replace(LIMITS, seconds=0.3),
        )
    assert raised.value.code == "untrusted-time"


def test_a_child_has_only_the_time_that_is_left(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(SendspecError) as raised:
        report_of_child(b"", tmp_path, LIMITS, monotonic())
    assert raised.value.code == "untrusted-time"


def test_a_strangers_spec_may_ask_for_opt_outs_and_nobody_is_looked_up(repository: Repository) -> None:
    repository.write("hello.yaml", HELLO + "suppress: {opt_outs: true}\n")
    found = report(repository)
    assert found.plan is not None
    [plan] = found.plan.plans
    assert (plan.opted_out, plan.skipped) == (None, {})
