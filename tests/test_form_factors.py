"""Form factors against independent computations."""

import numpy as np
import pytest
from scipy.integrate import quad

from cevnslib.errors import DomainError
from cevnslib.physics.form_factors import helm, klein_nystrand, point_like, symmetrized_fermi
from cevnslib.physics.targets import nuclide

CS = nuclide("Cs133")
ALL = [helm, klein_nystrand, symmetrized_fermi, point_like]


@pytest.mark.parametrize("form_factor", ALL)
def test_normalised_smooth_and_bounded(form_factor):
    q = np.concatenate([[0.0], np.geomspace(1e-8, 30, 400)])
    F = form_factor(q, CS)
    assert F[0] == 1
    assert F[1] == pytest.approx(1, abs=1e-13)
    assert np.all(np.abs(F) <= 1 + 1e-12)
    assert F.shape == q.shape


C = 1.23 * 133 ** (1 / 3) - 0.60
SQUARED_RADII = [  # <r^2> in fm^2 of each density, in closed form
    (helm, 3 / 5 * (C**2 + 7 / 3 * np.pi**2 * 0.52**2 - 5 * 0.9**2) + 3 * 0.9**2),
    (klein_nystrand, 3 / 5 * (C + 0.60) ** 2 + 6 * 0.7**2),
    (symmetrized_fermi, 3 / 5 * C**2 + 7 / 5 * np.pi**2 * 0.52**2),
]


@pytest.mark.parametrize(("form_factor", "squared_radius"), SQUARED_RADII)
def test_small_momentum_is_the_radius(form_factor, squared_radius):
    """Near q = 0 every form factor is 1 - q^2 <r^2>/6, with no digits lost to cancellation."""
    for q in (1e-2, 1e-3, 1e-4):
        assert 6 * (1 - form_factor(q, CS)) / q**2 == pytest.approx(squared_radius, rel=1e-3)


def test_helm_is_a_folded_sphere():
    """Fourier transform of a uniform sphere, done numerically, times the Gaussian."""
    q, c = 0.4, 1.23 * 133 ** (1 / 3) - 0.6
    R = np.sqrt(c**2 + 7 / 3 * np.pi**2 * 0.52**2 - 5 * 0.9**2)
    sphere = quad(lambda r: 3 / R**3 * r**2 * np.sinc(q * r / np.pi), 0, R)[0]
    assert helm(q, CS) == pytest.approx(sphere * np.exp(-((q * 0.9) ** 2) / 2), rel=1e-12)


def test_symmetrized_fermi_is_the_transform_of_its_density():
    """rho ~ sinh(c/a)/(cosh(r/a) + cosh(c/a)), Fourier transformed numerically."""
    a, c = 0.52, 1.23 * 133 ** (1 / 3) - 0.6

    def density(r):
        return 1 / (1 + np.exp((r - c) / a)) - 1 / (1 + np.exp((r + c) / a))

    def transform(q):
        return quad(lambda r: r**2 * density(r) * np.sinc(q * r / np.pi), 0, 40, epsrel=1e-12)[0]

    for q in (0.01, 0.3, 1.0):
        assert symmetrized_fermi(q, CS) == pytest.approx(transform(q) / transform(0), rel=1e-9)


def test_klein_nystrand_value():
    x = 0.4 * 1.23 * 133 ** (1 / 3)
    sphere = 3 * (np.sin(x) - x * np.cos(x)) / x**3
    assert klein_nystrand(0.4, CS) == pytest.approx(sphere / (1 + 0.28**2), rel=1e-12)


@pytest.mark.parametrize("form_factor", ALL)
@pytest.mark.parametrize("q", [-0.1, np.nan, np.inf, "0.1"])
def test_bad_momentum(form_factor, q):
    with pytest.raises(DomainError, match="momentum transfer q: got"):
        form_factor(q, CS)
