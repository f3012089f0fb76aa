"""Where the project's figures come from. `make bench` runs everything here and prints one table."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the ideal belt and the real broker live there
