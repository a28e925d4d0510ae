"""Light mediators: explicit formulas, the limits of their masses, and a table for electrons."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.constants import CODATA_2022 as C
from cevnslib.errors import DomainError, KindError
from cevnslib.physics.form_factors import ProtonNeutron, helm, klein_nystrand, point_like
from cevnslib.physics.interactions import (
    NSI,
    TREE_LEVEL,
    LightScalar,
    LightVector,
    Millicharge,
    StandardModel,
    WeakScattering,
)
from cevnslib.physics.neutrinos import Neutrino
from cevnslib.physics.targets import electron, nuclide
from tests.electrons import rows, stack
from validation import traces

CS, ELECTRON = nuclide("Cs133"), electron("Xe")
NU_E, NU_MU, NU_TAU = (Neutrino(flavour) for flavour in ("e", "mu", "tau"))
T = np.geomspace(1e-4, 0.02, 9)

masses, couplings = st.floats(0, 1e3), st.floats(1e-7, 1e-3)


@given(M=masses, g=couplings)
def test_vector_as_printed(M, g):
    """3 A g^2/(sqrt 2 G_F (2 m T + M^2)) is added to the weak charge."""
    added = 3 * CS.nucleons * g**2 / (np.sqrt(2) * C.fermi * (2 * CS.mass * T + M**2))
    own = LightVector(M, g).couplings(T, CS)
    total = own[0] * CS.protons + own[1] * CS.neutrons
    np.testing.assert_allclose(total, added, rtol=1e-13)


@pytest.mark.parametrize("struck", [CS, ELECTRON])
def test_a_heavy_vector_is_a_contact_interaction(struck):
    """Its g^2/(sqrt 2 G_F M^2) is the epsilon of NSI; without bounds it is gone."""
    for M, far in ((1e3, 0.1), (1e5, 1e-5)):
        g = np.sqrt(0.1 * np.sqrt(2) * C.fermi) * M
        charges: dict[str, Any] = {"neutrino": (1, -1, 0), "up": 0.5, "down": -2, "electron": 3}
        light = WeakScattering(TREE_LEVEL, LightVector(M, g, **charges))
        contact = 0.1 * np.array([1, -1, 0])
        nsi = NSI(up=0.5 * contact, down=-2 * contact, electron=3 * contact)
        for neutrino in (NU_E, NU_MU, NU_TAU, Neutrino("e", antineutrino=True)):
            ours, theirs = (
                model.coefficients(T, struck, neutrino)
                for model in (light, WeakScattering(TREE_LEVEL, nsi))
            )
            np.testing.assert_allclose(ours, theirs, rtol=far)
    gone = WeakScattering(TREE_LEVEL, LightVector(1e9, 1e-4)).coefficients(T, struck, NU_E)
    plain = StandardModel(TREE_LEVEL).coefficients(T, struck, NU_E)
    np.testing.assert_allclose(gone, plain, rtol=1e-12)


def test_a_massless_vector_is_a_photon():
    """With the electric charges, and g^2 as 4 pi alpha."""
    photon = LightVector(0, np.sqrt(4 * np.pi * C.fine_structure), 1e-9, 2 / 3, -1 / 3, -1)
    for struck in (CS, ELECTRON):
        np.testing.assert_allclose(
            photon.couplings(T, struck), Millicharge(1e-9).couplings(T, struck), atol=1e-12
        )


def test_a_vector_sees_flavours():
    """L_mu - L_tau: nu_e as in the Standard Model, the others apart by the sign."""
    model = WeakScattering(TREE_LEVEL, LightVector(10.0, 5e-6, neutrino=(0, 1, -1)))
    plain = StandardModel(TREE_LEVEL).coefficients(T, CS)
    np.testing.assert_array_equal(model.coefficients(T, CS, NU_E), plain)
    less, more = (model.coefficients(T, CS, neutrino)[0] for neutrino in (NU_MU, NU_TAU))
    assert np.all(less < plain[0])
    assert np.all(plain[0] < more)
    roots = np.sqrt(less) + np.sqrt(more)  # both amplitudes keep the sign here
    np.testing.assert_allclose(roots, 2 * np.sqrt(plain[0]), rtol=1e-12)


def test_counts_are_quadratic_in_the_square_of_the_coupling():
    c = [
        WeakScattering(TREE_LEVEL, LightVector(10.0, g)).coefficients(T, CS)
        for g in np.sqrt([0.0, 1e-9, 2e-9, 3e-9])
    ]
    third = c[3] - 3 * c[2] + 3 * c[1] - c[0]
    np.testing.assert_allclose(third, 0, atol=1e-12 * np.abs(c[3]).max())


@given(M=masses, g=couplings, E=st.floats(10.0, 60.0))
def test_scalar_as_printed(M, g, E):
    scalar = LightScalar(M, g, form_factor=klein_nystrand)
    strength = g**2 * (15.1 * CS.protons + 14 * CS.neutrons) / (2 * CS.mass * T + M**2)
    F = klein_nystrand(np.sqrt(2 * CS.mass * T) / C.hbar_c, CS)
    expected = strength**2 * CS.mass**2 * T / (4 * np.pi * E**2) * F**2 * C.square_centimetres
    expected = np.where(scalar.minimum_energy(T, CS) <= E, expected, 0)
    np.testing.assert_allclose(scalar.differential_cross_section(T, E, CS), expected, rtol=1e-12)


def test_scalar_on_electrons_by_the_table():
    """A heavy one is the contact interaction of the table, with strength g^2/M^2."""
    contact = LightScalar(1e6, 1.0)
    for m, E, recoil, theirs in rows("S"):
        if m == 0:
            ours = contact.differential_cross_section(recoil, E, ELECTRON)
            assert ours * 1e24 / C.square_centimetres == pytest.approx(theirs, rel=2e-9)


@given(M=st.floats(1e-3, 100), E=st.floats(0.02, 10), share=st.floats(0.01, 0.99))
def test_scalar_on_electrons_by_explicit_traces(M, E, share):
    recoil = share * 2 * E**2 / (ELECTRON.mass + 2 * E)
    strength = 2e-10 / (2 * ELECTRON.mass * recoil + M**2)
    for anti in (False, True):
        theirs = traces.cross_section(
            traces.scalar(strength), recoil, E, ELECTRON.mass, antineutrino=anti
        )
        scalar = LightScalar(M, 1e-5, electron=2)
        ours = scalar.differential_cross_section(recoil, E, ELECTRON, Neutrino("mu", anti))
        assert ours == pytest.approx(theirs * C.square_centimetres, rel=1e-12)


def test_scalar_with_two_form_factors():
    wide, q = klein_nystrand, np.sqrt(2 * CS.mass * T) / C.hbar_c
    plain = LightScalar(5.0, 1e-5, form_factor=point_like).coefficients(T, CS)[2]
    both = LightScalar(5.0, 1e-5, form_factor=ProtonNeutron(helm, wide)).coefficients(T, CS)[2]
    charge = 15.1 * CS.protons * helm(q, CS) + 14 * CS.neutrons * wide(q, CS)
    ratio = charge / (15.1 * CS.protons + 14 * CS.neutrons)
    np.testing.assert_allclose(both / plain, ratio**2, rtol=1e-12)


def test_scalar_adds_to_weak_scattering():
    scalar, weak = LightScalar(10.0, 1e-5), StandardModel()
    assert scalar.flavour_blind(CS)
    assert scalar.flavour_blind(ELECTRON)
    np.testing.assert_allclose(
        (weak + scalar).coefficients(T, CS),
        weak.coefficients(T, CS) + scalar.coefficients(T, CS),
        rtol=1e-15,
    )


def test_a_stack_of_nuclides_is_each_of_them():
    nuclides, every = stack()
    together = LightScalar(3.0, 1e-5)._coefficients(T, every)
    for i, nucleus in enumerate(nuclides):
        alone = LightScalar(3.0, 1e-5).coefficients(T, nucleus)
        np.testing.assert_allclose(together[:, i], alone, rtol=1e-15, atol=0)


@pytest.mark.parametrize("kind", [LightVector, LightScalar])
def test_bad_parameters(kind):
    for fields, words in (
        ({"mass": -1}, "mass: got -1 MeV; allowed: finite, at least 0 MeV"),
        ({"mass": np.nan}, "mass: got nan MeV"),
        ({"coupling": -1e-5}, "coupling: got -1e-05; allowed: finite, at least 0"),
        ({"electron": np.inf}, "electron: got inf; allowed: finite"),
        ({"constants": 1}, "constants: got 1; allowed: a cevnslib"),
    ):
        with pytest.raises((DomainError, KindError), match=words):
            kind(**{"mass": 1.0, "coupling": 1e-5, **fields})
    with pytest.raises(DomainError, match=r"charge of the neutrinos: got .*; allowed: a number"):
        LightVector(1.0, 1e-5, neutrino=np.ones((3, 3)))
    assert replace(LightVector(1.0, 1e-5, neutrino=2), mass=3).neutrino == (2.0, 2.0, 2.0)
