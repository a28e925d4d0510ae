"""The chapter on a reader's own experiment lists every key that a description may have."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cevnslib import experiments
from cevnslib.detectors.detector import ELECTRONS
from cevnslib.errors import ConfigurationError
from cevnslib.experiments import THRESHOLD_KINDS
from cevnslib.statistics.data import CountingMeasurement, PoissonProjection, Projection

OWN = Path(__file__).parents[1] / "book" / "experiment" / "your-own-experiment.ipynb"
#: A whole description of a detector at a reactor.
GERMANIUM: dict[str, Any] = {
    **{"source": "reactor", "thermal_power_GW": 3.0, "baseline_m": 20, "exposure_years": 2},
    **{"target": "Ge", "mass_kg": 10, "threshold_keV": 0.5},
    "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.1},
}


def keys_of(**changes):
    """Return the keys that a description may have: those that a refusal lists."""
    description = {key: value for key, value in GERMANIUM.items() if key not in changes}
    with pytest.raises(ConfigurationError, match="unknown key 'x'") as refused:
        experiments.from_description("mine", {**description, **changes})
    return set(str(refused.value).partition("allowed: ")[2].split(", "))


def test_the_chapter_lists_every_key():
    """The tables of "Your own experiment" and what the code reads, in both directions."""
    chapter = json.loads(OWN.read_text(encoding="utf-8"))
    cells = ("".join(cell["source"]) for cell in chapter["cells"])
    (text,) = (cell for cell in cells if "## All keys" in cell)
    text = text.partition("## All keys")[2]
    listed = set(re.findall(r"(?m)^\| `(\w+)` \|", text))
    assert listed - {"stages", "kind"} == keys_of(x=1)
    nested = keys_of(resolution={"constant_keV": 0.01, "x": 1})
    nested |= keys_of(
        efficiency={"kind": "table", "energies_keV": [1, 2], "values": [0, 1], "x": 1}
    )
    acceptance = dict.fromkeys(("amplitude", "slope", "midpoint", "photoelectrons_per_keV"), 1.0)
    nested |= keys_of(efficiency={"kind": "photoelectrons", **acceptance, "x": 1})
    for kind in (CountingMeasurement, Projection, PoissonProjection):
        numbers = {field.name: 0.1 for field in fields(kind)}
        name = {"CountingMeasurement": "counting", "Projection": "projection"}
        whole = {"kind": name.get(kind.__name__, "poisson"), **numbers}
        nested |= keys_of(statistics={**whole, "x": 1})
    missing = [key for key in nested if f"`{key}`" not in text]
    assert not missing, f"not in the chapter's tables: {missing}"
    allowed = (*THRESHOLD_KINDS, *ELECTRONS)
    assert not [word for word in allowed if f'`"{word}"`' not in text]
