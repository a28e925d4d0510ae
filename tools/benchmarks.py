"""Turn the output of pytest-benchmark into the table of ratios.

    python -m tools.benchmarks _build/benchmarks.json

prints the table, and with ``--write`` writes book/behind/benchmarks.json. Times are seconds of
processor time; of several rounds the least counts, as other programs can only slow a round. Nothing
of the machine is kept but the number and the kind of its processors.
"""

import argparse
import json
import math
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks.works import WORKS

from . import files, notebooks

GOAL = notebooks.ROOT / "book" / "behind" / "benchmarks.json"
WAYS = ("textbook", "equal steps", "Gauss", "library")


def summary(raw: dict[str, Any]) -> dict[str, Any]:
    """Return times, ratios and differences by work, and times by size."""
    works: dict[str, dict[str, Any]] = {}
    scaling: dict[str, dict[str, float]] = {}
    for one in raw["benchmarks"]:
        info, least = one["extra_info"], one["stats"]["min"]
        if "scaling" in info:
            scaling.setdefault(info["scaling"], {})[str(info["size"])] = digits(least)
            continue
        entry = works.setdefault(info["work"], {"seconds": {}, "difference": {}})
        entry["seconds"][info["way"]] = digits(info.get("seconds", least * info["scale"]))
        entry["difference"][info["way"]] = digits(info["difference"])
    for name, entry in works.items():
        entry["title"] = WORKS[name].title if name in WORKS else "import cevnslib.studies.moments"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    return {"machine": machine, "works": works, "scaling": scaling}


def digits(number: float, count: int = 3) -> float:
    """Round to some digits."""
    return float(f"{number:.{count}g}")


def table(found: dict[str, Any]) -> str:
    """Return the table of ratios in plain text."""
    lines = [f"{'':66}{'library':>10}  {'slower than the library by a factor of':>40}"]
    lines.append(f"{'':66}{'':>10}" + "".join(f"{way:>14}" for way in WAYS[:-1]))
    for entry in found["works"].values():
        seconds = entry["seconds"]
        ratios = [seconds[way] / seconds["library"] if way in seconds else 0 for way in WAYS[:-1]]
        cells = "".join(f"{digits(ratio):>14,.10g}" if ratio else f"{'':>14}" for ratio in ratios)
        lines.append(f"{entry['title']:66}{seconds['library'] * 1e3:>7.2f} ms{cells}")
    worst = max(max(entry["difference"].values()) for entry in found["works"].values())
    library = max(entry["difference"]["library"] for entry in found["works"].values())
    lines.append(f"Differences from the textbook way: library {library:.0e}, any way {worst:.0e}")
    for what, times in found["scaling"].items():
        (small, first), (large, last) = (list(times.items())[i] for i in (0, -1))
        power = math.log(last / first) / math.log(int(large) / int(small))
        lines.append(f"Time grows as the number of {what} to the power {power:.2f}")
    return "\n".join(lines)


def main() -> None:
    """Print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    found = summary(json.loads(arguments.raw.read_text(encoding="utf-8")))
    print(table(found))
    if arguments.write:
        files.write(GOAL, json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
