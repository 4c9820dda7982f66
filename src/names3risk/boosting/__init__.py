"""Gradient boosting with XGBoost on the tabular and categorical fields: training, artefacts, scoring, explanation."""
