"""The command ``cevns``, as ``python -m cevnslib``."""

import os
import sys

# Its sums are short: starting threads for them would take longer than the sums.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
