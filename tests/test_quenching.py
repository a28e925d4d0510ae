"""Quenchings: their formulas, slopes and inverses."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from cevnslib import experiments, rates
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.quenching import (
    FrozenQuenching,
    Lindhard,
    ModifiedLindhard,
    PolynomialQuenching,
    Quenching,
    TabulatedQuenching,
)
from cevnslib.detectors.resolution import Resolution
from cevnslib.errors import DomainError, KindError
from cevnslib.physics.interactions import StandardModel
from cevnslib.physics.targets import nuclide, target

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


TABLE = TabulatedQuenching((0.3e-3, 0.8e-3, 1.4e-3, 3e-3), (0.4, 0.3, 0.17, 0.2))
EVERY: list[Quenching] = [
    Lindhard(0.157),
    ModifiedLindhard(0.157, 5e-5),
    ModifiedLindhard(0.157, -17e-5),
    PolynomialQuenching((0.0554628, 4.30681, -111.707, 840.384)),
    TABLE,
    FrozenQuenching(Lindhard(), 1e-4),
]


@pytest.mark.parametrize("one", EVERY)
def test_slopes_of_all(one):
    """Central differences over 2e-4 of T, away from knots and from where nothing is seen."""
    T = np.array([0.41e-3, 0.9e-3, 2e-3, 5e-3])
    h = 1e-4 * T
    up, down = (one.electron_equivalent(T + s * h, GE) for s in (1, -1))
    assert one.slope(T, GE) == pytest.approx((up - down) / (2 * h), rel=1e-5)


@pytest.mark.parametrize("one", EVERY)
def test_inverses_of_all(one):
    """The least recoil that is seen as an energy, against bisection from below."""
    for E in (0.11e-3, 0.2e-3, 0.5e-3):
        T = float(one.nuclear_recoil(E, GE))
        samples = np.geomspace(1e-6, 0.05, 20_001)
        first = int(np.argmax(one.electron_equivalent(samples, GE) > E))
        expected = brentq(
            lambda x, E=E: float(one.electron_equivalent(x, GE)) - E,
            samples[first - 1],
            samples[first],
            xtol=1e-18,
        )
        assert pytest.approx(expected, rel=1e-12) == T
    assert float(one.nuclear_recoil(0.0, GE)) == 0


@given(logarithm=st.floats(-6, 0), k=st.floats(0.05, 0.3))
def test_modified_lindhard_without_a_correction_is_lindhard(logarithm, k):
    T = 10**logarithm
    for nucleus in (GE, SI, XE):
        assert ModifiedLindhard(k).electron_equivalent(T, nucleus) == (
            Lindhard(k).electron_equivalent(T, nucleus)
        )
        assert ModifiedLindhard(q=0.0).slope(T, nucleus) == pytest.approx(
            Lindhard().slope(T, nucleus), rel=1e-9
        )
    E = float(Lindhard(k).electron_equivalent(T, GE))
    assert ModifiedLindhard(k).nuclear_recoil(E, GE) == pytest.approx(T, rel=1e-12)


def test_modified_lindhard_as_printed():
    """E = T (k g/(1 + k g) - q/eps); where it would be below 0 nothing is seen."""
    T = np.geomspace(1e-5, 1e-2, 7)
    eps = 11.5 * 32 ** (-7 / 3) * T * 1e3
    for q in (5e-5, -17e-5):
        expected = printed(T * 1e3, 32, 74, 0.157) * 1e-3 - q * T / eps
        found = ModifiedLindhard(0.157, q).electron_equivalent(T, GE)
        assert found == pytest.approx(np.maximum(expected, 0), rel=1e-12, abs=1e-18)
    least = ModifiedLindhard(0.157, -17e-5).electron_equivalent([0.0, 1e-30], GE)
    assert least == pytest.approx(17e-5 / (11.5 * 32 ** (-7 / 3)) * 1e-3)
    assert ModifiedLindhard(0.157, 5e-5).electron_equivalent(0.0, GE) == 0
    # No recoil is seen as less.
    with pytest.raises(DomainError, match=r"got 1e-05 MeV; allowed: 0, or .* from 4.80.*e-05 to"):
        ModifiedLindhard(0.157, -17e-5).nuclear_recoil(1e-5, GE)


def test_all_crossings_of_a_table_that_falls():
    """Between points the energy seen is a parabola: its roots, by numpy."""
    levels = np.array([0.1e-3, 0.2395e-3, 0.242e-3, 0.2605e-3, 0.5e-3])
    T, level = TABLE._crossings(levels, GE)
    ends, shares = [1e-9, *TABLE.recoils, 10.0], [0.4, 0.4, 0.3, 0.17, 0.2, 0.2]
    for i, E in enumerate(levels):
        expected = []
        for k in range(5):
            slope = (shares[k + 1] - shares[k]) / (ends[k + 1] - ends[k])
            roots = np.roots([slope, shares[k] - slope * ends[k], -E])
            expected += [r.real for r in roots if ends[k] <= r.real < ends[k + 1] and not r.imag]
        assert sorted(T[level == i]) == pytest.approx(sorted(expected), rel=1e-10)
    assert [int(np.sum(level == i)) for i in range(5)] == [1, 3, 3, 1, 1]
    # Each is seen as its energy.
    assert TABLE.electron_equivalent(T, GE) == pytest.approx(levels[level], rel=1e-12)


def test_frozen():
    """One share at all energies: that of a recoil, or of the recoil that is seen as an energy."""
    T = np.geomspace(1e-5, 1e-1, 5)
    by_recoil = FrozenQuenching(Lindhard(), 1e-3, of_recoil=True)
    share = printed(1.0, 32, 74)
    assert by_recoil.electron_equivalent(T, GE) == pytest.approx(share * T, rel=1e-12)
    assert by_recoil.nuclear_recoil(share * T, GE) == pytest.approx(T, rel=1e-12)
    assert by_recoil.slope(T, GE) == pytest.approx(np.full(5, share), rel=1e-12)
    seen = FrozenQuenching(TABLE, 0.06e-3)
    assert seen.electron_equivalent(T, GE) == pytest.approx(0.4 * T, rel=1e-12)
    # Each nuclide has a share of its own.
    for nucleus in (GE, SI):
        expected = Lindhard().electron_equivalent(1e-3, nucleus)
        assert by_recoil.electron_equivalent(1e-3, nucleus) == pytest.approx(expected, rel=1e-14)
    same = Detector(target("GaAs"), 1.0, 1e-4, quenching=by_recoil, electrons="left out")
    assert np.isfinite(rates.expected_counts(replace(CONUS, detector=same), StandardModel()))


CONUS = experiments.load("conus")


class Fifth(Quenching):
    """A reader's own, below the library's class, under the public name."""

    def electron_equivalent(self, T, nuclide):
        return 0.2 * T


class Rising(Fifth):
    """The same, with an inverse and a slope of its own."""

    rising = True

    def nuclear_recoil(self, E, nuclide):
        return 5 * E

    def slope(self, T, nuclide):
        return np.full_like(T, 0.2)


class Same:
    """The same, of no class of the library's."""

    def electron_equivalent(self, T, nuclide):
        assert isinstance(nuclide.name, str)
        return 0.2 * T


def counted(quenching, **keywords):
    detector = Detector(
        target("Ge"), 1.0, 3e-4, quenching=quenching, electrons="left out", **keywords
    )
    one = replace(CONUS, detector=detector)
    E = np.array([3.5e-4, 4e-4])
    measured = rates.measured_spectrum(one, E, StandardModel())
    return [rates.expected_counts(one, StandardModel()), *measured]


@pytest.mark.parametrize("kind", [Fifth, Rising, Same])
@pytest.mark.parametrize("resolution", [None, Resolution(2e-5)])
def test_a_quenching_of_ones_own(kind: Any, resolution):
    expected = counted(PolynomialQuenching((0.2,)), resolution=resolution)
    # Slopes and inverses are numbers' here: 1e-9 of differences over 1e-5.
    assert counted(kind(), resolution=resolution) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("answer", [math.nan, -1e-4, math.inf, "much"])
def test_answers_are_checked(answer: Any):
    class Below(Quenching):
        def _electron_equivalent(self, T, nuclide):
            return answer

    class Beside:
        def electron_equivalent(self, T, nuclide):
            return answer

    class Inverse(Rising):
        def nuclear_recoil(self, E, nuclide):
            return answer

    kinds: list[Any] = [Below, Beside, Inverse]
    for one in (kind() for kind in kinds):
        for resolution in (None, Resolution(2e-5)):
            with pytest.raises(DomainError, match=r"(_equivalent|recoil|seen) of .*: got .*; allo"):
                counted(one, resolution=resolution)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ModifiedLindhard(-0.1), "Lindhard's k: got -0.1; allowed: finite, above 0"),
        (lambda: ModifiedLindhard(0.1, math.inf), "q: got inf; allowed: finite"),
        (lambda: PolynomialQuenching((math.nan,)), "coefficients of the quenching: got nan"),
        (lambda: TabulatedQuenching((1.0,), (0.1,)), "quenching: got"),
        (lambda: TabulatedQuenching((1.0, 1.0), (0.1, 0.2)), "energies of the quenching: got"),
        (lambda: TabulatedQuenching((1.0, 2.0), (0.1, 1.2)), "quenching: got"),
        (lambda: TabulatedQuenching((1.0, 2.0), (0.1,)), "quenching: got"),
        (lambda: FrozenQuenching(Lindhard(), 0.0), "energy: got 0 MeV; allowed: finite, above 0"),
    ],
)
def test_more_bad_input(make, words):
    with pytest.raises(DomainError) as refused:
        make()
    assert str(refused.value).startswith(words)


def test_what_is_no_quenching():
    others: list[Any] = [Lindhard, Same, 0.2, "lindhard", lambda T, nuclide: T]
    for one in others:
        with pytest.raises(KindError, match=r"quenching: got .*; allowed: None, or a cevnslib"):
            Detector(target("Ge"), 1.0, quenching=one)
    not_one: Any = 0.2
    with pytest.raises(KindError, match=r"original: got 0.2; allowed"):
        FrozenQuenching(not_one, 1e-4)
