"""A spec whose recipients aren't in the repository: what its messages would say, and not to whom."""

from __future__ import annotations

from dataclasses import dataclass

from sendspec.composing.platforms.sms_segments import Measure
from sendspec.composing.taken_path import TakenPath
from sendspec.operations.plan_sample import SampleSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentText:
    """One text of the spec: an example's, or the template's with the names of columns in it (`Hi ⟨first_name⟩`).

    `path` is the way that it takes through the templates. `measure` is known where the text is what somebody would get.
    """

    text: str
    source: SampleSource
    path: TakenPath
    measure: Measure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentAudience:
    """`path` is the spec's, `file` its table's as the spec writes it; `why` completes "audience: …". `more`: there are more texts than listed."""

    name: str
    path: str
    channel: str
    file: str
    why: str
    texts: tuple[AbsentText, ...] = ()
    more: bool = False
