"""Detectors and their acceptance."""

import math

import numpy as np
import pytest

from cevnslib.detectors import ConstantEfficiency, Detector, PhotoelectronAcceptance
from cevnslib.errors import DomainError
from cevnslib.nuclei import target

CSI = PhotoelectronAcceptance(0.6655, 0.4942, 10.8507, 1.17, last=30)


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
    assert detector.breakpoints == CSI.breakpoints
    assert Detector(target("CsI"), 14.57, 0.005, CSI).breakpoints == (0.005, *CSI.breakpoints[1:])
    assert Detector(target("CsI"), 1, 0.001).breakpoints == (0.001, math.inf)


def test_weight():
    detector = Detector(target("Ge"), 15.0, 0.005, ConstantEfficiency(0.5))
    assert np.array_equal(detector.weight([[0.0049, 0.005], [0.1, 1.0]]), [[0, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"mass": 0}, "mass: got 0 kg; allowed: finite, above 0 kg"),
        ({"mass": math.nan}, "mass: got nan kg"),
        ({"threshold": -1e-3}, "threshold: got -0.001 MeV; allowed: finite, at least 0 MeV"),
        ({"threshold": "5 keV"}, "threshold: got '5 keV'; allowed: real numbers"),
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
        Detector(target("Ge"), 1.0).weight(np.nan)
