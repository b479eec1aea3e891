"""Results rendered: one HTML file, the same as JSON, a model card, a bill of materials, a worksheet.

``modelwright.report`` is the verb as well as this package: calling it makes a report, whichever was imported first.
"""

from modelwright.core.lazy import make_verb

make_verb(__name__, "modelwright.report.report")
