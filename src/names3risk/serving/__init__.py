"""Scoring from saved artefacts alone."""

from names3risk.serving.predictor import Predictor

__all__ = ["Predictor"]
