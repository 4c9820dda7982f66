"""Stands in for pip in a step: a container installs packages for itself, a laptop's are not to be changed."""
