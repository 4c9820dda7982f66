"""Calibration of a trained model: scored rows in, `calibration.json` and what it is worth out."""

from names3risk.calibration.job import CalibrationResult, run_calibration_job

__all__ = ["CalibrationResult", "run_calibration_job"]
