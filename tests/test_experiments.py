"""The catalogue of experiments."""

import pytest

from cevnslib import experiments
from cevnslib.errors import ConfigurationError, UnknownNameError


def test_every_stage_loads_and_every_number_has_a_source():
    for name in experiments.names():
        experiment = experiments.load(name)
        assert experiment.name == name
        assert {"baseline_m", "mass_kg", "exposure_days"} <= set(experiment.references)


def test_fluence():
    csi = experiments.load("coherent-csi")
    expected = 0.08 * 1.76e23 / (4 * 3.141592653589793 * 1930**2)
    for beam in csi.source.beams:
        assert csi.fluence(beam) == pytest.approx(expected, rel=1e-12)


def test_unknown_names():
    with pytest.raises(UnknownNameError, match=r"unknown experiment 'coherent'.*allowed: coherent"):
        experiments.load("coherent")
    with pytest.raises(UnknownNameError, match=r"unknown stage of coherent-csi 'then'; allowed: c"):
        experiments.load("coherent-csi", stage="then")


def test_missing_key():
    with pytest.raises(ConfigurationError, match=r"experiment 'x', current: key 'target' is miss"):
        experiments._build("x", "current", {"source": "sns"})
