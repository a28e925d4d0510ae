"""Detectors and their acceptance."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from cevnslib.detectors import (
    ConstantEfficiency,
    Detector,
    PhotoelectronAcceptance,
    Resolution,
    TabulatedEfficiency,
)
from cevnslib.errors import DomainError
from cevnslib.nuclei import nuclide, target
from cevnslib.quenching import Lindhard

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
    detector = Detector(target("Ge"), 1.0, 1e-3, resolution=Resolution(sigma, reach=4.5))
    T = np.linspace(2e-4, 2.5e-3, 60)
    exact = ndtr((T - 1e-3) / sigma)
    assert detector.weight(T, CS) == pytest.approx(exact, abs=1e-5)
    narrow = replace(detector, resolution=Resolution(1e-9))
    step = np.array([0.99e-3, 1.01e-3])
    assert narrow.weight(step, CS) == pytest.approx([0, 1], abs=1e-9)
    low, *_, high = detector.breakpoints(CS)
    assert low < 1e-3 - 4.4 * sigma
    assert high == math.inf
    assert detector.weight(low * 0.999, CS) == 0


def test_resolution_with_an_efficiency_table():
    """A linear efficiency keeps its mean under a symmetric smearing, away from the edges."""
    table = TabulatedEfficiency((1e-3, 11e-3), (0.0, 1.0))
    detector = Detector(target("Ge"), 1.0, 0.0, table, resolution=Resolution(2e-4, reach=4.0))
    assert detector.weight([4e-3, 6e-3], CS) == pytest.approx([0.3, 0.5], rel=1e-6)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"mass": 0}, "mass: got 0 kg; allowed: finite, above 0 kg"),
        ({"mass": math.nan}, "mass: got nan kg"),
        ({"threshold": -1e-3}, "threshold: got -0.001 MeV; allowed: finite, at least 0 MeV"),
        ({"threshold": "5 keV"}, "threshold: got '5 keV'; allowed: real numbers"),
        ({"maximum": 1e-4}, "maximum: got 0.0001 MeV; allowed: finite, above 0.001 MeV"),
        ({"resolution": Resolution(1e-3)}, "resolution: got 0.001 MeV at threshold; allowed: fi"),
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
