"""Limits of COHERENT-CsI."""

import numpy as np
import pytest

from cevnslib import experiments, published
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.limits import constraint, tmm_limits
from cevnslib.mixing import OscillationParameters, flavour_projector, pmns
from cevnslib.statistics import delta_chi2

CSI = experiments.load("coherent-csi")


@pytest.mark.parametrize("beam", ["prompt", "delayed"])
def test_published_row(beam):
    row = published.limits("coherent-csi", beam, "current")
    for number, ours in zip(row, tmm_limits(CSI, beam), strict=True):
        assert published.compare(number, ours).ratio == pytest.approx(1, abs=0.05)


def ratios(values):
    return np.array(values[1:]) / values[0]


def printed_ratio_ranges(row):
    low = [(n.value - n.half_unit) / (row[0].value + row[0].half_unit) for n in row[1:]]
    high = [(n.value + n.half_unit) / (row[0].value - row[0].half_unit) for n in row[1:]]
    return np.array(low), np.array(high)


@pytest.mark.parametrize("beam", ["prompt", "delayed"])
def test_column_ratios_are_mixing_weights(beam):
    """The ratios of the columns depend on the mixing alone; ours agree with print to rounding."""
    ours = tmm_limits(CSI, beam)
    low, high = printed_ratio_ranges(published.limits("coherent-csi", beam, "current"))
    assert np.all(low <= ratios(ours))
    assert np.all(ratios(ours) <= high)


def test_prompt_ratios_are_those_of_the_projector():
    weights = flavour_projector("mu").diagonal().real ** -0.5
    assert ratios(tmm_limits(CSI, "prompt")) == pytest.approx(ratios(weights), rel=1e-12)


def test_limit_lies_where_chi2_has_risen():
    for beam in ("prompt", "delayed", "all"):
        found = constraint(CSI, beam)
        for i, limit in enumerate(found.limits()):
            at_limit = found.delta_chi2(limit * np.eye(3)[i])
            assert at_limit == pytest.approx(delta_chi2(), rel=1e-9)
            assert found.delta_chi2(0.99 * limit * np.eye(3)[i]) < delta_chi2()
    assert found.delta_chi2([0, 0, 0]) >= 0


def test_all_beams_limit_more_than_each():
    both = tmm_limits(CSI)
    for beam in ("prompt", "delayed"):
        assert np.all(both < tmm_limits(CSI, beam))


def test_higher_confidence_allows_more():
    assert np.all(tmm_limits(CSI, confidence=0.99) > tmm_limits(CSI, confidence=0.90))


def test_global_phase_and_blind_direction():
    p = OscillationParameters(0.32, 0.0216, 0.547, 1.3)
    found = constraint(CSI, "prompt", parameters=p)
    L = np.array([3e-9, 2e-9j, 1e-9 * np.exp(0.7j)])
    assert found.delta_chi2(L * np.exp(0.4j)) == pytest.approx(float(found.delta_chi2(L)), rel=1e-9)
    blind = 1e-8 * pmns(p)[1].conj()
    assert found.magnetic_counts(blind) == pytest.approx(0, abs=1e-10)


def test_bad_input():
    with pytest.raises(UnknownNameError, match="unknown beam 'solar'"):
        tmm_limits(CSI, "solar")
    with pytest.raises(DomainError, match="confidence level: got 90"):
        tmm_limits(CSI, confidence=90)
    with pytest.raises(DomainError, match="moments: got"):
        constraint(CSI).delta_chi2([1e-10, 2e-10])
