"""Counts against an adaptive double integral written from the printed formulas alone."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from cevnslib import experiments
from cevnslib.detectors import ConstantEfficiency
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.interactions import MagneticMoment, StandardModel
from cevnslib.mixing import OscillationParameters
from cevnslib.rates import counts_by_beam, expected_counts, moment_matrix, recoil_spectrum

CSI = experiments.load("coherent-csi")


def adaptive_count(experiment, interaction, beam):
    """N = int dT w(T) int dE f(E) dsigma/dT, both integrals by scipy's adaptive quadrature."""
    detector, spectrum = experiment.detector, beam.spectrum
    end = spectrum.breakpoints[-1]
    jumps = detector.breakpoints
    total = 0.0
    for nuclide, per_kg in zip(
        detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
    ):

        def folded(T, scale=0.0, nuclide=nuclide):
            def sigma(E):
                return float(interaction.differential_cross_section(T, E, nuclide))

            if not hasattr(spectrum, "density"):
                return sigma(end)
            low = (T + np.sqrt(T**2 + 2 * nuclide.mass * T)) / 2
            precision = {"epsabs": 1e-12 * scale, "epsrel": 1e-10}
            return quad(lambda E: sigma(E) * spectrum.density(E), low, end, **precision)[0]

        last = 2 * end**2 / (nuclide.mass + 2 * end)
        edges = [*(T for T in jumps if last > T), min(last, jumps[-1])]
        edges = sorted(set(edges))
        scale = folded(edges[0])
        for low, high in pairwise(edges):
            total += (
                per_kg
                * quad(
                    lambda T, scale=scale, folded=folded: (
                        float(detector.weight(T)) * folded(T, scale)
                    ),
                    low * (1 + 1e-15),
                    high * (1 - 1e-15),
                    epsabs=1e-12 * scale * last,
                    epsrel=1e-10,
                    limit=200,
                )[0]
            )
    return total * detector.mass * experiment.fluence(beam)


@pytest.mark.parametrize("interaction", [StandardModel(), MagneticMoment(1e-10)])
def test_counts_against_adaptive_integral(interaction):
    counts = counts_by_beam(CSI, interaction)
    for beam in CSI.source.beams:
        direct = adaptive_count(CSI, interaction, beam)
        assert counts[beam.name] == pytest.approx(direct, rel=1e-8)


def test_standard_model_counts_of_csi():
    """COHERENT's own prediction is 173 with 28% error."""
    assert 170 < expected_counts(CSI, StandardModel()) < 195


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
    far = replace(CSI, baseline=2 * CSI.baseline)
    assert expected_counts(far, MagneticMoment(1e-10)) == pytest.approx(base / 4, rel=1e-12)
    assert expected_counts(CSI, MagneticMoment(3e-10)) == pytest.approx(9 * base, rel=1e-12)


def test_spectrum_integrates_to_the_count():
    low, *_, high = CSI.detector.breakpoints
    for beam in ("prompt", "all"):
        edges = [*CSI.detector.breakpoints]
        line = [
            float(StandardModel().maximum_recoil(CSI.source.beams[0].spectrum.energy, n))
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
