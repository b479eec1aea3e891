from modelwright import display as display
from modelwright.api import evaluate as evaluate
from modelwright.api import fit as fit
from modelwright.api import read_schema as read_schema
from modelwright.api import refit as refit
from modelwright.api import resume as resume
from modelwright.core.errors import ModelwrightError as ModelwrightError
from modelwright.core.events import Event as Event
from modelwright.core.schema import Schema as Schema
from modelwright.core.spec import Budget as Budget
from modelwright.core.spec import FitSpec as FitSpec
from modelwright.estimators.classifier import Classifier as Classifier
from modelwright.estimators.regressor import Regressor as Regressor
from modelwright.insight.check import check as check
from modelwright.insight.compare import compare as compare
from modelwright.insight.explain import explain as explain
from modelwright.insight.fairness.audit import fairness as fairness
from modelwright.model.joint import JointModel as JointModel
from modelwright.model.joint import load as load
from modelwright.model.model import Model as Model
from modelwright.report.report import report as report
from modelwright.search.learning_curve import learning_curve as learning_curve
from modelwright.track.listener import track as _track
from modelwright.track.listener import tracker as _tracker

__version__: str

class _Track:
    """The package, which can be called."""

    __call__ = staticmethod(_track)
    tracker = staticmethod(_tracker)

track: _Track
