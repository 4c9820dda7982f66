"""Search of hyperparameters: many trainings on the same splits, the best of them chosen on validation."""

from names3risk.tuning.config import TuneConfig
from names3risk.tuning.search import TuneResult, tune

__all__ = ["TuneConfig", "TuneResult", "tune"]
