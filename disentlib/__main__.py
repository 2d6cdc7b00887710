"""`python -m disentlib` is the `disentlib` command."""

import sys

from disentlib.cli import main

sys.exit(main())
