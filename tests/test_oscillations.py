"""3+1 oscillations against the diagonalised Hamiltonian, closed forms and plain integrals."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from cevnslib import experiments, rates
from cevnslib.constants import CODATA_2022
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.physics import interactions, oscillations
from cevnslib.physics.mixing import OscillationParameters
from cevnslib.sources import oscillated
from cevnslib.sources.beams import Source
from cevnslib.sources.reactor import ReactorSpectrum, reactor_of_power
from cevnslib.sources.sns import spallation_source
from cevnslib.sources.spectra import LineSpectrum, PolynomialSpectrum

FLAVOURS = ("e", "mu", "tau", "s")
angle = st.floats(0, 1)
mixings = st.builds(oscillations.SterileMixing, angle, angle, angle)
energies, baselines = st.floats(0.1, 100), st.floats(10, 1e5)
splittings = st.floats(0, 1e4)


@given(mixings, st.builds(OscillationParameters, angle, angle, angle, st.floats(-4, 4)))
def test_mixing_matrix_is_unitary(mixing, parameters):
    U = oscillations.mixing_matrix(mixing, parameters)
    np.testing.assert_allclose(U @ U.conj().T, np.eye(4), atol=1e-14)
    np.testing.assert_allclose(abs(U[:, 3]) ** 2, mixing.shares, atol=1e-14)


def test_shares_are_those_of_the_talk():
    s14, s24 = 0.3, 0.2
    shares = oscillations.SterileMixing(s14, s24, 0.5).shares
    assert shares[0] == s14
    assert shares[1] == pytest.approx(s24 * (1 - s14), rel=1e-15)
    assert shares.sum() == pytest.approx(1, abs=1e-15)


@given(mixings, energies, baselines, splittings, st.floats(0, 1))
def test_probabilities_are_probabilities(mixing, E, L, splitting, spread):
    place = {"E": E, "baseline": L, "splitting": splitting, "mixing": mixing, "spread": spread * L}
    table = np.array(
        [[oscillations.probability(a, b, **place) for b in FLAVOURS] for a in FLAVOURS]
    )  # the sin of a public code in place of sin^2 leaves this range
    assert table.min() >= 0
    assert table.max() <= 1
    np.testing.assert_allclose(table.sum(axis=0), 1, atol=1e-14)
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-14)
    for a, row in zip(FLAVOURS[:3], table, strict=False):
        active = oscillations.probability(a, "active", **place)
        np.testing.assert_allclose(active, row[:3].sum(), atol=1e-14)
        term = oscillations.oscillation_term(E, L, splitting, spread * L)
        np.testing.assert_allclose(active, 1 - mixing.lost_share(a) * term, atol=1e-14)
        seen = row[0] + row[1]
        if a != "tau":
            found = 1 - mixing.lost_share(a, "e and mu") * term
            np.testing.assert_allclose(found, seen, atol=1e-14)
        alone = 1 - mixing.lost_share(a, "survival") * term
        np.testing.assert_allclose(alone, row[FLAVOURS.index(a)], atol=1e-14)


@given(mixings, energies, st.floats(10, 1e4), st.floats(0, 100))
def test_probabilities_solve_the_schroedinger_equation(mixing, E, L, splitting):
    U = oscillations.mixing_matrix(mixing)
    H = U @ np.diag([0, 0, 0, splitting * 1e-12 / (2 * E)]) @ U.conj().T  # MeV
    values, vectors = np.linalg.eigh(H)
    # The three small eigenvalues are rounding: they are zero.
    values[:3] = 0
    time = L / (CODATA_2022.hbar_c * 1e-13)  # 1/MeV
    # Beyond 100 rad the phase carries the rounding of the eigenvalue.
    tolerance = 1e-12 * max(1.0, values[3] * time / 100)
    evolution = vectors @ np.diag(np.exp(-1j * values * time)) @ vectors.conj().T
    for i, a in enumerate(FLAVOURS):
        for j, b in enumerate(FLAVOURS):
            ours = oscillations.probability(a, b, E, L, splitting, mixing)
            assert abs(evolution[j, i]) ** 2 == pytest.approx(float(ours), abs=tolerance)


def test_two_flavour_limit_and_the_constant_of_the_talk():
    mixing = oscillations.SterileMixing(0.05)
    amplitude = 4 * 0.05 * 0.95
    found = oscillations.probability("e", "e", 3.0, 1000.0, 1.7, mixing)
    assert found == pytest.approx(1 - amplitude * np.sin(1.26693 * 1.7 * 10 / 3) ** 2, abs=1e-5)
    assert oscillations.oscillation_phase(1.0, 100.0, 1.0) == pytest.approx(2.54, rel=3e-3)


def test_average_over_the_baseline():
    E, L, splitting, width = 3.0, 1000.0, 4.0, 300.0
    average = quad(
        lambda x: float(oscillations.oscillation_term(E, x, splitting)),
        L - width / 2,
        L + width / 2,
    )[0]
    found = oscillations.oscillation_term(E, L, splitting, width)
    assert found == pytest.approx(average / width, rel=1e-10)
    small = oscillations.oscillation_term(E, L, splitting, 1e-3)
    assert small == pytest.approx(float(oscillations.oscillation_term(E, L, splitting)), rel=1e-9)


@pytest.mark.parametrize("splitting", [0.0, 1e-3, 0.5, 7.0, 60.0])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("spread", [0.0, 300.0])
def test_moments_of_an_oscillated_spectrum(splitting, number, spread):
    original = spallation_source().beams[number].spectrum
    seen = oscillated.OscillatedSpectrum(original, 0.3, splitting, 2900.0, spread)
    low, high = 15.0, original.end
    for order, found in enumerate(seen.moments(low, 3)):
        plain = quad(
            lambda E, n=order: (
                float(original.density(E))
                * (1 - 0.3 * float(oscillations.oscillation_term(E, 2900.0, splitting, spread)))
                / E**n
            ),
            low,
            high,
            epsrel=1e-12,
            limit=2000,
        )[0]
        assert found == pytest.approx(plain, rel=1e-10)


def test_moments_of_an_oscillated_reactor():
    original = reactor_of_power(3.0, end=8.0).beams[0].spectrum
    assert isinstance(original, ReactorSpectrum)
    seen = oscillated.OscillatedSpectrum(original, 0.2, 5.0, 1700.0)
    knots = [4.0, 5.0, 6.0, 7.0, 8.0]
    plain = sum(
        quad(
            lambda E: (
                float(original.density(E))
                * (1 - 0.2 * float(oscillations.oscillation_term(E, 1700.0, 5.0)))
            ),
            a,
            b,
            epsrel=1e-12,
            limit=2000,
        )[0]
        for a, b in pairwise(knots)
    )
    assert seen.moments(4.0, 0)[0] == pytest.approx(plain, rel=1e-9)
    # All of it: fast at low energy, so near the average where most neutrinos are.
    fast = replace(seen, splitting=1e4)
    whole = original.moments(0.0, 0)[0]
    assert fast.moments(0.0, 0)[0] == pytest.approx(0.9 * whole, rel=1e-3)


def test_seen_source_fades_as_the_probability():
    mixing = oscillations.SterileMixing(0.02, 0.05, 0.1)
    csi = experiments.load("coherent-csi")
    seen = oscillated.seen_source(Source("seen", csi.beams), mixing, 2.0, (100 * csi.metres))
    line = csi.beams[0].spectrum
    assert isinstance(line, LineSpectrum)
    kept = oscillations.probability("mu", "active", line.energy, (100 * csi.metres), 2.0, mixing)
    assert seen.beams[0].rate / csi.beams[0].rate == pytest.approx(float(kept), rel=1e-14)
    T = np.array([0.01, 0.02])
    weak = interactions.StandardModel()
    found = rates.recoil_spectrum(replace(csi, source=seen), T, weak)
    assert np.all(found < rates.recoil_spectrum(csi, T, weak))
    same = oscillated.seen_source(
        Source("seen", csi.beams), oscillations.SterileMixing(), 2.0, (100 * csi.metres)
    )
    assert same.beams == csi.beams


def test_signals_agree_where_nothing_mixes_with_tau():
    mixing = oscillations.SterileMixing(0.02, 0.05)
    for flavour in ("e", "mu"):
        active = mixing.lost_share(flavour)
        assert mixing.lost_share(flavour, "e and mu") == pytest.approx(active, rel=1e-14)
        assert mixing.lost_share(flavour, "survival") > active
    assert oscillations.SterileMixing(0.02).lost_share("tau", "e and mu") == 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: oscillations.SterileMixing(-0.1),
            "sin2_theta14: got -0.1; allowed: finite, at least",
        ),
        (lambda: oscillations.SterileMixing(0, 1.2), "sin2_theta24: got 1.2"),
        (lambda: oscillations.SterileMixing(0, 0, np.nan), "sin2_theta34: got nan"),
        (
            lambda: oscillations.oscillation_term(1.0, 100.0, -1.0),
            r"splitting: got -1 eV\^2; allowed",
        ),
        (
            lambda: oscillations.oscillation_term(1.0, 0.0, 1.0),
            "baseline: got 0 cm; allowed: finite, a",
        ),
        (lambda: oscillations.oscillation_term(0.0, 1.0, 1.0), "neutrino energy E: got 0 MeV"),
        (
            lambda: oscillations.oscillation_term(1.0, 100.0, 1.0, -2.0),
            "spread of the baseline: got -2",
        ),
        (
            lambda: oscillations.oscillation_term(1.0, 100.0, 1.0, 200.0),
            "less than twice the baseline",
        ),
        (
            lambda: oscillated.OscillatedSpectrum(LineSpectrum(1.0), 1.5, 1.0, 100.0),
            "amplitude: got 1.5",
        ),
    ],
)
def test_refused(call, words):
    with pytest.raises(DomainError, match=words):
        call()


def test_unknown_names():
    mixing = oscillations.SterileMixing()
    with pytest.raises(UnknownNameError, match="unknown flavour 'nu_e'"):
        mixing.share("nu_e")
    with pytest.raises(UnknownNameError, match="unknown signal 'all'; allowed: active, e and mu"):
        mixing.lost_share("e", "all")
    with pytest.raises(UnknownNameError, match="unknown flavour 'x'"):
        oscillations.probability("x", "active", 1.0, 100.0, 1.0, mixing)


def test_an_oscillated_spectrum_is_followed_to_a_millionth_of_its_end():
    original = spallation_source().beams[1].spectrum
    assert isinstance(original, PolynomialSpectrum)
    slow = oscillated.OscillatedSpectrum(original, 0.3, 1e-6, 2000.0)
    assert slow.breakpoints[0] == pytest.approx(1e-6 * original.end, rel=1e-12)
    assert slow.breakpoints[-1] == original.end
    # Below it nothing but the average is left, and that of next to no neutrinos.
    assert slow.moments(0.0, 0)[0] == pytest.approx(1.0, rel=1e-9)
    fast = oscillated.OscillatedSpectrum(original, 0.3, 1e3, 2000.0)
    start = oscillations.oscillation_phase(1.0, 2000.0, 1e3) / 2 / 1e4
    assert fast.breakpoints[0] == pytest.approx(float(start), rel=1e-12)
