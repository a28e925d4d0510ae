"""Disappearance: counts against plain integrals, closed forms at both ends, exact profiles."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize

from cevnslib import experiments, rates
from cevnslib.areas import effective_area
from cevnslib.detectors.efficiency import ConstantEfficiency
from cevnslib.detectors.resolution import Resolution
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.physics import interactions, oscillations
from cevnslib.sources import oscillated
from cevnslib.sources.beams import Source
from cevnslib.sources.spectra import LineSpectrum
from cevnslib.statistics.data import CountingMeasurement, PoissonProjection, Projection
from cevnslib.studies import sterile

WEAK = interactions.StandardModel()


@pytest.mark.parametrize(
    ("name", "flavour", "splitting", "spread"),
    [
        ("coherent-csi", "e", 0.7, 0.0),
        ("coherent-lar", "mu", 3.0, 0.0),
        ("coherent-hpge", "mu", 25.0, 200.0),
        ("coherent-nai", "e", 60.0, 0.0),
    ],
)
def test_disappeared_counts_are_those_of_the_seen_source(name, flavour, splitting, spread):
    """One integral over E, against the library's other way: moments weighted with sin^2."""
    experiment = sterile.set_up(name)
    mixing = oscillations.SterileMixing(0.5 * (flavour == "e"), 0.5 * (flavour == "mu"))
    seen = oscillated.seen_source(
        Source("seen", experiment.beams),
        mixing,
        splitting,
        (100 * experiment.metres),
        spread=spread,
    )
    before = rates.counts_by_beam(experiment, WEAK)
    after = rates.counts_by_beam(replace(experiment, source=seen), WEAK)
    lost = sterile.disappeared_counts(experiment, [splitting], spread=spread)
    for beam in experiment.beams:
        kept = before[beam.name] - (beam.flavour == flavour) * lost[beam.name][0]
        assert after[beam.name] == pytest.approx(kept, rel=1e-8)


def plain_counts(experiment, beam, splitting, scale):
    """Events of a beam by a nested adaptive integral over energy and recoil; CsI only."""
    detector = experiment.detector

    def cross_section(E):
        total = 0.0
        for nuclide, per_kg in zip(
            detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
        ):
            end = float(WEAK.maximum_recoil(E, nuclide))
            if end > detector.threshold:
                total += (
                    per_kg
                    * quad(
                        lambda T, n=nuclide: float(WEAK.differential_cross_section(T, E, n)),
                        detector.threshold,
                        end,
                        epsrel=1e-10,
                    )[0]
                )
        return total * detector.mass * detector.efficiency.value

    def integrand(E):
        phase = 1.266932679 * splitting * (100 * experiment.metres) / 100 / E
        weight = np.sin(phase) ** 2 if scale else 1.0
        return float(beam.spectrum.density(E)) * cross_section(E) * weight

    opened = [float(WEAK.minimum_energy(detector.threshold, n)) for n in detector.target.nuclides]
    cuts = [*sorted(opened), beam.spectrum.breakpoints[-1]]
    return experiment.fluence(beam) * sum(
        quad(integrand, a, b, epsrel=1e-9, limit=500)[0] for a, b in pairwise(cuts)
    )


def test_exclusion_agrees_with_a_double_integral_at_ten_points():
    experiment = sterile.set_up("coherent-csi")
    splittings = np.random.default_rng(5).uniform(0.3, 20, 10)
    found = sterile.disappearance(experiment, splittings, "e").exclusion(0.5)
    beams = {beam.name: beam for beam in experiment.beams}
    line = beams["nu_mu"].spectrum
    assert isinstance(line, LineSpectrum)
    events = {
        "nu_mu": experiment.fluence(beams["nu_mu"])
        * float(effective_area(experiment, line.energy, WEAK)),
        **{
            name: plain_counts(experiment, beams[name], 0.0, False) for name in ("nu_e", "nubar_mu")
        },
    }
    N = sum(events.values())
    B = 0.0441 * N
    V = N + 2 * B
    rise = 2 * np.log(2)  # of two parameters, at 50%
    for splitting, ours in zip(splittings, found, strict=True):
        lost = plain_counts(experiment, beams["nu_e"], splitting, True)

        def chi2(A, lost=lost):
            n = N - A * lost
            return (N - n) ** 2 / (V + (0.15 * n) ** 2 + (0.1 * B) ** 2)

        reachable = chi2(1.0) > rise
        assert np.isfinite(ours) == reachable
        if reachable:
            theirs = brentq(lambda A: chi2(A) - rise, 0, 1, xtol=1e-14)
            assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("name", sterile.set_ups())
def test_both_ends_have_closed_forms(name):
    experiment = sterile.set_up(name)
    counts = rates.counts_by_beam(experiment, WEAK)
    tiny, small = np.stack([*sterile.disappeared_counts(experiment, [1e-4, 1e-3]).values()], axis=1)
    large = np.array([*sterile.disappeared_counts(experiment, [3e3]).values()])[:, 0]
    # At small splitting sin^2 is the square of its argument.
    np.testing.assert_allclose(small, 100 * tiny, rtol=0.01)
    line = experiment.beams[0].spectrum
    assert isinstance(line, LineSpectrum)
    argument = 1.266932679e-4 * (100 * experiment.metres) / 100 / line.energy
    assert tiny[0] == pytest.approx(counts["nu_mu"] * argument**2, rel=1e-6)
    # At large splitting it is a half, but for the line, which needs a spread of the baseline.
    halves = [counts[beam.name] / 2 for beam in experiment.beams]
    np.testing.assert_allclose(large[1:], halves[1:], rtol=0.01)
    averaged = sterile.disappeared_counts(experiment, [1e3], spread=1000.0)["nu_mu"][0]
    assert averaged == pytest.approx(halves[0], rel=0.01)
    e = sterile.disappearance(experiment, [3e3], "e")
    assert e.disappeared[0, 0] == pytest.approx(counts["nu_e"] / 2, rel=0.01)
    # Averaged, the amplitude is twice the events that may be lost over those of the beam.
    bound = e.exclusion()[0]
    if np.isfinite(bound):
        allowed = brentq(
            lambda n: float(e.statistics([e.counts[0] - n])) - 4.605170, 0, e.counts[0]
        )
        assert bound == pytest.approx(2 * allowed / counts["nu_e"], rel=0.01)


def test_most_sensitive_splitting():
    """The curve is best near half a wavelength: 2.54 dm2 L / E = pi, E where the events are."""
    experiment = sterile.set_up("coherent-lar", "100%, 0%, 0%")
    splittings = np.geomspace(0.1, 10, 200)
    found = sterile.disappearance(experiment, splittings, "mu")
    best = splittings[np.argmin(found.exclusion())]
    assert best == pytest.approx(np.pi * 38 / (2.54 * 29), rel=0.15)
    assert found.least_chi2 == pytest.approx(0, abs=1e-20)


def test_profile_of_two_samples_is_the_minimum_over_the_pulls():
    experiment = sterile.set_up("csi-100kg")
    study = sterile.disappearance(experiment, [1.0, 3.0], "mu", samples=("prompt", "delayed"))
    s = study.statistics
    signal = study.counts - 0.2 * study.disappeared[1]

    def chi2(pulls):
        a, b = pulls
        residual = s.observed - (1 + a) * signal - (1 + b) * s.background
        return np.sum(residual**2 / s.variance) + (a / 0.15) ** 2 + (b / 0.1) ** 2

    least = minimize(chi2, [0, 0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert study.chi2(0.2)[1] == pytest.approx(least.fun, rel=1e-8)


def test_timing_helps_against_a_common_error_of_the_flux():
    experiment = sterile.set_up("csi-100kg", "100%, 30%, 10%")
    one = sterile.disappearance(experiment, [0.8, 3.0, 100.0], "e")
    two = sterile.disappearance(experiment, [0.8, 3.0, 100.0], "e", samples=("prompt", "delayed"))
    assert two.counts.sum() == pytest.approx(one.counts[0], rel=1e-12)
    assert np.all(np.isinf(one.exclusion()))
    assert np.all(two.exclusion()[1:] < 0.6)


def test_bins_of_energy_add_up():
    experiment = sterile.set_up("coherent-hpge")
    whole = sterile.disappearance(experiment, [2.0], "mu")
    edges = [0.0, 5e-3, 0.01, 0.02, 1.0]
    binned = sterile.disappearance(experiment, [2.0], "mu", edges=edges)
    assert len(binned.counts) == 3
    assert binned.counts.sum() == pytest.approx(whole.counts[0], rel=1e-10)
    assert binned.disappeared.sum() == pytest.approx(whole.disappeared[0, 0], rel=1e-8)


def test_reactors_and_the_nuisance():
    conus = experiments.load("conus")
    printed = sterile.disappearance(conus, [1.0, 3.0], "e")
    tabulated = sterile.disappearance(conus.without_signal_nuisance(), [1.0, 3.0], "e")
    assert np.all(tabulated.exclusion() < printed.exclusion())
    N = printed.counts[0]
    expected = 0.5 * printed.disappeared[:, 0]
    np.testing.assert_allclose(tabulated.chi2(0.5), expected**2 / (1.2 * N), rtol=1e-12)


def test_counted_events_of_csi():
    """142 events where 180 are expected: the best fit has an oscillation."""
    csi = experiments.load("coherent-csi")
    study = sterile.disappearance(csi, np.geomspace(0.01, 100, 30), "mu")
    assert study.least_chi2 < float(study.chi2(0.0)[0])
    with pytest.raises(DomainError, match=r"bins: got 2; allowed: 1, as 142 events were"):
        sterile.disappearance(csi, [1.0], "mu", samples=("prompt", "delayed"))


def test_nothing_allowed_and_everything_allowed():
    experiment = sterile.set_up("coherent-lar", "100%, 0%, 0%")
    study = sterile.disappearance(experiment, [1e-4, 1.0], "mu")
    assert np.isinf(study.exclusion()[0])
    data = replace(
        study, statistics=replace(study.statistics, observed=study.statistics.observed * 0.6)
    )
    assert data.exclusion()[0] == 0  # a deficit that this splitting cannot give
    assert data.exclusion()[1] > study.exclusion()[1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda e: sterile.disappearance(e, [-1.0], "e"), "splitting: got -1 eV"),
        (lambda e: sterile.disappeared_counts(e, [np.inf]), "splitting: got inf eV"),
        (lambda e: sterile.disappearance(e, [1.0], "tau"), "unknown flavour of a beam 'tau'"),
        (lambda e: sterile.disappearance(e, [1.0], "e", samples=("late",)), "unknown beam"),
        (
            lambda e: sterile.disappearance(e, [1.0], "e", edges=[0.02, 0.01]),
            "edges of the bins: got .* at least two rising numbers",
        ),
        (lambda e: sterile.disappearance(e, [1.0], "e").chi2(1.2), "amplitude .* got 1.2"),
        (lambda e: sterile.set_up("coherent-xe"), "unknown sterile set-up 'coherent-xe'"),
        (lambda e: sterile.set_up("coherent-csi", "best"), "unknown scenario 'best'"),
    ],
)
def test_refused(call, words):
    with pytest.raises((DomainError, UnknownNameError), match=words):
        call(sterile.set_up("coherent-csi"))


def test_set_ups_are_those_of_the_reference():
    """The table of the talk, row by row; exposures and backgrounds are assumptions."""
    rows = {
        "coherent-csi": ("CsI", 5, 19.3, 14.6),
        "coherent-hpge": ("Ge72", 5, 22, 10),
        "coherent-nai": ("NaI", 13, 28, 2000),
        "coherent-lar": ("Ar40", 20, 29, 1000),
    }
    for name, (material, threshold, baseline, mass) in rows.items():
        one = sterile.set_up(name, "50%, 5%, 10%")
        assert one.detector.target.name == material
        assert one.detector.threshold == pytest.approx(threshold * 1e-3)
        assert (100 * one.metres) == pytest.approx(100 * baseline)
        assert one.detector.mass == mass
        assert one.detector.efficiency == ConstantEfficiency(0.5)
        assert isinstance(one.measurement, PoissonProjection)
    assert len(sterile.scenarios()) == 4
    assert isinstance(one.measurement, PoissonProjection)
    assert pytest.approx(one.measurement.background_share, rel=1e-3) == 6 / 136
    assert one.measurement.steady_state_share == 0


def test_a_projection_is_the_counting_measurement_it_stands_for():
    shares = PoissonProjection(0.05, 3.0, 0.28, 0.25)
    counted = CountingMeasurement(105.0, 5.0, 300.0, 0.28, 0.25)
    assert shares.chi2(100.0) == counted.chi2(100.0)
    assert float(shares.chi2(100.0)(100.0)) == 0
    assert Projection(0.2, 0.1).chi2(100.0).variance == 120


@pytest.mark.parametrize(
    "samples", [("all", "all"), ("prompt", "nu_mu"), ("prompt", "delayed", "all")]
)
def test_samples_that_overlap_are_refused(samples):
    with pytest.raises(DomainError, match="allowed: samples without a beam in common"):
        sterile.disappearance(sterile.set_up("coherent-csi"), [1.0], "mu", samples=samples)


def test_splittings_are_done_in_parts_where_there_are_many_energies(monkeypatch):
    csi, splittings = sterile.set_up("coherent-csi"), np.geomspace(0.1, 300, 7)
    whole = sterile.disappeared_counts(csi, splittings)
    monkeypatch.setattr("cevnslib.studies.sterile._AT_ONCE", 1)
    parts = sterile.disappeared_counts(csi, splittings)
    for beam, lost in whole.items():
        assert parts[beam] == pytest.approx(lost, rel=1e-13)


def test_oscillations_too_fast_to_integrate_are_refused():
    far = replace(sterile.set_up("coherent-csi"), baseline=2e5)
    with pytest.raises(DomainError, match=r"half-phase from .*one so fast is averaged"):
        sterile.disappeared_counts(far, [1e5])


def test_scenarios_are_a_copy():
    scenarios: Any = sterile.scenarios()
    scenarios["100%, 15%, 10%"]["efficiency"] = 0.01
    seen = sterile.set_up("coherent-csi", "100%, 15%, 10%")
    assert seen.detector.efficiency == ConstantEfficiency(1.0)


@pytest.mark.parametrize("changes", [{"threshold": 0.0}, {"resolution": Resolution(5e-5)}])
def test_a_detector_that_sees_recoils_of_no_energy(changes):
    """Weak counts have an end without a threshold too; against moments weighted with sin^2."""
    conus = experiments.load("conus")
    detector = replace(conus.detector, electrons="left out", **changes)
    one = replace(conus, detector=detector)
    found = sterile.disappearance(one, [0.3], "e").disappeared
    flux = oscillated.seen_flux(one.flux, oscillations.SterileMixing(0.5), 0.3)
    seen = rates.expected_counts(replace(one, source=flux, baseline=None), WEAK)
    assert float(found[0, 0]) == pytest.approx(rates.expected_counts(one, WEAK) - seen, rel=1e-8)
