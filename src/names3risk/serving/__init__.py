"""Scoring from saved artefacts alone."""

from names3risk.serving.files import predict_file
from names3risk.serving.predictor import Predictor

__all__ = ["Predictor", "predict_file"]
