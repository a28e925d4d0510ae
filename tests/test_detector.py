"""Detectors and their acceptance."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from cevnslib import experiments
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import (
    ConstantEfficiency,
    PhotoelectronAcceptance,
    TabulatedEfficiency,
)
from cevnslib.detectors.quenching import Lindhard
from cevnslib.detectors.resolution import Resolution
from cevnslib.errors import DomainError, KindError
from cevnslib.folding import fold
from cevnslib.physics.interactions import StandardModel
from cevnslib.physics.targets import nuclide, target
from cevnslib.rates import expected_counts, measured_spectrum, recoil_spectrum
from cevnslib.sources.spectra import LineSpectrum
from cevnslib.statistics.data import NotMeasured
from cevnslib.studies.moments import tmm_limits

CSI = PhotoelectronAcceptance(0.6655, 0.4942, 10.8507, 1.17, last=30)


CS = nuclide("Cs133")


def at(photoelectrons):
    return CSI(photoelectrons / 1170)


def test_acceptance_of_the_data_release():
    def printed(x):
        return 0.6655 / (1 + math.exp(-0.4942 * (x - 10.8507)))

    assert at(4.99) == 0
    assert at(5.5) == pytest.approx(printed(5.5) / 2, rel=1e-12)
    assert at(6.01) == pytest.approx(printed(6.01), rel=1e-12)
    assert at(29.9) == pytest.approx(printed(29.9), rel=1e-12)
    assert at(30.1) == 0


def test_breakpoints():
    assert np.array(CSI.breakpoints) * 1170 == pytest.approx([5, 6, 30])
    detector = Detector(target("CsI"), 14.57, efficiency=CSI)
    assert detector.breakpoints(CS) == CSI.breakpoints
    sharp = Detector(target("CsI"), 14.57, 0.005, CSI, maximum=0.010)
    assert sharp.breakpoints(CS) == pytest.approx((0.005, 6 / 1170, 0.010))
    assert Detector(target("CsI"), 1, 0.001).breakpoints(CS) == (0.001, math.inf)


def test_weight():
    detector = Detector(target("Ge"), 15.0, 0.005, ConstantEfficiency(0.5))
    T = [[0.0049, 0.005], [0.1, 1.0]]
    assert np.array_equal(detector.weight(T, CS), [[0, 0.5], [0.5, 0.5]])
    cut = replace(detector, maximum=0.2)
    assert np.array_equal(cut.weight(T, CS), [[0, 0.5], [0.5, 0]])


def test_electron_equivalent_threshold():
    """With a quenching, threshold and cut sit where the quenched energy is theirs."""
    ge = nuclide("Ge74")
    detector = Detector(target("Ge"), 1.0, 1e-4, maximum=1e-3, quenching=Lindhard())
    low, high = Lindhard().nuclear_recoil([1e-4, 1e-3], ge)
    assert detector.breakpoints(ge) == pytest.approx((low, high))
    T = np.array([low * 0.999, low * 1.001, high * 0.999, high * 1.001])
    assert np.array_equal(detector.weight(T, ge), [0, 1, 1, 0])


def test_resolution():
    """The weight is the Gaussian's share above threshold; a narrow one is a step."""
    sigma = 2e-4
    detector = Detector(target("Ge"), 1.0, 1e-3, resolution=Resolution(sigma))
    T = np.linspace(2e-4, 2.5e-3, 60)
    exact = ndtr((T - 1e-3) / sigma)
    assert detector.weight(T, CS) == pytest.approx(exact, rel=1e-12)
    narrow = replace(detector, resolution=Resolution(1e-9))
    step = np.array([0.99e-3, 1.01e-3])
    assert narrow.weight(step, CS) == pytest.approx([0, 1], abs=1e-9)


def test_resolution_with_an_efficiency_table():
    """A linear efficiency keeps its mean under a symmetric smearing, away from the edges."""
    table = TabulatedEfficiency((1e-3, 11e-3), (0.0, 1.0))
    detector = Detector(target("Ge"), 1.0, 0.0, table, resolution=Resolution(2e-4))
    assert detector.weight([4e-3, 6e-3], CS) == pytest.approx([0.3, 0.5], rel=1e-10)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"mass": 0}, "mass: got 0 kg; allowed: finite, above 0 kg"),
        ({"mass": math.nan}, "mass: got nan kg"),
        ({"threshold": -1e-3}, "threshold: got -0.001 MeV; allowed: finite, at least 0 MeV"),
        ({"threshold": "5 keV"}, "threshold: got '5 keV'; allowed: real numbers"),
        (
            {"maximum": 1e-4},
            "maximum: got 0.0001 MeV; allowed: finite or infinite, above",
        ),
        ({"least_ionisation": -1e-6}, "least ionisation: got -1e-06 MeV; allowed: finite, at le"),
        ({"bins": (1e-3, 1e-3)}, "bins: got 0.001, 0.001 MeV; allowed: at least two edges, from 0"),
        ({"bins": (3e-3, 2e-3)}, "bins: got 0.003, 0.002 MeV; allowed: at least two edges, from 0"),
        ({"bins": (-1e-3, 2e-3)}, "bins: got -0.001, 0.002 MeV; allowed: at least two edges, fr"),
        ({"bins": (2e-3, 3e-3)}, "bins: got edges from 0.002 to 0.003 MeV beside threshold 0.001"),
    ],
)
def test_bad_detector(keywords, words):
    with pytest.raises(DomainError) as refused:
        Detector(**{"target": target("Ge"), "mass": 1.0, "threshold": 0.001, **keywords})
    assert str(refused.value).startswith(words)


def test_bad_efficiency():
    with pytest.raises(DomainError, match=r"efficiency: got 1.5; allowed: finite, at least 0, at"):
        ConstantEfficiency(1.5)
    with pytest.raises(DomainError, match="full: got 4 photoelectrons"):
        PhotoelectronAcceptance(0.6, 0.5, 10, 1.17, half=5, full=4)
    with pytest.raises(DomainError, match="last: got 2 photoelectrons"):
        PhotoelectronAcceptance(0.6, 0.5, 10, 1.17, last=2)
    with pytest.raises(DomainError, match="recoil energy T: got nan MeV"):
        Detector(target("Ge"), 1.0).weight(np.nan, CS)


@pytest.mark.parametrize("slope", [0.1, 0.6, 3.0, 10.0, 1e3])
def test_steep_acceptances_are_integrated_to_the_end(slope):
    """COHERENT's form with another slope, against adaptive quadrature split at its steps."""
    steep = replace(CSI, slope=slope)
    csi = experiments.load("coherent-csi")
    csi = replace(csi, detector=replace(csi.detector, efficiency=steep))
    weak = StandardModel()
    (prompt, *_), total = csi.beams, 0.0
    line = prompt.spectrum
    assert isinstance(line, LineSpectrum)
    material = csi.detector.target
    for one, per_kg in zip(material.nuclides, material.nuclei_per_kg, strict=True):
        ends = np.array([5.0, 6.0, 10.8507, *(10.8507 + np.array([-20, 20, -3, 3]) / slope), 30.0])
        ends = np.unique(np.clip(ends / 1170, 5 / 1170, 30 / 1170 * (1 - 1e-15)))
        rate = lambda T, one=one: float(  # noqa: E731
            steep(T) * weak.differential_cross_section(T, line.energy, one)
        )
        area = sum(quad(rate, a, b, epsabs=1e-52, epsrel=1e-10)[0] for a, b in pairwise(ends))
        total += per_kg * csi.detector.mass * area
    total *= csi.fluence(prompt)
    assert expected_counts(csi, weak, "nu_mu") == pytest.approx(total, rel=1e-8)


@pytest.mark.parametrize("share", [1e-17, 1e-14, 1e-7])
def test_a_resolution_too_narrow_to_matter_does_not(share):
    conus = experiments.load("conus")
    narrow = replace(conus.detector, resolution=Resolution(share * 1e-4))
    sharp = expected_counts(conus, StandardModel())
    # The readout's own shift: what falls over the threshold, to second order in the width.
    smeared = expected_counts(replace(conus, detector=narrow), StandardModel())
    assert smeared == pytest.approx(sharp, rel=1e-8)


@pytest.mark.parametrize("chance", [7.0, -0.1, math.nan])
def test_an_efficiency_that_is_none_is_refused_where_it_is_used(chance):
    class Odd:
        breakpoints = (0.0, math.inf)

        def __call__(self, T):
            return np.full(np.shape(T), chance)

    odd: Any = Odd()
    detector = Detector(target("Ge"), 1.0, threshold=1e-3, efficiency=odd)
    with pytest.raises(DomainError, match=r"efficiency: got .*; allowed: finite, at least 0"):
        detector.weight(2e-3, nuclide("Ge74"))


def test_a_table_keeps_its_numbers_to_itself():
    energies: Any = [1e-3, 1e-2]
    values: Any = np.array([0.5, 0.5])
    table = TabulatedEfficiency(energies, values)
    values[:] = 7
    assert table(5e-3) == 0.5
    assert hash(table) == hash(TabulatedEfficiency((1e-3, 1e-2), (0.5, 0.5)))


def test_shares_are_the_weight_bin_by_bin():
    """A histogram of true energies through Gaussians, by the closed form."""
    edges = (1e-4, 2e-4, 5e-4)
    sharp = Detector(target("Ge"), 1.0, bins=edges, quenching=Lindhard())
    smeared = replace(sharp, resolution=Resolution(3e-5))
    T, ge = np.linspace(0, 4e-3, 24).reshape(4, 6), nuclide("Ge74")
    for detector in (sharp, smeared):
        shares = detector.shares(T, ge)
        assert shares.shape == (2, 4, 6)
        assert shares.sum(axis=0) == pytest.approx(detector.weight(T, ge), abs=1e-15)
        assert detector.shares(detector.measured(T, ge)) == pytest.approx(shares, abs=1e-15)
    E, numbers = np.array([1e-4, 3e-4, 4e-4]), np.array([2.0, 4.0, 6.0])
    ends = ndtr((np.array(edges)[:, np.newaxis] - E) / 3e-5)
    assert smeared.shares(E) @ numbers == pytest.approx(np.diff(ends, axis=0) @ numbers, rel=1e-12)
    assert sharp.shares(E) @ numbers == pytest.approx([2, 10])


@pytest.mark.parametrize("ends", [{}, {"threshold": 0.2e-3, "maximum": 0.5e-3}])
def test_bins_are_replaced(ends):
    """By others, by none, and by a threshold: each the detector made so at once."""
    made: dict[str, Any] = {"target": target("Ge"), "mass": 1.0, "quenching": Lindhard()}
    binned = Detector(**made, bins=(0.2e-3, 0.3e-3, 0.5e-3), **ends)
    for other in ((0.1e-3, 0.2e-3), (0.3e-3, 0.4e-3, 0.9e-3), None):
        assert replace(binned, bins=other) == Detector(**made, bins=other)
    above = replace(binned, bins=None, threshold=0.4e-3)
    assert above == Detector(**made, threshold=0.4e-3)
    assert above.edges == (0.4e-3, math.inf)
    with pytest.raises(DomainError, match=r"bins: got .* beside threshold 0.0004"):
        replace(above, bins=(0.1e-3, 0.2e-3))
    with pytest.raises(DomainError, match=r"bins: got .* beside threshold 0.0004"):
        replace(binned, threshold=0.4e-3)


def test_a_detector_of_electrons_alone():
    """It needs no quenching, counts at any energy, and what a threshold leaves of both."""
    conus = experiments.load("conus")
    high: dict[str, Any] = {
        "target": target("Ge"),
        "mass": 4.0,
        "bins": (0.2, 0.5, 1.0),
    }  # above all nuclei
    both = Detector(**high, quenching=Lindhard())
    alone = Detector(**high, nuclei=False)
    assert alone.nuclear_targets == ()
    assert alone.electron_targets == both.electron_targets
    events = [fold(replace(conus, detector=one)).events(StandardModel()) for one in (both, alone)]
    assert np.array_equal(events[0], events[1])
    assert events[0].min() > 0
    neither = replace(alone, electrons="left out")
    assert not fold(replace(conus, detector=neither)).events(StandardModel()).any()
    from_zero = replace(alone, bins=(0.0, 1.0))
    measured = replace(conus, detector=from_zero, measurement=NotMeasured())
    assert fold(measured).events(StandardModel()).sum() > events[0].sum()
    assert recoil_spectrum(measured, 1e-3, StandardModel()) == 0
    E = np.linspace(0.2, 0.5, 2001)
    expected = np.trapezoid(measured_spectrum(measured, E, StandardModel()), E)
    assert events[0][0, 0] == pytest.approx(expected, rel=1e-5)
    assert Detector(target("CsI"), 187.0, bins=(3.0, 8.0), nuclei=False).edges == (3, 8)
    with pytest.raises(DomainError, match="least energy counted: got 3 MeV"):
        Detector(target("CsI"), 187.0, bins=(3.0, 8.0))
    with pytest.raises(KindError, match="measurement: got NotMeasured"):
        tmm_limits(measured)
