"""Measurements of the library side by side with the alternatives, on one machine and in one run."""
