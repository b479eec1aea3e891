"""What a fit was and gave, kept: in plain folders, or on an MLflow server.

``modelwright.track`` is the verb as well as this package: calling it keeps a model, whichever was imported first.
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """A package that can be called, because importing any module of it puts it where the verb stands."""

    @property
    def __call__(self) -> Callable[..., str]:
        """The verb."""
        from modelwright.track.listener import track  # importing the package must stay free

        return track

    @property
    def tracker(self) -> Callable[..., Any]:
        """The listener that keeps the fit it follows."""
        from modelwright.track.listener import tracker  # as above

        return tracker


sys.modules[__name__].__class__ = _Verb
