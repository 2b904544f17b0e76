"""The project file: what each key is by default, how far it may go, and what it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendspec.diagnostics.diagnostic import Diagnostic, Problems
from sendspec.reading.access_key import FromCommand, FromFile, FromVariable, KeySource
from sendspec.reading.api_url import Api
from sendspec.reading.environment import Channel, Environment, LedgerFile, LedgerServer, Rate
from sendspec.reading.limits import Limits, amount_of
from sendspec.reading.project import Project, find_project
from sendspec.reading.project_reader import read_project

UUID = "123e4567-e89b-12d3-a456-426614174000"
SMALLEST = f"""environments:
  live:
    access_key: {{env: LIVE_KEY}}
    ledger: {{file: .sendspec/live.db}}
    channels:
      sms: {{workspace: {UUID}, channel: {UUID}}}
"""
BIRD = Api(scheme="https", host="api.bird.com", port=443, prefix="", loopback=False, named=False)


def read(root: Path, text: str) -> tuple[Project | None, list[Diagnostic]]:
    path = root / "sendspec.yaml"
    path.write_text(text, encoding="utf-8")
    problems = Problems()
    return read_project(str(path), root, problems), list(problems)


def good(root: Path, text: str) -> Project:
    project, problems = read(root, text)
    assert problems == []
    assert project is not None
    return project


def live(root: Path, text: str) -> Environment:
    environment = good(root, text).environment("live")
    assert environment is not None
    return environment


def codes(root: Path, text: str) -> list[str]:
    project, problems = read(root, text)
    assert project is None
    for problem in problems:
        assert problem.fix[0].islower()
    return [problem.code for problem in problems]


def with_channel(more: str) -> str:
    return SMALLEST.replace(f"channel: {UUID}}}", f"channel: {UUID}, {more}}}")


def test_what_is_not_written_has_its_default(tmp_path: Path) -> None:
    assert good(tmp_path, SMALLEST) == Project(
        path=str(tmp_path / "sendspec.yaml"),
        root=tmp_path,
        default_environment="sandbox",
        environments={
            "live": Environment(
                name="live",
                api=BIRD,
                key=FromVariable("LIVE_KEY"),
                scheme="AccessKey",
                ledger=LedgerFile(tmp_path / ".sendspec" / "live.db", durable=False),
                channels={
                    "sms": Channel(
                        alias="sms", workspace=UUID, channel=UUID, platform="sms", rate=None, concurrency=32,
                        batch=None, timeout_seconds=30.0, trust_503=False,
                    )
                },
                only_to=None,
                limits=Limits(),
            )
        },
    )  # fmt: skip


def test_everything_that_can_be_written_arrives(tmp_path: Path) -> None:
    project = good(
        tmp_path,
        f"""default_environment: live
environments:
  live:
    api_url: https://proxy.example:8443/bird
    allow_host: proxy.example
    access_key: {{file: keys/live, scheme: Bearer}}
    ledger: {{file: /var/lib/acme/live.db, durable: true}}
    channels:
      news: {{workspace: {UUID}, channel: {UUID}, platform: email, rate: 600/m, concurrency: 4, batch: 100, timeout: 2.5, trust_503: true}}
    only_to: ["+44 7700 900001", Ann@Example.com]
    limits: {{messages: 10, segments: 2, total_segments: 20, cost: 1.5, encoding: gsm7, failure_rate: 0.25}}
""",
    )
    assert project.default_environment == "live"
    assert project.environment("live") == Environment(
        name="live",
        api=Api(scheme="https", host="proxy.example", port=8443, prefix="/bird", loopback=False, named=True),
        key=FromFile("keys/live"),
        scheme="Bearer",
        ledger=LedgerFile(Path("/var/lib/acme/live.db"), durable=True),
        channels={
            "news": Channel(
                alias="news", workspace=UUID, channel=UUID, platform="email", rate=Rate(600, 60), concurrency=4,
                batch=100, timeout_seconds=2.5, trust_503=True,
            )
        },
        only_to=frozenset({"+447700900001", "Ann@example.com"}),
        limits=Limits(messages=10, segments=2, total_segments=20, cost=(amount_of(1.5),), encoding="gsm7", failure_rate=0.25),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("{env: KEY}", FromVariable("KEY")),
        ("{file: key.txt}", FromFile("key.txt")),
        ("{command: [sops, -d, key.enc]}", FromCommand(("sops", "-d", "key.enc"))),
    ],
)
def test_the_key_comes_from_one_of_three_places(tmp_path: Path, written: str, source: KeySource) -> None:
    assert live(tmp_path, SMALLEST.replace("{env: LIVE_KEY}", written)).key == source


@pytest.mark.parametrize(
    ("written", "rate", "per_second"),
    [
        ("50/s", Rate(50, 1), 50.0), ("600/m", Rate(600, 60), 10.0), ("1/h", Rate(1, 3_600), 1 / 3_600), ("10000/s", Rate(10_000, 1), 10_000.0),
    ],
)  # fmt: skip
def test_a_rate_is_a_number_in_a_time(tmp_path: Path, written: str, rate: Rate, per_second: float) -> None:
    found = live(tmp_path, with_channel(f"rate: {written}")).channels["sms"].rate
    assert found == rate
    assert found.per_second == per_second


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("rate: 10001/s", "out-of-range"), ("rate: 0/h", "out-of-range"), ("rate: 50", "wrong-type"), ("rate: 50/d", "wrong-format"),
        ("rate: '50 / s'", "wrong-format"), ("rate: 1.5/s", "wrong-format"), ("rate: 50/s\u0660", "wrong-format"),
        ("concurrency: 0", "out-of-range"), ("concurrency: 257", "out-of-range"), ("concurrency: 1.5", "wrong-type"),
        ("batch: 1", "out-of-range"), ("batch: 0", "out-of-range"), ("batch: 101", "out-of-range"), ("batch: 2.5", "wrong-type"),
        ("batch: true", "wrong-type"), ("batch: '100'", "wrong-type"), ("batch: null", "wrong-type"),
        ("concurrency: '4'", "wrong-type"), ("timeout: 0", "out-of-range"), ("timeout: 601", "out-of-range"),
        ("timeout: -1", "out-of-range"), ("trust_503: 1", "wrong-type"), ("platform: fax", "wrong-value"), ("platform: SMS", "wrong-value"),
    ],
)  # fmt: skip
def test_beyond_its_range_a_channels_setting_is_refused(tmp_path: Path, written: str, code: str) -> None:
    assert codes(tmp_path, with_channel(written)) == [code]


@pytest.mark.parametrize(
    "written", ["concurrency: 1", "concurrency: 256", "timeout: 0.001", "timeout: 600", "batch: 2", "batch: 100"]
)  # fmt: skip
def test_up_to_its_range_it_is_taken(tmp_path: Path, written: str) -> None:
    name, value = written.split(": ")
    channel = live(tmp_path, with_channel(written)).channels["sms"]
    assert getattr(channel, {"timeout": "timeout_seconds"}.get(name, name)) == float(value)


@pytest.mark.parametrize(
    "written", ["ws_123", "../../admin", UUID[:-1], UUID.replace("-", ""), f"'{{{UUID}}}'", UUID + "/x", f"urn:uuid:{UUID}"]
)  # fmt: skip
def test_what_stands_in_the_path_of_a_request_is_a_uuid(tmp_path: Path, written: str) -> None:
    assert codes(tmp_path, SMALLEST.replace(f"workspace: {UUID}", f"workspace: {written}")) == ["not-a-uuid"]
    assert codes(tmp_path, SMALLEST.replace(f"channel: {UUID}", f"channel: {written}")) == ["not-a-uuid"]


def test_a_setting_of_an_environment_goes_before_that_of_the_file(tmp_path: Path) -> None:
    top = "api_url: http://127.0.0.1:1\n" + SMALLEST
    assert live(tmp_path, top).api.authority == "127.0.0.1:1"
    assert (
        live(tmp_path, top.replace("    access_key", "    api_url: http://127.0.0.1:2\n    access_key")).api.port == 2
    )


def test_a_host_is_vouched_for_at_the_top_or_in_the_environment(tmp_path: Path) -> None:
    other = "api_url: https://proxy.example\n" + SMALLEST
    assert codes(tmp_path, other) == ["url-host"]
    assert live(tmp_path, "allow_host: proxy.example\n" + other).api.named
    own = SMALLEST.replace("    access_key", "    allow_host: proxy.example\n    access_key")
    assert live(tmp_path, "api_url: https://proxy.example\n" + own).api.named


def test_an_address_is_blamed_where_it_is_written(tmp_path: Path) -> None:
    _, [problem] = read(tmp_path, SMALLEST + "api_url: http://proxy.example\n")
    assert (problem.span.start.line, problem.span.start.column) == (7, 10)
    _, [problem] = read(tmp_path, "api_url: https://api.bird.com\n" + SMALLEST + "    api_url: http://proxy.example\n")
    assert (problem.span.start.line, problem.span.start.column) == (8, 14)


@pytest.mark.parametrize(
    "written",
    ["key-0123456789abcdef", "AccessKey aB3dEfGh1jKlMn0p", "[key-0123456789abcdef]", "{env: A, file: b}", "{}", "{scheme: Bearer}"],
)  # fmt: skip
def test_the_key_itself_and_two_sources_and_none_are_refused(tmp_path: Path, written: str) -> None:
    _, problems = read(tmp_path, SMALLEST.replace("{env: LIVE_KEY}", written))
    assert {problem.code for problem in problems} <= {"key-literal", "key-source"}
    assert problems
    for problem in problems:
        assert "0123456789" not in problem.problem + problem.fix + problem.excerpt
        assert "aB3d" not in problem.problem + problem.fix + problem.excerpt


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("environments: []", "wrong-type"), ("environments: {live: {}}", "missing-key"), ("default_environment: nope", "unknown-environment"),
        ("enviroments: {}", "unknown-key"), ("environments: {live: 1}", "wrong-type"), ("- a", "not-a-mapping"),
    ],
)  # fmt: skip
def test_a_file_of_another_shape_is_no_project(tmp_path: Path, written: str, code: str) -> None:
    assert set(codes(tmp_path, written + "\n")) == {code}


@pytest.mark.parametrize("name", ["sandbox", "-live", "live/one", "", "a b", "x" * 64, "livé"])
def test_an_environments_name_is_a_word(tmp_path: Path, name: str) -> None:
    assert codes(tmp_path, SMALLEST.replace("  live:", f"  {name!r}:")) == ["bad-name"]


def test_every_fault_of_the_file_is_told_at_once_in_its_order(tmp_path: Path) -> None:
    text = with_channel("rate: fast").replace(f"workspace: {UUID}", "workspace: ws").replace("{env: LIVE_KEY}", "{}")
    assert codes(tmp_path, "default_environment: nope\n" + text + '    only_to: ["0612345678"]\n') == [
        "unknown-environment", "key-source", "not-a-uuid", "wrong-format", "phone-country",
    ]  # fmt: skip


def test_an_empty_list_of_addresses_reaches_nobody(tmp_path: Path) -> None:
    assert live(tmp_path, SMALLEST + "    only_to: []\n").only_to == frozenset()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("'0612345678'", "phone-country"),
        ("'+1-800-FLOWERS'", "phone-letters"),
        ("a@b@c", "email"),
        ("''", "phone-empty"),
    ],
)
def test_an_address_that_could_not_be_sent_to_is_refused_and_masked(tmp_path: Path, written: str, code: str) -> None:
    _, [problem] = read(tmp_path, SMALLEST + f"    only_to: ['+447700900001', {written}]\n")
    assert problem.code.startswith(code)
    assert "0612345678" not in problem.problem + problem.excerpt
    assert "7700900001" not in problem.excerpt


def test_limits_of_spec_and_environment_are_both_kept(tmp_path: Path) -> None:
    own = Limits(messages=5, segments=3, failure_rate=0.5)
    environment = Limits(messages=10, segments=1, encoding="gsm7", total_segments=7)
    both = Limits(messages=5, segments=1, total_segments=7, encoding="gsm7", failure_rate=0.5)
    assert own.tightened_by(environment) == environment.tightened_by(own) == both
    assert both.tightened_by(Limits()) == both


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with folders in it, below a folder with a project file of its own."""
    (tmp_path / "sendspec.yaml").write_text("{}")
    top = tmp_path / "repository"
    (top / ".git").mkdir(parents=True)
    (top / "specs" / "deep").mkdir(parents=True)
    return top


def test_the_nearest_file_at_or_above_is_the_projects(repository: Path) -> None:
    (repository / "sendspec.yaml").write_text("{}")
    assert find_project(repository) == repository / "sendspec.yaml"
    assert find_project(repository / "specs" / "deep") == repository / "sendspec.yaml"
    (repository / "specs" / "sendspec.yaml").write_text("{}")
    assert find_project(repository / "specs" / "deep") == repository / "specs" / "sendspec.yaml"


def test_it_is_not_looked_for_beyond_the_repository(repository: Path) -> None:
    assert find_project(repository / "specs" / "deep") is None


def test_in_a_work_tree_whose_git_is_a_file_neither(repository: Path) -> None:
    (repository / ".git").rmdir()
    (repository / ".git").write_text("gitdir: elsewhere\n")
    assert find_project(repository / "specs") is None


def test_a_folder_of_that_name_is_found_and_reported(repository: Path) -> None:
    """Passed over, it would be no project's, or another's, and nobody would learn why."""
    (repository / "specs" / "sendspec.yaml").mkdir()
    (repository / "sendspec.yaml").write_text("{}")
    found, problems = find_project(repository / "specs"), Problems()
    assert found == repository / "specs" / "sendspec.yaml"
    assert read_project(str(found), found.parent, problems) is None
    assert [problem.code for problem in problems] == ["not-a-file"]


def test_a_file_of_a_user_who_does_not_count_is_refused(tmp_path: Path) -> None:
    path, problems = tmp_path / "sendspec.yaml", Problems()
    path.write_text("environments: {}\n")
    owner = path.stat().st_uid
    assert read_project(str(path), tmp_path, problems, owners={owner}) is not None
    assert read_project(str(path), tmp_path, problems, owners={owner + 1}) is None
    assert [problem.code for problem in problems] == ["project-foreign"]


def test_a_ledger_in_another_project_is_refused(tmp_path: Path) -> None:
    """A project file inside another project would use its ledger without its limits and approvals."""
    inner = tmp_path / "specs"
    inner.mkdir()
    for folder in (tmp_path, inner):
        (folder / "sendspec.yaml").write_text("")
    for place, codes in (
        ("../.sendspec/live.db", ["ledger-elsewhere"]),
        (".sendspec/live.db", []),
        ("/var/lib/live.db", []),
    ):
        text = f"""environments:
  live:
    access_key: {{env: KEY}}
    ledger: {{file: {place}}}
    channels: {{sms: {{workspace: {UUID}, channel: {UUID}}}}}
"""
        (inner / "sendspec.yaml").write_text(text)
        problems = Problems()
        read_project(str(inner / "sendspec.yaml"), inner, problems)
        assert [each.code for each in problems] == codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{channels: {news: {platform: email}}}", []), ("{}", []), ("{channels: {news: {platform: fax}}}", ["wrong-value"]),
        ("{channels: {news: {}}}", ["missing-key"]), ("{limits: {messages: 1}}", ["bad-name"]),
        ("{channels: {news: {platform: email, rate: 5/s}}}", ["bad-name"]),
    ],
)  # fmt: skip
def test_of_the_sandbox_the_file_says_no_more_than_what_its_channels_are(
    tmp_path: Path, written: str, code: list[str]
) -> None:
    project, problems = read(tmp_path, SMALLEST + f"  sandbox: {written}\n")
    assert [problem.code for problem in problems] == code
    if project is not None:
        assert set(project.environments) == {"live"}


@pytest.mark.parametrize("schema", ["user", "select", "order", "left", "pg_ledger", "information_schema"])
def test_a_schema_has_no_name_that_postgresql_can_not_take(tmp_path: Path, schema: str) -> None:
    text = SMALLEST.replace("{file: .sendspec/live.db}", f"{{url: {{env: URL}}, schema: {schema}}}")
    assert codes(tmp_path, text) == ["bad-name"]
    assert isinstance(live(tmp_path, text.replace(schema, "time")).ledger, LedgerServer)
