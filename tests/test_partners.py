"""Heavy partners against explicit traces, their kinematic ends, and the massless limit."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.errors import DomainError, KindError
from cevnslib.physics.form_factors import klein_nystrand, point_like
from cevnslib.physics.interactions import DipolePortal, MagneticMoment, StandardModel
from cevnslib.physics.partners import MassiveFermion
from cevnslib.physics.targets import Nuclide, electron, nuclide
from tests.electrons import rows, stack
from validation import traces

AR = nuclide("Ar40")
CS = nuclide("Cs133")
ELECTRON = electron("Xe")


def shape_from_traces(T, E, M, m):
    """The cross section over pi alpha^2 mu^2 Z^2/m_e^2, for a spin-1/2 target, trace by trace."""
    k, _, k_out, _ = traces.momenta(T, E, M, m)
    # A moment of one over the size of the photon's propagator, 2 M T, and a charge of one.
    vertices = traces.dipole(1 / (2 * M * T), k - k_out)
    return traces.cross_section(vertices, T, E, M, m) * 4 * np.pi


def scale_of(interaction, nucleus):
    c = interaction.constants
    amplitude = c.fine_structure * interaction.moment * nucleus.protons / c.electron_mass
    return np.pi * amplitude**2 * c.square_centimetres


@pytest.mark.parametrize("target_mass", [5.0, 40.0, 938.0])
def test_explicit_traces(target_mass):
    """Light targets, for which no term is small, so that each is tested."""
    rng = np.random.default_rng(3)
    nucleus = Nuclide("X1", 1, 0, target_mass)
    for m in rng.uniform(0.5, 30.0, 8):
        portal = DipolePortal(m, 1e-8, form_factor=point_like)
        E = portal.threshold(nucleus) * rng.uniform(1.05, 4.0)
        low, high = portal.minimum_recoil(E, nucleus), portal.maximum_recoil(E, nucleus)
        T = low + (high - low) * rng.uniform(0.05, 0.95)
        ours = portal.differential_cross_section(T, E, nucleus) / scale_of(portal, nucleus)
        assert ours == pytest.approx(shape_from_traces(T, E, target_mass, m), rel=1e-9)


def test_printed_formula():
    """The form in powers of m^2, term by term."""
    m, M, E = 12.0, AR.mass, 35.0
    portal = DipolePortal(m, 2e-9, form_factor=klein_nystrand)
    T = np.geomspace(1.001e-3, 0.05, 40)
    bracket = (
        1 / T
        - 1 / E
        + m**2 * (T - 2 * E - M) / (4 * E**2 * T * M)
        + m**4 * (T - M) / (8 * E**2 * T**2 * M**2)
    )
    F = klein_nystrand(np.sqrt(2 * M * T) / portal.constants.hbar_c, AR)
    expected = scale_of(portal, AR) * bracket * F**2
    np.testing.assert_allclose(portal.differential_cross_section(T, E, AR), expected, rtol=1e-12)


@given(T=st.floats(1e-6, 0.3), E=st.floats(0.5, 60.0))
def test_massless_limit_is_the_magnetic_moment(T, E):
    portal = DipolePortal(0.0, 1e-10).differential_cross_section(T, E, CS)
    magnetic = MagneticMoment(1e-10).differential_cross_section(T, E, CS)
    assert portal == pytest.approx(float(magnetic), rel=1e-12, abs=0)


def test_massless_kinematics():
    E, T = np.geomspace(0.1, 60, 20), np.geomspace(1e-6, 0.1, 20)
    portal, magnetic = DipolePortal(0.0), MagneticMoment()
    np.testing.assert_allclose(
        portal.maximum_recoil(E, CS), magnetic.maximum_recoil(E, CS), rtol=1e-13
    )
    np.testing.assert_array_equal(portal.minimum_energy(T, CS), magnetic.minimum_energy(T, CS))
    np.testing.assert_array_equal(portal.minimum_recoil(E, CS), 0)
    assert portal.threshold(CS) == 0


def test_a_small_mass_changes_little():
    T, E = np.geomspace(1e-4, 1e-2, 20), 30.0
    heavy = DipolePortal(1e-3).differential_cross_section(T, E, CS)
    np.testing.assert_allclose(
        heavy, MagneticMoment().differential_cross_section(T, E, CS), rtol=1e-6
    )


masses = st.floats(1e-3, 50.0)
excess = st.floats(1e-6, 3.0)


@given(m=masses, above=excess)
def test_ends_invert_the_minimum_energy(m, above):
    portal = DipolePortal(m)
    E = portal.threshold(CS) * (1 + above)
    low, high = portal.minimum_recoil(E, CS), portal.maximum_recoil(E, CS)
    assert 0 < low < m**2 / (2 * (CS.mass + m)) < high
    assert portal.minimum_energy(low, CS) == pytest.approx(E, rel=1e-12)
    assert portal.minimum_energy(high, CS) == pytest.approx(E, rel=1e-12)


@given(m=masses, above=excess)
def test_ends_conserve_energy_and_momentum(m, above):
    """At both ends all momenta lie on one line."""
    portal = DipolePortal(m)
    E, M = portal.threshold(AR) * (1 + above), AR.mass
    for T in (portal.minimum_recoil(E, AR), portal.maximum_recoil(E, AR)):
        outgoing = E - np.sqrt(T**2 + 2 * M * T)  # the momentum that is left along the beam
        assert pytest.approx(outgoing**2 + m**2, rel=1e-10) == (E - T) ** 2


def test_threshold():
    for m in (1e-3, 1.0, 30.0, 300.0):
        portal = DipolePortal(m)
        E, T = portal.threshold(AR), m**2 / (2 * (AR.mass + m))
        assert pytest.approx(m + m**2 / (2 * AR.mass), rel=1e-15) == E
        assert portal.minimum_energy(T, AR) == pytest.approx(E, rel=1e-13)
        assert portal.maximum_recoil(E, AR) == pytest.approx(T, rel=1e-6)
        assert portal.minimum_recoil(E, AR) == pytest.approx(T, rel=1e-6)
        nearby = portal.minimum_energy(T * np.array([0.5, 0.9, 1.1, 2.0]), AR)
        assert np.all(nearby > E)


def test_below_threshold_nothing_recoils():
    portal = DipolePortal(20.0)
    E = np.array([1e-3, 10.0, 20.0])
    np.testing.assert_array_equal(portal.maximum_recoil(E, AR), 0)
    np.testing.assert_array_equal(portal.minimum_recoil(E, AR), 0)
    T = np.geomspace(1e-8, 1.0, 50)[:, np.newaxis]
    np.testing.assert_array_equal(portal.differential_cross_section(T, E, AR), 0)


@given(m=st.floats(0.0, 50.0), T=st.floats(1e-9, 0.3), E=st.floats(0.5, 60.0))
def test_zero_outside_positive_inside(m, T, E):
    portal = DipolePortal(m)
    value = portal.differential_cross_section(T, E, AR)
    low, high = portal.minimum_recoil(E, AR), portal.maximum_recoil(E, AR)
    if low * (1 - 1e-6) > T or high * (1 + 1e-6) < T:
        assert value == 0
    elif low * (1 + 1e-6) < T < high * (1 - 1e-6):
        assert value > 0


def test_stable_at_small_masses():
    """T_- falls like m^4, which the direct root of the quadratic cannot follow."""
    E = 30.0
    for m in (1e-1, 1e-3, 1e-6):
        leading = m**4 / (8 * CS.mass * E**2)  # up to terms of order m^2/E^2 and E/M
        assert DipolePortal(m).minimum_recoil(E, CS) == pytest.approx(leading, rel=1e-3)


def test_scales_with_the_moment_and_the_charge():
    T, E = np.array([1e-3, 5e-3]), 40.0
    one = DipolePortal(10.0, 1e-10, form_factor=point_like)
    values = one.differential_cross_section(T, E, CS)
    three = replace(one, moment=3e-10).differential_cross_section(T, E, CS)
    np.testing.assert_allclose(three, 9 * values, rtol=1e-13)
    half = one.differential_cross_section(T, E, replace(CS, protons=11))
    np.testing.assert_allclose(half, values / 25, rtol=1e-13)


def test_broadcasting_equals_scalar_calls():
    portal = DipolePortal(15.0)
    T, E = np.array([1e-4, 1e-3, 1e-2])[:, np.newaxis], np.array([5.0, 16.0, 30.0, 50.0])
    table = portal.differential_cross_section(T, E, CS)
    assert table.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            assert table[i, j] == portal.differential_cross_section(T[i, 0], E[j], CS)
    assert portal.coefficients(T, CS).shape == (3, 3, 1)
    assert portal.minimum_recoil(E[:, np.newaxis], CS).shape == (4, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mass": -1.0}, "mass: got -1 MeV; allowed: finite, at least 0 MeV"),
        ({"mass": np.inf}, "mass: got inf MeV; allowed: finite, at least 0 MeV"),
        ({"mass": 1.0, "moment": -1e-10}, "moment: got -1e-10 mu_B"),
        ({"mass": 1.0, "moment": np.nan}, "moment: got nan mu_B"),
    ],
)
def test_bad_parameters(arguments, message):
    with pytest.raises(DomainError, match=message):
        DipolePortal(**arguments)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_bad_energies(bad):
    portal = DipolePortal(1.0)
    for of_energy in (portal.maximum_recoil, portal.minimum_recoil):
        with pytest.raises(DomainError, match="neutrino energy E"):
            of_energy([bad, 1.0], CS)
    for of_recoil in (portal.minimum_energy, portal.coefficients):
        with pytest.raises(DomainError, match="recoil energy T"):
            of_recoil([bad, 1.0], CS)


@pytest.mark.parametrize(("name", "mass"), [("coherent-csi", 52.0), ("coherent-hpge", 28.0)])
def test_counts_with_a_least_recoil(name, mass):
    """A massive fermion cuts the recoils off from below too; the count knows where."""
    from scipy.integrate import quad

    from cevnslib import experiments, rates

    experiment = experiments.load(name, "projected")
    portal = DipolePortal(mass, 1e-10)
    detector = experiment.detector
    total = 0.0
    for nucleus, per_kg in zip(
        detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
    ):
        beam = experiment.beams[2]
        end = beam.spectrum.breakpoints[-1]
        low = max(float(portal.minimum_recoil(end, nucleus)), detector.threshold)

        def folded(T, nucleus=nucleus, beam=beam):
            c = portal.coefficients(T, nucleus)
            moments = beam.spectrum.moments(portal.minimum_energy(T, nucleus), len(c) - 1)
            return float(np.sum(c * moments))

        area = quad(
            folded,
            low,
            float(portal.maximum_recoil(end, nucleus)),
            epsabs=0,
            epsrel=1e-10,
            limit=400,
        )[0]
        total += per_kg * detector.mass * experiment.fluence(beam) * area
    count = rates.counts_by_beam(experiment, portal)[beam.name]
    assert count == pytest.approx(total, rel=1e-7)


def test_on_electrons():
    """The table of traces: half mu times chi-bar sigma P_L nu F, where mu e = 1."""
    for m, E, T, theirs in rows("dipole"):
        portal = DipolePortal(m, 1e-10)
        c = portal.constants
        bohr_magneton = np.sqrt(4 * np.pi * c.fine_structure) / (2 * c.electron_mass)
        strength = 1e-20 * bohr_magneton**2 * 4 * np.pi * c.fine_structure * c.square_centimetres
        ours = portal.differential_cross_section(T, E, ELECTRON)
        assert ours / strength == pytest.approx(theirs, rel=2e-9), (m, E, T)
    assert DipolePortal(50.0).threshold(ELECTRON) == pytest.approx(
        50 + 2500 / (2 * ELECTRON.mass), rel=1e-15
    )


@dataclass(frozen=True)
class ScalarPartner(MassiveFermion):
    """A contact interaction (chi-bar P_L nu)(f-bar f) of strength 1/MeV^2, with a reader's formula.

    The kinematics are the base's, which knows no couplings.
    """

    mass: float

    def _coefficients(self, T, struck):
        M = struck.mass
        second = (1 + T / (2 * M)) * (M * T + self.mass**2 / 2) * M / (4 * np.pi)
        return np.stack([0 * T, 0 * T, second])


def test_kinematics_with_other_couplings():
    for m, E, T, theirs in rows("S"):
        partner = ScalarPartner(m)
        assert partner.differential_cross_section(T, E, ELECTRON) == pytest.approx(theirs, rel=2e-9)
        assert partner.maximum_recoil(E, ELECTRON) == DipolePortal(m).maximum_recoil(E, ELECTRON)
    heavy, E = ScalarPartner(3.0), 0.9 * ScalarPartner(3.0).threshold(ELECTRON)
    assert heavy.maximum_recoil(E, ELECTRON) == 0


def test_a_stack_of_nuclides_is_each_of_them():
    portal = DipolePortal(12.0, 1e-10)
    for method, x in (
        (portal._coefficients, np.geomspace(1e-5, 0.05, 7)),
        (portal._minimum_energy, np.geomspace(1e-5, 0.05, 7)),
        (portal._maximum_recoil, np.geomspace(5.0, 50.0, 7)),
        (portal._minimum_recoil, np.geomspace(5.0, 50.0, 7)),
    ):
        nuclides, every = stack()
        for i, nucleus in enumerate(nuclides):
            np.testing.assert_allclose(
                method(x, every)[..., i, :], method(x, nucleus), rtol=1e-15, atol=0
            )


def test_a_sum_with_other_kinematics_has_those_of_its_parts():
    both = StandardModel() + DipolePortal(20.0, 1e-8)
    T, E = 0.005, np.array([10.0, 19.0, 30.0])
    parts = [part.differential_cross_section(T, E, AR) for part in both.parts]
    np.testing.assert_array_equal(both.differential_cross_section(T, E, AR), sum(parts))
    assert parts[0][0] > 0 == parts[1][0]
    with pytest.raises(KindError, match="coefficients of a sum: got DipolePortal, with kinematics"):
        both.coefficients(T, AR)
    assert both.maximum_recoil(10.0, AR) == StandardModel().maximum_recoil(10.0, AR)
    assert both.minimum_energy(T, AR) == StandardModel().minimum_energy(T, AR)
    assert both.minimum_recoil(30.0, AR) == 0
