"""What the Makefile runs."""

import sys

# jsonschema's check of international addresses, which no notebook has, takes a second to load.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
