"""`python -m interop` is the command `interop`."""

import sys

from interop.cli import main

sys.exit(main())
