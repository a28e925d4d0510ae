"""What several tests of cross sections share: a table for electrons, and nuclides in a stack."""

import csv
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from cevnslib.physics.targets import Nuclide, nuclide

TABLE = Path(__file__).parent / "reference" / "electron_cross_sections.csv"


def rows(kind: str) -> Iterator[tuple[float, float, float, float]]:
    """Yield mass, energy, recoil and dsigma/dT of a kind of coupling, in powers of MeV."""
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    for name, *numbers in list(csv.reader(lines))[1:]:
        if name == kind:
            m, E, T, cross_section = map(float, numbers)
            yield m, E, T, cross_section


def stack() -> tuple[list[Nuclide], Any]:
    """Return nuclides, and all of them as one thing whose attributes are columns."""
    nuclides = [nuclide(name) for name in ("Na23", "Si28", "Ar40", "Ge73", "I127", "Cs133")]
    names = ("mass", "protons", "neutrons", "nucleons", "unpaired_protons", "unpaired_neutrons")
    columns = {name: np.array([[getattr(one, name)] for one in nuclides]) for name in names}
    return nuclides, SimpleNamespace(**columns)
