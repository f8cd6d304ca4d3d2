"""Where the tests find the program."""

from __future__ import annotations

import sys
from pathlib import Path

# From elsewhere, such as the root of the checkout, pytest does not read this project's settings.
sys.path.insert(0, str(Path(__file__).parent.parent))
