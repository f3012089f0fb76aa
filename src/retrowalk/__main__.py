"""`python -m retrowalk` is `retrowalk`."""

import sys

from retrowalk.cli import main

sys.exit(main())
