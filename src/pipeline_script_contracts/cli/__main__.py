"""`python -m pipeline_script_contracts.cli`."""

import sys

from .app import main

sys.exit(main())
