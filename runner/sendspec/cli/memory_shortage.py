"""Recognises failures for want of memory. Loaded before memory can run out."""

from __future__ import annotations

import errno

OUT_OF_MEMORY = {"code": "out-of-memory", "problem": "memory ran out", "fix": "give it more memory, then run it again"}
SHORTAGE_WORDS = "sendspec: memory ran out; what was sent is in the ledger: `sendspec status` shows it\n"
_UNMAPPED = ("cannot allocate memory", "failed to map segment")
"""How the loader of shared libraries (glibc's, musl's) says that a library finds no room: Python has no error number for it."""

_UNSET = ("returned NULL without setting an exception", "error return without exception set")
"""How Python says that a function of its own failed and had no memory for the error."""
_NO_THREAD = "can't start new thread"
"""How Python says that not even one thread could be started, whose stack takes the most."""


def is_memory_shortage(error: BaseException) -> bool:
    """Whether memory ran out: for this error, or for one that it was raised for or after."""
    chain: BaseException | None = error
    for _ in range(100):  # a chain may end in itself
        if chain is None:
            return False
        if isinstance(chain, MemoryError) or (isinstance(chain, OSError) and chain.errno == errno.ENOMEM):
            return True
        if isinstance(chain, ImportError) and any(words in str(chain).lower() for words in _UNMAPPED):
            return True
        if isinstance(chain, SystemError) and str(chain).endswith(_UNSET):
            return True
        if isinstance(chain, RuntimeError) and str(chain) == _NO_THREAD:
            return True
        chain = chain.__cause__ or chain.__context__
    return False
