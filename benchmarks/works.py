"""What is done in all ways: each work with its points, its ways and how their results compare."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cevnslib import experiments, rates
from cevnslib.experiments import Experiment
from cevnslib.folding import Folding
from cevnslib.physics.interactions import MagneticMoment, StandardModel
from cevnslib.studies import moments, published, regions, sterile

from . import grid, scan, textbook
from .scan import BINNED, CONUS

Floats = NDArray[np.float64]

#: Bohr magnetons in which the two plain ways count moments.
UNIT = 1e-10
#: How near every way must come to the textbook way, which is asked for 1e-9 in each integral.
AGREEMENT = 1e-8


@dataclass(frozen=True)
class Work:
    """A work and the ways to do it.

    Each way is a function that returns all points along the last axis. The textbook way takes the
    numbers of those that it is to do, and its time is scaled to all; so is that of the grids where
    they do the same points alone.
    """

    title: str
    points: int
    sample: Sequence[int]
    textbook: Callable[[Sequence[int]], Floats]
    grid: Callable[[tuple[int, int]], Floats]
    library: Callable[[], Floats]
    steps: tuple[int, int]  # in each panel of T and of E, so that the grid comes within 1e-8
    nodes: tuple[int, int]  # of Gauss-Legendre, for the same
    floor: float = 0.0  # results are compared relative to their size and this
    whole: bool = True  # whether the grids do all points

    def difference(self, found: Floats, reference: Floats) -> float:
        """Return how far a result of all points is from the sample, the greatest of them."""
        if found.shape[-1] == self.points:
            found = found[..., list(self.sample)]
        return float(np.max(np.abs(found - reference) / (np.abs(reference) + self.floor)))


CSI = experiments.load("coherent-csi")
BARE = replace(CONUS, detector=replace(CONUS.detector, threshold=1e-5, quenching=None))
STERILE = sterile.set_up("coherent-csi")
T = np.geomspace(1e-5, 1.8e-3, 200)
MOMENTS = np.linspace(1, 200, 1000)  # in 1e-10 mu_B
MODULI = np.linspace(0, 300, 200)
SPLITTINGS, AMPLITUDES = np.geomspace(0.1, 30, 200), np.linspace(0, 1, 200)
KINDS = ("weak", "magnetic")
WEAK, MAGNETIC = StandardModel(), MagneticMoment(UNIT)
FORCES = (WEAK, MAGNETIC)
EACH = np.eye(3)


def chi2_of_moments(counts: Callable[[str], Mapping[str, float]], sample: Iterable[int]) -> Floats:
    """Return chi2 of each first moment, every value a count of its own."""
    found = []
    for i in sample:
        signal = sum(counts("weak").values())
        magnetic = textbook.magnetic_counts(CSI, counts("magnetic"), MOMENTS[i] * EACH[0])
        found.append(textbook.chi2(CSI.measurement.chi2(signal), signal + magnetic))
    return np.array(found)


def library_moments() -> Floats:
    """Return chi2 of each first moment."""
    csi = moments.constraint(CSI)
    counts = csi.magnetic_counts(UNIT * MOMENTS[:, np.newaxis] * EACH[0])
    return csi.chi2(csi.signal + counts)


def table(counts: Callable[[Experiment, str], Mapping[str, float]]) -> Floats:
    """Return the limits on each moment alone, of all experiments, stages and timings."""
    found = []
    for name in experiments.names():
        for stage in experiments.stages(name):
            one = experiments.load(name, stage)
            reactor = one.source.name == "reactor"
            timings = ("all",) if reactor else ("prompt", "delayed", "all")
            found += textbook.limits(one, timings, counts(one, "weak"), counts(one, "magnetic"))
    return np.array(found)


def library_table() -> Floats:
    """Return the same limits from the library's table, less those of solar neutrinos."""
    rows = [row for row in published.limit_table() if row.beam != "solar"]
    return np.array([value for row in rows for value in row.values]) / UNIT


def region(signal: float, magnetic: Floats) -> Floats:
    """Return chi2 at counts."""
    found: Floats = textbook.chi2(CSI.measurement.chi2(signal), signal + magnetic)
    return found


def textbook_region(sample: Sequence[int]) -> Floats:
    """Return chi2 at some points of the plane of two moduli, one phase after another."""
    signal, by_beam = sum(textbook.counts(CSI, "weak").values()), textbook.counts(CSI, "magnetic")
    plane = [(MODULI[i // 200], MODULI[i % 200]) for i in sample]
    fewest = [textbook.least_magnetic_counts(CSI, by_beam, x, y) for x, y in plane]
    return region(signal, np.array(fewest))


def grid_region(steps: tuple[int, int]) -> Floats:
    """Return chi2 in the plane of two moduli, all phases at once."""
    signal = sum(grid.counts(CSI, "weak", steps).values())
    by_beam = grid.counts(CSI, "magnetic", steps)
    fewest = grid.least_magnetic_counts(CSI, by_beam, MODULI[:, np.newaxis], MODULI)
    return region(signal, fewest).ravel()


def library_region() -> Floats:
    """Return chi2 in the plane of two moduli."""
    csi = moments.constraint(CSI)
    x, y = UNIT * MODULI[:, np.newaxis], UNIT * MODULI
    fewest = regions.least_counts(csi.matrix, (1, 2), x, y, phases="profiled")
    return csi.chi2(csi.signal + fewest).ravel()


def sterile_chi2(counts: float, lost: Sequence[float]) -> Floats:
    """Return chi2 of all amplitudes, splittings along the last axis."""
    of = STERILE.measurement.chi2(counts)
    found: Floats = textbook.chi2(of, counts - AMPLITUDES[:, np.newaxis] * np.array(lost))
    return found


def grid_sterile(steps: tuple[int, int]) -> Floats:
    """Return chi2 in the plane of amplitude and splitting."""
    lost = []
    for splitting in SPLITTINGS:
        fading = partial(grid.fading, splitting, (100 * STERILE.metres))
        lost.append(grid.counts(STERILE, "weak", steps, fading)["nu_e"])
    return sterile_chi2(sum(grid.counts(STERILE, "weak", steps).values()), lost)


def textbook_sterile(sample: Sequence[int]) -> Floats:
    """Return chi2 of all amplitudes at some splittings."""
    lost = [textbook.lost_counts(STERILE, SPLITTINGS[i]) for i in sample]
    return sterile_chi2(sum(textbook.counts(STERILE, "weak").values()), lost)


WORKS = {
    "spectrum": Work(
        "Recoil spectrum of germanium at a reactor, SM and EM, 200 points",
        200,
        range(0, 200, 8),
        lambda sample: np.stack([textbook.spectrum(BARE, k, T[list(sample)]) for k in KINDS]),
        lambda steps: np.stack([grid.spectrum(BARE, k, T, steps[1]) for k in KINDS]),
        lambda: np.stack([rates.recoil_spectrum(BARE, T, one) for one in (WEAK, MAGNETIC)]),
        steps=(0, 64),
        nodes=(0, -6),
    ),
    "counts": Work(
        "COHERENT-CsI events above threshold",
        1,
        [0],
        lambda sample: np.array([sum(textbook.counts(CSI, "weak").values())]),
        lambda steps: np.array([sum(grid.counts(CSI, "weak", steps).values())]),
        lambda: np.array([rates.expected_counts(CSI, WEAK)]),
        steps=(64, 8),
        nodes=(-16, -6),
    ),
    "binned": Work(
        "Germanium with noise in 130 bins, SM and EM",
        130,
        [0, 5, 20],
        lambda sample: np.stack([textbook.binned(BINNED, kind, sample) for kind in KINDS]),
        lambda steps: np.stack([grid.binned(BINNED, kind, steps) for kind in KINDS]),
        lambda: np.stack([Folding(BINNED).events(one).sum(axis=0) for one in FORCES]),
        steps=(64, 64),
        nodes=(-12, -6),
    ),
    "moments": Work(
        "Chi-squared of 1000 values of a moment",
        1000,
        range(0, 1000, 100),
        lambda sample: chi2_of_moments(lambda kind: textbook.counts(CSI, kind), sample),
        lambda steps: chi2_of_moments(lambda kind: grid.counts(CSI, kind, steps), range(1000)),
        library_moments,
        steps=(128, 8),
        nodes=(-16, -6),
    ),
    "table": Work(
        "The whole table of limits",
        102,
        range(102),
        lambda sample: table(textbook.counts),
        lambda steps: table(lambda one, kind: grid.counts(one, kind, steps)),
        library_table,
        steps=(128, 64),
        nodes=(-16, -6),
    ),
    "region": Work(
        "Region of two moments with their phase profiled, 200 x 200 points",
        40_000,
        range(7, 40_000, 400),
        textbook_region,
        grid_region,
        library_region,
        steps=(128, 8),
        nodes=(-16, -6),
    ),
    "sterile": Work(
        "Sterile neutrino, 200 amplitudes x 200 splittings",
        200,
        range(9, 200, 19),
        textbook_sterile,
        grid_sterile,
        lambda: sterile.disappearance(STERILE, SPLITTINGS, flavour="e").chi2(AMPLITUDES),
        steps=(128, 512),
        nodes=(-48, -64),
        floor=1.0,
    ),
    "scan": Work(
        "100 couplings x 50 masses of a vector, 7 nuisances profiled",
        50,
        [20],
        scan.textbook_scan,
        scan.grid_scan([20]),
        scan.library_scan,
        steps=(64, 64),
        nodes=(-12, -6),
        whole=False,
    ),
}
