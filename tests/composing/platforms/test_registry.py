"""Every platform that a project file may name has a record."""

from __future__ import annotations

from sendspec.composing.platforms.registry import PLATFORMS
from sendspec.reading.contacts.phone_check import PhoneCheck
from sendspec.reading.environment import DEFAULT_PLATFORM
from sendspec.reading.schema.validator import load_schema


def test_each_platform_of_the_project_schema_has_a_record() -> None:
    platform = load_schema("project").document["$defs"]["channel"]["properties"]["platform"]
    assert list(PLATFORMS) == platform["enum"]
    assert platform["default"] == DEFAULT_PLATFORM


def test_a_sample_address_is_valid_and_normalised() -> None:
    for platform in PLATFORMS.values():
        kind = platform.address_kind
        assert kind.normaliser_for(None, PhoneCheck.LENGTH)(kind.sample) == kind.sample
