"""Where a CI job can install the same sendspec from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ruamel.yaml import YAML
from sendspec.operations.install_source import (
    HERE,
    FromAddress,
    FromIndex,
    FromThisMachine,
    InstallSource,
    install_source,
    source_of,
)
from sendspec.operations.scaffold_workflow import workflow_text

COMMIT, DIGEST = "0123456789abcdef" * 2 + "01234567", "0123456789abcdef" * 4
GIT = {"vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"}}
ARCHIVE = {"archive_info": {"hash": f"sha256={DIGEST}", "hashes": {"sha256": DIGEST}}}
WHEEL = "https://example.com/sendspec-1.0-py3-none-any.whl"
REPOSITORY = "https://example.com/acme/sendspec.git"


@pytest.mark.parametrize(
    ("record", "source"),
    [
        (None, FromIndex("1.0")),
        ({"url": REPOSITORY, **GIT}, FromAddress(f"sendspec @ git+{REPOSITORY}@{COMMIT}")),
        ({"url": REPOSITORY.replace("https://", "https://ann:secret@"), **GIT}, FromAddress(f"sendspec @ git+{REPOSITORY}@{COMMIT}")),
        ({"url": "ssh://git@example.com/acme/s.git", **GIT}, FromAddress(f"sendspec @ git+ssh://git@example.com/acme/s.git@{COMMIT}")),
        ({"url": WHEEL, **ARCHIVE}, FromAddress(f"sendspec @ {WHEEL}#sha256={DIGEST}")),
        ({"url": WHEEL, "archive_info": {"hash": f"sha256={DIGEST}"}}, FromAddress(f"sendspec @ {WHEEL}#sha256={DIGEST}")),
        ({"url": WHEEL, "archive_info": {}}, FromThisMachine(WHEEL)),
        ({"url": "file:///home/ann/sendspec", "dir_info": {"editable": True}}, FromThisMachine(HERE)),
        ({"url": "file:///home/ann/sendspec", **GIT}, FromThisMachine(HERE)),
        ({"url": "https://example.com/$(x)", **GIT}, FromThisMachine("https://example.com/$(x)")),
        ({"url": REPOSITORY, "vcs_info": {"vcs": "git", "commit_id": "main; x"}}, FromThisMachine(REPOSITORY)),
        ({"url": REPOSITORY, "vcs_info": []}, FromThisMachine("a place that its record doesn't say")),
        ({}, FromThisMachine("a place that its record doesn't say")),
    ],
)  # fmt: skip
def test_the_source_is_what_the_installer_noted(record: Any, source: InstallSource) -> None:
    assert source_of(None if record is None else json.dumps(record), "1.0") == source


def test_a_record_or_version_that_can_not_be_read_is_no_source() -> None:
    assert isinstance(source_of("{", "1.0"), FromThisMachine)
    assert isinstance(source_of(None, "1.0; x"), FromThisMachine)


def test_a_checkout_is_on_this_machine() -> None:
    assert isinstance(install_source(), FromThisMachine)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (FromIndex("1.0"), 'python -m pip install "sendspec==1.0"'),
        (FromAddress("sendspec @ git+https://x/y@0"), 'python -m pip install "sendspec @ git+https://x/y@0"'),
    ],
)
def test_the_workflow_installs_from_there(source: InstallSource, line: str) -> None:
    steps = YAML(typ="safe").load(workflow_text(source, ""))["jobs"]["pr-plan"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [
        line, "sendspec plan --untrusted --base HEAD^1 specs/*.yaml --format github", "sendspec test specs/*.yaml --format github",
    ]  # fmt: skip
