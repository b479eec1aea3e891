"""Results rendered: one HTML file, the same as JSON, a model card, a bill of materials, a worksheet.

``modelwright.report`` is the verb as well as this package: calling it makes a report, whichever was imported first.
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """A package that can be called, because importing any module of it puts it where the verb stands."""

    @property
    def __call__(self) -> Callable[..., Any]:
        """The verb."""
        from modelwright.report.report import report  # importing the package must stay free

        return report


sys.modules[__name__].__class__ = _Verb
