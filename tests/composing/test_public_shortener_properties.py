"""The quick look for the domains of shorteners."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from sendspec.composing import public_shortener
from sendspec.composing.public_shortener import SHORTENERS

CHUNKS = [
    *SHORTENERS, *(name.upper() for name in SHORTENERS), "bit\u0131.ly", "B\u0130T.LY", "\u212a", "t.\u017f", "/", "/x", "https://", "HTTP://", "www.", " ", ".", "-",
    "\u1e9e", "\ufb01",
]  # fmt: skip


@given(st.lists(st.sampled_from(CHUNKS), max_size=6).map("".join))
@example("see HTTPS://WWW.BIT.LY/x")
def test_the_quick_look_changes_no_verdict(text: str) -> None:
    """A text has a link exactly if the expression finds one."""
    quick, slow = public_shortener._link_in(text), public_shortener._LINK.search(text)
    assert (quick and quick.span()) == (slow and slow.span())
