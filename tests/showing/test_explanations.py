"""Every code that the source gives is explained, and every explained code is given."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from sendspec.planning.decision import Skip
from sendspec.showing.explained import command, files, ledger, messages, project, recipients, templates, untrusted
from sendspec.showing.explanations import EXPLANATIONS, explanation_text
from sendspec.showing.terminal_style import PLAIN

PACKAGE = Path(__file__).resolve().parent.parent.parent / "runner" / "sendspec"
CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
BUILT = {
    "limit-": {"limit-messages", "limit-total-segments", "limit-cost"},
}
"""Codes made by an f-string, by what it begins with."""
NO_CODES = {reason.value for reason in Skip if "-" in reason} | {
    "not-sent",  # a choice of --retry and --as
    "opt-out",  # as it is counted
    "access-key", "api-key",  # names that a key might stand under
    "content-length", "retry-after", "transfer-encoding",  # headers
    "content-digest",  # an output of a plan
    "date-time",  # formats of JSON Schema
    "pre-processing", "sms-messagebird",  # whose codes the API's failures have
    "email-messagebird", "unsubscribe-request", "subscribe-consent",  # the API's platforms and interactions
    "drop-after", "drop-before", "foreign-reference", "list-late", "list-5xx",  # the sandbox's faults
    "webhook-twice", "webhook-late", "webhook-reversed", "webhook-unsigned", "webhook-before-answer",
    "sendspec-sandbox", "sandbox-signing-key",  # its name and its key
    "cat-file", "check-attr", "ls-files", "ls-tree", "merge-base", "rev-list", "rev-parse", "working-tree-encoding",  # what git is asked
    "not-compared",  # how a spec differs from the base
    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "ssh-rsa",  # kinds of keys
    "check-novalidate", "sendspec-plan", "ssh-keygen",  # what ssh-keygen is asked
    "cert-authority", "valid-after", "valid-before",  # options of approvers
    "latin-1", "utf-8", "utf-8-sig", "utf-16",
    "exit-codes",  # a topic of `help`
    "ledger-check", "ledger-copy", "ledger-init", "ledger-migrate", "ledger-purge",  # names of schemas
    "opt-outs", "opt-outs-change", "sandbox-event", "sandbox-wait",  # the same
    "no-referrer", "no-store", "same-origin",  # headers' values
    "country-table", "guard-table", "run-table", "undelivered-table", "skip-reasons",  # places on pages
    "content-type",  # a header
    "webhook-verify", "webhook-ingest", "webhook-serve",  # the same
    "order-shipped",  # of git
}  # fmt: skip
"""Words with hyphens in the source that aren't codes. A new one that isn't either belongs here."""
ANCHORS = {"m-", "run-", "spec-", "sendspec-"}
"""Beginnings of places on pages, and of a cookie's name."""
GROUPS = (command, files, ledger, messages, project, recipients, templates, untrusted)


@cache  # parsing all of it takes seconds
def source_texts() -> tuple[frozenset[str], tuple[ast.JoinedStr, ...]]:
    """Every text in the source, and every f-string of two parts."""
    texts: set[str] = set()
    built: list[ast.JoinedStr] = []
    for path in PACKAGE.rglob("*.py"):
        if "explained" in path.parts or path.name == "unknown_word.py":  # that one lists options and commands
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr) and len(node.values) == 2:
                built.append(node)
    return frozenset(texts), tuple(built)


@cache
def hyphened_words() -> frozenset[str]:
    """Every text in the source that has the form of a code, and every code that stands in brackets in a longer text."""
    found: set[str] = set()
    for text in source_texts()[0]:
        found |= {text} if CODE.fullmatch(text) else set(re.findall(rf" \[({CODE.pattern})\]", text))
    return frozenset(found)


def built_beginnings() -> set[str]:
    """What f-strings of the form of a code, such as f"limit-{name}", begin with."""
    return {
        str(first.value)
        for first, second in (node.values for node in source_texts()[1])
        if isinstance(first, ast.Constant) and isinstance(second, ast.FormattedValue)
        if re.fullmatch(r"[a-z]+-", str(first.value))
    }


def test_every_code_that_the_source_gives_is_explained() -> None:
    assert sorted(hyphened_words() - NO_CODES - set(EXPLANATIONS)) == []


def test_every_explained_code_stands_in_the_source() -> None:
    given = hyphened_words().union(*BUILT.values())
    assert sorted(set(EXPLANATIONS) - given) == []


def test_every_code_that_is_put_together_is_explained() -> None:
    assert built_beginnings() - ANCHORS == set(BUILT)
    assert set().union(*BUILT.values()) <= set(EXPLANATIONS)


def test_no_word_is_kept_as_an_exception_that_the_source_no_longer_has() -> None:
    assert sorted(NO_CODES - hyphened_words()) == []


def test_a_code_is_explained_once() -> None:
    assert len(EXPLANATIONS) == sum(len(group.EXPLAINED) for group in GROUPS)


def test_every_explanation_says_more_than_its_summary() -> None:
    assert [code for code, it in EXPLANATIONS.items() if not it.text.strip() or it.summary in it.text] == []


def test_what_is_wrong_is_seen_to_differ_from_what_is_right() -> None:
    shown = {code: (it.wrong.split(), it.right.split()) for code, it in EXPLANATIONS.items() if it.wrong}
    assert [code for code, (wrong, right) in shown.items() if wrong == right] == []


def test_an_explanation_shows_the_wrong_and_the_right_way() -> None:
    text = explanation_text("unquoted-template", PLAIN)
    assert text.startswith("unquoted-template: a template has no quotes around it\n")
    assert "wrong:\n    tags: {{ tags }}\n" in text
    assert 'right:\n    tags: "{{ tags }}"\n' in text


def test_no_explanation_has_two_blank_lines() -> None:
    assert [code for code in EXPLANATIONS if "\n\n\n" in explanation_text(code, PLAIN)] == []
