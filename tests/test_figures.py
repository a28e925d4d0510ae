"""Figures of the sheets: what cannot be drawn is not drawn, and the rest is."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.display import figures, sheets
from cevnslib.errors import DomainError
from cevnslib.studies import sterile

DESCRIPTION: dict[str, Any] = {
    **{"source": "reactor", "thermal_power_GW": 4.5, "baseline_m": 20, "exposure_years": 1},
    **{"target": "Ge", "mass_kg": 3, "threshold_keV": 0.2, "threshold_kind": "electron-equivalent"},
    "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.1},
}
ABSORBED = {"statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 1.0}}
COUNTED: dict[str, Any] = {"observed": 9, "background": 0, "steady_state": 0}
COUNTED |= {"kind": "counting", "sigma_signal": 0.1, "sigma_background": 0.1}


def drawn(draw, changes, **parameters):
    """Return the labels of what is drawn of an experiment, and the words in its panel."""
    experiment = experiments.from_description("mine", {**DESCRIPTION, **changes})
    draw([experiment], sheets.SheetParameters("conus", **parameters))
    (ax,) = plt.gcf().axes
    found = ax.get_legend_handles_labels()[1], [text.get_text() for text in ax.texts]
    plt.close("all")
    return found


@pytest.mark.parametrize(
    ("changes", "number", "words"),
    [
        ({}, 2, []),
        (ABSORBED, 1, []),
        ({"efficiency": 0}, 0, ["no events"]),
        ({"efficiency": 0, "statistics": COUNTED}, 0, ["no events"]),
        ({"threshold_keV": 50, "electrons": "left out"}, 0, ["no events"]),
        ({"maximum_keV": 0.200001}, 2, []),
    ],
)
def test_recoils(changes, number, words):
    labels, found = drawn(figures.recoils, changes)
    assert labels[:1] == ["Standard Model"][:number]
    assert (len(labels), found) == (number, words)


@pytest.mark.parametrize(
    ("changes", "moment", "labels"),
    [
        ({}, 1e-10, 2),
        ({}, None, 1),
        ({"efficiency": 0}, 1e-10, 0),
        ({"channels": "electrons"}, 1e-10, 2),  # no nucleus gives the range
        ({"threshold_keV": 0.2, "maximum_keV": 0.5}, 1e-10, 2),
    ],
)
def test_spectrum(changes, moment, labels):
    figures.spectrum(experiments.from_description("mine", {**DESCRIPTION, **changes}), moment)
    (ax,) = plt.gcf().axes
    assert len(ax.get_legend_handles_labels()[1]) == labels
    assert ax.get_xlabel() == "electron-equivalent energy (keV)"
    if changes.get("maximum_keV"):
        assert max(np.max(line.get_xdata()) for line in ax.lines) == pytest.approx(0.5)
    plt.close("all")


def test_spectrum_with_an_interaction_of_the_file():
    """It is no longer called the Standard Model's."""
    given = {**DESCRIPTION, "interactions": {"light_vector": {"mass_MeV": 1.0, "coupling": 1e-5}}}
    figures.spectrum(experiments.from_description("mine", given), None)
    (ax,) = plt.gcf().axes
    assert ax.get_legend_handles_labels()[1] == ["without a moment"]
    plt.close("all")


@pytest.mark.parametrize(
    ("changes", "parameters", "labels", "words"),
    [
        ({}, {}, ["reactor, error fitted", "reactor, error left out"], []),
        (ABSORBED, {}, ["reactor, error left out"], []),
        (ABSORBED, {"signal_nuisance": "fitted"}, [], ["no limit"]),
        ({"efficiency": 0}, {}, [], ["no limit"]),
        ({"efficiency": 0, "statistics": COUNTED}, {}, [], ["no limit"]),
        ({}, {"sin2_theta12": 0, "sin2_theta13": 0}, [], ["no limit"]),
    ],
)
def test_profiles(changes, parameters, labels, words):
    assert drawn(figures.profiles, changes, **parameters) == (labels, words)


@pytest.mark.parametrize("draw", [figures.recoils, figures.profiles])
def test_a_detector_without_threshold(draw):
    with pytest.raises(DomainError, match="threshold: got 0 keV; allowed: above 0 keV"):
        drawn(draw, {"threshold_keV": 0})


def exclusion_panels(name):
    """Return the panels of the curves of a detector, once drawn."""
    figures.exclusion(sterile.exclusion_curves(name))
    panels = plt.gcf().axes
    plt.close("all")
    return panels


def test_exclusion_has_few_named_curves_in_a_panel():
    panels = exclusion_panels("csi-100kg")
    assert [ax.get_title() != "" for ax in panels] == [False, False, True, True]
    for ax in panels:
        assert ax.get_legend() is None
        assert len(ax.lines) <= 4
        words = "\n".join(text.get_text() for text in ax.texts)
        assert all(words.count(scenario) == 1 for scenario in sterile.scenarios())
    heights = [np.log(text.xyann[1]) for text in panels[3].texts]
    bottom, top = np.log(panels[3].get_ylim())
    assert np.diff(heights).min() >= 0.069 * (top - bottom)  # no name over another


def test_exclusion_draws_close_swings_as_a_band_and_their_mean():
    # A loss of 1 - cos(phase) of a line: the mean of its swings excludes 0.1.
    x = np.geomspace(0.05, 50, 800)
    with np.errstate(divide="ignore"):
        amplitudes = 0.1 / (1 - np.cos(x))
    amplitudes = np.where(amplitudes > 1, np.inf, amplitudes)
    figures.exclusion([sterile.ExclusionCurve("mu", "a line", x, amplitudes)])
    (ax,) = plt.gcf().axes
    (line,) = ax.lines
    (band,) = ax.collections
    drawn, (low, high) = np.asarray(line.get_xdata()), band.get_datalim(ax.transData).intervalx
    plt.close("all")
    slow = x < 20
    np.testing.assert_array_equal(
        drawn[slow & (amplitudes <= 1)], amplitudes[slow & (amplitudes <= 1)]
    )
    np.testing.assert_allclose(drawn[(x > 35) & (x < 45)], 0.1, rtol=0.02)
    assert low == pytest.approx(0.05, rel=1e-4)  # a crest between two splittings
    assert high == pytest.approx(1.0)


def test_exclusion_of_few_splittings_and_of_nothing():
    nothing = sterile.ExclusionCurve("e", "weak", np.array([1.0, 2.0]), np.full(2, np.inf))
    figures.exclusion([nothing])
    (ax,) = plt.gcf().axes
    plt.close("all")
    assert [text.get_text() for text in ax.texts] == ["nothing excluded:\nweak"]
    figures.exclusion(sterile.exclusion_curves("conus", [1.0]))
    plt.close("all")
