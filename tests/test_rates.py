"""Counts: their parts, scaling and spectra. tests/test_validation.py has the adaptive integral."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from cevnslib import experiments, rates
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import ConstantEfficiency
from cevnslib.detectors.quenching import Lindhard
from cevnslib.detectors.resolution import Resolution
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.physics.form_factors import helm, klein_nystrand, point_like, symmetrized_fermi
from cevnslib.physics.interactions import (
    RADIATIVE,
    TREE_LEVEL,
    DipolePortal,
    MagneticMoment,
    StandardModel,
)
from cevnslib.physics.mixing import OscillationParameters
from cevnslib.physics.targets import target
from cevnslib.quadrature import panel_rule
from cevnslib.rates import expected_counts, measured_spectrum, moment_matrix, recoil_spectrum
from cevnslib.sources.arrivals import MUON_LIFETIME_US
from cevnslib.sources.spectra import LineSpectrum, NumericalSpectrum, PolynomialSpectrum

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
    area = rates.effective_area(bare, [0.9 * least, 0.5], StandardModel())
    assert area[0] == 0
    assert area[1] > 0


def test_no_beam_reaches_a_high_threshold():
    closed = replace(
        CSI, detector=replace(CSI.detector, threshold=1.0, efficiency=ConstantEfficiency())
    )
    assert expected_counts(closed, StandardModel()) == 0


def test_bad_input():
    bare = replace(CSI, detector=replace(CSI.detector, efficiency=ConstantEfficiency()))
    with pytest.raises(DomainError, match="threshold: got 0 MeV; allowed: above 0 MeV"):
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
            total = float(rates.effective_area(experiment, spectrum.energy, MagneticMoment()))
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
            area = rates.effective_area(experiment, E, MagneticMoment())
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
        lambda: rates.effective_area(CSI, [20.0, 30.0], odd),
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
    folding = rates.fold(xenon)
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
    folding = rates.fold(replace(CSI))
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
    folding = rates.fold(CSI)
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
        rates.fold(experiments.load("conus")).events(StandardModel(), edges)
