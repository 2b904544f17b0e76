"""`jinja2.nodes`, imported when one of its classes is first needed: plain templates (`plain_template`) have no tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import nodes as nodes
else:

    class _Nodes:
        """Its classes become attributes at their first use."""

        def __getattr__(self, name: str) -> Any:
            from jinja2 import nodes as module

            found = getattr(module, name)
            setattr(self, name, found)
            return found

    nodes = _Nodes()
