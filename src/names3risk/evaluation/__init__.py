"""How good the scores are: metrics overall and per marketplace, pictures, and the files that hold them."""

from names3risk.evaluation.metrics import Evaluation, Metrics, evaluate

__all__ = ["Evaluation", "Metrics", "evaluate"]
