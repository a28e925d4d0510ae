"""Counts: their parts, scaling and spectra. tests/test_validation.py has the adaptive integral."""

import math
from dataclasses import dataclass, replace
from functools import partial, wraps
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from cevnslib import experiments, rates
from cevnslib.areas import effective_area
from cevnslib.constants import DAY
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import ConstantEfficiency, TabulatedEfficiency
from cevnslib.detectors.quenching import (
    Lindhard,
    ModifiedLindhard,
    PolynomialQuenching,
    TabulatedQuenching,
)
from cevnslib.detectors.resolution import (
    GammaResolution,
    PoissonResolution,
    Readout,
    Resolution,
)
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.experiments import Experiment
from cevnslib.folding import fold
from cevnslib.physics.form_factors import (
    ProtonNeutron,
    helm,
    klein_nystrand,
    point_like,
    symmetrized_fermi,
)
from cevnslib.physics.interactions import (
    RADIATIVE,
    TREE_LEVEL,
    DipolePortal,
    Interaction,
    LightScalar,
    MagneticMoment,
    StandardModel,
)
from cevnslib.physics.mixing import OscillationParameters, pmns
from cevnslib.physics.targets import Nuclide, target
from cevnslib.quadrature import panel_rule
from cevnslib.rates import expected_counts, measured_spectrum, moment_matrix, recoil_spectrum
from cevnslib.sources.arrivals import MUON_LIFETIME_US
from cevnslib.sources.flux import Component, Flux
from cevnslib.sources.sns import spallation_source
from cevnslib.sources.spectra import LineSpectrum, NumericalSpectrum, PolynomialSpectrum
from cevnslib.statistics.data import Projection
from validation import independent

CSI = experiments.load("coherent-csi")
CONFIGURATIONS = [
    (name, stage) for name in experiments.names() for stage in experiments.stages(name)
]


def test_standard_model_counts_of_csi():
    """COHERENT's own prediction is 173 with 28% error."""
    assert 170 < expected_counts(CSI, StandardModel()) < 195


@pytest.mark.parametrize("F", [helm, klein_nystrand, symmetrized_fermi, point_like])
def test_form_factors_of_all_nuclides_at_once(F):
    """Those of the library are computed for all nuclides in one array, a reader's one by one."""
    one_by_one = StandardModel(form_factor=lambda q, nuclide: F(q, nuclide))
    ours = expected_counts(CSI, StandardModel(form_factor=F))
    assert ours == pytest.approx(expected_counts(CSI, one_by_one), rel=1e-12)


def test_beams_add_up():
    parts = [expected_counts(CSI, StandardModel(), beam) for beam in ("prompt", "nu_e", "nubar_mu")]
    assert expected_counts(CSI, StandardModel()) == pytest.approx(sum(parts), rel=1e-14)
    delayed = expected_counts(CSI, StandardModel(), "delayed")
    assert delayed == pytest.approx(parts[1] + parts[2], rel=1e-14)


def test_scaling():
    base = expected_counts(CSI, MagneticMoment(1e-10))
    heavy = replace(CSI, detector=replace(CSI.detector, mass=3 * CSI.detector.mass))
    assert expected_counts(heavy, MagneticMoment(1e-10)) == pytest.approx(3 * base, rel=1e-12)
    longer = replace(CSI, exposure=2 * CSI.exposure)
    assert expected_counts(longer, MagneticMoment(1e-10)) == pytest.approx(2 * base, rel=1e-12)
    far = replace(CSI, baseline=2 * (100 * CSI.metres))
    assert expected_counts(far, MagneticMoment(1e-10)) == pytest.approx(base / 4, rel=1e-12)
    assert expected_counts(CSI, MagneticMoment(3e-10)) == pytest.approx(9 * base, rel=1e-12)


def test_spectrum_integrates_to_the_count():
    detector = CSI.detector
    low, *_, high = detector.breakpoints(detector.target.nuclides[0])
    prompt = CSI.beams[0].spectrum
    assert isinstance(prompt, LineSpectrum)
    for beam in ("prompt", "all"):
        edges = [*detector.breakpoints(detector.target.nuclides[0])]
        line = [
            float(StandardModel().maximum_recoil(prompt.energy, n))
            for n in CSI.detector.target.nuclides
        ]
        edges = sorted([*edges, *(T for T in line if low < T < high)])
        area = sum(
            quad(
                lambda T, b=beam: float(recoil_spectrum(CSI, T, StandardModel(), b)),
                a,
                b_,
                epsrel=1e-10,
            )[0]
            for a, b_ in pairwise(edges)
        )
        assert area == pytest.approx(expected_counts(CSI, StandardModel(), beam), rel=1e-8)


def test_spectrum_shape_and_zeros():
    T = np.array([[0.001, 0.010], [0.020, 0.030]])
    spectrum = recoil_spectrum(CSI, T, StandardModel())
    assert spectrum.shape == (2, 2)
    assert spectrum[0, 0] == 0  # below the acceptance
    assert spectrum[1, 1] == 0  # above it
    assert np.all(spectrum.ravel()[[1, 2]] > 0)


def test_moment_matrix_is_hermitian_and_positive():
    p = OscillationParameters(0.32, 0.0216, 0.547, 1.2)
    for beam in ("prompt", "delayed", "all"):
        K = moment_matrix(CSI, p, beam)
        assert np.array_equal(K, K.conj().T)
        assert np.linalg.eigvalsh(K).min() > -1e-12 * np.trace(K).real
    total = moment_matrix(CSI, p, "prompt") + moment_matrix(CSI, p, "delayed")
    assert np.allclose(total, moment_matrix(CSI, p), rtol=1e-14)


def test_many_decades_of_recoil():
    """A threshold of a thousandth of an eV: seven decades without a kink between them."""
    argon = target("Ar40")
    bare = replace(CSI, detector=Detector(argon, 1.0, threshold=1e-9))
    (nucleus,), (per_kg,) = argon.nuclides, argon.nuclei_per_kg
    (beam,) = CSI.source.select("prompt")
    assert isinstance(beam.spectrum, LineSpectrum)
    magnetic, E = MagneticMoment(1e-10), beam.spectrum.energy

    def weighted(log_T):
        T = np.exp(log_T)
        return T * float(magnetic.differential_cross_section(T, E, nucleus))

    end = np.log(float(magnetic.maximum_recoil(E, nucleus)))
    area = quad(weighted, np.log(1e-9), end - 1e-13, epsabs=0, epsrel=1e-12, limit=200)[0]
    expected = area * per_kg * CSI.fluence(beam)
    # The panels promise 1e-12.
    assert expected_counts(bare, magnetic, "prompt") == pytest.approx(expected, rel=1e-12)


def test_effective_area_of_slow_neutrinos():
    """Below the energy that reaches the threshold there is no area, just above it there is."""
    detector = Detector(target("Ge74"), 1.0, threshold=1e-6)
    bare = replace(experiments.load("conus"), detector=detector)
    least = float(StandardModel().minimum_energy(1e-6, detector.target.nuclides[0]))
    assert least < 0.5
    area = effective_area(bare, [0.9 * least, 0.5], StandardModel())
    assert area[0] == 0
    assert area[1] > 0


def test_no_beam_reaches_a_high_threshold():
    closed = replace(
        CSI, detector=replace(CSI.detector, threshold=1.0, efficiency=ConstantEfficiency())
    )
    assert expected_counts(closed, StandardModel()) == 0


def test_bad_input():
    bare = replace(CSI, detector=replace(CSI.detector, efficiency=ConstantEfficiency()))
    with pytest.raises(DomainError, match="threshold: got 0 keV; allowed: above 0 keV"):
        expected_counts(bare, MagneticMoment())
    with pytest.raises(UnknownNameError, match="unknown beam 'reactor'"):
        expected_counts(CSI, StandardModel(), "reactor")
    with pytest.raises(DomainError, match="recoil energy T: got 0 MeV"):
        recoil_spectrum(CSI, 0.0, StandardModel())


def test_measured_spectrum_counts_all_nuclides_from_the_threshold_on():
    conus = experiments.load("conus")
    threshold = conus.detector.threshold
    at, above, below = measured_spectrum(
        conus, threshold * np.array([1, 1 + 1e-9, 1 - 1e-9]), StandardModel()
    )
    assert at == pytest.approx(above, rel=1e-6)
    assert below == 0


def test_measured_spectrum():
    """Integrated over the electron-equivalent energy it gives the same count as over recoils."""
    conus = experiments.load("conus")
    conus = replace(conus, detector=replace(conus.detector, target=target("Ge74")))
    E = np.geomspace(1e-4, 2e-3, 4001)
    spectrum = measured_spectrum(conus, E, MagneticMoment(1e-10))
    area = np.trapezoid(spectrum * E, np.log(E))
    assert area == pytest.approx(expected_counts(conus, MagneticMoment(1e-10)), rel=1e-4)
    # Without a quenching the two spectra are one.
    T = [0.010, 0.020]
    plain = recoil_spectrum(CSI, T, StandardModel(), "prompt")
    assert measured_spectrum(CSI, T, StandardModel(), "prompt") == pytest.approx(plain, rel=1e-14)


def test_resolution_brings_in_recoils_from_below():
    conus = experiments.load("conus", threshold_kind="nuclear-recoil")
    sharp = expected_counts(conus, StandardModel())
    smeared = replace(conus, detector=replace(conus.detector, resolution=Resolution(2e-5)))
    assert expected_counts(smeared, StandardModel()) > sharp
    narrow = replace(conus, detector=replace(conus.detector, resolution=Resolution(1e-9)))
    assert expected_counts(narrow, StandardModel()) == pytest.approx(sharp, rel=1e-6)


@pytest.mark.parametrize(("name", "expected"), [("CsI", 189e-40), ("Ar", 18e-40)])
def test_flux_averaged_cross_section(name, expected):
    """COHERENT's Standard Model values: within 3% with one preset of couplings, 5% with both."""
    bare = Detector(target(name), 1.0, threshold=1e-9)
    experiment = replace(CSI, detector=bare)
    exposure = sum(bare.target.nuclei_per_kg) * sum(map(CSI.fluence, CSI.beams))
    off = [
        abs(expected_counts(experiment, StandardModel(couplings)) / exposure / expected - 1)
        for couplings in (RADIATIVE, TREE_LEVEL)
    ]
    assert min(off) < 0.03
    assert max(off) < 0.05


@pytest.mark.parametrize("name", experiments.names())
def test_effective_area_gives_the_counts_in_the_other_order(name):
    """The count as an integral over the neutrino energy of flux times effective area."""
    experiment = experiments.load(name)
    counts = rates.counts_by_beam(experiment, MagneticMoment())
    nodes, weights = np.polynomial.legendre.leggauss(24)
    for beam in experiment.beams:
        spectrum = beam.spectrum
        if isinstance(spectrum, LineSpectrum):
            total = float(effective_area(experiment, spectrum.energy, MagneticMoment()))
        else:
            assert isinstance(spectrum, PolynomialSpectrum | NumericalSpectrum)
            jumps = {
                float(MagneticMoment().minimum_energy(T, nuclide))
                for nuclide in experiment.detector.target.nuclides
                for T in experiment.detector.breakpoints(nuclide)
                if np.isfinite(T)
            }
            end = spectrum.breakpoints[-1]
            knots = [min(jumps), *sorted(jumps | set(spectrum.breakpoints))]
            cuts = np.unique([E for E in knots if min(jumps) <= E <= end])
            half = np.diff(cuts)[:, np.newaxis] / 2
            E = cuts[:-1, np.newaxis] + half * (1 + nodes)
            area = effective_area(experiment, E, MagneticMoment())
            total = float(np.sum(half * weights * spectrum.density(E) * area))
        assert experiment.fluence(beam) * total == pytest.approx(counts[beam.name], rel=1e-11)


class EvenNuclei(MagneticMoment):
    """The term of spin 0 for nuclei that have none only: fewer powers for the others."""

    def coefficients(self, T, nuclide):  # type: ignore[override]
        even = nuclide.protons % 2 == nuclide.neutrons % 2 == 0
        return MagneticMoment(self.moment, spin_zero=even).coefficients(T, nuclide)


def test_nuclides_may_differ_in_their_powers():
    conus = experiments.load("conus")
    germanium = conus.detector.target
    total = 0.0
    for one, per_kg in zip(germanium.nuclides, germanium.nuclei_per_kg, strict=True):
        alone = replace(germanium, nuclides=(one,), nuclei_per_kg=(per_kg,))
        part = replace(conus, detector=replace(conus.detector, target=alone))
        force = MagneticMoment(spin_zero=one.name != "Ge73")
        total += expected_counts(part, force)
    assert expected_counts(conus, EvenNuclei()) == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize("bad", [np.nan, 1e80])
def test_what_a_form_factor_of_ones_own_makes_is_not_passed_on_unseen(bad):
    """Nothing that is no number leaves the library, wherever it came in."""
    odd = StandardModel(form_factor=lambda q, nuclide: np.full(np.shape(q), bad))
    for use in (
        lambda: expected_counts(CSI, odd),
        lambda: recoil_spectrum(CSI, [5e-3, 9e-3], odd),
        lambda: effective_area(CSI, [20.0, 30.0], odd),
        lambda: odd.differential_cross_section(5e-3, 30.0, CSI.detector.target.nuclides[0]),
    ):
        with pytest.raises(DomainError, match=r"(cross section|effective area).*: got .*; allowed"):
            use()


def test_a_smeared_threshold_is_followed():
    """Against a dense sum over the recoil: a count needs panels where the step is smeared."""
    narrow = Resolution(constant=2e-6)
    detector = Detector(target("Ge"), 3.0, 3e-4, resolution=narrow)
    experiment = replace(experiments.load("conus"), detector=detector)
    count = expected_counts(experiment, MagneticMoment(1e-10))
    edges = np.geomspace(1e-4, 2.5e-3, 16001)
    x, weights = panel_rule(edges[:-1], edges[1:], 4)
    spectrum = recoil_spectrum(experiment, x, MagneticMoment(1e-10))
    assert count == pytest.approx(float(np.sum(weights * spectrum)), rel=1e-9)


@pytest.mark.parametrize("resolution", [None, Resolution(stochastic=1e-2)])
def test_a_response_takes_little_memory(resolution):
    """200 bins of nine isotopes and their electrons, below 50 MB."""
    detector = Detector(
        target("Xe"),
        1.0,
        quenching=Lindhard(),
        resolution=resolution,
        bins=tuple(np.linspace(1e-3, 30e-3, 201)),
        least_ionisation=1e-5,
    )
    xenon = replace(CSI, detector=detector)
    folding = fold(xenon)
    assert folding.events(StandardModel()).shape == (3, 200)
    arrays = [
        array
        for nodes in folding._all_nodes(StandardModel())
        for array in (nodes.T, nodes.E_min, nodes.weights, *nodes.moments.values())
    ]
    assert sum(array.nbytes for array in arrays) < 50e6


def test_what_a_reader_changes_counts_anew():
    """Kinematics of a reader's own class are not kept: he may change it between two counts."""

    class Heavy(MagneticMoment):
        mass = 0.0

        def minimum_energy(self, T, struck):
            return (T + np.sqrt(T * (T + 2 * struck.mass))) / 2 + self.mass

    heavy = Heavy(1e-10)
    first = expected_counts(CSI, heavy)
    assert first == pytest.approx(expected_counts(CSI, MagneticMoment(1e-10)), rel=1e-12)
    Heavy.mass = 5.0
    assert expected_counts(CSI, heavy) < 0.95 * first


def test_a_folding_serves_all_with_its_kinematics_and_does_not_grow():
    folding = fold(replace(CSI))
    kept = vars(folding)["_known"]
    events = [folding.events(DipolePortal(10.0, moment)) for moment in (1e-9, 2e-9)]
    assert len(kept) == 1
    assert events[1] == pytest.approx(4 * events[0], rel=1e-12)
    for mass in np.linspace(0, 50, 40):
        folding.events(DipolePortal(mass))
    assert len(kept) < 20
    assert folding.events(DipolePortal(10.0, 1e-9)) == pytest.approx(events[0], rel=1e-14)


def test_windows_of_time():
    """Prompt neutrinos with the pulse, delayed ones by the life of the muon; all add up."""
    folding = fold(CSI)
    edges = [-1.0, 0.5, 2.0, 1e3]
    inside = folding.events(StandardModel(), edges)
    assert inside.shape == (3, 1, 3)
    assert inside.sum(axis=-1) == pytest.approx(folding.events(StandardModel()), rel=1e-12)
    decayed = -np.diff(np.exp(-np.maximum(edges, 0) / MUON_LIFETIME_US))
    assert inside[1, 0] == pytest.approx(folding.events(StandardModel())[1] * decayed, rel=1e-10)
    assert inside[0, 0, 1:] == pytest.approx([0, 0], abs=1e-12)
    for wrong in ([1.0], [2.0, 1.0], [[0.0, 1.0]]):
        with pytest.raises(DomainError, match=r"times: got .*; allowed: at least two, rising"):
            folding.events(StandardModel(), wrong)
    with pytest.raises(DomainError, match="allowed"):  # a reactor has no pulse
        fold(experiments.load("conus")).events(StandardModel(), edges)


def given(flux, detector, exposure=DAY):
    """A detector in a flux that is given where it stands."""
    none = Projection(0.0, 0.0)
    return Experiment("given", "", "given", flux, detector, None, exposure, none, {})


def lines(*energies, density="e", antineutrino=True):
    return Flux(
        "lines",
        tuple(
            Component(f"{E} MeV", LineSpectrum(E), 1e13, density, antineutrino) for E in energies
        ),
    )


GE_IN_BINS = Detector(
    target("Ge"),
    1.0,
    bins=(0.2e-3, 0.25e-3, 0.3e-3, 0.45e-3),
    quenching=Lindhard(0.157),
    resolution=Resolution(68.5e-6, math.sqrt(2.96e-6 * 0.11), renormalised=True),
    electrons="left out",
    least_ionisation=2.98e-6,
)
BENT = TabulatedEfficiency((0.1e-3, 0.22e-3, 0.22e-3, 2e-3), (0.2, 0.5, 0.7, 0.9))


@pytest.mark.parametrize(
    ("readout", "axis"),
    [
        ("Gaussian", "measured"),
        ("Gaussian", "nuclear-recoil"),
        ("gamma", "measured"),
        ("Poisson", "measured"),
    ],
)
def test_smeared_bins_of_a_moment(readout, axis):
    """Lines on all nuclides of germanium, against adaptive integrals within integrals, to 1e-8.

    The chance is cut off at a least ionisation, where it has a step that no readout smears.
    """
    bins, flux = GE_IN_BINS.edges, lines(4.0, 6.5)
    constant, stochastic = 68.5e-6, math.sqrt(2.96e-6 * 0.11)
    kinks = BENT.energies
    chance = (lambda x: float(BENT(x))) if axis == "measured" else (lambda _: 1.0)
    made: Readout
    if readout == "Gaussian":
        made = Resolution(constant, stochastic, renormalised=True)
        density = independent.gaussian(constant, stochastic, renormalised=True)
        width = lambda E: math.sqrt(constant**2 + stochastic**2 * E)  # noqa: E731
        seen = independent.shares(density, bins, width, chance, kinks)
    elif readout == "gamma":
        made = GammaResolution(9.56)
        width = lambda E: E / math.sqrt(1 + 9560 * E)  # noqa: E731
        seen = independent.shares(independent.gamma(9.56), bins, width, chance, kinks)
    else:
        made = PoissonResolution(33.7)
        seen = independent.poisson_shares(33.7, bins, chance)
    curve = replace(BENT, axis=axis)
    detector = replace(GE_IN_BINS, resolution=made, efficiency=curve)
    expected = np.zeros(3)
    for nucleus, per_kg in zip(
        detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
    ):
        least = independent.lindhard_inverse(2.98e-6, nucleus, 0.157)
        for component in flux.components:
            E = component.spectrum.breakpoints[-1]
            end = 2 * E**2 / (nucleus.mass + 2 * E)
            cuts = [least, *(T for T in (*kinks, 0.3e-3, 0.6e-3) if least < T < end), end]

            def rate(T, nucleus=nucleus, E=E):
                return independent.folded("magnetic", T, nucleus, None, [E])

            def weight(T, nucleus=nucleus):
                ee = independent.lindhard(T, nucleus, 0.157)
                return seen(ee) * (float(BENT(T)) if axis != "measured" else 1.0)

            integral = independent.over_recoils(rate, weight, cuts, 1e-9)
            expected += integral * per_kg * component.intensity * DAY
    found = rates.binned_counts(given(flux, detector), MagneticMoment(1e-10))
    assert found == pytest.approx(expected, rel=1e-8)


def test_smeared_electrons_of_xenon():
    """In shells, above a least ionisation, against a sum over recoils in cells of 0.1 eV."""
    flux, xenon = lines(0.8, 5.0, density="mu", antineutrino=False), target("Xe")
    bins = (0.8e-3, 1.05e-3, 1.5e-3)
    detector = Detector(
        xenon,
        2.0,
        bins=bins,
        quenching=Lindhard(),
        resolution=Resolution(0.05e-3, relative=0.02),
        least_ionisation=0.5e-3,
    )
    without = replace(detector, electrons="left out")
    ((shells, atoms),) = xenon.electrons()
    T = (np.arange(0.5e-3 / 1e-7, 2.5e-3 / 1e-7) + 0.5) * 1e-7
    number = sum(count * (energy <= T) for energy, count in shells.shells)
    sigma = np.sqrt(0.05e-3**2 + (0.02 * T) ** 2)
    shares = np.diff([ndtr((x - T) / sigma) for x in bins], axis=0)
    for kind, interaction in (("weak", StandardModel()), ("magnetic", MagneticMoment(1e-10))):
        total = np.zeros(2)
        for component in flux.components:
            E = component.spectrum.breakpoints[-1]
            c0, c1, c2 = independent.on_electron(kind, T, "mu", antineutrino=False)  # type: ignore[arg-type]
            events = (c0 + c1 / E + c2 / E**2) * number * 1e-7
            total += shares @ events * component.intensity
        total *= 2.0 * atoms * DAY
        found = rates.binned_counts(given(flux, detector), interaction)
        found = found - rates.binned_counts(given(flux, without), interaction)
        # Shells open within a cell, which is 1e-4 of a bin, with a few of 54 electrons.
        assert found == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("antineutrino", [False, True])
def test_mass_eigenstates_are_blind_to_their_own_moment(antineutrino):
    """lambda_ij = epsilon_ijk Lambda_k takes nu_i to the others by Lambda_j and Lambda_k alone."""
    p = OscillationParameters(0.32, 0.0216, 0.547, 1.2)
    for i, states in enumerate(pmns(p).T):
        a = states.conj() if antineutrino else states
        flux = lines(5.0, density=np.outer(a, a.conj()), antineutrino=antineutrino)
        one = given(flux, GE_IN_BINS)
        events = rates.binned_counts(one, MagneticMoment())
        expected = events[:, np.newaxis, np.newaxis] * np.diag(1.0 - np.eye(3)[i])
        found = rates.moment_matrices(one, p)
        # Rounding of products of U.
        assert np.abs(found - expected).max() < 1e-14 * events.max()


def test_sums_of_interactions():
    """Rates add up, each with its own kinematics, on nuclei and electrons, component by component.

    A moment that is an interaction of its own shares nodes with weak scattering; a heavy partner
    does not.
    """
    detector = replace(GE_IN_BINS, electrons="shells")
    one = given(spallation_source().at(20.0), detector)
    parts = [StandardModel(), MagneticMoment(2e-10), DipolePortal(5.0, 1e-8), LightScalar(1, 1e-5)]
    apart = [fold(one).events(part) for part in parts]
    together = parts[0] + parts[1] + parts[2] + parts[3]
    assert fold(one).events(together) == pytest.approx(sum(apart), rel=1e-13)
    assert all(np.all(events > 0) for events in apart)
    T = [0.3e-3, 0.9e-3]
    assert rates.recoil_spectrum(one, T, parts[0] + parts[2]) == pytest.approx(
        rates.recoil_spectrum(one, T, parts[0]) + rates.recoil_spectrum(one, T, parts[2]), rel=1e-13
    )


def test_a_flux_at_the_detector():
    """It counts as the source does from which it comes; and there is no distance beside it."""
    flux = replace(CSI, source=CSI.flux, baseline=None)
    for interaction in (StandardModel(), MagneticMoment(1e-10)):
        expected = rates.counts_by_beam(CSI, interaction)
        assert rates.counts_by_beam(flux, interaction) == pytest.approx(expected, rel=1e-14)
    assert moment_matrix(flux, beam="prompt") == pytest.approx(moment_matrix(CSI, beam="prompt"))
    component = flux.flux.components[0]
    assert flux.fluence(component) == pytest.approx(CSI.fluence(CSI.beams[0]), rel=1e-14)
    with pytest.raises(DomainError, match=r"baseline: got 1930\.0 beside a flux at the detector"):
        replace(flux, baseline=1930.0)
    with pytest.raises(DomainError, match=r"source: got the flux of .* at the detector; allowed"):
        flux.beams  # noqa: B018
    with pytest.raises(DomainError, match="baseline: got None"):
        flux.metres  # noqa: B018
    with pytest.raises(DomainError, match="baseline: got None; allowed: real numbers"):
        replace(CSI, baseline=None)


def one_by_one(q, nuclide):
    """A form factor of a reader's own, with an `if` on what is struck."""
    if nuclide.neutrons == 78:
        return helm(q, nuclide)
    return helm(q, nuclide)


@wraps(helm)
def under_anothers_name(q, nuclide):
    return one_by_one(q, nuclide)


def of_numbers(q: float, nuclide: Nuclide) -> float:
    return float(one_by_one(np.array([q]), nuclide)[0])


@dataclass(frozen=True)
class Held:
    """A form factor that is an object."""

    scale: float = 1.0

    def __call__(self, q: Any, nuclide: Any) -> Any:
        return self.scale * one_by_one(q, nuclide)


@pytest.mark.parametrize(
    "form_factor",
    [
        one_by_one,
        under_anothers_name,
        np.vectorize(of_numbers),
        partial(one_by_one),
        Held(),
        Held().__call__,
        ProtonNeutron(one_by_one, under_anothers_name),
    ],
    ids=["function", "wrapped", "vectorised", "partial", "object", "method", "two"],
)
def test_formulas_that_take_one_nuclide_at_a_time(form_factor):
    """What is a reader's gets real nuclides, one after the other, wherever it stands."""
    mine, theirs = StandardModel(form_factor=form_factor), StandardModel()
    assert expected_counts(CSI, mine) == pytest.approx(expected_counts(CSI, theirs), rel=1e-13)
    T = [6e-3, 9e-3]
    assert recoil_spectrum(CSI, T, mine) == pytest.approx(recoil_spectrum(CSI, T, theirs))


class Branching(StandardModel):
    """An interaction of a reader's own that asks what is struck."""

    def _coefficients(self, T, struck, neutrino=None):
        if struck.name not in ("Cs133", "I127"):
            raise AssertionError(struck.name)
        return super()._coefficients(T, struck, neutrino)


class Changed(StandardModel):
    """One with kinematics of its own that are those of all."""

    def _maximum_recoil(self, E, struck):
        return super()._maximum_recoil(E, struck)


@pytest.mark.parametrize("kind", [Branching, Changed])
def test_interactions_of_ones_own(kind):
    expected = expected_counts(CSI, StandardModel())
    assert expected_counts(CSI, kind()) == pytest.approx(expected, rel=1e-13)
    both = expected_counts(CSI, kind() + MagneticMoment(1e-10))
    magnetic = expected_counts(CSI, MagneticMoment(1e-10))
    assert both == pytest.approx(expected + magnetic, rel=1e-13)


class Changing:
    """Of a reader's, of no class of the library's; what it holds may change."""

    breakpoints = (0.0, 1.0)
    factor = 0.2

    def __call__(self, E):
        return np.full(np.shape(E), self.factor)

    def electron_equivalent(self, T, nuclide):
        return self.factor * T


@pytest.mark.parametrize("what", ["efficiency", "quenching"])
def test_what_may_change_is_folded_anew(what):
    """An experiment keeps what it folded, but not with a class of a reader's in it."""
    mine: Any = Changing()
    one = given(lines(5.0), Detector(target("Ge"), 1.0, 0.1e-3, **{what: mine}))
    before = expected_counts(one, StandardModel())
    mine.factor = 0.4
    after = expected_counts(one, StandardModel())
    assert after > 1.1 * before
    same = replace(one, detector=replace(one.detector, mass=1.0))
    assert after == expected_counts(same, StandardModel())
    kept = fold(CSI)
    kept.events(StandardModel())
    assert fold(CSI)._known is kept._known
    assert fold(one)._known is not fold(one)._known


class Heavier(Interaction):
    """An interaction of a reader's own, with kinematics that may change."""

    def __init__(self, mass: float) -> None:
        self.mass = mass

    def _coefficients(self, T, struck):
        return 1e-40 / T[np.newaxis]

    def _minimum_energy(self, T, struck):
        return super()._minimum_energy(T, struck) + self.mass

    def _maximum_recoil(self, E, struck):
        return super()._maximum_recoil(np.maximum(E - self.mass, 1e-9), struck)


def test_kinematics_that_may_change_are_worked_out_anew():
    """Also in an experiment that keeps its folding, for one interaction after the other."""
    for one in (CSI, fold(CSI).experiment):
        changing = Heavier(1.0)
        before = expected_counts(one, changing)
        changing.mass = 20.0
        after = expected_counts(one, changing)
        assert after < 0.5 * before
        assert after == expected_counts(replace(one), Heavier(20.0))


class Growing(Interaction):
    """An amplitude that grows with the energy: E^2 a(T) + E b(T) + c(T) + d(T)/E."""

    lowest = -2

    def _coefficients(self, T, struck):
        return 1e-40 * np.stack([1 / T, np.ones_like(T), -1e2 * T, 5 * struck.mass * T])


def grown(T, mass, density, knots):
    """Its cross section averaged over a spectrum, by quadrature."""

    def at(E):
        return 1e-40 * (E**2 / T + E - 1e2 * T + 5 * mass * T / E)

    low = (T + math.sqrt(T**2 + 2 * mass * T)) / 2
    if low > knots[-1]:
        return 0.0
    if density is None:
        return at(knots[0])
    return quad(lambda E: density(E) * at(E), low, knots[-1], epsabs=0, epsrel=1e-12)[0]


def test_an_amplitude_that_grows():
    """Michel's spectra and the line of a spallation source, on two nuclides, by quadrature."""
    detector = Detector(
        target("CsI"),
        1.0,
        0.5e-3,
        maximum=1.5e-3,
        quenching=PolynomialQuenching((0.1, 1.0)),
        electrons="left out",
    )
    one = given(spallation_source().at(20.0), detector)
    found = fold(one).events(Growing())[:, 0]
    first, last = (math.sqrt(0.01 + 4 * E) / 2 - 0.05 for E in (0.5e-3, 1.5e-3))
    for row, component in zip(found, one.flux.components, strict=True):
        density, knots = independent.energy_density(component.name)
        total = 0.0
        for nucleus, per_kg in zip(
            detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
        ):
            rate = partial(grown, mass=nucleus.mass, density=density, knots=knots)
            end = min(last, 2 * knots[-1] ** 2 / (nucleus.mass + 2 * knots[-1]))
            area = independent.over_recoils(rate, lambda _: np.ones(1), [first, end], 1e-11)
            total += float(area[0]) * per_kg
        # Of the integrals, asked for 1e-11 and within for 1e-12.
        assert row == pytest.approx(total * component.intensity * DAY, rel=1e-10)
    # The line's is the effective area at its energy, too.
    line = one.flux.components[0]
    area = effective_area(one, line.spectrum.breakpoints[-1], Growing())
    assert float(area) * line.intensity * DAY == pytest.approx(found[0], rel=1e-11)


def test_a_least_ionisation_is_needed_where_a_count_diverges():
    """A Gaussian lifts recoils of no energy over the threshold: a logarithm without an end."""
    bare = replace(GE_IN_BINS, least_ionisation=0.0)
    words = "least ionisation: got 0 keV, while the resolution lifts recoils of no energy over the"
    for use in (
        lambda: rates.binned_counts(given(lines(5.0), bare), MagneticMoment()),
        lambda: effective_area(given(lines(5.0), bare), 5.0, MagneticMoment()),
        lambda: rates.moment_matrices(given(lines(5.0), bare)),
    ):
        with pytest.raises(DomainError, match=words):
            use()
    # Weak scattering has an end, and needs none: recoils below the 26 eV that are seen as 2.98 eV,
    # of up to 750, add some per cent where noise alone takes them.
    weak = rates.binned_counts(given(lines(5.0), bare), StandardModel())
    cut = rates.binned_counts(given(lines(5.0), GE_IN_BINS), StandardModel())
    assert np.all((weak / cut >= 1.0) & (weak / cut < 1.05))
    area = effective_area(given(lines(5.0), bare), 5.0, StandardModel())
    assert float(area) * 1e13 * DAY == pytest.approx(weak.sum(), rel=1e-9)
    # Nor does a readout that sees nothing of nothing.
    for readout in (PoissonResolution(30.0), GammaResolution(9.0)):
        one = given(lines(5.0), replace(bare, resolution=readout))
        assert np.all(rates.binned_counts(one, MagneticMoment(1e-10)) > 0)


def test_a_quenching_that_sees_recoils_of_no_energy():
    """Lindhard's with q = -18e-5: 51 eV of each; the words say so, and how much."""
    offset = replace(GE_IN_BINS, quenching=ModifiedLindhard(0.157, -18e-5))
    words = "least ionisation: got 0.00298.* keV.*; allowed: above 0.0508.* keV, what is seen of no"
    with pytest.raises(DomainError, match=words):
        rates.binned_counts(given(lines(5.0), offset), MagneticMoment())
    one = given(lines(5.0), replace(offset, least_ionisation=5.2e-5))
    assert np.all(rates.binned_counts(one, MagneticMoment(1e-10)) > 0)
    sharp = replace(offset, resolution=None, least_ionisation=0.0, bins=None)
    with pytest.raises(DomainError, match=r"threshold: got 0\.02 keV; allowed: above 0\.0508\d*"):
        expected_counts(given(lines(5.0), replace(sharp, threshold=2e-5)), MagneticMoment())
    assert expected_counts(given(lines(5.0), replace(sharp, threshold=2e-5)), StandardModel()) > 0


@pytest.mark.parametrize("resolution", [Resolution(1e-9), PoissonResolution(1e9)])
def test_an_efficiency_of_the_recoil_that_ends_within_reach(resolution):
    """The last panel counts, whichever way its end rounds: a narrow readout is a sharp one."""
    for last in np.linspace(0.6e-3, 0.7e-3, 12):
        curve = TabulatedEfficiency((0.1e-3, 0.5e-3, last), (0.4, 0.8, 0.9), "nuclear-recoil")
        detector = Detector(target("Ge74"), 1.0, 0.3e-3, curve, resolution=resolution)
        narrow = given(lines(5.0), detector)
        sharp = replace(narrow, detector=replace(detector, resolution=None))
        # The width is 3e-6 of the threshold, where it takes as much away as it brings.
        assert expected_counts(narrow, StandardModel()) == pytest.approx(
            expected_counts(sharp, StandardModel()), rel=1e-7
        )


def test_measured_spectrum_of_a_quenching_that_falls():
    """Each recoil that is seen as an energy adds its density over its slope: one, or three.

    Between points the energy seen is T (a + b T), whose roots and slopes are closed forms.
    """
    recoils, shares = (0.3e-3, 0.8e-3, 1.4e-3, 3e-3), (0.4, 0.3, 0.17, 0.2)
    table = TabulatedQuenching(recoils, shares)
    detector = Detector(
        target("Ge74"), 1.0, 1e-4, quenching=table, electrons="left out", maximum=1e-3
    )
    one, E = given(lines(9.0), detector), np.array([0.15e-3, 0.2394e-3, 0.242e-3, 0.3e-3])
    bare = replace(one, detector=Detector(target("Ge74"), 1.0))
    ends, values = (1e-9, *recoils, 10.0), (0.4, *shares, 0.2)
    for interaction in (StandardModel(), MagneticMoment(1e-10)):
        found, roots = rates.measured_spectrum(one, E, interaction), []
        for energy, density in zip(E, found, strict=True):
            expected = 0.0
            for (low, high), (first, last) in zip(pairwise(ends), pairwise(values), strict=True):
                b = (last - first) / (high - low)
                a = first - b * low
                T = np.sqrt(a**2 + 4 * b * energy + 0j)
                for root in ((-a + T) / (2 * b), (-a - T) / (2 * b)) if b else (energy / a + 0j,):
                    if not root.imag and low <= root.real < high:
                        roots.append(root.real)
                        slope = abs(a + 2 * b * root.real)
                        events = recoil_spectrum(bare, root.real, interaction)
                        expected += float(events) / slope
            # Crossings by bisection, slopes by differences over 1e-5.
            assert density == pytest.approx(expected, rel=1e-7)
        assert len(roots) == 1 + 3 + 3 + 1


@pytest.mark.parametrize("free", [False, True])
def test_measured_spectrum_of_electrons(free):
    """They are seen as they are, all that an energy can free; from the printed formulas."""
    silicon = target("Si")
    detector = Detector(
        silicon, 2.0, 1e-5, quenching=Lindhard(), electrons="free" if free else "shells"
    )
    one = given(lines(3.0, density="mu", antineutrino=True), detector)
    without = replace(one, detector=replace(detector, electrons="left out"))
    E = np.array([0.05e-3, 0.5e-3, 3e-3])
    numbers = [14, 14, 14] if free else [4, 12, 14]
    ((_, atoms),) = silicon.electrons()
    for kind, interaction in (("weak", StandardModel()), ("magnetic", MagneticMoment(1e-10))):
        found = measured_spectrum(one, E, interaction) - measured_spectrum(without, E, interaction)
        for energy, number, density in zip(E, numbers, found, strict=True):
            c = independent.on_electron(kind, energy, "mu", antineutrino=True)
            events = sum(each * 3.0**-n for n, each in enumerate(c))
            expected = number * events * 2.0 * atoms * 1e13 * DAY
            assert density == pytest.approx(expected, rel=1e-9)  # beside nuclei, up to 1e4 as many
