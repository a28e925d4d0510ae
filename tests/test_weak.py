"""Weak scattering on electrons and nuclei, and the charges that interfere with it."""

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.errors import DomainError, KindError
from cevnslib.physics.form_factors import ProtonNeutron, helm, klein_nystrand, point_like
from cevnslib.physics.interactions import (
    NSI,
    RADIATIVE,
    TREE_LEVEL,
    Charge,
    ChargeRadius,
    LightVector,
    MagneticMoment,
    Millicharge,
    StandardModel,
    WeakCouplings,
    WeakScattering,
)
from cevnslib.physics.neutrinos import FLAVOURS, Neutrino
from cevnslib.physics.targets import electron, nuclide
from tests.electrons import rows
from validation import traces

CS, ELECTRON = nuclide("Cs133"), electron("Ge")
NU_E, NU_MU = Neutrino("e"), Neutrino("mu")
KINDS = [Neutrino(*kind) for kind in product(FLAVOURS, (False, True))]

kinds = st.sampled_from(KINDS)
share = st.floats(0.01, 0.99)  # of the greatest recoil


def at(E, share):
    return share * 2 * E**2 / (ELECTRON.mass + 2 * E)


def printed(T, E, neutrino, *, charged_current=True):
    """The printed formula with g_L and g_R, in cm^2/MeV."""
    c, s2 = StandardModel().constants, 0.23857
    left = s2 + (0.5 if neutrino.flavour == "e" and charged_current else -0.5)
    right = s2
    if neutrino.antineutrino:
        left, right = right, left
    bracket = left**2 + right**2 * (1 - T / E) ** 2 - left * right * c.electron_mass * T / E**2
    scale = 2 * c.fermi**2 * c.electron_mass / np.pi * c.square_centimetres
    return scale * bracket


@given(E=st.floats(0.02, 30.0), x=share, neutrino=kinds)
def test_electrons_as_printed(E, x, neutrino):
    T = at(E, x)
    ours = StandardModel().differential_cross_section(T, E, ELECTRON, neutrino)
    # The terms may cancel to a thousandth of each, where T is close to its end.
    assert ours == pytest.approx(printed(T, E, neutrino), rel=1e-11)
    neutral = StandardModel(replace(RADIATIVE, charged_current=0.0))
    ours = neutral.differential_cross_section(T, E, ELECTRON, neutrino)
    assert ours == pytest.approx(printed(T, E, neutrino, charged_current=False), rel=1e-11)


@given(E=st.floats(0.02, 10.0), x=share, neutrino=kinds)
def test_electrons_by_explicit_traces(E, x, neutrino):
    """The whole amplitude on an electron, its interference included."""
    T, c = at(E, x), StandardModel().constants
    weak = np.sqrt(2) * c.fermi
    q2, photon = 2 * ELECTRON.mass * T, 4 * np.pi * c.fine_structure
    added = 2 * (3e-5) ** 2 / (q2 + 9)  # by the vector
    added -= photon * 1e-11 / q2  # by the millicharge
    added += photon * 1e-32 / c.square_centimetres / 6  # by the charge radius
    added += weak * 0.1  # by the contact interaction
    charges = [
        LightVector(3.0, 3e-5, neutrino=-1, electron=-2),
        Millicharge(1e-11),
        ChargeRadius(1e-32),
        NSI(electron=0.1),
    ]
    charged = neutrino.flavour == "e"
    g_vector, g_axial = 2 * 0.23857 - 0.5 + charged, -0.5 + charged
    for interaction, vertices in (
        (StandardModel(), traces.vector(weak * g_vector, weak * g_axial)),
        (
            WeakScattering(TREE_LEVEL, *charges),
            traces.vector(weak * g_vector + added, weak * g_axial),
        ),
    ):
        ours = interaction.differential_cross_section(T, E, ELECTRON, neutrino)
        theirs = traces.cross_section(
            vertices, T, E, ELECTRON.mass, antineutrino=neutrino.antineutrino
        )
        assert ours == pytest.approx(theirs * c.square_centimetres, rel=1e-12)


def test_electrons_by_the_table():
    """A pure vector and a pure axial coupling, massless rows, of another origin."""
    c = StandardModel().constants
    scale = 2 * c.fermi**2 * c.square_centimetres  # of sqrt(2) G_F
    for kind, g_vector, g_axial in (("V", 1.0, 0.0), ("A", 0.0, -1.0)):
        couplings = WeakCouplings(0, 0, 0, 0, g_vector, g_axial, charged_current=0.0)
        for m, E, T, theirs in rows(kind):
            if m == 0:
                ours = StandardModel(couplings).differential_cross_section(T, E, ELECTRON, NU_MU)
                assert ours / scale == pytest.approx(theirs, rel=2e-9)


@given(E=st.floats(0.02, 30.0), x=share, flavour=st.sampled_from(FLAVOURS))
def test_antineutrinos_exchange_left_and_right(E, x, flavour):
    """With g_A of the other sign a neutrino scatters as its antineutrino does."""
    T, g = at(E, x), replace(RADIATIVE, charged_current=0.0)
    mirrored = replace(g, electron_axial=-g.electron_axial)
    for antineutrino in (False, True):
        ours, theirs = (
            StandardModel(couplings).differential_cross_section(T, E, ELECTRON, neutrino)
            for couplings, neutrino in (
                (g, Neutrino(flavour, antineutrino)),
                (mirrored, Neutrino(flavour, not antineutrino)),
            )
        )
        assert ours == pytest.approx(float(theirs), rel=1e-12)


def test_total_cross_sections_on_electrons():
    """Far above the electron's mass: g_L^2 + g_R^2 times a third, greatest for nu_e."""
    c, E = StandardModel().constants, 1e5
    x, weights = np.polynomial.legendre.leggauss(20)
    T = (x + 1) / 2 * E
    s2, totals = 0.23857, []
    for neutrino in (NU_E, NU_MU, Neutrino("e", True), Neutrino("mu", True)):
        values = StandardModel().differential_cross_section(T, 1.01 * E, ELECTRON, neutrino)
        left, right = s2 + (0.5 if neutrino.flavour == "e" else -0.5), s2
        if neutrino.antineutrino:
            left, right = right, left
        total = np.sum(values * weights) / 2
        y = 1 / 1.01
        expected = left**2 + right**2 * (1 - (1 - y) ** 3) / (3 * y)
        scale = 2 * c.fermi**2 * c.electron_mass / np.pi * c.square_centimetres
        assert total == pytest.approx(scale * expected, rel=1e-5)
        totals.append(total)
    assert totals[0] > totals[2] > totals[1] > totals[3]


# Amplitudes.


def nuclear(Q, T, E, nucleus):
    """The printed formula for a charge, as plain numbers."""
    c = StandardModel().constants
    scale = c.fermi**2 * nucleus.mass / np.pi * c.square_centimetres
    return scale * Q**2 * (1 - nucleus.mass * T / (2 * E**2))


@given(T=st.floats(1e-4, 0.01), radius=st.floats(-1e-31, 1e-31), charge=st.floats(-1e-7, 1e-7))
def test_charges_on_a_nucleus_as_printed(T, radius, charge):
    E, c = 40.0, StandardModel().constants
    g = 0.5 - 2 * 0.23857
    photon = np.sqrt(2) * np.pi * c.fine_structure / c.fermi
    g += 2 * photon * charge / (2 * CS.mass * T) - photon / 3 * radius / c.square_centimetres
    g += 3 * 4e-10 / (np.sqrt(2) * c.fermi * (2 * CS.mass * T + 100))
    neutron = -0.5 + 0.3 + 3 * 4e-10 / (np.sqrt(2) * c.fermi * (2 * CS.mass * T + 100))
    charges = [ChargeRadius(radius), Millicharge(charge), LightVector(10.0, 2e-5), NSI(0.1, 0.1)]
    model = WeakScattering(TREE_LEVEL, *charges, form_factor=point_like)
    ours = model.differential_cross_section(T, E, CS)
    expected = nuclear((g + 0.3) * CS.protons + neutron * CS.neutrons, T, E, CS)
    floor = 1e-12 * nuclear(CS.nucleons, T, E, CS)  # where the charges cancel
    assert ours == pytest.approx(expected, rel=1e-11, abs=floor)


def test_signs_of_interference():
    """On nuclei, whose weak charge is negative, a positive charge is destructive; small ones."""
    T, E = 0.005, 30.0
    plain = StandardModel(TREE_LEVEL).differential_cross_section(T, E, CS)
    for charge, sign in (
        (Millicharge(1e-9), -1),
        (Millicharge(-1e-9), 1),
        (ChargeRadius(1e-33), 1),
        (ChargeRadius(-1e-33), -1),
        (LightVector(10.0, 1e-5), -1),
        (LightVector(10.0, 1e-5, neutrino=-1), 1),
        (NSI(down=0.01), -1),
    ):
        shifted = WeakScattering(TREE_LEVEL, charge).differential_cross_section(T, E, CS)
        assert np.sign(shifted - plain) == sign, charge
        # The change is linear in the charge, and an antineutrino, on a nucleus, scatters alike.
        for anti in (False, True):
            other = WeakScattering(TREE_LEVEL, charge).differential_cross_section(
                T, E, CS, Neutrino("mu", anti)
            )
            assert other == shifted


def test_one_charge_alone_is_what_it_is_in_the_standard_model():
    T, E = np.geomspace(1e-4, 0.02, 9), 30.0
    for axial, nucleus in product((False, True), (CS, nuclide("Ge73"), nuclide("Ar40"))):
        alone = WeakScattering(RADIATIVE, axial=axial, form_factor=klein_nystrand)
        model = StandardModel(axial=axial, form_factor=klein_nystrand)
        np.testing.assert_array_equal(
            alone.differential_cross_section(T, E, nucleus),
            model.differential_cross_section(T, E, nucleus),
        )
    nothing = WeakScattering(RADIATIVE, Millicharge(0.0), ChargeRadius(0.0), NSI())
    for neutrino in KINDS:
        for struck in (CS, ELECTRON):
            np.testing.assert_array_equal(
                nothing.coefficients(T, struck, neutrino),
                StandardModel().coefficients(T, struck, neutrino),
            )


def test_flavours_are_told_apart():
    radius = ChargeRadius((1e-32, -2e-32, 0))
    model, plain = WeakScattering(TREE_LEVEL, radius), StandardModel(TREE_LEVEL)
    for struck in (CS, ELECTRON):
        for neutrino in KINDS:
            alike = ChargeRadius({"e": 1e-32, "mu": -2e-32, "tau": 0}[neutrino.flavour])
            np.testing.assert_array_equal(
                model.coefficients(0.01, struck, neutrino),
                WeakScattering(TREE_LEVEL, alike).coefficients(0.01, struck, neutrino),
            )
        np.testing.assert_array_equal(
            model.coefficients(0.01, struck, Neutrino("tau")),
            plain.coefficients(0.01, struck, Neutrino("tau")),
        )


def test_what_changes_the_flavour_adds_as_a_rate():
    """|Q_ee|^2 + |Q_emu|^2 + |Q_etau|^2, each with all its charges in the amplitude."""
    T, matrix = 0.005, np.array([[0, 0.1, 0.2], [0.1, 0.3, 0], [0.2, 0, 0]])
    radii = 1e-32 * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    charges = [NSI(down=matrix), ChargeRadius(radii)]
    model = WeakScattering(TREE_LEVEL, *charges, form_factor=point_like)
    Z, N = CS.protons, CS.neutrons
    shift = ChargeRadius(1e-32).couplings(T, CS)[0] * Z
    weak = StandardModel(TREE_LEVEL).weak_charge(CS)
    expected = {
        "e": [weak, 0.1 * (Z + 2 * N) + shift, 0.2 * (Z + 2 * N)],
        "mu": [weak + 0.3 * (Z + 2 * N), 0.1 * (Z + 2 * N) + shift],
        "tau": [weak, 0.2 * (Z + 2 * N)],
    }
    for flavour, amplitudes in expected.items():
        ours = model.coefficients(T, CS, Neutrino(flavour))[0]
        unit = WeakScattering(WeakCouplings(1 / Z, 0, 0, 0), form_factor=point_like)
        square = float(ours / unit.coefficients(T, CS)[0])
        assert square == pytest.approx(sum(Q**2 for Q in amplitudes), rel=1e-12)
    # A vector alone on an electron: the same for all flavours that go out.
    only = WeakScattering(NSI(electron=matrix), form_factor=point_like)
    ratio = only.coefficients(0.1, ELECTRON, NU_E) / WeakScattering(NSI(electron=1)).coefficients(
        0.1, ELECTRON, NU_E
    )
    assert ratio == pytest.approx(np.full(3, 0.05), rel=1e-12)


def test_protons_and_neutrons_may_have_form_factors_of_their_own():
    T, wide = np.geomspace(1e-4, 0.02, 9), partial(helm, a=0.8)
    both = ProtonNeutron(helm, wide)
    q = np.sqrt(2 * CS.mass * T) / StandardModel().constants.hbar_c
    Q = TREE_LEVEL.proton_vector * CS.protons * helm(q, CS)
    Q += TREE_LEVEL.neutron_vector * CS.neutrons * wide(q, CS)
    ours = StandardModel(TREE_LEVEL, both).differential_cross_section(T, 50.0, CS)
    np.testing.assert_allclose(ours, nuclear(Q, T, 50.0, CS), rtol=1e-12)
    np.testing.assert_array_equal(
        MagneticMoment(1e-10, both).coefficients(T, CS), MagneticMoment(1e-10).coefficients(T, CS)
    )
    np.testing.assert_array_equal(
        StandardModel(form_factor=ProtonNeutron(wide, wide), axial=True).coefficients(T, CS),
        StandardModel(form_factor=wide, axial=True).coefficients(T, CS),
    )
    with pytest.raises(KindError, match=r"neutron: got 0\.5; allowed: a function"):
        ProtonNeutron(helm, 0.5)  # type: ignore[arg-type]


def test_at_rest_a_nucleus_is_a_point():
    """All form factors are 1 as the recoil goes to 0, in every amplitude."""
    for form_factor in (helm, ProtonNeutron(klein_nystrand, helm)):
        for charges in ((RADIATIVE,), (RADIATIVE, LightVector(3.0, 1e-5), NSI(0.1))):
            wide, point = (
                WeakScattering(*charges, form_factor=F).coefficients([1e-12, 1e-3], CS)[0]
                for F in (form_factor, point_like)
            )
            assert wide[0] == pytest.approx(point[0], rel=1e-8)
            assert wide[1] < 0.99 * point[1]


class OwnCharge(Charge):
    """A reader's charge: a dark coupling of neutrons only, that falls with the recoil."""

    def _couplings(self, T, struck):
        return np.zeros_like(T), 0.1 / (1 + T)


def test_a_charge_of_ones_own():
    T = np.array([1e-3, 2e-3])
    model = WeakScattering(TREE_LEVEL, OwnCharge(), form_factor=point_like)
    assert model.flavour_blind(CS)
    Q = StandardModel(TREE_LEVEL).weak_charge(CS) + 0.1 / (1 + T) * CS.neutrons
    ours = model.differential_cross_section(T, 30.0, CS)
    np.testing.assert_allclose(ours, nuclear(Q, T, 30.0, CS), rtol=1e-13)
    assert OwnCharge().couplings(T, CS).shape == (2, 2)
    with pytest.raises(DomainError, match="recoil energy T: got -1 MeV"):
        OwnCharge().couplings(-1.0, CS)


def test_couplings_of_charges():
    assert TREE_LEVEL.couplings(0.1, CS) == pytest.approx([0.02286, -0.5, 0.5, -0.5], abs=1e-12)
    assert TREE_LEVEL.couplings(np.ones((2, 3)), ELECTRON, NU_MU).shape == (2, 2, 3)
    e, mu = (TREE_LEVEL.couplings(0.1, ELECTRON, nu) for nu in (NU_E, NU_MU))
    assert e - mu == pytest.approx([1, 1])
    assert RADIATIVE.couplings(0.1, ELECTRON, NU_E) == pytest.approx(e, rel=1e-15)
    own = WeakCouplings.with_angle(0.231).couplings(0.1, ELECTRON, NU_MU)
    assert own == pytest.approx([2 * 0.231 - 0.5, -0.5], rel=1e-14)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WeakScattering(), "charges: got none; allowed: at least one"),
        (lambda: WeakScattering(StandardModel()), "one of the charges: got StandardModel"),  # type: ignore[arg-type]
        (lambda: WeakScattering(TREE_LEVEL, axial=1), "axial: got 1; allowed: True or False"),  # type: ignore[arg-type]
        (lambda: ChargeRadius((1, 2)), r"charge radii: got \(1, 2\); allowed: a number for all"),
        (lambda: ChargeRadius(np.nan), "charge radii: got nan cm.2; allowed: finite"),
        (lambda: Millicharge([[0, 1, 0]] * 3), "millicharges: got .*a symmetric matrix of these"),
        (lambda: NSI(down="ee"), "NSI down: got 'ee'; allowed: real numbers"),
        (lambda: NSI(up=1j), "NSI up: got 1j; allowed: real numbers"),
        (lambda: WeakCouplings(0, 0, 0, 0, np.inf), "electron_vector: got inf; allowed: finite"),
    ],
)
def test_no_charges(make, words):
    with pytest.raises((DomainError, KindError), match=words):
        make()


def test_charges_are_kept_as_they_are_given():
    model = WeakScattering(TREE_LEVEL, NSI(down=(0.1, 0, 0)))
    assert replace(model, axial=True) == WeakScattering(*model.charges, axial=True)
    assert hash(model) == hash(replace(model))
    assert NSI(down=0.1) == NSI(down=0.1 * np.eye(3)) == replace(NSI(down=(0.1, 0.1, 0.1)))
