"""The paths of the API, written from values and recognised by the sandbox."""

from __future__ import annotations

import pytest
from sendspec.provider.path import BATCH_PATH, INTERACTIONS_PATH, MESSAGE_PATH, MESSAGES_PATH, path_pattern


@pytest.mark.parametrize("template", [MESSAGES_PATH, MESSAGE_PATH, INTERACTIONS_PATH, BATCH_PATH])
def test_a_path_is_recognised_with_its_values_and_by_its_own_pattern_only(template: str) -> None:
    values = {name: f"{name}-1" for name in ("workspace", "channel", "message") if f"{{{name}}}" in template}
    path = template.format(**values)
    found = path_pattern(template).fullmatch(path)
    assert found is not None
    assert found.groupdict() == values
    others = {MESSAGES_PATH, MESSAGE_PATH, BATCH_PATH} - {template}
    assert not any(path_pattern(other).fullmatch(path) for other in others)


@pytest.mark.parametrize("workspace", ["", "a/b"])
def test_a_value_is_one_segment(workspace: str) -> None:
    path = MESSAGES_PATH.format(workspace=workspace, channel="c")
    assert path_pattern(MESSAGES_PATH).fullmatch(path) is None
