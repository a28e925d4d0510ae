"""Mixing and effective moments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.physics.mixing import (
    TALK_2019,
    OscillationParameters,
    effective_moment_squared,
    flavour_projector,
    moment_matrix_flavour,
    moment_matrix_mass,
    pmns,
)
from cevnslib.sources.solar import solar_shares

FLAVOURS = ("e", "mu", "tau")
unit = st.floats(0, 1)
angles = st.floats(-2 * np.pi, 2 * np.pi)
parameters = st.builds(OscillationParameters, unit, unit, unit, angles)
numbers = st.floats(-3, 3)
moments = st.tuples(*[st.builds(complex, numbers, numbers)] * 3)


def closed_form_electron(p, L):
    """Reactor antineutrinos and delayed nu_e, arXiv:1905.03750, as printed."""
    s12, s13 = np.sqrt([p.sin2_theta12, p.sin2_theta13])
    c12, c13 = np.sqrt([1 - p.sin2_theta12, 1 - p.sin2_theta13])
    (m1, m2, m3), (z1, z2, z3) = np.abs(L), np.angle(L)
    xi1, xi2, xi3, d = z3 - z2, z3 - z1, z1 - z2, p.delta_cp
    total = m1**2 + m2**2 + m3**2
    return (
        total
        - (c12 * c13 * m1) ** 2
        - (s12 * c13 * m2) ** 2
        - (s13 * m3) ** 2
        - c13**2 * 2 * s12 * c12 * m1 * m2 * np.cos(xi3)
        - c12 * 2 * s13 * c13 * m1 * m3 * np.cos(d - xi2)
        - s12 * 2 * s13 * c13 * m2 * m3 * np.cos(d - xi1)
    )


def closed_form_muon(p, L):
    """Prompt nu_mu, arXiv:1905.03750, as printed."""
    s12, s13, s23 = np.sqrt([p.sin2_theta12, p.sin2_theta13, p.sin2_theta23])
    c12, c13, c23 = np.sqrt([1 - p.sin2_theta12, 1 - p.sin2_theta13, 1 - p.sin2_theta23])
    (m1, m2, m3), (z1, z2, z3) = np.abs(L), np.angle(L)
    xi1, xi2, xi3, d = z3 - z2, z3 - z1, z1 - z2, p.delta_cp
    cross = 2 * c12 * c23 * s12 * s13 * s23 * np.cos(d)
    return (
        m1**2 * (-cross + s23**2 * (c13**2 + s12**2 * s13**2) + c12**2 * c23**2)
        + m2**2 * (cross + c23**2 * s12**2 + s23**2 * (c12**2 * s13**2 + c13**2))
        + m3**2 * (c23**2 + s13**2 * s23**2)
        + 2
        * m1
        * m2
        * (
            c23 * c12**2 * s13 * s23 * np.cos(d + xi3)
            - c23 * s12**2 * s13 * s23 * np.cos(d - xi3)
            + c12 * s12 * (c23**2 - s13**2 * s23**2) * np.cos(xi3)
        )
        + 2 * m1 * m3 * c13 * s23 * (c12 * s13 * s23 * np.cos(d - xi2) + c23 * s12 * np.cos(xi2))
        + 2 * m2 * m3 * c13 * s23 * (s12 * s13 * s23 * np.cos(d - xi1) - c12 * c23 * np.cos(xi1))
    )


@given(p=parameters)
def test_unitarity(p):
    U = pmns(p)
    assert np.abs(U @ U.conj().T - np.eye(3)).max() < 1e-14


def test_standard_parametrisation():
    """|U_e3| = s13, its phase is -delta, tan theta_12 and tan theta_23 are ratios."""
    p = OscillationParameters(0.3, 0.02, 0.5, 1.1)
    U = pmns(p)
    assert abs(U[0, 2]) ** 2 == pytest.approx(0.02)
    assert np.angle(U[0, 2]) == pytest.approx(-1.1)
    assert abs(U[0, 1] / U[0, 0]) ** 2 == pytest.approx(0.3 / 0.7)
    assert abs(U[1, 2] / U[2, 2]) ** 2 == pytest.approx(1.0)
    jarlskog = np.imag(U[0, 0] * U[1, 1] * U[0, 1].conj() * U[1, 0].conj())
    s12, s13, s23 = np.sqrt([0.3, 0.02, 0.5])
    expected = np.prod(np.sqrt([0.3 * 0.7, 0.5 * 0.5])) * s13 * (1 - 0.02) * np.sin(1.1)
    assert jarlskog == pytest.approx(expected)
    assert s12 < s23


@given(p=parameters, L=moments)
def test_effective_moments_in_three_forms(p, L):
    """Closed forms as printed, the matrix form in the flavour basis, and the one identity."""
    lam = moment_matrix_flavour(L, p)
    for i, flavour in enumerate(FLAVOURS):
        ours = effective_moment_squared(L, flavour, p)
        neutrino = (lam.conj().T @ lam)[i, i].real
        antineutrino = (lam @ lam.conj().T)[i, i].real
        assert ours == pytest.approx(neutrino, abs=1e-12)
        assert ours == pytest.approx(antineutrino, abs=1e-12)
    electron, muon = (effective_moment_squared(L, flavour, p) for flavour in ("e", "mu"))
    assert electron == pytest.approx(closed_form_electron(p, L), abs=1e-12)
    assert muon == pytest.approx(closed_form_muon(p, L), abs=1e-12)


def closed_form_delayed_muon(p, L, closes_early):
    """Delayed nubar_mu: the bracket after 2|L1 L2| closes where it must, or where it is printed."""
    s12, s13, s23 = np.sqrt([p.sin2_theta12, p.sin2_theta13, p.sin2_theta23])
    c12, c13, c23 = np.sqrt([1 - p.sin2_theta12, 1 - p.sin2_theta13, 1 - p.sin2_theta23])
    (m1, m2, m3), (z1, z2, z3) = np.abs(L), np.angle(L)
    xi1, xi2, xi3, d = z3 - z2, z3 - z1, z1 - z2, p.delta_cp
    cross = 2 * c12 * c23 * s12 * s13 * s23 * np.cos(d)
    theta13, theta23 = np.arcsin(s13), np.arcsin(s23)
    first = c23 * s13 * s23 * (c12**2 * np.cos(d + xi3) - s12**2 * np.cos(d - xi3))
    last = c12 * c23**2 * s12 * np.cos(xi3) - c12 * s12 * s13**2 * s23**2 * np.cos(xi3)
    twelve = 2 * m1 * m2 * first + last if closes_early else 2 * m1 * m2 * (first + last)
    thirteen = c12 * s13 * s23 * np.cos(d - xi2) + c23 * s12 * np.cos(xi2)
    twentythree = s12 * s13 * s23 * np.cos(d - xi1) - c12 * c23 * np.cos(xi1)
    return (
        m1**2 * (-cross + s23**2 * (c13**2 + s12**2 * s13**2) + c12**2 * c23**2)
        + m2**2 * (cross + s23**2 * (c13**2 + c12**2 * s13**2) + s12**2 * c23**2)
        + m3**2 * (2 * c13**2 * np.cos(2 * theta23) - np.cos(2 * theta13) + 3) / 4
        + twelve
        + 2 * m1 * m3 * c13 * s23 * thirteen
        + 2 * m2 * m3 * c13 * s23 * twentythree
    )


@given(p=parameters, L=moments)
def test_delayed_muon_antineutrinos(p, L):
    ours = effective_moment_squared(L, "mu", p)
    assert ours == pytest.approx(closed_form_delayed_muon(p, L, closes_early=False), abs=1e-12)


def test_misprint_of_the_delayed_muon_antineutrinos():
    """As printed, a moment is left over where there is none."""
    left = closed_form_delayed_muon(TALK_2019, np.zeros(3, dtype=complex), closes_early=True)
    assert left == pytest.approx(0.206, abs=1e-3)


@given(p=parameters)
def test_projector(p):
    for flavour in FLAVOURS:
        P = flavour_projector(flavour, p)
        assert np.abs(P - P.conj().T).max() < 1e-15
        assert np.abs(P @ P - P).max() < 1e-13
        assert np.trace(P).real == pytest.approx(2)


@given(p=parameters, L=moments, phase=angles)
def test_global_phase(p, L, phase):
    turned = np.array(L) * np.exp(1j * phase)
    for flavour in FLAVOURS:
        ours = effective_moment_squared(turned, flavour, p)
        assert ours == pytest.approx(effective_moment_squared(L, flavour, p), abs=1e-12)


def test_blind_direction():
    U = pmns(TALK_2019)
    for row, flavour in zip(U, FLAVOURS, strict=True):
        assert effective_moment_squared(row.conj(), flavour) == pytest.approx(0, abs=1e-30)


def test_matrices_are_antisymmetric_and_related():
    L = np.array([[1, 2j, 3], [0.5, -1, 1 + 1j]])
    mass, flavour = moment_matrix_mass(L), moment_matrix_flavour(L, TALK_2019)
    assert np.array_equal(mass, -np.swapaxes(mass, -1, -2))
    U = pmns(TALK_2019)
    assert np.allclose(U.T @ flavour @ U, mass, atol=1e-14)
    # lambda_e_mu = Lambda_tau and its like: the flavour moments are epsilon with Lambda = U* Lambda
    assert np.allclose(flavour, moment_matrix_mass(L @ U.T), atol=1e-14)


@given(p=parameters.filter(lambda p: 0 < p.sin2_theta12 < 1), E=st.floats(0, 20))
def test_solar_shares_are_shares(p, E):
    shares = solar_shares(E, [0.0, 50.0, 100.0], p)
    assert shares.shape == (3, 3)
    assert np.abs(shares.sum(axis=-1) - 1).max() < 1e-14
    assert np.all(shares >= -1e-15)
    assert shares[0] == pytest.approx(np.abs(pmns(p)[0]) ** 2, abs=1e-13)  # vacuum


def test_solar_shares_diagonalise_matter():
    """Against the eigenvectors of the two-flavour Hamiltonian in matter."""
    p, E, density, dm2 = TALK_2019, 0.862, 86.0, 7.55e-5
    potential = 7.63e-14 * density * (1 - p.sin2_theta13)  # eV, for mol/cm^3
    c, s = 1 - 2 * p.sin2_theta12, 2 * np.sqrt(p.sin2_theta12 * (1 - p.sin2_theta12))
    vacuum = dm2 / (4 * E * 1e6) * np.array([[-c, s], [s, c]])
    light = np.linalg.eigh(vacuum + np.diag([potential, 0.0]))[1][:, 0]
    expected = (1 - p.sin2_theta13) * light[0] ** 2
    assert solar_shares(E, density, p)[0] == pytest.approx(expected, rel=1e-3)


def test_solar_limits():
    """Dense matter makes the heavier state of what is born as an electron neutrino."""
    assert solar_shares(1e4, 100.0)[1] == pytest.approx(1 - 0.0216, rel=1e-4)
    with pytest.raises(DomainError, match="splitting: got 0 eV"):
        solar_shares(0.862, 86.0, splitting=0)
    with pytest.raises(DomainError, match=r"electron density: got -1 mol/cm"):
        solar_shares(0.862, -1.0)


def test_bad_input():
    with pytest.raises(
        DomainError, match=r"sin2_theta12: got 1.5; allowed: finite, at least 0, at"
    ):
        OscillationParameters(1.5, 0.02, 0.5)
    with pytest.raises(DomainError, match="delta_cp: got nan rad"):
        OscillationParameters(0.3, 0.02, 0.5, np.nan)
    with pytest.raises(UnknownNameError, match="unknown flavour 'x'; allowed: e, mu, tau"):
        flavour_projector("x")
    for bad in ([1, 2], 3, "abc", [[1, 2, 3, 4]]):
        with pytest.raises(DomainError, match="moments: got"):
            effective_moment_squared(bad, "e")
    with pytest.raises(DomainError, match="imaginary part of the moments: got inf mu_B"):
        effective_moment_squared([1, 2, complex(0, np.inf)], "e")


def test_angles_in_degrees():
    """D17: sin^2 by the cosine of twice the angle, and what looks like a sine is a small angle."""
    angles = (33.4, 8.57, 49.2)
    mine = OscillationParameters.from_degrees(*angles, delta_cp=194)
    expected = [(1 - np.cos(2 * np.pi * angle / 180)) / 2 for angle in angles]
    assert [mine.sin2_theta12, mine.sin2_theta13, mine.sin2_theta23] == pytest.approx(expected)
    assert mine.delta_cp == pytest.approx(194 * np.pi / 180)
    with pytest.raises(DomainError, match="theta13: got 95 degrees; allowed: finite, at least 0 d"):
        OscillationParameters.from_degrees(33.4, 95, 49.2)
    for degrees in (400, -361):
        with pytest.raises(DomainError, match=r"delta_cp: got .* degrees; allowed: .* 360"):
            OscillationParameters.from_degrees(*angles, delta_cp=degrees)


@pytest.mark.parametrize("delta", [212, -148, 6.3, -6.3])
def test_a_phase_of_more_than_a_turn_is_refused(delta):
    """D17: tables of global fits print degrees."""
    words = rf"delta_cp: got {delta} rad; allowed: from -2 pi .*did you give degrees.*_degrees"
    with pytest.raises(DomainError, match=words):
        OscillationParameters(0.3, 0.02, 0.5, delta)


def test_a_whole_turn_is_allowed():
    turned = [pmns(OscillationParameters(0.3, 0.02, 0.5, 2 * np.pi * k)) for k in (-1, 0, 1)]
    assert turned[0] == pytest.approx(turned[1], abs=1e-15)
    assert turned[2] == pytest.approx(turned[1], abs=1e-15)
    assert OscillationParameters.from_degrees(33, 8.5, 49, 360).delta_cp == 2 * np.pi
