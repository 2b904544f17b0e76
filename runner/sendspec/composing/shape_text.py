"""The text of a shape without anyone's values: `Hi ⟨first_name⟩`.

What a column has any part in is never evaluated, as nobody knows its value: it is shown as the expression that the spec has there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sendspec.composing.plain_template import PlainPart, PlainUse, plain_parts
from sendspec.composing.shape_piece import SAME_WORDS, Piece
from sendspec.diagnostics.redaction import spelled


def shape_text(source: str, alternatives: int, constants: Mapping[str, object], *, html: bool = False) -> str:
    """The text of a template, the way that `alternatives` say, with `⟨…⟩` for every part that depends on a row.

    In it is the column's name, or the expression if that does more than change its case. The spec's own `constants` are filled in.
    The text is `spelled`, so that it can't have a `⟨` of its own.
    """
    return "".join(piece.text for piece in spelled_pieces(source, alternatives, constants, html=html))


def spelled_pieces(
    source: str, alternatives: int, constants: Mapping[str, object], *, html: bool = False
) -> Iterator[Piece]:
    """The pieces of `shape_text`, in order."""
    for piece in _merged(_pieces(source, alternatives, constants, html=html, own_way=False)):
        yield piece._replace(text=spelled(piece.text)) if piece.is_own else piece


def own_text(source: str, alternatives: int, constants: Mapping[str, object]) -> str:
    """As `shape_text`, without anything in the place of values: what the spec itself says. The body of a loop is in it once."""
    pieces = _pieces(source, alternatives, constants, html=False, own_way=True)
    return "".join(piece.text for piece in pieces if piece.is_own)


def shows_columns_alone(source: str, alternatives: int, constants: Mapping[str, object]) -> bool:
    """Whether a text has recipients' values only as they are, so that one of these texts shows all that the spec itself says."""
    pieces = _pieces(source, alternatives, constants, html=False, own_way=False)
    return all(piece.is_own or piece.is_column for piece in pieces)


def is_omitted(source: str, alternatives: int) -> bool:
    """Whether a template is an expression that is `omit`, the way that `alternatives` say."""
    if plain_parts(source) is not None:
        return False
    from sendspec.composing.shape_writer import is_way_omitted  # imports Jinja

    return is_way_omitted(source, alternatives)


def output_names(source: str) -> frozenset[str]:
    """The names of a template that can become part of its text: not those that only its conditions have."""
    parts = plain_parts(source)
    if parts is not None:
        return frozenset(part.name.name for part in parts if isinstance(part, PlainUse))
    from sendspec.composing.shape_writer import names_written  # imports Jinja

    return names_written(source)


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with neighbours of the spec's own as one: an escape may be written by two of them."""
    own = ""
    for piece in pieces:
        if piece.is_own:
            own += piece.text
            continue
        yield Piece(own, is_own=True)
        yield piece
        own = ""
    yield Piece(own, is_own=True)


def _pieces(
    source: str, alternatives: int, constants: Mapping[str, object], *, html: bool, own_way: bool
) -> Iterable[Piece]:
    parts = plain_parts(source)
    if parts is not None and not any(isinstance(part, PlainUse) and part.name.name in constants for part in parts):
        return map(_plain_piece, parts)
    from sendspec.composing.shape_writer import pieces_of_shape  # imports Jinja

    return pieces_of_shape(source, alternatives, constants, html=html, own_way=own_way)


def _plain_piece(part: PlainPart) -> Piece:
    if isinstance(part, str):
        return Piece(part, is_own=True)
    name, is_column = part.name.name, not part.filter or part.filter in SAME_WORDS
    return Piece(f"⟨{name}⟩" if is_column else f"⟨{name} | {part.filter}⟩", is_own=False, is_column=is_column)
