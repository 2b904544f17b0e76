"""sendspec: message sends declared in git, rendered, validated, planned, and sent at most once.

What this module exports is the public Python API; everything else is private. See docs/python-api.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sendspec.diagnostics.clock import Clock as Clock
    from sendspec.diagnostics.diagnostic import Diagnostic as Diagnostic
    from sendspec.diagnostics.exceptions import SendspecError as SendspecError
    from sendspec.operations.plan_report import PlanReport as PlanReport
    from sendspec.operations.python_api import CheckReport as CheckReport
    from sendspec.operations.python_api import InputInvalid as InputInvalid
    from sendspec.operations.python_api import LimitExceeded as LimitExceeded
    from sendspec.operations.python_api import check as check
    from sendspec.operations.python_api import plan as plan
    from sendspec.operations.python_api import render as render
    from sendspec.operations.python_api import send as send
    from sendspec.operations.python_api import status as status
    from sendspec.operations.run_report import RunReport as RunReport
    from sendspec.operations.status import StatusReport as StatusReport
    from sendspec.planning.decision import Retry as Retry

_MODULE_BY_NAME = {
    "CheckReport": "sendspec.operations.python_api",
    "Clock": "sendspec.diagnostics.clock",
    "Diagnostic": "sendspec.diagnostics.diagnostic",
    "InputInvalid": "sendspec.operations.python_api",
    "LimitExceeded": "sendspec.operations.python_api",
    "PlanReport": "sendspec.operations.plan_report",
    "Retry": "sendspec.planning.decision",
    "RunReport": "sendspec.operations.run_report",
    "SendspecError": "sendspec.diagnostics.exceptions",
    "StatusReport": "sendspec.operations.status",
    "check": "sendspec.operations.python_api",
    "plan": "sendspec.operations.python_api",
    "render": "sendspec.operations.python_api",
    "send": "sendspec.operations.python_api",
    "status": "sendspec.operations.python_api",
}
__all__ = ["__version__", *_MODULE_BY_NAME]

if not TYPE_CHECKING:  # a type checker would take any name for exported

    def __getattr__(name: str) -> Any:
        """Imports what is exported at its first use (PEP 562): the command line must start at once."""
        if name not in _MODULE_BY_NAME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULE_BY_NAME[name]), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULE_BY_NAME})
