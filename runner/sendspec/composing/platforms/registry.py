"""All platforms by name. The names are those that `schemas/project.schema.json` allows; a test compares them."""

from __future__ import annotations

from collections.abc import Mapping

from sendspec.composing.platforms.address_kind import PHONE_NUMBER
from sendspec.composing.platforms.email import EMAIL
from sendspec.composing.platforms.platform import Platform
from sendspec.composing.platforms.sms import SMS

_WITHOUT_OWN_RULES = ("whatsapp", "rcs", "telegram", "line", "messenger", "instagram", "apple", "push")
"""Platforms that follow the common rules only. One that gets a rule moves to a module of its own."""

PLATFORMS: Mapping[str, Platform] = {
    platform.name: platform
    for platform in (SMS, EMAIL, *(Platform(name=name, address_kind=PHONE_NUMBER) for name in _WITHOUT_OWN_RULES))
}
