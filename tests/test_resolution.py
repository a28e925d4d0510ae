"""Readouts: their shares of bins beside integrals of their densities."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from cevnslib import experiments, rates
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import PhotoelectronAcceptance, TabulatedEfficiency
from cevnslib.detectors.quenching import Lindhard
from cevnslib.detectors.resolution import (
    GammaResolution,
    PoissonResolution,
    Readout,
    Resolution,
)
from cevnslib.errors import DomainError, KindError
from cevnslib.physics.interactions import StandardModel
from cevnslib.physics.targets import target

GE = target("Ge")
MEANS = np.array([2e-5, 3e-4, 1e-3, 2.5e-3, 8e-3])
READOUTS: dict[str, Readout] = {
    "Gaussian": Resolution(2e-4, 5e-3, 0.03),
    "linear": Resolution(1e-4, 4e-3, 0.02, linear=True),
    "renormalised": Resolution(2e-4, 5e-3, renormalised=True),
    "Poisson": PoissonResolution(7.3),
    "gamma": GammaResolution(4.2),
    "gamma without a width of its own": GammaResolution(0.0),
}


def density(name, E):
    """The density at a mean energy, by scipy.stats; of photoelectrons their probabilities."""
    if name == "linear":
        return stats.norm(E, 1e-4 + 4e-3 * math.sqrt(E) + 0.02 * E).pdf
    if name == "renormalised":
        sigma = math.sqrt(4e-8 + 25e-6 * E)
        return stats.truncnorm(-E / sigma, math.inf, E, sigma).pdf
    if name == "Gaussian":
        return stats.norm(E, math.sqrt(4e-8 + 25e-6 * E + 9e-4 * E**2)).pdf
    k = 1 + (4200 * E if name == "gamma" else 0)
    return stats.gamma(k, scale=E / k).pdf


def seen(name, readout, low, high, E, weight=lambda x: 1.0):
    """The integral of a weight and the density between two energies."""
    if name == "Poisson":
        n = np.arange(math.ceil(low * 7300), math.ceil(high * 7300))
        return float(np.sum(weight(n / 7300) * stats.poisson(7300 * E).pmf(n)))
    sigma = float(readout.sigma(E))
    points = [E + k * sigma for k in (-8, -3, 0, 3, 8)]
    cuts = [low, *(x for x in points if low < x < high), high]
    of_mean = density(name, E)
    return sum(
        quad(lambda x: weight(x) * of_mean(x), a, b, epsabs=1e-15, epsrel=1e-12)[0]
        for a, b in pairwise(cuts)
    )


def shares(readout, bins, means=MEANS, **keywords):
    return Detector(GE, 1.0, bins=bins, resolution=readout, **keywords)._shares(means)


BINS = (1e-4, 4e-4, 1.5e-3, 9e-3)


@pytest.mark.parametrize("name", READOUTS)
def test_shares_of_bins(name):
    """Without an efficiency: of the adaptive integral, 1e-12."""
    expected = [[seen(name, READOUTS[name], a, b, E) for E in MEANS] for a, b in pairwise(BINS)]
    found = shares(READOUTS[name], BINS)
    assert found == pytest.approx(np.array(expected), rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("name", READOUTS)
def test_shares_with_a_bent_efficiency(name):
    """Straight pieces with a step inside a bin, and one at an edge."""
    points = [2e-4, 4e-4, 4e-4, 1e-3, 1e-3, 8e-3]
    values = [0.1, 0.3, 0.5, 0.5, 0.9, 0.2]
    table = TabulatedEfficiency(tuple(points), tuple(values))
    found = shares(READOUTS[name], BINS, efficiency=table)
    expected = np.zeros(found.shape)
    for i in range(len(BINS) - 1):
        for j in range(0, len(points), 1):
            if j + 1 == len(points) or points[j] == points[j + 1]:
                continue
            a, b = max(points[j], BINS[i]), min(points[j + 1], BINS[i + 1])
            if a >= b:
                continue
            line = [points[j], points[j + 1]], [values[j], values[j + 1]]
            for k, E in enumerate(MEANS):
                expected[i, k] += seen(
                    name, READOUTS[name], a, b, E, lambda x, at=line: np.interp(x, *at)
                )
    # Its ends are taken 1e-9 of a piece inside, beside steps: so much of an efficiency's rise.
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("slope", [0.05, 0.4, 0.6, 3.0])
@pytest.mark.parametrize("midpoint", [10.0, 10.7])
def test_shares_with_a_sigmoid(slope, midpoint):
    """A sigmoid in straight pieces, also one whose middle is that of a bin, about which it is odd.

    Pieces may differ from it by 1e-8, and by a few times that where 4000 are not enough.
    """
    curve = PhotoelectronAcceptance(0.9, slope, midpoint, 1.0, half=0, full=0, last=100)
    bins, means = (4e-3, 16e-3, 30e-3), np.array([6e-3, 9e-3, 12e-3, 20e-3])
    readout = Resolution(1e-3, relative=0.05)
    found = shares(readout, bins, means, efficiency=curve)
    for k, E in enumerate(means):
        law = stats.norm(E, float(readout.sigma(E))).pdf
        for i, (low, high) in enumerate(pairwise(bins)):
            expected = sum(
                quad(
                    lambda x, law=law: law(x) * 0.9 / (1 + np.exp(-slope * (x * 1e3 - midpoint))),
                    a,
                    b,
                    epsabs=1e-13,
                )[0]
                for a, b in pairwise(np.linspace(low, high, 31))
            )
            assert found[i, k] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("name", READOUTS)
def test_bins_add_up(name):
    """All bins hold what one wide bin does, and a bin's parts what it does: rounding."""
    table = TabulatedEfficiency((1e-4, 2e-3, 2e-2), (0.1, 0.9, 0.3))
    wide = shares(READOUTS[name], (1e-4, 9e-3), efficiency=table)[0]
    several = shares(READOUTS[name], BINS, efficiency=table)
    split = shares(READOUTS[name], (1e-4, 4e-4, 9e-4, 1.5e-3, 9e-3), efficiency=table)
    assert several.sum(axis=0) == pytest.approx(wide, rel=1e-12, abs=1e-15)
    assert split[1] + split[2] == pytest.approx(several[1], rel=1e-12, abs=1e-15)
    assert split[[0, 3]] == pytest.approx(several[[0, 2]], rel=1e-12, abs=1e-15)


@given(
    constant=st.floats(0, 1e-2),
    stochastic=st.floats(0, 0.1),
    relative=st.floats(1e-6, 3),
    linear=st.booleans(),
    E=st.floats(0, 0.1),
)
def test_nothing_is_lost_of_a_renormalised_readout(constant, stochastic, relative, linear, E):
    """What is not renormalised loses what is measured below 0, which is less than half."""
    plain = Resolution(constant, stochastic, relative, linear)
    cut = replace(plain, renormalised=True)
    bins, means = (0.0, 1e-3, 1e-2, 100.0), np.array([E])
    # The normal distribution is good to some roundings.
    assert shares(cut, bins, means).sum() == pytest.approx(1, abs=1e-12)
    assert 0.5 - 1e-12 <= shares(plain, bins, means).sum() <= 1 + 1e-12


@pytest.mark.parametrize("width", [1e-8, 1e-12, 1e-20])
def test_a_narrow_readout_is_sharp(width):
    """Away from edges exactly, at an edge half and half."""
    narrow = Resolution(width)
    found = shares(narrow, BINS, np.array([2e-4, 4e-4, 3e-3, 1.2e-2]))
    expected = np.array([[1, 0.5, 0, 0], [0, 0.5, 0, 0], [0, 0, 1, 0]])
    assert found == pytest.approx(expected, abs=1e-12)
    means = np.array([2e-4, 3e-3])
    assert shares(PoissonResolution(1e12), BINS, means) == pytest.approx(expected[:, [0, 2]])
    assert shares(GammaResolution(1e12), BINS, means) == pytest.approx(expected[:, [0, 2]])


def test_a_huge_width_is_flat():
    """Over bins far narrower than it the density is that at 0, to the square of their ratio."""
    found = shares(Resolution(10.0), BINS)
    steps = np.diff(BINS)[:, np.newaxis]
    assert found == pytest.approx(steps * stats.norm.pdf(0, 0, 10.0) * np.ones(5), rel=1e-6)
    both = shares(Resolution(10.0, renormalised=True), BINS)
    assert both == pytest.approx(2 * found, rel=1e-3)


def test_nothing_is_measured_of_nothing():
    """At rest, photoelectrons and a gamma distribution are 0; noise alone is left of a Gaussian."""
    rest = np.zeros(1)
    for readout in (PoissonResolution(7.3), GammaResolution(4.2), Resolution(0, 5e-3, 0.1)):
        assert np.array_equal(shares(readout, BINS, rest), np.zeros((3, 1)))
        assert readout.sigma(0.0) == 0
    noise = shares(Resolution(2e-4, 5e-3), BINS, rest)[:, 0]
    assert noise == pytest.approx(np.diff(stats.norm.cdf(BINS, 0, 2e-4)), rel=1e-12)
    assert PoissonResolution(7.3)._up_to(np.array(1e-9), rest) == 1  # no photoelectron at all


def test_photoelectrons_at_an_edge():
    """As many as an edge belong to the bin above, whatever rounds on the way."""
    for per_keV in (1.0, 3.0, 13.35, 0.7):
        edges = np.array([2, 3, 5, 9]) / per_keV * 1e-3
        found = shares(PoissonResolution(per_keV), tuple(edges), np.array([4e-3 / per_keV]))
        law = stats.poisson(4.0).pmf
        assert found[:, 0] == pytest.approx([law(2), law(3) + law(4), law(range(5, 9)).sum()])


@pytest.mark.parametrize("name", READOUTS)
def test_sigma_is_the_standard_deviation(name):
    for E in (3e-4, 2.5e-3):
        if name == "renormalised":  # its width is that of the Gaussian which is cut off
            assert READOUTS[name].sigma(E) == math.sqrt(4e-8 + 25e-6 * E)
            continue
        whole = (0.0 if name in ("Poisson", "gamma") or "own" in name else -0.1, 0.4)
        mean = seen(name, READOUTS[name], *whole, E, lambda x: x)
        square = seen(name, READOUTS[name], *whole, E, lambda x: x**2)
        assert mean == pytest.approx(E, rel=1e-9)
        assert READOUTS[name].sigma(E) == pytest.approx(math.sqrt(square - mean**2), rel=1e-7)


def test_least_ionisation_cuts_what_a_resolution_lifts():
    found = shares(Resolution(2e-4), BINS, MEANS, least_ionisation=3e-4)
    free = shares(Resolution(2e-4), BINS, MEANS)
    assert np.array_equal(found[:, 1:], free[:, 1:])
    assert np.array_equal(found[:, 0], np.zeros(3))
    assert np.all(free[:, 0] > 0)


class Box(Readout):
    """A readout of a reader's own: flat, a share of the energy to either side."""

    def __init__(self, half: float = 0.3) -> None:
        self.half = half

    def _sigma(self, E):
        return self.half * E / math.sqrt(3)

    def _up_to(self, e, E):
        return np.clip((e / np.maximum(E, 1e-30) - 1 + self.half) / (2 * self.half), 0, 1)

    def _seen_up_to(self, e, E):
        end = np.clip(e, (1 - self.half) * E, (1 + self.half) * E)
        width = 2 * self.half * np.maximum(E, 1e-30)
        return (end**2 - ((1 - self.half) * E) ** 2) / (2 * width)


def test_a_readout_of_ones_own():
    table = TabulatedEfficiency((1e-4, 2e-3, 2e-2), (0.1, 0.9, 0.3))
    found = shares(Box(), BINS, efficiency=table)
    for E, column in zip(MEANS, found.T, strict=True):
        x = np.linspace(0.7 * E, 1.3 * E, 200_001)
        x = (x[1:] + x[:-1]) / 2
        expected = np.histogram(x, BINS, weights=table(x))[0] / len(x)
        assert column == pytest.approx(expected, rel=1e-3, abs=1e-5)  # of the histogram


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Resolution(-1e-4), "constant: got -0.0001 MeV; allowed: finite, at least 0 MeV"),
        (lambda: Resolution(stochastic=math.nan), "stochastic: got nan MeV^(1/2)"),
        (lambda: Resolution(relative=math.inf), "relative: got inf"),
        (lambda: Resolution(), "width: got 0; allowed: finite, above 0"),
        (lambda: PoissonResolution(0.0), "photoelectrons: got 0 per keV; allowed: finite, above 0"),
        (lambda: GammaResolution(-1.0), "shape: got -1 per keV; allowed: finite, at least 0"),
        (lambda: Resolution(1e-4).sigma(-1.0), "energy: got -1 MeV; allowed: finite, at least 0"),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(DomainError) as refused:
        make()
    assert str(refused.value).startswith(words)


def test_what_is_no_readout():
    words: Any = "yes"
    with pytest.raises(KindError, match="linear: got 'yes'"):
        Resolution(1e-4, linear=words)
    others: list[Any] = [Resolution, words, 1e-4, lambda E: E, Nothing()]
    for one in others:
        with pytest.raises(KindError, match=r"resolution: got .*; allowed: None, or a cevnslib"):
            Detector(GE, 1.0, resolution=one)


class Nothing:
    """An object with a width only."""

    def sigma(self, E):
        return E


class Alike:
    """A readout of a reader's own, of no class of the library's, with formulas for arrays."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def sigma(self, E):
        return self.answers.get("sigma", Box()._sigma(E))

    def up_to(self, e, E):
        return self.answers.get("up_to", Box()._up_to(e, E))

    def seen_up_to(self, e, E):
        return self.answers.get("seen_up_to", Box()._seen_up_to(e, E))


class Same(Box):
    """The same below the library's class, under the public names."""

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.alike = Alike(**answers)

    def sigma(self, E):
        return self.alike.sigma(E)

    def up_to(self, e, E):
        return self.alike.up_to(e, E)

    def seen_up_to(self, e, E):
        return self.alike.seen_up_to(e, E)


TABLE = TabulatedEfficiency((1e-4, 2e-3, 2e-2), (0.1, 0.9, 0.3))


@pytest.mark.parametrize("kind", [Alike, Same])
def test_a_readout_may_be_anything_that_answers(kind: Any):
    found = shares(kind(), BINS, efficiency=TABLE)
    assert np.array_equal(found, shares(Box(), BINS, efficiency=TABLE))


@pytest.mark.parametrize("kind", [Alike, Same])
@pytest.mark.parametrize(
    ("name", "answer"),
    [
        *[("sigma", x) for x in (math.nan, -1e-3, math.inf, "wide")],
        *[("up_to", x) for x in (math.nan, -0.1, 1.1)],
        *[("seen_up_to", x) for x in (math.nan, -0.1)],
    ],
)
def test_answers_of_a_readout_are_checked(kind: Any, name: str, answer: Any):
    """Where they are used, so that no count comes of them."""
    detector = Detector(GE, 1.0, bins=BINS, efficiency=TABLE, resolution=kind(**{name: answer}))
    one = replace(experiments.load("conus"), detector=detector)
    with pytest.raises(DomainError, match=rf"{name} of .*: got .*; allowed: "):
        rates.expected_counts(one, StandardModel())


def test_a_share_may_round():
    """1 + 1e-16 is 1: a formula's rounding is not refused."""
    one: Any = Alike(up_to=1 + 1e-12)
    assert shares(one, (1e-4, 1e-3)).max() == 0


@pytest.mark.parametrize("name", READOUTS)
def test_public_methods(name):
    readout = READOUTS[name]
    e, E = np.array([[1e-4], [1e-3]]), MEANS
    assert np.array_equal(readout.up_to(e, E), readout._up_to(e, E))
    assert readout.seen_up_to(e, E).shape == (2, 5)
    with pytest.raises(DomainError, match="energy e: got -1 MeV; allowed: finite, at least 0 MeV"):
        readout.up_to(-1.0, E)
    with pytest.raises(DomainError, match="shapes: got"):
        readout.seen_up_to(np.ones(2), E)


def test_a_smooth_efficiency_without_an_end():
    """From no threshold up to any energy: the same as far above all that is asked."""
    efficiency = PhotoelectronAcceptance(0.6655, 0.4942, 10.8507, 13.348)
    endless, ended = (
        Detector(GE, 1.0, 0.0, efficiency, maximum, Lindhard(), PoissonResolution(13.348))
        for maximum in (np.inf, 0.5)
    )
    E = np.geomspace(1e-4, 5e-2, 20)
    assert endless.acceptance(E) == pytest.approx(ended.acceptance(E), rel=1e-4, abs=1e-6)
