"""Questions that readers brought, with the answers that they knew, and one more of each kind.

The answers were computed apart from the library: from the printed formulas, or by hand.
"""

import numpy as np
import pytest

from cevnslib import experiments, rates
from cevnslib.constants import AVOGADRO
from cevnslib.constants import CODATA_2022 as C
from cevnslib.physics.interactions import (
    NSI,
    TREE_LEVEL,
    ChargeRadius,
    LightVector,
    MagneticMoment,
    Millicharge,
    StandardModel,
    WeakScattering,
)
from cevnslib.physics.neutrinos import Neutrino
from cevnslib.physics.targets import electron, target
from cevnslib.quadrature import panel_rule
from validation import independent

CSI = experiments.load("coherent-csi")
NUBAR_E = Neutrino("e", antineutrino=True)


def counts(*charges):
    return rates.counts_by_beam(CSI, WeakScattering(TREE_LEVEL, *charges))


def with_charge(beam, charge):
    """A count with Q_V(T, nuclide) in place of the weak charge, from a dense sum over the recoil.

    Only the printed cross section without the charge is the library's.
    """
    detector, total = CSI.detector, 0.0
    (chosen,) = CSI.source.select(beam)
    plain = StandardModel(TREE_LEVEL)
    edges = np.array([*detector.breakpoints(target("Cs").nuclides[0])])
    fine = np.unique(np.concatenate([edges, np.geomspace(edges[0], edges[-1], 200)]))
    T, weights = (x.ravel() for x in panel_rule(fine[:-1], fine[1:], 8))
    for nucleus, per_kg in zip(
        detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
    ):
        c = plain.coefficients(T, nucleus)
        moments = chosen.spectrum.moments(plain.minimum_energy(T, nucleus), 2)
        ratio = charge(T, nucleus) / plain.weak_charge(nucleus)
        seen = weights * detector.weight(T, nucleus) * ratio**2
        total += per_kg * detector.mass * float(np.sum(seen * np.sum(c * moments, axis=0)))
    return CSI.fluence(chosen) * total


def test_charge_radius_of_the_muon_neutrino():
    """D28: only its beams change. To the five digits of the answer, whose G_F is rounded."""
    events = counts(ChargeRadius((0, 1e-32, 0)))
    assert sum(events.values()) == pytest.approx(183.52, abs=0.01)
    assert events["nu_e"] == counts()["nu_e"]
    assert sum(counts().values()) == pytest.approx(175.23, abs=0.01)


def test_charge_radius_of_the_electron_neutrino():
    events = counts(ChargeRadius((-5e-32, 0, 0)))
    shift = np.sqrt(2) * np.pi * C.fine_structure / (3 * C.fermi) * -5e-32 / C.square_centimetres

    def charge(T, nucleus):
        g = TREE_LEVEL.proton_vector - shift
        return g * nucleus.protons + TREE_LEVEL.neutron_vector * nucleus.neutrons

    assert events["nu_e"] == pytest.approx(with_charge("nu_e", charge), rel=1e-5)
    assert {key: events[key] for key in ("nu_mu", "nubar_mu")} == pytest.approx(
        {key: counts()[key] for key in ("nu_mu", "nubar_mu")}, rel=1e-14
    )


@pytest.mark.parametrize(("charge", "answer"), [(1e-7, 88.11), (-1e-7, 298.84)])
def test_millicharge(charge, answer):
    """D29: it interferes. To the five digits of the answer."""
    assert sum(counts(Millicharge(charge)).values()) == pytest.approx(answer, abs=0.01)


def test_millicharge_of_one_flavour():
    events = counts(Millicharge((0, 3e-8, 0)))

    def charge(T, nucleus):
        added = 2 * np.sqrt(2) * np.pi * C.fine_structure / (C.fermi * 2 * nucleus.mass * T) * 3e-8
        return TREE_LEVEL.neutron_vector * nucleus.neutrons + nucleus.protons * (
            TREE_LEVEL.proton_vector + added
        )

    for beam in ("nu_mu", "nubar_mu"):
        assert events[beam] == pytest.approx(with_charge(beam, charge), rel=1e-5)
    assert events["nu_e"] == pytest.approx(counts()["nu_e"], rel=1e-14)


def test_light_vector():
    """D33, universal: g^2 = 1e-8 and 10 MeV. To the five digits of the answer."""
    assert sum(counts(LightVector(10.0, 1e-4)).values()) == pytest.approx(408.66, abs=0.01)


def test_light_vector_of_b_minus_l():
    vector = LightVector(30.0, 5e-5, neutrino=-1, up=1 / 3, down=1 / 3, electron=-1)

    def charge(T, nucleus):
        exchanged = 25e-10 / (np.sqrt(2) * C.fermi * (2 * nucleus.mass * T + 900))
        weak = TREE_LEVEL.neutron_vector * nucleus.neutrons
        weak += TREE_LEVEL.proton_vector * nucleus.protons
        return weak - nucleus.nucleons * exchanged

    events = counts(vector)
    for beam in events:
        assert events[beam] == pytest.approx(with_charge(beam, charge), rel=1e-5)
        assert events[beam] > counts()[beam]


def test_nsi_of_the_electron_neutrino():
    """D33: eps_ee^dV = 0.2 all but takes its events away. To the digits of the answer."""
    events = counts(NSI(down=(0.2, 0, 0)))
    assert events["nu_e"] == pytest.approx(0.854, abs=0.001)
    assert counts()["nu_e"] == pytest.approx(58.68, abs=0.01)
    caesium = (55 * (TREE_LEVEL.proton_vector + 0.2) + 78 * (TREE_LEVEL.neutron_vector + 0.4)) ** 2
    assert caesium / StandardModel(TREE_LEVEL).weak_charge(target("Cs").nuclides[0]) ** 2 == (
        pytest.approx(0.01395, rel=1e-3)
    )


def test_nsi_that_changes_the_flavour():
    """eps_mutau^uV = 0.1: the events of both add to those of the Standard Model."""
    matrix = np.zeros((3, 3))
    matrix[1, 2] = matrix[2, 1] = 0.1
    events = counts(NSI(up=matrix))
    for beam in ("nu_mu", "nubar_mu"):
        added = with_charge(beam, lambda T, nucleus: 0.1 * (nucleus.protons + nucleus.nucleons))
        assert events[beam] == pytest.approx(counts()[beam] + added, rel=1e-5)
    assert events["nu_e"] == pytest.approx(counts()["nu_e"], rel=1e-14)


# D02: 2.83 kg of germanium in 1.5e13 antineutrinos per cm^2 and s, for 115.5 d; 0.17 to 0.8 keV.
FLUENCE, KILOGRAMS, LOW, HIGH = 1.5e13 * 115.5 * 86400, 2.83, 0.17e-3, 0.8e-3


def electron_events(interaction, struck, *, low=LOW, high=HIGH):
    """Events on electrons, from coefficients and moments, shell by shell."""
    flux = experiments.load("conus").beams[0].spectrum
    whole = flux.moments(1e-6, 0)[0]
    edges = np.array([low, *(T for T in struck.breakpoints if low < T < high), high])
    T, weights = (x.ravel() for x in panel_rule(edges[:-1], edges[1:], 20))
    c = interaction.coefficients(T, struck, NUBAR_E)
    moments = flux.moments(interaction.minimum_energy(T, struck), len(c) - 1) / whole
    ((_, atoms),) = target("Ge").electrons()
    seen = weights * struck.available(T) * np.sum(c * moments, axis=0)
    return FLUENCE * KILOGRAMS * atoms * float(np.sum(seen))


@pytest.mark.parametrize(("free", "answer"), [(True, 434), (False, 297)])
def test_a_moment_on_the_electrons_of_germanium(free, answer):
    """D02: 1e-10 Bohr magnetons; 2% is the case's tolerance, for the reactor's low energies."""
    struck = electron("Ge", free)
    assert electron_events(MagneticMoment(1e-10), struck) == pytest.approx(answer, rel=0.02)


def test_a_moment_on_electrons_by_hand():
    """2.495e-45 cm^2 ln(0.8/0.17) for each electron, as 1/E is nothing beside 1/T."""
    electrons = 32 * 1000 * AVOGADRO / 72.63 * KILOGRAMS
    by_hand = 2.495e-45 * np.log(0.8 / 0.17) * electrons * FLUENCE
    assert electron_events(MagneticMoment(1e-10), electron("Ge", free=True)) == pytest.approx(
        by_hand, rel=2e-3
    )
    # Below the L shell 20 of 32 count up to 180 eV, then 22.
    share = (20 * np.log(0.1801 / 0.17) + 22 * np.log(0.8 / 0.1801)) / 32 / np.log(0.8 / 0.17)
    assert electron_events(MagneticMoment(1e-10), electron("Ge")) == pytest.approx(
        share * by_hand, rel=2e-3
    )


def test_weak_scattering_on_the_electrons_of_germanium():
    """D02: 0.7 events, to its digit; and from the printed formula at a few energies."""
    events = electron_events(StandardModel(), electron("Ge", free=True))
    assert events == pytest.approx(0.7, abs=0.05)
    density, knots = independent.reactor_spectrum()
    E = np.linspace(1e-3, knots[-1], 4001)
    phi = np.array([density(x) for x in E])
    s2, T = 0.23857, 0.4e-3
    right, left = 0.5 + s2, s2  # of an antineutrino: exchanged
    bracket = left**2 + right**2 * (1 - T / E) ** 2 - left * right * C.electron_mass * T / E**2
    scale = 2 * C.fermi**2 * C.electron_mass / np.pi * C.square_centimetres
    above = (T + np.sqrt(T**2 + 2 * C.electron_mass * T)) / 2 < E
    mean = scale * np.sum(np.where(above, phi * bracket, 0)) / np.sum(phi)
    electrons = 32 * 1000 * AVOGADRO / 72.63 * KILOGRAMS
    assert events == pytest.approx(mean * electrons * FLUENCE * (HIGH - LOW), rel=0.01)


@pytest.mark.parametrize(("name", "answer"), [("conus", 1684), ("texono", 120), ("connie", 241)])
def test_a_moment_on_the_electrons_of_built_in_set_ups(name, answer):
    """D02, its notes: up to 1 keVee, all electrons free. To the digits of the answer."""
    experiment = experiments.load(name)
    detector, (beam,) = experiment.detector, experiment.beams
    log_T, weights = panel_rule(np.log([detector.threshold]), np.log([1e-3]), 40)
    T = np.exp(log_T.ravel())
    seen, moment = weights.ravel() * T * detector.acceptance(T), MagneticMoment(1e-10)
    events = 0.0
    for struck, atoms in detector.target.electrons(free=True):
        c = moment.coefficients(T, struck)
        moments = beam.spectrum.moments(moment.minimum_energy(T, struck), len(c) - 1)
        rate = struck.available(T) * np.sum(c * moments, axis=0)
        events += experiment.fluence(beam) * detector.mass * atoms * float(np.sum(seen * rate))
    assert events == pytest.approx(answer, abs=0.6)
