"""Lindhard quenching and its inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.detectors.quenching import Lindhard
from cevnslib.errors import DomainError
from cevnslib.physics.targets import nuclide

GE, SI, XE = nuclide("Ge74"), nuclide("Si28"), nuclide("Xe132")


def printed(T_keV, Z, A, k=None):
    eps = 11.5 * Z ** (-7 / 3) * T_keV
    g = 3 * eps**0.15 + 0.7 * eps**0.6 + eps
    k = k or 0.133 * Z ** (2 / 3) * A ** (-1 / 2)
    return T_keV * k * g / (1 + k * g)


@pytest.mark.parametrize("one", [GE, SI, XE])
def test_formula(one):
    T = np.geomspace(0.01, 100, 9)
    ours = Lindhard().electron_equivalent(T * 1e-3, one) * 1e3
    assert ours == pytest.approx(printed(T, one.protons, one.nucleons), rel=1e-12)
    measured = Lindhard(k=0.157).electron_equivalent(T * 1e-3, one) * 1e3
    assert measured == pytest.approx(printed(T, one.protons, one.nucleons, 0.157), rel=1e-12)


@given(logarithm=st.floats(-9, 1), k=st.none() | st.floats(0.05, 0.3))
def test_round_trip(logarithm, k):
    E = 10**logarithm
    model = Lindhard(k)
    for one in (GE, SI, XE):
        assert model.electron_equivalent(model.nuclear_recoil(E, one), one) == pytest.approx(
            E, rel=1e-13
        )


def test_inverse_of_arrays():
    E = np.array([[0.0, 1e-4], [1e-3, 1.0]])
    T = Lindhard().nuclear_recoil(E, GE)
    assert T.shape == E.shape
    assert T[0, 0] == 0
    assert np.all(T.ravel()[1:] > E.ravel()[1:])


def test_slope_is_the_derivative():
    T, h = np.geomspace(1e-5, 1e-1, 7), 1e-5
    model = Lindhard()
    up, down = (model.electron_equivalent(T * (1 + s * h), GE) for s in (1, -1))
    assert model.slope(T, GE) == pytest.approx((up - down) / (2 * h * T), rel=1e-8)


def test_bad_input():
    with pytest.raises(DomainError, match="Lindhard's k: got 0"):
        Lindhard(0.0)
    with pytest.raises(DomainError, match="recoil energy T: got -1 MeV"):
        Lindhard().electron_equivalent(-1.0, GE)
    with pytest.raises(DomainError, match="electron-equivalent energy: got nan MeV"):
        Lindhard().nuclear_recoil(np.nan, GE)
