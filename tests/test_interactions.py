"""Cross sections against the independent table, and their properties."""

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.constants import CODATA_2018
from cevnslib.errors import DomainError
from cevnslib.physics.form_factors import point_like
from cevnslib.physics.interactions import (
    RADIATIVE,
    TREE_LEVEL,
    MagneticMoment,
    StandardModel,
    WeakCouplings,
)
from cevnslib.physics.neutrinos import FLAVOURS, Neutrino
from cevnslib.physics.targets import electron, nuclide
from validation import traces

TABLE = Path(__file__).parent / "reference" / "cross_sections.csv"
CS, ELECTRON = nuclide("Cs133"), electron("Ge")
NU_E, NU_MU = Neutrino("e"), Neutrino("mu")
KINDS = [Neutrino(*kind) for kind in product(FLAVOURS, (False, True))]

# The header of the table names two inputs differently from those that it was computed with: its
# Fermi constant was 1.1663788e-11 (the header's last digit is 7), and its magnetic column holds
# the term T/4E^2 of a spin-0 nucleus. test_header_of_the_table shows both.
CONSTANTS = replace(CODATA_2018, fermi=1.1663788e-11)
SM = StandardModel(couplings=TREE_LEVEL, constants=CONSTANTS)
EM = MagneticMoment(1e-10, constants=CONSTANTS, spin_zero=True)


def reference_rows():
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        nucleus = nuclide(row.pop("nuclide"))
        mass = nucleus.nucleons * CONSTANTS.atomic_mass
        numbers = {key: float(value) for key, value in row.items()}
        T, E = numbers["recoil_energy_keV"] * 1e-3, numbers["neutrino_energy_MeV"]
        yield T, E, replace(nucleus, mass=mass), numbers


def test_header_of_the_table():
    """With the header's constants the table is missed by just what the two terms explain."""
    header_sm, header_em = replace(SM, constants=CODATA_2018), replace(EM, spin_zero=False)
    for T, E, nucleus, numbers in reference_rows():
        sm = header_sm.differential_cross_section(T, E, nucleus) * 1e-3
        fermi = (1.1663787 / 1.1663788) ** 2
        assert sm / numbers["sm_cm2_per_keV"] == pytest.approx(fermi, abs=1e-10)
        em = header_em.differential_cross_section(T, E, nucleus) * 1e-3
        dropped = T**2 / (4 * E**2)
        assert 1 - em / numbers["magnetic_cm2_per_keV"] == pytest.approx(dropped, abs=2e-11)


def test_radiative_couplings():
    assert pytest.approx(0.0304, abs=5e-5) == RADIATIVE.proton_vector
    assert pytest.approx(-0.5122, abs=5e-5) == RADIATIVE.neutron_vector


def test_tree_level_couplings():
    assert pytest.approx(0.5 - 2 * 0.23857, rel=1e-12) == TREE_LEVEL.proton_vector
    assert pytest.approx(-0.5, rel=1e-12) == TREE_LEVEL.neutron_vector
    assert pytest.approx(0.5, rel=1e-12) == TREE_LEVEL.proton_axial
    assert pytest.approx(-0.5, rel=1e-12) == TREE_LEVEL.neutron_axial


def test_axial_term():
    """The axial term follows the printed formula for unpaired nucleons, and is small."""
    iodine, T, E = nuclide("I127"), 0.005, 30.0
    plain = StandardModel().differential_cross_section(T, E, iodine)
    full = StandardModel(axial=True).differential_cross_section(T, E, iodine)
    model = StandardModel(axial=True)
    ratio = (model.axial_charge(iodine) / model.weak_charge(iodine)) ** 2
    x = iodine.mass * T / (2 * E**2)
    assert full / plain - 1 == pytest.approx(ratio * (1 + x) / (1 - x), rel=1e-9)
    assert full / plain - 1 < 0.01
    assert StandardModel(axial=True).axial_charge(nuclide("Ar40")) == 0


energies = st.floats(0.5, 60.0)
recoils = st.floats(1e-5, 0.3)


@given(T=recoils, E=energies)
def test_zero_outside_positive_inside(T, E):
    for interaction in (StandardModel(axial=True), MagneticMoment(spin_zero=True)):
        value = interaction.differential_cross_section(T, E, CS)
        if interaction.maximum_recoil(E, CS) * (1 + 1e-9) < T:
            assert value == 0
        elif interaction.maximum_recoil(E, CS) * (1 - 1e-9) > T:
            assert value > 0


@given(E=energies)
def test_kinematic_ends_agree(E):
    end = StandardModel().maximum_recoil(E, CS)
    assert StandardModel().minimum_energy(end, CS) == pytest.approx(E, rel=1e-13)


def test_energy_and_momentum_at_the_end():
    """At backward scattering the recoil carries E + E' of momentum and E - E' of energy."""
    E, T = 30.0, float(StandardModel().maximum_recoil(30.0, CS))
    momentum = np.sqrt(T**2 + 2 * CS.mass * T)
    assert momentum == pytest.approx(E + (E - T), rel=1e-12)


def test_broadcasting_equals_scalar_calls():
    T, E = np.array([1e-3, 5e-3, 2e-2])[:, np.newaxis], np.array([10.0, 20.0, 30.0, 50.0])
    for interaction in (StandardModel(), MagneticMoment()):
        table = interaction.differential_cross_section(T, E, CS)
        assert table.shape == (3, 4)
        for i in range(3):
            for j in range(4):
                one = interaction.differential_cross_section(T[i, 0], E[j], CS)
                assert table[i, j] == pytest.approx(one, rel=1e-14, abs=0)


def test_coherence():
    """A point-like nucleus: the weak cross section goes as the weak charge squared."""
    model = StandardModel(form_factor=point_like, couplings=WeakCouplings(0.0, -0.5, 0, 0))
    xe, ge = nuclide("Xe132"), nuclide("Ge74")
    ratio = model.coefficients(1e-3, xe)[0] / model.coefficients(1e-3, ge)[0]
    assert ratio == pytest.approx((78 / 42) ** 2 * xe.mass / ge.mass, rel=1e-12)


def test_magnetic_moment_is_squared():
    one, two = MagneticMoment(1e-10), MagneticMoment(2e-10)
    assert two.coefficients(1e-3, CS) == pytest.approx(4 * one.coefficients(1e-3, CS), rel=1e-12)


@pytest.mark.parametrize("bad", [0, -1e-3, np.nan, np.inf])
def test_bad_energies(bad):
    for interaction in (StandardModel(), MagneticMoment()):
        with pytest.raises(DomainError, match="recoil energy T: got"):
            interaction.coefficients(bad, CS)
        with pytest.raises(DomainError, match="recoil energy T: got"):
            interaction.minimum_energy(bad, CS)
        with pytest.raises(DomainError, match="neutrino energy E: got"):
            interaction.differential_cross_section(1e-3, bad, CS)
        with pytest.raises(DomainError, match="neutrino energy E: got"):
            interaction.maximum_recoil(bad, CS)


def test_bad_parameters():
    with pytest.raises(DomainError, match=r"moment: got -1e-10 mu_B; allowed: finite, at least 0"):
        MagneticMoment(-1e-10)
    with pytest.raises(DomainError, match=r"sin2_theta: got 1.2; allowed: finite, at least 0, at"):
        WeakCouplings.with_angle(1.2)


def test_kinematics_of_a_class_beside_are_used():
    """A mixin's formula counts, as one of the class itself does; it was passed over once."""

    class Heavy:
        def minimum_energy(self, T, nuclide):
            return np.sqrt(nuclide.mass * T / 2)

    class HeavyWeak(Heavy, StandardModel):
        pass

    argon = nuclide("Ar40")
    for method in (HeavyWeak().minimum_energy, HeavyWeak()._minimum_energy):
        least = float(method(np.array(0.02), argon))
        assert least == pytest.approx(np.sqrt(argon.mass * 0.01), rel=1e-12)
    with pytest.raises(DomainError, match="recoil energy T: got -1 MeV"):
        HeavyWeak().minimum_energy(-1.0, argon)


@given(E=st.floats(0.02, 10.0), x=st.floats(0.01, 0.99))
def test_a_moment_on_electrons_by_explicit_traces(E, x):
    T, c = x * 2 * E**2 / (ELECTRON.mass + 2 * E), MagneticMoment().constants
    bohr_magneton = np.sqrt(np.pi * c.fine_structure) / c.electron_mass
    photon = np.sqrt(4 * np.pi * c.fine_structure) / (2 * ELECTRON.mass * T)
    k, _, k_out, _ = traces.momenta(T, E, ELECTRON.mass)
    vertices = traces.dipole(1e-9 * bohr_magneton * photon, k - k_out)
    theirs = traces.cross_section(vertices, T, E, ELECTRON.mass) * c.square_centimetres
    for interaction in (MagneticMoment(1e-9), MagneticMoment(1e-9, spin_zero=True)):
        ours = interaction.differential_cross_section(T, E, ELECTRON)
        assert ours == pytest.approx(theirs, rel=1e-12)
