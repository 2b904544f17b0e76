"""A spec whose recipients aren't in the repository: what its messages would say, and not to whom."""

from __future__ import annotations

from sendspec.composing.message_part import MessagePart
from sendspec.composing.platforms.sms_segments import Measure
from sendspec.composing.taken_path import TakenPath
from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.operations.plan_sample import SampleSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentText:
    """One text of the spec: an example's, or the template's with the names of columns in it (`Hi ⟨first_name⟩`).

    `path` is the way that it takes through the templates. `measure` is known where the text is what somebody would get. `parts` are all
    else that people read or click. All texts are `spelled`.
    """

    text: str
    source: SampleSource
    path: TakenPath
    measure: Measure | None = None
    parts: tuple[MessagePart, ...] = ()

    @property
    def whole(self) -> str:
        """The text and all parts, to compare with others."""
        told = [
            f"{part.at}: {part.text}{f'… and {part.cut:,} more (digest {part.digest})' if part.cut else ''}"
            for part in self.parts
        ]
        return "\n".join([self.text, *told] if self.text or not told else told)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentAudience:
    """`path` is the spec's, `file` its table's as the spec writes it; `why` completes "audience: …". `more`: there are more texts than listed.

    `before` are the whole texts of the spec as a base has it, at the same path; None: it isn't compared with one, or the base has no such spec.
    """

    name: str
    path: str
    channel: str
    file: str
    why: str
    texts: tuple[AbsentText, ...] = ()
    more: bool = False
    before: tuple[str, ...] | None = None

    @property
    def gone(self) -> tuple[str, ...]:
        """What the base says, and this no more."""
        now = {text.whole for text in self.texts}
        return tuple(text for text in self.before or () if text not in now)

    def is_new(self, text: AbsentText) -> bool:
        """Whether the base doesn't say this; never, if it isn't compared with one."""
        return self.before is not None and text.whole not in self.before
