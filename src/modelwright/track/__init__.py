"""What a fit was and gave, kept: in plain folders, or on an MLflow server.

``modelwright.track`` is the verb as well as this package: calling it keeps a model, whichever was imported first.
"""

from modelwright.core.lazy import handed_out, make_verb

__getattr__ = handed_out(__name__, {"tracker": "modelwright.track.listener"})
make_verb(__name__, "modelwright.track.listener")
