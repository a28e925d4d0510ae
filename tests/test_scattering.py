"""What all interactions share: who may be struck by whom, sums of rates, powers, stacks."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from cevnslib.errors import DomainError, KindError
from cevnslib.physics.form_factors import ProtonNeutron, helm, klein_nystrand
from cevnslib.physics.interactions import (
    NSI,
    RADIATIVE,
    TREE_LEVEL,
    ChargeRadius,
    Interaction,
    LightVector,
    MagneticMoment,
    Millicharge,
    StandardModel,
    Sum,
    WeakScattering,
)
from cevnslib.physics.neutrinos import FLAVOURS, Neutrino
from cevnslib.physics.targets import electron, nuclide
from tests.electrons import stack

CS, ELECTRON = nuclide("Cs133"), electron("Ge")
NU_E, NU_MU = Neutrino("e"), Neutrino("mu")
KINDS = [Neutrino(*kind) for kind in product(FLAVOURS, (False, True))]


def test_who_is_blind():
    for interaction in (StandardModel(), WeakScattering(RADIATIVE, Millicharge(1e-9))):
        assert interaction.flavour_blind(CS)
        assert not interaction.flavour_blind(ELECTRON)
    for struck in (CS, ELECTRON):
        assert MagneticMoment().flavour_blind(struck)
        assert not WeakScattering(RADIATIVE, ChargeRadius((0, 1e-32, 0))).flavour_blind(struck)
        assert not (MagneticMoment() + WeakScattering(NSI((0.1, 0, 0)))).flavour_blind(struck)
    assert WeakScattering(RADIATIVE, NSI(electron=(0.1, 0, 0))).flavour_blind(CS)
    off_diagonal = np.eye(3) + np.fliplr(np.eye(3))
    assert not WeakScattering(NSI(down=off_diagonal)).flavour_blind(CS)


def test_a_blind_formula_takes_no_neutrino():
    """By its signature alone, under the public name or the private one, in a class or beside it."""

    class Public(Interaction):
        def coefficients(self, T, struck):  # type: ignore[override]
            return T[np.newaxis] * struck.mass

    class Private(Interaction):
        def _coefficients(self, T, thing):
            return T[np.newaxis] * thing.mass

    class Beside(Private, StandardModel):  # type: ignore[misc]
        pass

    class Seeing(Private):
        def _coefficients(self, T, struck, neutrino):  # type: ignore[override]
            return super()._coefficients(T, struck) * (2 if neutrino.flavour == "e" else 1)

    class BlindAgain(Seeing):
        def _coefficients(self, T, struck):  # type: ignore[override]
            return super()._coefficients(T, struck, NU_E)

    readers: list[Any] = [Public, Private, Beside]
    for kind in readers:
        for neutrino in (None, NU_E, NU_MU):
            assert kind().coefficients(0.5, CS, neutrino) == 0.5 * CS.mass
            assert kind()._coefficients(np.array(0.5), CS, neutrino) == 0.5 * CS.mass
    assert readers[0]().flavour_blind(CS)
    assert Private().flavour_blind(ELECTRON)
    assert not Seeing().flavour_blind(CS)
    assert Seeing().coefficients(0.5, CS, NU_E) == 2 * Seeing().coefficients(0.5, CS, NU_MU)
    assert BlindAgain().flavour_blind(CS)
    assert BlindAgain().coefficients(0.5, CS) == CS.mass


def test_a_neutrino_that_is_missing():
    words = "neutrino: got None; allowed: a Neutrino, as what StandardModel gives on electron of Ge"
    for call in (
        lambda: StandardModel().coefficients(0.1, ELECTRON),
        lambda: StandardModel().differential_cross_section(0.1, 1.0, ELECTRON),
    ):
        with pytest.raises(KindError, match=words):
            call()
    with pytest.raises(KindError, match="as what ChargeRadius gives on Cs133"):
        ChargeRadius((0, 1, 0)).couplings(0.1, CS)
    with pytest.raises(KindError, match=r"neutrino: got 'nu_e'; allowed: .*Neutrino or None"):
        StandardModel().coefficients(0.1, CS, "nu_e")  # type: ignore[arg-type]
    with pytest.raises(KindError, match=r"struck: got 'Cs133'; allowed: .*Nuclide or .*Electron"):
        StandardModel().coefficients(0.1, "Cs133")  # type: ignore[arg-type]


def test_sums_of_rates():
    weak, magnetic = StandardModel(), MagneticMoment(1e-9, spin_zero=True)
    both, T = weak + magnetic, np.geomspace(1e-4, 0.02, 7)
    assert both.parts == (weak, magnetic)
    assert (both + MagneticMoment()).parts == (weak, magnetic, MagneticMoment())
    assert Sum((both, both)).parts == (weak, magnetic) * 2
    assert weak.parts == (weak,)
    assert replace(both, terms=(weak,)).parts == (weak,)
    np.testing.assert_allclose(
        both.coefficients(T, CS),
        weak.coefficients(T, CS) + magnetic.coefficients(T, CS),
        rtol=1e-15,
    )
    values = [x.differential_cross_section(T, 30.0, ELECTRON, NU_E) for x in both.parts]
    np.testing.assert_array_equal(
        both.differential_cross_section(T, 30.0, ELECTRON, NU_E), values[0] + values[1]
    )
    with pytest.raises(KindError, match=r"interaction: got 1; allowed: .*Interaction"):
        weak + 1  # type: ignore[operator]
    with pytest.raises(DomainError, match="terms: got none; allowed: at least one"):
        Sum(())


@dataclass(frozen=True)
class Growing(Interaction):
    """An amplitude that grows with E: powers from E^2 on, made up for a test."""

    lowest = -2

    def _coefficients(self, T, struck):
        return np.stack([1e-45 + 0 * T, 0 * T, -2e-44 * T])


def test_powers_that_grow():
    T, E = np.array([[1e-3], [2e-3]]), np.array([20.0, 40.0])
    assert Growing().differential_cross_section(T, E, CS) == pytest.approx(
        1e-45 * E**2 - 2e-44 * T, rel=1e-14
    )
    both = StandardModel() + Growing()
    assert both.lowest == -2
    assert both.coefficients(T, CS).shape == (5, 2, 1)
    parts = [part.differential_cross_section(T, E, CS) for part in both.parts]
    np.testing.assert_array_equal(both.differential_cross_section(T, E, CS), sum(parts))
    powers = E[np.newaxis, np.newaxis] ** -np.arange(-2.0, 3)[:, np.newaxis, np.newaxis]
    together = np.sum(both.coefficients(T, CS) * powers, axis=0)
    np.testing.assert_allclose(together, sum(parts), rtol=1e-14)


STACKED = [
    StandardModel(),
    StandardModel(TREE_LEVEL, ProtonNeutron(klein_nystrand, helm), axial=True),
    WeakScattering(RADIATIVE, Millicharge(1e-8), ChargeRadius((0, 1e-32, 0)), LightVector(9, 1e-5)),
    WeakScattering(RADIATIVE, NSI(down=0.1 * np.ones((3, 3)))),
    MagneticMoment(1e-10, spin_zero=True),
    StandardModel() + MagneticMoment(1e-10),
]


@pytest.mark.parametrize("interaction", STACKED, ids=range(len(STACKED)))
def test_a_stack_of_nuclides_is_each_of_them(interaction):
    """Behind the door a formula takes many nuclides at once, as columns, and their recoils."""
    nuclides, every = stack()
    T = np.geomspace(1e-6, 0.02, 11)
    for recoils in (T, np.tile(T, (len(nuclides), 1)) * np.arange(1, 7)[:, np.newaxis]):
        together = interaction._coefficients(recoils, every, NU_MU)
        for i, nucleus in enumerate(nuclides):
            own = recoils if recoils.ndim == 1 else recoils[i]
            alone = interaction._coefficients(own, nucleus, NU_MU)
            np.testing.assert_allclose(together[:, i], alone, rtol=1e-15, atol=0)
    assert interaction._minimum_energy(T, every).shape == (6, 11)


def test_electrons_may_take_more_than_a_nucleus():
    value = StandardModel().differential_cross_section(1e6, 2e6, ELECTRON, NU_MU)
    assert value > 0
    with pytest.raises(DomainError, match="did you give keV"):
        StandardModel().differential_cross_section(1e6, 2e6, CS)
