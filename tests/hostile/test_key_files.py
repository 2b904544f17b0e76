"""The file of an access key: no link that came with a checkout takes its place, and nothing quotes it."""

from __future__ import annotations

import os
import re

import pytest
from project_dir import CHANNEL, SECRET, WORKSPACE, CountingServer, ProjectDir

SPEC = """spec: 1
name: hello
channel: sms
recipients: {file: people.csv}
message: {body: {type: text, text: {text: Hi}}}
"""


def environment(name: str, key: str, url: str) -> str:
    return f"""  {name}:
    api_url: {url}
    access_key: {{file: {key}}}
    ledger: {{file: .sendspec/{name}.db}}
    channels:
      sms: {{workspace: {WORKSPACE}, channel: {CHANNEL}, platform: sms, timeout: 2}}
"""


@pytest.fixture
def keyed(project_dir: ProjectDir, server: CountingServer) -> ProjectDir:
    """A project whose environments read their keys from files; `other` is never the one that is asked for."""
    inside = ProjectDir(project_dir.folder / "project")
    inside.write("sendspec.yaml", "environments:\n" + environment("test", "test.key", server.url)
                 + environment("other", "keys/other.csv", server.url))  # fmt: skip
    inside.write("hello.yaml", SPEC)
    inside.write("people.csv", "phone\n+447700900001\n")
    for name in ("test.key", "keys/other.csv"):
        inside.write(name, SECRET + "\n").chmod(0o600)
    made = inside.run("ledger", "init", "--env", "test", "--empty")
    assert made.code == 0, made.err
    return inside


def send(project_dir: ProjectDir) -> int:
    return project_dir.run("send", "hello.yaml", "--env", "test", "--yes").code


def test_a_key_file_of_the_project_is_sent_as_the_key(keyed: ProjectDir, server: CountingServer) -> None:
    assert send(keyed) == 0
    assert server.posts[0].headers["Authorization"] == f"AccessKey {SECRET}"


@pytest.mark.parametrize("place", ["test.key", "./test.key", "keys/../test.key", "deep/test.key"])
def test_a_link_in_place_of_a_key_file_is_not_followed(keyed: ProjectDir, server: CountingServer, place: str) -> None:
    outside = keyed.folder.parent / "outside"
    outside.mkdir()
    (outside / "test.key").write_text("someother-key-of-the-user\n")
    (outside / "test.key").chmod(0o600)
    (keyed.folder / "test.key").unlink()
    if place.startswith("deep"):
        (keyed.folder / "deep").symlink_to(outside)
    else:
        (keyed.folder / "test.key").symlink_to(outside / "test.key")
    text = (keyed.folder / "sendspec.yaml").read_text()
    keyed.write("sendspec.yaml", text.replace("{file: test.key}", f"{{file: {place}}}"))
    done = keyed.run("send", "hello.yaml", "--env", "test", "--yes")
    assert done.code == 1, done
    assert "[key-unusable]" in done.err
    assert "link" in done.err
    assert server.requests == []


@pytest.mark.parametrize("how", ["absolute", "above", "linked"])
def test_a_key_file_that_the_project_file_names_outside_is_used(
    keyed: ProjectDir, server: CountingServer, how: str
) -> None:
    """Links too: a secret that is mounted is often one, and no checkout put it there."""
    outside = keyed.folder.parent / "secrets"
    outside.mkdir()
    (keyed.folder / "test.key").rename(outside / "real")
    (outside / "test.key").symlink_to("real")
    place = {"absolute": str(outside / "real"), "above": "../secrets/real", "linked": str(outside / "test.key")}[how]
    text = (keyed.folder / "sendspec.yaml").read_text()
    keyed.write("sendspec.yaml", text.replace("{file: test.key}", f"{{file: {place}}}"))
    assert send(keyed) == 0
    assert server.posts[0].headers["Authorization"] == f"AccessKey {SECRET}"


@pytest.mark.parametrize("key", ["test.key", "keys/other.csv"])
@pytest.mark.parametrize("how", ["by name", "by a link", "by a hard link"])
def test_a_key_file_is_no_input_and_is_never_quoted(keyed: ProjectDir, key: str, how: str) -> None:
    """`ProjectDir.run` holds that no output has the key in it."""
    place = key
    if how != "by name":
        place = "x.csv"
        (os.link if how == "by a hard link" else os.symlink)(keyed.folder / key, keyed.folder / place)
    table = SPEC.replace("people.csv", place)
    listed = SPEC + f"suppress: [{place}]\n"
    for command, text in ((("hello.yaml",), table), (("hello.yaml",), listed), ((place,), SPEC),
                          (("hello.yaml", "--recipients", place), SPEC)):  # fmt: skip
        keyed.write("hello.yaml", text)
        for form in ("text", "json"):
            done = keyed.run("validate" if "--recipients" not in command else "plan", *command, "--format", form)
            assert done.code == 1, (command, done)
            code = "not-a-spec" if command == (place,) and place.endswith(".csv") else "key-file-as-input"
            assert code in done.out + done.err, (command, done)  # a table is no spec, whatever is in it
    for verb in ("test", "status"):
        assert re.search("key-file-as-input|not-a-spec", keyed.run(verb, place).err)


def test_a_key_file_in_an_environments_list_is_refused_too(keyed: ProjectDir) -> None:
    text = (keyed.folder / "sendspec.yaml").read_text()
    keyed.write("sendspec.yaml", text + "    suppress: [test.key]\n")
    done = keyed.run("validate", "hello.yaml", "--env", "other")
    assert done.code == 1
    assert "[key-file-as-input]" in done.err
