"""Dresden-II: a germanium detector near a reactor, its 130 bins fitted with a background.

What an independent computation found is the reference, from the same inputs: 4.8e13 antineutrinos
per cm^2 and s, with captures and up to 8 MeV; sin^2 theta_W = 0.23867 at tree level; the Gaussian
of the noise, 68.5 eV, cut off at 0 and its rest made 1; nothing seen below one pair of charges.

Its background is a constant, an exponential, and Gaussian lines: L1 with a free centre and width,
L2 at 1.142 keV with 0.8% of it, and M at 0.158 keV with the width of the noise and the share
r = 0.16 +- 0.03 of L1 by area. This error of r is the absolute one; a public code takes 3% of r.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cevnslib import rates
from cevnslib.constants import DAY
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.quenching import Lindhard, ModifiedLindhard, Quenching, TabulatedQuenching
from cevnslib.detectors.resolution import Resolution
from cevnslib.experiments import Experiment
from cevnslib.physics.interactions import MagneticMoment, StandardModel, WeakCouplings
from cevnslib.physics.targets import target
from cevnslib.sources.reactor import reactor_of_flux
from cevnslib.statistics.counts import GaussianCounts
from cevnslib.statistics.data import Projection
from cevnslib.statistics.fit import Fit, Parameter
from cevnslib.statistics.likelihood import Likelihood

TABLES = Path(__file__).parent / "reference"
WEAK = StandardModel(couplings=WeakCouplings.with_angle(0.23867))
SHARES = {"u235": 0.58, "pu239": 0.29, "u238": 0.08, "pu241": 0.05}
NOISE = Resolution(68.5e-6, math.sqrt(2.96e-6 * 0.11), renormalised=True)


@cache
def table(name):
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return np.loadtxt(lines[2:], delimiter=",").T


def measured_quenching(name):
    recoils, *shares = table("germanium_quenching.csv")
    chosen = shares[("iron filter", "photoneutron").index(name)]
    return TabulatedQuenching(tuple(recoils * 1e-3), tuple(chosen))


QUENCHINGS: dict[str, Quenching] = {
    "Lindhard": Lindhard(0.157),
    "iron filter": measured_quenching("iron filter"),
    "photoneutron": measured_quenching("photoneutron"),
    "modified, 0.157": ModifiedLindhard(0.157, -18.7e-5),
    "modified, 0.2": ModifiedLindhard(0.2, -17.3e-5),
}
STARTS, SEEN, ERROR = table("dresden_ii.csv")
CENTRES = (STARTS + 5) * 1e-3  # keV


@cache
def signal(name, interaction=WEAK):
    """Events per day in each bin."""
    source = reactor_of_flux(4.8e13, 1039.0, fractions=SHARES, captures=0.6, end=8.0)
    detector = Detector(
        target("Ge"),
        2.924,
        bins=(np.append(STARTS, 1500) * 1e-6).tolist(),
        quenching=QUENCHINGS[name],
        resolution=NOISE,
        electrons="left out",
        least_ionisation=2.98e-6,
    )
    none = Projection(0.0, 0.0)
    one = Experiment("dresden", "", "dresden", source, detector, 1039.0, DAY, none, {})
    return rates.binned_counts(one, interaction)


def line(centre, width):
    """A line of one event, at the centres of bins of 0.01 keV."""
    pull = (CENTRES - centre) / width
    return 0.01 * np.exp(-(pull**2) / 2) / math.sqrt(2 * math.pi) / width


BACKGROUND = [
    Parameter("constant", 10.0, at_least=0),
    Parameter("height", 100.0, at_least=0),
    Parameter("length", 0.1, at_least=0.01, at_most=2.0),
    Parameter("area", 100.0, at_least=0),
    Parameter("centre", 1.297, at_least=1.2, at_most=1.4),
    Parameter("width", 0.07, at_least=0.03, at_most=0.15),
    Parameter("r", 0.16, at_least=0, sigma=0.03),
]


def background(constant, height, length, area, centre, width, r):
    lines = line(centre, width) + 0.008 * line(1.142, width) + r * line(0.158, 0.0685)
    return constant + height * np.exp(-CENTRES / length) + area * lines


def best_fit(events):
    data = Likelihood([GaussianCounts("dresden", SEEN, variance=ERROR**2)])
    return Fit(data, lambda **values: events + background(**values), BACKGROUND).best_fit()


@pytest.mark.parametrize(
    ("name", "first", "total"),
    [
        ("Lindhard", 5.860, 22.02),
        ("iron filter", 18.699, 100.2),
        ("photoneutron", 12.931, None),
    ],
)
def test_signal(name, first, total):
    """Events per day in the first bin, and in all; 5e-4 of the digits given, 1e-3 of the sum's."""
    events = signal(name)
    assert events[0] == pytest.approx(first, rel=5e-4)
    if total:
        assert events.sum() == pytest.approx(total, rel=1e-3)


#: The confidence at which chi2 rises by 4.
RISE_BY_4 = 0.9544997361036416
#: The least chi2; 0.05 is what its author allows to other minimisers and quadratures.
LEAST = {
    None: 110.69,
    "Lindhard": 108.45,
    "photoneutron": 106.17,
    "iron filter": 103.84,
    "modified, 0.157": 105.23,
    "modified, 0.2": 104.45,
}


@pytest.mark.parametrize("name", LEAST)
def test_least_chi2(name):
    best = best_fit(signal(name) if name else 0.0)
    assert best.chi2 == pytest.approx(LEAST[name], abs=0.05)
    # 130 bins less six that are free; the share of M has a datum of its own.
    assert best.goodness.degrees_of_freedom == 124
    assert best.goodness.p > 0.7


def test_differences_of_chi2():
    """An excess is there, more of it with the measured quenching, none of it beyond doubt."""
    found = {name: best_fit(signal(name) if name else 0.0).chi2 for name in LEAST}
    assert found[None] - found["Lindhard"] == pytest.approx(2.24, abs=0.05)
    assert found[None] - found["iron filter"] == pytest.approx(6.85, abs=0.05)


def test_a_correction_of_quenching_is_an_offset():
    """As epsilon is proportional to T, q = -1e-5 adds 2.83 eV to each recoil, to its digits."""
    (nucleus,) = target("Ge74").nuclides
    T = np.array([1e-5, 1e-3, 1e-2])
    plain = Lindhard(0.157).electron_equivalent(T, nucleus)
    for q in (-1e-5, -18.7e-5):
        more = ModifiedLindhard(0.157, q).electron_equivalent(T, nucleus) - plain
        assert more == pytest.approx([2.83e-6 * q / -1e-5] * 3, rel=2e-3)


def test_limit_on_a_moment():
    """Nuclei alone, Lindhard, a rise by 4: 8.56e-10, to the 3% that its author allows.

    That is with the shape of the background held at the fit without a moment; if the exponential
    may change, it takes up some of the rise at low energies, and the limit is weaker by 4%.
    """
    weak, magnetic = signal("Lindhard"), signal("Lindhard", MagneticMoment(1e-10))
    data = Likelihood([GaussianCounts("dresden", SEEN, variance=ERROR**2)])
    held = {key: best_fit(weak).values[key] for key in ("centre", "width", "length")}

    def limit(shape):
        free = [one for one in BACKGROUND if one.name not in shape]

        def prediction(squared, **values):
            return weak + squared * magnetic + background(**values, **shape)

        fit = Fit(data, prediction, [Parameter("squared", 10.0, at_least=0), *free])
        return math.sqrt(fit.upper_limit("squared", [0.0, 30.0, 60.0, 120.0], RISE_BY_4))

    assert limit(held) == pytest.approx(8.56, rel=0.03)
    assert limit({}) == pytest.approx(1.04 * limit(held), rel=0.01)
