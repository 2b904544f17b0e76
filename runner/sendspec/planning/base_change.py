"""What a plan's messages change against those of another commit's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from sendspec.diagnostics.lazy_dataclass import dataclass
from sendspec.diagnostics.wording import counted
from sendspec.planning.cost import Cost
from sendspec.planning.send_size import SendSize


class PieceKind(StrEnum):
    """What became of a piece of a text. The words are used in JSON."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text, with the white space between them."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """Messages whose texts change in the same way, and the texts of one of them.

    `line` is that message's row. `pieces` without those that are added are `before`, without those that are removed `after`. The segments are those of all
    its messages. `different` is how many different changes these messages have, more than 1 where they differ in recipients' values; with
    `is_more`, it is at least that.
    """

    messages: int
    line: int
    before: str
    after: str
    pieces: tuple[Piece, ...]
    segments_before: int
    segments_after: int
    different: int = 1
    is_more: bool = False

    @property
    def is_of_values_alone(self) -> bool:
        """Whether the texts are the same but for recipients' values, which aren't shown."""
        return all(piece.kind is PieceKind.SAME for piece in self.pieces)


class SpecChangeKind(StrEnum):
    """How a spec differs from the base's. The words are used in JSON.

    Both `RAISED` (another `generation`) and `RENAMED` (another `name`) may change messages too. `NOT_COMPARED`: see `SpecChange.problem`.
    """

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    RENAMED = "renamed"
    RAISED = "raised"
    NOT_COMPARED = "not-compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """A setting that decides where messages go, or under which promise. A side is None where it isn't set."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecChange:
    """What changes for the recipients of one spec, whatever was sent already.

    `added`, `dropped`, `changed` and `same` count recipients by their keys: those of these files alone, those of the base alone, those who get another
    message, and those who get the same. Rows that are filtered, duplicate, suppressed or left out by `only_to` don't count on their side.

    `texts` has the changes of most messages first. `other_messages` have one of `other_texts` further changes. `fields` names the parts of the
    request's body that change besides the texts, such as `tags`; a `reference` can change in messages that are otherwise the same.
    `changed_values` counts messages to the same recipients in which values change that the templates of both sides use; None where the
    texts have them, so that this needn't be told. `settings` are those that an approval is bound to besides the messages, the channel, and
    `continue_with`.

    `name_before`, `path_before` and `generation_before` are set where the base's are others. `problem` says why the base can't be
    compared; then everything else is empty. `new` is the size of what nobody got under the base's files, even if all of that was sent:
    all of it for another `generation`, or a `name` that isn't moved. None: it was not counted.
    """

    kind: SpecChangeKind
    added: int = 0
    dropped: int = 0
    changed: int = 0
    same: int = 0
    segments_before: int = 0
    segments_after: int = 0
    cost_before: Cost | None = None
    cost_after: Cost | None = None
    texts: tuple[TextChange, ...] = ()
    other_texts: int = 0
    other_messages: int = 0
    fields: tuple[str, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    changed_values: int | None = None
    name_before: str | None = None
    path_before: str | None = None
    generation_before: int | None = None
    problem: str = ""
    new: SendSize | None = None

    @property
    def values_words(self) -> str:
        """What changes in recipients' values, where the texts don't show it; else ""."""
        if not self.changed_values:
            return ""
        if (
            self.texts
            and not (self.fields or self.settings or self.other_texts)
            and all(text.is_of_values_alone for text in self.texts)
        ):
            return "only recipients' values change"
        return f"recipients' values change too in {counted(self.changed_values, 'message')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSpec:
    """A spec of the base that is gone; `path` is relative to the project."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseComparison:
    """`ref` is as the user wrote it; `commit` is the id of the commit that is compared with. `specs` are by the present name."""

    ref: str
    commit: str
    specs: Mapping[str, SpecChange] = field(default_factory=dict)
    removed: tuple[RemovedSpec, ...] = ()
