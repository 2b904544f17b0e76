"""JUnit XML, which Jenkins, GitLab and others show as a list of tests: a case a spec, or a case an example.

https://docs.gitlab.com/ci/testing/unit_test_reports/ and https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendspec.diagnostics.diagnostic import Diagnostic, Severity
from sendspec.showing.diagnostics import clean
from sendspec.showing.reports.check_report import CheckCase, CheckReport, full_text, more_text, shortened, worst_first

MAX_SHOWN = 20
"""Problems of one case. Each case has one failure: GitLab shows the first."""


def report_bytes(report: CheckReport) -> bytes:
    name = f"sendspec {report.command}"
    counts = {
        "tests": len(report.cases),
        "failures": sum(case.has_failed for case in report.cases),
        "errors": 0,
        "skipped": sum(bool(case.not_checked) for case in report.cases),
    }
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites{_attributes(name=name, **counts)}>",
        f"<testsuite{_attributes(name=name, **counts, time='0')}>",
        *(line for case in report.cases for line in _case(case, f"sendspec.{report.command}")),
        "</testsuite>",
        "</testsuites>",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _case(case: CheckCase, group: str) -> Iterator[str]:
    tag = f"<testcase{_attributes(classname=group, name=case.name, file=case.file, time='0')}"
    found = worst_first(case.diagnostics)
    if not found and not case.not_checked:
        yield f"{tag}/>"
        return
    yield f"{tag}>"
    if case.not_checked:
        yield f"<skipped{_attributes(message=case.not_checked)}/>"
    elif case.has_failed:
        message = shortened(clean(found[0].problem))
        yield f"<failure{_attributes(message=message, type=found[0].code)}>{_text(_listed(found))}</failure>"
    else:
        yield f"<system-out>{_text(_listed(found))}</system-out>"
    yield "</testcase>"


def _listed(found: Sequence[Diagnostic]) -> str:
    blocks = []
    for diagnostic in found[:MAX_SHOWN]:
        start = diagnostic.span.start
        kind = "error" if diagnostic.severity is Severity.ERROR else "warning"
        place = f"{clean(diagnostic.path)}:{start.line}:{start.column}"
        blocks.append(f"{place}: {kind} [{diagnostic.code}]\n{full_text(diagnostic)}")
    if len(found) > MAX_SHOWN:
        blocks.append(more_text(len(found) - MAX_SHOWN))
    return "\n\n".join(blocks)


def _attributes(**attributes: object) -> str:
    return "".join(f' {name}="{_text(clean(str(value)))}"' for name, value in attributes.items())


def _text(text: str) -> str:
    """`text` in XML 1.0, which has no way at all to write a few characters."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return escaped.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
