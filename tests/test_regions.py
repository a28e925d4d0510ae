"""Regions of two moments against numerical minimisation."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from cevnslib import experiments
from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.physics.mixing import OscillationParameters
from cevnslib.statistics.chi2 import delta_chi2
from cevnslib.studies.moments import constraint
from cevnslib.studies.regions import boundary, combined_delta_chi2, least_counts

P = OscillationParameters(0.32, 0.0216, 0.547, 1.1)
PAIRS = [(1, 2), (1, 3), (2, 3)]


@pytest.fixture(scope="module")
def csi():
    return constraint(experiments.load("coherent-csi"), "delayed", parameters=P)


def numerical(matrix, pair, x, y, third, phases):
    """Minimise over whatever is free, from many starts."""
    i, j = pair[0] - 1, pair[1] - 1
    k = 3 - i - j
    scale = np.trace(matrix).real

    def counts(free):
        size, phase_j, phase_k = free
        moments = np.zeros(3, dtype=complex)
        moments[i], moments[j] = x, y * np.exp(1j * phase_j * (phases == "profiled"))
        if third == "profiled":
            moments[k] = abs(size) * np.exp(1j * phase_k * (phases == "profiled"))
        return (moments.conj() @ matrix @ moments).real / scale

    starts = [(s, a, b) for s in (0.1, 1.0) for a in (0, 2, 4) for b in (0, 2, 4)]
    found = (minimize(counts, start, method="BFGS", tol=1e-12).fun for start in starts)
    return min(found) * scale


@pytest.mark.parametrize("third", ["zero", "profiled"])
@pytest.mark.parametrize("phases", ["zero", "profiled"])
@pytest.mark.parametrize("pair", PAIRS)
def test_least_counts_is_the_minimum(csi, pair, third, phases):
    for x, y in ((1.0, 0.3), (0.2, 1.0)):
        ours = least_counts(csi.matrix, pair, x, y, third=third, phases=phases)
        expected = numerical(csi.matrix, pair, x, y, third, phases)
        assert ours == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("pair", PAIRS)
def test_boundary_lies_at_the_level(csi, pair):
    """With all else zero the boundary is where chi2 of that very point has risen by 4.61."""
    edge = boundary(csi, pair, points=9)
    moments = np.zeros((9, 3))
    moments[:, pair[0] - 1], moments[:, pair[1] - 1] = edge
    assert csi.delta_chi2(moments) == pytest.approx(np.full(9, delta_chi2(0.90, 2)), rel=1e-9)


def test_profiling_widens_the_region(csi):
    for pair in PAIRS:
        narrow = np.hypot(*boundary(csi, pair, points=31))
        for third, phases in (("zero", "profiled"), ("profiled", "zero"), ("profiled",) * 2):
            wide = np.hypot(*boundary(csi, pair, third=third, phases=phases, points=31))
            assert np.all(wide >= narrow * (1 - 1e-12))


def test_one_flavour_is_blind_somewhere():
    """One beam sees two of three directions: with all profiled, its region has no end."""
    prompt = constraint(experiments.load("coherent-csi"), "prompt")
    angles = np.arctan2(*np.abs(np.linalg.eigh(prompt.matrix)[1][[1, 0], 0]))
    direction = np.array([np.cos(angles), np.sin(angles)])
    counts = least_counts(prompt.matrix, (1, 2), *direction, third="profiled", phases="profiled")
    assert counts == pytest.approx(0, abs=1e-9 * np.trace(prompt.matrix).real)
    edge = boundary(prompt, (1, 2), third="profiled", phases="profiled", points=3)
    assert np.all(np.isfinite(edge))  # on a coarse set of directions none is the blind one
    assert np.linalg.matrix_rank(prompt.matrix, tol=1e-9 * np.trace(prompt.matrix).real) == 2


def test_combination_is_the_sum():
    parts = [constraint(experiments.load(name)) for name in ("conus", "connie")]
    L = np.array([[0, 0, 0], [1e-11, 2e-11, 0]])
    total = parts[0].delta_chi2(L) + parts[1].delta_chi2(L)
    assert combined_delta_chi2(parts, L) == pytest.approx(total, rel=1e-14)


def test_bad_input(csi):
    with pytest.raises(DomainError, match=r"pair: got \(1, 1\); allowed: two different numbers"):
        boundary(csi, (1, 1))
    with pytest.raises(UnknownNameError, match="unknown treatment of the third 'free'; allowed: z"):
        boundary(csi, (1, 2), third="free")
    with pytest.raises(UnknownNameError, match="unknown treatment of the phases 'x'"):
        boundary(csi, (1, 2), phases="x")
    with pytest.raises(DomainError, match="points: got 1"):
        boundary(csi, (1, 2), points=1)
    with pytest.raises(DomainError, match="first modulus: got -1 mu_B"):
        least_counts(csi.matrix, (1, 2), -1.0, 1.0)
    with pytest.raises(DomainError, match="constraints: got none"):
        combined_delta_chi2([], [1, 2, 3])


@pytest.mark.parametrize("pair", [(1, 1), (1,), (1, 4), ("1", "2"), (1.0, 2.0), 12, (1, 2, 3)])
def test_pairs_that_are_none_are_refused(pair):
    with pytest.raises(DomainError, match=r"pair: got .*; allowed: (two different|integers from)"):
        least_counts(np.eye(3, dtype=complex), pair, 1.0, 1.0)


def test_numbers_of_numpy_make_a_pair():
    pair: Any = tuple(np.arange(1, 3))
    assert least_counts(np.eye(3, dtype=complex), pair, 1.0, 1.0) == 2
