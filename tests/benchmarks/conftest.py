"""Lets the tests import the benchmarks, which stand beside the packages."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
