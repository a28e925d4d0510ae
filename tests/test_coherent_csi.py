"""COHERENT's caesium iodide of 2021, in energy and time: a fit with a free number of events.

The reference is an independent computation with the same inputs: response and normalisations of
the release, a pulse of the source inferred from what others read in it. Tolerances are those that
its author gives to the same inputs.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cevnslib.constants import DAY
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import PhotoelectronAcceptance
from cevnslib.detectors.quenching import PolynomialQuenching
from cevnslib.detectors.resolution import GammaResolution
from cevnslib.experiments import Experiment
from cevnslib.folding import fold
from cevnslib.physics.form_factors import klein_nystrand
from cevnslib.physics.interactions import TREE_LEVEL, MagneticMoment, StandardModel
from cevnslib.physics.targets import target
from cevnslib.sources.arrivals import MUON_LIFETIME_US, PION_LIFETIME_US, GaussianPulse, Pulsed
from cevnslib.sources.sns import spallation_source
from cevnslib.statistics.counts import PoissonCounts
from cevnslib.statistics.data import Projection
from cevnslib.statistics.fit import Fit, Parameter
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance, Template

TABLE = Path(__file__).parent / "reference" / "coherent_csi_2021.csv"
PE_FROM, PE_TO, US_FROM, US_TO, SEEN, BEAM, LEAD, STEADY = np.loadtxt(
    TABLE.read_text(encoding="utf-8").splitlines()[2:], delimiter=","
).T
PE, US = np.append(np.unique(PE_FROM), 60.0), np.append(np.unique(US_FROM), 6.0)
LIGHT = 13.35  # photoelectrons per keVee


def experiment():
    detector = Detector(
        target("CsI"),
        14.6,
        bins=(PE / LIGHT * 1e-3).tolist(),
        efficiency=PhotoelectronAcceptance(
            1.32045, 0.285979, 10.8646, LIGHT, half=0, full=0, last=60, offset=-0.333322
        ),
        quenching=PolynomialQuenching((0.0554628, 4.30681, -111.707, 840.384)),
        resolution=GammaResolution(9.56),
        electrons="left out",
    )
    source = spallation_source(neutrinos_per_proton=0.0848, protons_per_second=3.198e23 / DAY)
    none = Projection(0.0, 0.0)
    return Experiment("csi", "", "csi", source, detector, 1930.0, DAY, none, {})


def in_time():
    """The shares of prompt and delayed neutrinos in bins of time that are counted.

    The efficiency in time is 1 up to 0.52 us, and falls by 0.0494 per us from there on; in steps of
    5 ns its change is 1e-4.
    """
    pulse = GaussianPulse(0.473, 0.1426)
    fine = np.linspace(0.0, 6.0, 1201)
    chance = np.exp(-0.0494 * np.maximum((fine[1:] + fine[:-1]) / 2 - 0.52, 0))
    shares = {}
    for name, lives in (
        ("prompt", (PION_LIFETIME_US,)),
        ("delayed", (PION_LIFETIME_US, MUON_LIFETIME_US)),
    ):
        counted = Pulsed(lives, pulse).share(fine[:-1], fine[1:]) * chance
        up_to = np.append(0.0, np.cumsum(counted))
        shares[name] = np.diff(np.interp(US, fine, up_to))
    return shares


@cache
def expected(interaction):
    """Events of each component in bins of photoelectrons and time."""
    one, shares = experiment(), in_time()
    events = fold(one).events(interaction)
    times = np.stack([shares[component.timing] for component in one.flux.components])
    return np.einsum("ce,ct->cet", events, times)


def test_the_table_has_all_bins():
    assert len(SEEN) == (len(PE) - 1) * (len(US) - 1) == 99
    assert np.array_equal(PE_FROM, np.repeat(PE[:-1], 11))
    assert np.array_equal(US_TO, np.tile(US[1:], 9))
    assert SEEN.sum() == 1578


def test_expected_events():
    """By component and in all, and with other couplings and another form factor; to 1%."""
    found = expected(StandardModel()).sum(axis=(1, 2))
    assert found == pytest.approx([54.2, 116.8, 186.8], rel=0.01)
    for interaction, total in (
        (StandardModel(), 357.8),
        (StandardModel(couplings=TREE_LEVEL), 347.9),
        (StandardModel(form_factor=klein_nystrand), 319.4),
    ):
        assert expected(interaction).sum() == pytest.approx(total, rel=0.01)
    magnetic = expected(MagneticMoment(1e-9)).sum(axis=(1, 2))
    assert magnetic == pytest.approx([5.65, 5.84, 7.64], rel=0.01)


def data():
    steady = Nuisance("steady", 27 / 1286)
    beam, lead = Nuisance("beam neutrons", 4.6 / 18.4), Nuisance("lead neutrons", 2 / 5.6)
    templates = [
        Template("beam neutrons", BEAM, {beam: 1.0}),
        Template("lead neutrons", LEAD, {lead: 1.0}),
        Template("steady", STEADY, {steady: 1.0}),
    ]
    return Likelihood([PoissonCounts("csi", SEEN, templates)])


def test_fit_of_energy_and_time():
    """312.6 events in 99 bins, and their errors; 2% for the same inputs."""
    signal = expected(StandardModel()).sum(axis=0).ravel()
    shape = signal / signal.sum()
    fit = Fit(data(), lambda events: events * shape, [Parameter("events", 300.0, at_least=0)])
    values = np.linspace(0.0, 600.0, 25)
    best = fit.scan({"events": values}).best
    assert best.values["events"] == pytest.approx(312.6, rel=0.02)
    assert best.chi2 == pytest.approx(85.5, abs=0.5)
    ((low, high),) = fit.interval("events", values, 0.6826894921370859)
    assert high - best.values["events"] == pytest.approx(32.5, rel=0.02)
    assert best.values["events"] - low == pytest.approx(31.6, rel=0.02)
    # The backgrounds there, and the significance.
    pulls = best.nuisances
    assert BEAM.sum() * (1 + pulls["beam neutrons"]) == pytest.approx(17.0, rel=0.02)
    assert LEAD.sum() * (1 + pulls["lead neutrons"]) == pytest.approx(5.5, rel=0.02)
    assert STEADY.sum() * (1 + pulls["steady"]) == pytest.approx(1271, rel=0.005)
    without = float(fit.profile({"events": 0.0}))
    assert np.sqrt(without - best.chi2) == pytest.approx(11.4, abs=0.1)
    # The collaboration found 306 +- 20, with a likelihood of each event.
    assert abs(best.values["events"] - 306) < 20
