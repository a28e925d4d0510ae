"""The page of all keys of a file, made from the lists beside the code that reads them.

``python -m tools.keys --write`` writes it anew.
"""

import sys
from pathlib import Path

from cevnslib.reading.keys import Key
from cevnslib.reading.listing import listing

PAGE = Path(__file__).parents[1] / "book" / "behind" / "keys.md"
_INTRODUCTION = """# The file of an experiment, key by key

A file in TOML describes an experiment. Keys end in their units. First stand the keys of the file
itself and of its detector, above all tables; then come the tables, in any order. A table of one
line, such as `efficiency = { kind = "table", file = "chances.csv" }`, says the same as one under
its heading, `[efficiency]`. Unknown keys are refused, and so is what is said twice.

A column that is called *without it* says what is taken where a key is left out: a value that could
be typed, *needed*, or nothing, where the key may be left out or stands in place of others.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRODUCTION]
    for heading, keys in listing().items():
        rows = "\n".join(map(_row, keys))
        title = heading[0].upper() + heading[1:] if heading.startswith("the ") else f"`{heading}`"
        parts.append(
            f"## {title}\n\n| key | unit | without it | meaning |\n|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _row(key: Key) -> str:
    typed = key.default and key.default != "needed" and not key.default[0].isalpha()
    default = (
        f"`{key.default}`" if typed or key.default in ("true", "false", "inf") else key.default
    )
    return f"| `{key.name}` | {key.unit} | {default} | {key.meaning} |"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tools.keys --write")
    PAGE.write_text(page(), encoding="utf-8")
