"""Figures of the sheets: what cannot be drawn is not drawn, and the rest is."""

from typing import Any

import matplotlib.pyplot as plt
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
        ({"threshold_keV": 50}, 0, ["no events"]),
        ({"maximum_keV": 0.200001}, 0, ["no events"]),
    ],
)
def test_recoils(changes, number, words):
    labels, found = drawn(figures.recoils, changes)
    assert labels[:1] == ["Standard Model"][:number]
    assert (len(labels), found) == (number, words)


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
    with pytest.raises(DomainError, match="threshold: got 0 MeV; allowed: above 0 MeV"):
        drawn(draw, {"threshold_keV": 0})
