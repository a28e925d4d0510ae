"""Signals that are no scattering of neutrinos, against closed forms and adaptive integrals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from cevnslib.constants import DAY
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import TabulatedEfficiency
from cevnslib.detectors.quenching import Lindhard, TabulatedQuenching
from cevnslib.detectors.resolution import PoissonResolution, Resolution
from cevnslib.errors import DomainError, KindError
from cevnslib.experiments import Experiment
from cevnslib.folding import fold
from cevnslib.physics.interactions import StandardModel
from cevnslib.physics.targets import nuclide, target
from cevnslib.signals import Signal
from cevnslib.sources.flux import Component, Flux
from cevnslib.sources.spectra import LineSpectrum

GE = nuclide("Ge72")
SHARP = Detector(target("Ge72"), 2.0, bins=(1e-4, 3e-4, 1e-3), electrons="left out")
QUENCHED = replace(SHARP, quenching=Lindhard())
TABLE = TabulatedEfficiency((0.0, 2e-4, 2e-3), (0.0, 0.8, 0.9))
OF_RECOIL = replace(TABLE, axis="nuclear-recoil")
DETECTORS = {
    "sharp": SHARP,
    "quenched": QUENCHED,
    "quenched with kinks": replace(SHARP, quenching=TabulatedQuenching((1e-3, 3e-3), (0.1, 0.2))),
    "smeared": replace(QUENCHED, resolution=Resolution(5e-5), efficiency=TABLE),
    "in photoelectrons": replace(SHARP, resolution=PoissonResolution(13.0), efficiency=TABLE),
    "an efficiency of the recoil": replace(QUENCHED, efficiency=OF_RECOIL),
    "least": replace(QUENCHED, resolution=Resolution(5e-5), least_ionisation=1.3e-4),
}


@pytest.mark.parametrize("name", DETECTORS)
def test_scattering_is_a_signal(name):
    """One nuclide in a line of neutrinos, by the moments of the line and as a plain density.

    Both sums of Gauss are good to 1e-8 where a resolution is.
    """
    detector, weak, E = DETECTORS[name], StandardModel(), 30.0
    flux = Flux("line", (Component("nu_mu", LineSpectrum(E), 1e6, "mu"),))
    whole = Experiment("line", "", "", flux, detector, None, 5 * DAY)
    per_kg = detector.target.nuclei_per_kg[0] * 1e6 * DAY
    most = float(weak.maximum_recoil(E, GE))
    signal = Signal(
        lambda T: per_kg * weak.differential_cross_section(T, E, GE),
        kinks=(0.0, most),
        nuclide=GE,
    )
    counts = fold(whole).events(weak).sum(axis=0)
    assert signal.counts(detector, days=5.0) == pytest.approx(counts, rel=1e-7)


def test_a_smeared_spectrum_of_electrons():
    """An exponential with a Gaussian readout, by an adaptive integral."""
    edges = (0.5, 0.8, 1.5)
    tank = Detector(target("C"), 10.0, bins=edges, resolution=Resolution(stochastic=0.05))
    counts = Signal(lambda E: np.exp(-3 * E), kinks=(0.2, 2.0)).counts(tank, days=7.0)
    for low, high, found in zip(edges, edges[1:], counts, strict=False):

        def rate(E, low=low, high=high):
            width = 0.05 * np.sqrt(E)
            return np.exp(-3 * E) * (ndtr((high - E) / width) - ndtr((low - E) / width))

        expected = 70 * quad(rate, 0.2, 2.0, points=[low, high], epsabs=0, epsrel=1e-10)[0]
        assert found == pytest.approx(expected, rel=1e-7)


def test_lines():
    """A line is counted in its bin, at its energy, and adds to a density."""
    lines = Signal(lines={2e-4: 3.0, 3e-4: 1.0, 2e-3: 9.0})
    assert lines.counts(SHARP, days=1.0) == pytest.approx([6.0, 2.0])
    both = Signal(lambda E: 1e4, (0.0, 2e-4), {5e-4: 1.0})
    assert both.counts(SHARP, days=1.0) == pytest.approx([2.0, 2.0])
    quenched = float(Lindhard().electron_equivalent(2e-3, GE))
    assert 3e-4 < quenched < 1e-3
    assert Signal(lines={2e-3: 3.0}, nuclide=GE).counts(QUENCHED, 1.0) == pytest.approx([0.0, 6.0])


def test_what_is_not_seen():
    assert Signal().counts(SHARP, 1.0) == pytest.approx([0, 0])
    assert Signal(lambda E: 1.0, (1.0, 2.0)).counts(SHARP, 1.0) == pytest.approx([0, 0])
    assert Signal(lambda E: 1.0, (0.0, 9e-5)).counts(SHARP, 1.0) == pytest.approx([0, 0])


def test_interference_is_negative():
    assert Signal(lambda E: -1e4, (0.0, 1.0)).counts(SHARP, 1.0) == pytest.approx([-4, -14])


def test_what_is_no_signal():
    def density(E):
        return np.abs(E - 3.3e-4)

    assert np.all(Signal(density, (0.0, 3.3e-4, 1e-3)).counts(SHARP, 1.0) > 0)
    with pytest.raises(DomainError, match=r"differ by .*; allowed: one that is smooth between"):
        Signal(lambda E: np.exp(-(((E - 5e-4) / 1e-6) ** 2)), (0.0, 1e-3)).counts(SHARP, 1.0)
    with pytest.raises(DomainError, match=r"density: got the shape \(2,\)"):
        Signal(lambda E: np.ones(2), (0.0, 1e-3)).counts(SHARP, 1.0)
    falling: Any = (1.0, 0.5)
    for kinks in (falling, (1.0,), (), (-1.0, 1.0)):
        with pytest.raises(DomainError, match=r"kinks: got .*; allowed: at least two energies"):
            Signal(density, kinks)
    with pytest.raises(DomainError, match="without a density"):
        Signal(kinks=(0.0, 1.0))
    with pytest.raises(DomainError, match="energy of a line: got -1"):
        Signal(lines={-1.0: 1.0})
    number: Any = 3.0
    with pytest.raises(KindError, match="density: got 3"):
        Signal(number)
    with pytest.raises(DomainError, match="struck: got None with an efficiency of the nuclear"):
        Signal(lines={1e-3: 1.0}).counts(DETECTORS["an efficiency of the recoil"], 1.0)
