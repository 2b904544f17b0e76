"""The specs that `sendspec init` writes, each with its recipients: they can be sent to the sandbox as they are.

Their files are in `scaffold_examples/`, a folder for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sendspec.diagnostics.lazy_dataclass import dataclass

PLAIN = "hello"
DAYS_AHEAD = 14
"""How far ahead the reminder's message is scheduled; the API takes 35 days at most."""
_FOLDER = Path(__file__).parent / "scaffold_examples"
_MODELINE = "# yaml-language-server: $schema=../schemas/spec.schema.json\n"
_MOMENT = "<moment>"
"""Stands in a table for a moment to come."""


@dataclass(frozen=True, slots=True)
class ScaffoldExample:
    """`table` is the name of the file with the recipients."""

    name: str
    table: str

    @property
    def spec_path(self) -> str:
        """The path of the spec, relative to the project."""
        return f"specs/{self.name}.yaml"

    def files(self, now: datetime) -> Mapping[str, str]:
        """The texts by path, relative to the project. `now` dates what has to be in the future."""
        moment = (now + timedelta(days=DAYS_AHEAD)).strftime("%Y-%m-%dT09:00:00Z")
        return {
            self.spec_path: _MODELINE + self._text("spec.yaml"),
            f"data/{self.table}": self._text(self.table).replace(_MOMENT, moment),
        }

    def _text(self, name: str) -> str:
        return (_FOLDER / self.name / name).read_text(encoding="utf-8")


EXAMPLES: Mapping[str, ScaffoldExample] = {
    example.name: example
    for example in (
        ScaffoldExample(PLAIN, "people.csv"),
        ScaffoldExample("orders", "orders.csv"),
        ScaffoldExample("mms", "guests.csv"),
        ScaffoldExample("email", "readers.csv"),
        ScaffoldExample("reminder", "appointments.csv"),
        ScaffoldExample("multilingual", "members.csv"),
    )
}
