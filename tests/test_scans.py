"""Scans: beside limits that are sought value by value, and other studies."""

from dataclasses import replace

import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.errors import CevnsError, ConfigurationError
from cevnslib.folding import fold
from cevnslib.physics.interactions import (
    RADIATIVE,
    DipolePortal,
    LightScalar,
    LightVector,
    MagneticMoment,
    StandardModel,
    Sum,
    WeakScattering,
)
from cevnslib.physics.mediators import CHARGES
from cevnslib.statistics.chi2 import BinnedChi2, delta_chi2
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.recorded import Recorded
from cevnslib.statistics.templates import Template
from cevnslib.studies import scans
from cevnslib.studies.moments import effective_limits
from cevnslib.studies.report import data_of
from cevnslib.studies.sterile import Disappearance, disappearance, set_up

#: How closely chi2 comes back at an end: by how a parabola through three counts is rounded.
CLOSE = 1e-6


def rise(experiment, interaction):
    """Return -2 ln L of an interaction, above that of what is allowed best."""
    (data,) = data_of({"mine": experiment})
    return float(Likelihood([data])(fold(experiment).events(interaction).sum(axis=0)))


@pytest.mark.parametrize("name", ["coherent-csi", "texono"])
@pytest.mark.parametrize("charges", ["universal", "b-l"])
@pytest.mark.parametrize("mass", [0.0, 1.0, 500.0])
def test_a_light_vector(name, charges, mass):
    """At each end chi2 has risen by 2.71, with the interaction itself."""
    experiment = experiments.load(name)
    ((_, low, high, largest),) = scans.light_vector([experiment], [mass], charges=charges).rows

    def cost(g):
        vector = LightVector(mass, g, **CHARGES[charges])
        return rise(experiment, WeakScattering(RADIATIVE, vector))

    inside = np.concatenate([[0], np.geomspace(high / 100, 1.5 * largest, 300)])
    least = min(map(cost, inside))
    assert low == 0
    for end in {high, largest}:
        # The best of some couplings is a little above the best.
        assert cost(end) - least == pytest.approx(delta_chi2(), abs=0.02)
    assert cost(1.05 * largest) - least > delta_chi2()
    assert cost(1.05 * high) - least > delta_chi2() or high == largest


@pytest.mark.parametrize("mass", [0.1, 50.0])
def test_what_adds_as_a_rate(mass):
    experiment = experiments.load("coherent-csi")
    for scan, made in (
        (scans.light_scalar, lambda x: LightScalar(mass, x)),
        (scans.dipole, lambda x: DipolePortal(mass, x)),
    ):
        ((_, _, high, largest),) = scan([experiment], [mass]).rows
        assert high == largest
        added = Sum((StandardModel(), made(largest)))
        # More was expected than is seen, so that nothing is added at best.
        excess = rise(experiment, added) - rise(experiment, StandardModel())
        assert excess == pytest.approx(delta_chi2(), rel=CLOSE)


def test_a_partner_without_mass_is_a_magnetic_moment():
    experiment = experiments.load("conus")
    (row,) = scans.dipole([experiment], [0.0]).rows
    assert row[3] == pytest.approx(effective_limits(experiment)["e"], rel=1e-9)
    heavy = scans.dipole([experiment], [50.0])
    assert heavy.rows[0, 3] == np.inf
    assert heavy.as_json()["rows"][0][3] is None


@pytest.mark.parametrize(
    ("masses", "background", "expected"),
    [(100, 0.1, [0.443, 0.0981, 0.1208, 0.1196]), (30, 0.3, None)],
)
def test_two_baselines_with_one_normalisation(masses, background, expected):
    """D31, beside the closed form of BinnedChi2 with pulls in common."""
    own = {
        "source": "sns",
        "target": "CsI",
        "mass_kg": masses,
        "threshold_keV": 5,
        "exposure_years": 3,
    }
    shares = {"kind": "poisson", "background_share": background, "steady_state_share": 0.2}
    shared = [
        {"name": "flux", "relative_error": 0.1},
        {"name": "neutrons", "relative_error": 0.1, "acts_on": "background"},
    ]
    splittings = [0.3, 1.0, 3.0, 10.0]
    near_and_far, old = [], []
    for metres in (20, 40):
        place = {**own, "baseline_m": metres}
        exact = {**shares, "sigma_signal": 0.0, "sigma_background": 0.0}
        near_and_far.append(
            experiments.from_description(
                "mine", {**place, "statistics": exact, "nuisances": shared}
            )
        )
        errors = {**shares, "sigma_signal": 0.1, "sigma_background": 0.1}
        given = experiments.from_description("mine", {**place, "statistics": errors})
        old.append(disappearance(given, splittings, "mu", samples=("prompt", "delayed")))
    observed, variance, background = (
        np.concatenate([getattr(one.statistics, key) for one in old])
        for key in ("observed", "variance", "background")
    )
    joined = BinnedChi2(observed, variance, background, 0.1, 0.1)
    lost = np.concatenate([one.disappeared for one in old], axis=1)
    counts = np.concatenate([one.counts for one in old])
    reference = Disappearance(np.array(splittings), counts, lost, joined).exclusion()
    found = scans.sterile(near_and_far, splittings).rows[:, 1]
    assert found == pytest.approx(reference, rel=1e-6)
    if expected:
        assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("flavour", ["e", "mu"])
def test_one_baseline(flavour):
    experiment = set_up("coherent-lar")
    splittings = [0.01, 0.5, 1.5, 50.0]
    found = scans.sterile([experiment], splittings, flavour=flavour, by_time=False).rows[:, 1]
    reference = disappearance(experiment, splittings, flavour).exclusion()
    assert found == pytest.approx(reference, rel=1e-6)


def test_bins_of_energy():
    """More bins tell more, and counts in them are those of windows."""
    conus = experiments.load("conus")
    detector = conus.detector
    edges = (detector.threshold, 2 * detector.threshold, 0.02)
    binned = replace(conus, detector=replace(detector, threshold=0.0, bins=edges))
    splittings = [0.2, 0.4, 0.8]
    found = scans.sterile([binned], splittings).rows[:, 1]
    reference = disappearance(conus, splittings, "e", edges=edges).exclusion()
    assert found == pytest.approx(reference, rel=1e-6)


@pytest.mark.parametrize(
    "given", [{"templates": [Template("dust", [50.0, 20.0])]}, {"off": [50.0, 20.0]}]
)
def test_a_background_of_prompt_and_delayed_neutrinos(given):
    """What is given for the bins of the detector keeps them: nothing is told apart by time.

    No neutrino of the Standard Model reaches the second bin.
    """
    csi = replace(experiments.load("coherent-csi"), measurement=Recorded(**given))
    bins = replace(csi.detector, bins=(0.006, 0.03, 0.08), threshold=0.0, maximum=np.inf)
    mine = replace(csi, detector=bins)
    found = scans.sterile([mine], [0.5, 1.5, 5.0])
    together = scans.sterile([mine], [0.5, 1.5, 5.0], by_time=False)
    assert found.rows.tolist() == together.rows.tolist()
    assert np.isfinite(found.rows[-1, 1])


def test_tables():
    table = scans.light_scalar([experiments.load("coherent-csi")])
    assert len(table.rows) == 13
    assert table.as_csv().count("\n") == 15
    assert np.all(np.isfinite(table.rows))
    assert np.all(np.diff(table.rows[:, 3]) > 0)
    assert table.as_json()["columns"][0] == "mass_MeV"
    assert set(scans.SCANS) == {"light-vector", "light-scalar", "sterile", "dipole"}
    for scan in scans.SCANS.values():
        assert len(scan([experiments.load("conus")], None, 0.9).rows) >= 13


def test_what_is_refused():
    csi = experiments.load("coherent-csi")
    for scan in (scans.light_vector, scans.light_scalar, scans.dipole):
        with pytest.raises(CevnsError, match="mass: got -1 MeV"):
            scan([csi], [1.0, -1.0])
        with pytest.raises(CevnsError, match="confidence"):
            scan([csi], [1.0], 90)
    with pytest.raises(CevnsError, match=r"unknown charges 'b-1' \(did you mean 'b-l'"):
        scans.light_vector([csi], [1.0], charges="b-1")
    with pytest.raises(CevnsError, match="unknown flavour 'tau'"):
        scans.sterile([csi], [1.0], flavour="tau")
    with pytest.raises(CevnsError, match="splitting: got -1"):
        scans.sterile([csi], [-1.0])
    moment = replace(csi, interaction=MagneticMoment(1e-9))
    with pytest.raises(ConfigurationError, match="beside a light vector"):
        scans.light_vector([moment], [1.0])


def test_windows_of_time_in_a_sterile_scan():
    """One window for all is no window; three tell prompt neutrinos from delayed ones."""
    one = set_up("coherent-lar", "100%, 15%, 10%")
    splittings = [0.5, 1.5, 5.0]
    plain = scans.sterile([one], splittings, flavour="mu", by_time=False).rows[:, 1]
    whole = replace(one, times_us=(-1e3, 1e3))
    found = scans.sterile([whole], splittings, flavour="mu").rows[:, 1]
    np.testing.assert_allclose(found, plain, rtol=1e-6)
    cut = replace(one, times_us=(-1e3, 0.5, 1.5, 1e3))
    with_clock = scans.sterile([cut], splittings, flavour="mu").rows[:, 1]
    counts, gone = scans._disappearing(cut, np.array(splittings), "mu", None)
    bare, lost = scans._disappearing(one, np.array(splittings), "mu", False)
    np.testing.assert_allclose(counts.sum(), bare.sum(), rtol=1e-9)
    np.testing.assert_allclose(gone.sum(axis=1), lost.sum(axis=1), rtol=1e-9)
    assert np.all(with_clock[np.isfinite(plain)] < plain[np.isfinite(plain)])
