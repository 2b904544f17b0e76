"""E-mail addresses: what is accepted, and why others are refused."""

from __future__ import annotations

import pytest
from sendspec.diagnostics.problem import Problem
from sendspec.reading.contacts.email_address import normalise_email


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Ann.Lee+news@Example.COM", "Ann.Lee+news@example.com"),
        (" ann@mail.example.co.uk\n", "ann@mail.example.co.uk"),
        ("o'neil@xn--bcher-kva.de", "o'neil@xn--bcher-kva.de"),
    ],
)
def test_only_the_domain_of_an_address_is_made_small(written: str, address: str) -> None:
    assert normalise_email(written) == address
    assert normalise_email(address) == address


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "the e-mail address is empty"),
        ("ann.example.com", "'an••••••om' has no @; an e-mail address has one"),
        ("a@example.com, b@example.com", "'a@••••@ex…' has 2 @; an e-mail address has one"),
        ("Ann Lee<ann@example.com>", "'An••••@ex…' has the character ' ' in it"),
        ("ann\u202e@example.com", "'an••••@ex…' has the character '\\u202e' in it"),
        ("ann@bücher.de", "the domain of 'an••••@bü…' has letters beyond a-z"),
        ("ann@localhost", "'an••••@lo…' has no dot behind its @"),
        ("ann.@example.com", "'an••••@ex…' has a dot too much: at the start or end of a part, or beside another dot"),
        ("ann@example.c", "'an••••@ex…' is not written like an e-mail address"),
        (
            "a" * 65 + "@example.com",
            "'aa••••@ex…' has 77 characters; at most 254 are allowed, 64 of them before the @",
        ),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(written: str, problem: str) -> None:
    fault = normalise_email(written)
    assert isinstance(fault, Problem)
    assert (fault.code, fault.problem) == ("email-address", problem)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("mailto:sue@example.org", "keep the address alone"),
        ("Sue Lee <sue@example.org>", "keep the address alone"),
        ("sue@example.org;", "keep the address alone"),
        ("sue@@example.org", "write one @"),
        ("sue@@example.org, ann@example.org", "keep one address"),
        ("sue@gmail,com", "write '.' instead of ','"),
        ("jos\u00e9@example.org", "ask for the address"),
        ("sue lee@example.org", "correct the address, or ask for it"),
        ("sue,lee@example.org", "correct the address, or ask for it"),
    ],
)
def test_no_fix_leads_to_the_address_of_somebody_else(written: str, fix: str) -> None:
    fault = normalise_email(written)
    assert isinstance(fault, Problem)
    assert fix in fault.fix
    assert "remove" not in fault.fix
