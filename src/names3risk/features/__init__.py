"""Tabular features: imputation, risk tables and the encoder that joins them."""
