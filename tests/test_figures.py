"""Figures of the sheets: what cannot be drawn is not drawn, and the rest is."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.display import figures, sheets
from cevnslib.errors import DomainError

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
