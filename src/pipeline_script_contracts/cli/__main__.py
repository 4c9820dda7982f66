"""`python -m pipeline_script_contracts.cli`."""

from .app import run

run()
