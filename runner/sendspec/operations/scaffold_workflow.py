"""The workflow for GitHub that `sendspec init` writes: it checks every spec on a pull request, and shows what would be sent."""

from __future__ import annotations

import re
from typing import assert_never

from sendspec.diagnostics.lazy_pattern import lazy_pattern
from sendspec.operations.install_source import FromAddress, FromIndex, FromThisMachine, InstallSource

WORKFLOW_PATH = ".github/workflows/messages.yml"
_PLAIN_FOLDER = lazy_pattern(r"[A-Za-z0-9._/-]+", re.ASCII)
"""Folder names that mean nothing to YAML, a shell or GitHub's expressions."""
_HEAD = """\
# Checks every spec on a pull request, and shows what would be sent and what the request changes. It has no secret, so anybody may open one.
# Sending on a merge needs the access key, and a ledger that outlives the job: on a PostgreSQL server, with
# `ledger: {url: {env: SENDSPEC_LEDGER_URL}}` in sendspec.yaml. docs/gitops.md of sendspec has the whole way.
#
"""
_BY_HAND = """\
# It fails until you say what it may install, in .github/sendspec-requirements.txt: sendspec and all that it needs, each by its hash.
# The sendspec that wrote this file came from a folder or a file on somebody's machine, and no CI job can get it from there.
# Whoever holds a name in a package index decides what is installed under it, so name a file that you built or checked.
#   1. Build the wheel from a commit that you trust, and put it where this workflow can read it.
#   2. Write one line to a file sendspec.in:   sendspec @ <the address of the wheel>
#   3. Run:   pip-compile --generate-hashes --output-file .github/sendspec-requirements.txt sendspec.in
# Look at the difference whenever that file changes.
"""
_FROM_ADDRESS = """\
# It installs the sendspec that wrote this file, from where that came: one commit, or one file with its hash.
# What sendspec needs itself comes from the package index, in any version that fits.
"""
_FROM_INDEX = """\
# It installs the version of sendspec that wrote this file, by its name, from the package index. Whoever holds a name in an index decides
# what is installed under it: to be safe from that, install from a file with hashes (`pip install --require-hashes --requirement …`).
"""
_STEPS = """\
name: messages
on: [pull_request]
permissions: {contents: read}
jobs:
  pr-plan:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {fetch-depth: 0, persist-credentials: false} # all commits: HEAD^1 is what the request would be merged into
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with: {python-version: "3.12"}
"""
_ALSO_AFTER_MISTAKES = """\
      - if: always() && steps.plan.outcome != 'skipped' # also after a plan with mistakes, so that all are told at once
"""
_INSTALL_BY_HAND = """\
      - name: Install what .github/sendspec-requirements.txt names, and nothing else
        run: |
          if ! grep -qs '^sendspec @ ' .github/sendspec-requirements.txt; then
            echo "say what may be installed in .github/sendspec-requirements.txt: this workflow's first lines say how" >&2
            exit 1
          fi
          python -m pip install --require-hashes --only-binary :all: --requirement .github/sendspec-requirements.txt
"""


def workflow_text(source: InstallSource, folder: str) -> str:
    """The workflow of a project in `folder`, relative to the top of its repository; empty for the top itself."""
    place = f"\n        working-directory: {folder}" if folder else ""
    match source:
        case FromThisMachine():
            head, install = _BY_HAND, _INSTALL_BY_HAND
        case FromAddress(requirement):
            head, install = _FROM_ADDRESS, f'      - run: python -m pip install "{requirement}"\n'
        case FromIndex(version):
            head, install = _FROM_INDEX, f'      - run: python -m pip install "sendspec=={version}"\n'
        case _:
            assert_never(source)
    plan = (
        f"      - id: plan\n        run: sendspec plan --untrusted --base HEAD^1 specs/*.yaml --format github{place}\n"
    )
    test = f"{_ALSO_AFTER_MISTAKES}        run: sendspec test specs/*.yaml --format github{place}\n"
    return _HEAD + head + _STEPS + install + plan + test


def can_be_named(folder: str) -> bool:
    """Whether the workflow can name a project's folder without quoting."""
    return not folder or _PLAIN_FOLDER.fullmatch(folder) is not None
