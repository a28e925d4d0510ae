"""Efficiencies: chances between their points, and of which energy they are functions."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib import experiments, rates
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import (
    ConstantEfficiency,
    Efficiency,
    PhotoelectronAcceptance,
    TabulatedEfficiency,
)
from cevnslib.detectors.quenching import Lindhard
from cevnslib.detectors.resolution import Resolution
from cevnslib.errors import CevnsError, DomainError, KindError
from cevnslib.physics.interactions import StandardModel
from cevnslib.physics.targets import nuclide, target

GE, GE74 = target("Ge"), nuclide("Ge74")
WEAK = StandardModel()
CONUS = experiments.load("conus")


def events(**keywords):
    detector = Detector(GE, 1.0, **{"threshold": 2e-4, **keywords})
    return rates.expected_counts(replace(CONUS, detector=detector), WEAK)


POINTS = st.lists(st.integers(0, 300), min_size=2, max_size=8).map(sorted)


@given(points=POINTS, data=st.data())
def test_a_table_is_straight_between_its_points(points, data):
    """Also with steps and with repeated zeros: each piece as it would be alone, 0 outside."""
    once = all(points.count(x) <= 2 for x in points) and points[0] < points[-1]
    values = data.draw(
        st.lists(st.sampled_from([0.0, 0.2, 0.7, 1.0]), min_size=len(points), max_size=len(points))
    )
    energies = tuple(x * 1e-5 for x in points)
    if not once:
        with pytest.raises(DomainError, match="energies of the efficiency: got"):
            TabulatedEfficiency(energies, tuple(values))
        return
    table = TabulatedEfficiency(energies, tuple(values))
    for (a, b), (y, z) in zip(
        pairwise(energies),
        pairwise(values),
        strict=True,
    ):
        if a < b:
            inside = a + np.array([0.25, 0.5, 0.75]) * (b - a)
            assert table(inside) == pytest.approx(y + np.array([0.25, 0.5, 0.75]) * (z - y))
    outside = table([energies[0] - 1e-6, energies[-1] + 1e-6])
    assert np.array_equal(outside, [0, 0])
    # What is not 0 lies between the first and the last breakpoint.
    x = np.linspace(-1e-4, 3.2e-3, 701)
    seen = x[table(x) > 0]
    if seen.size:
        assert table.breakpoints[0] <= seen[0] <= seen[-1] <= table.breakpoints[-1]


def test_which_energy_it_is_a_function_of():
    """The same curve of the recoil and of what is measured of it counts the same, if sharp."""
    quenching = Lindhard(0.16)
    recoils = np.array([1.1e-3, 1.5e-3, 4e-3])
    seen = quenching.electron_equivalent(recoils, GE74)
    of_recoil = TabulatedEfficiency(tuple(recoils), (0.5, 0.5, 0.5), "nuclear-recoil")
    measured = TabulatedEfficiency(tuple(seen), (0.5, 0.5, 0.5))
    first, second = (
        Detector(target("Ge74"), 1.0, efficiency=one, quenching=quenching, electrons="left out")
        for one in (of_recoil, measured)
    )
    T = np.geomspace(5e-4, 5e-3, 60)
    assert np.array_equal(first.weight(T, GE74), second.weight(T, GE74))
    counts = [rates.expected_counts(replace(CONUS, detector=x), WEAK) for x in (first, second)]
    assert counts[0] == pytest.approx(counts[1], rel=1e-12)
    # Smeared, only the second is asked after the resolution.
    wide = Resolution(5e-5)
    low = np.array([0.9e-3])  # below the curve of the recoil
    assert replace(first, resolution=wide).weight(low, GE74) == 0
    assert replace(second, resolution=wide).weight(low, GE74) > 0


def test_an_acceptance_with_an_offset_starts_where_it_is_zero():
    """a/(1 + exp(-k (x - c))) + d with d < 0: its root is a breakpoint, and below it is 0."""
    one = PhotoelectronAcceptance(1.32, 0.286, 10.9, 13.35, half=0, full=0, last=60, offset=-0.33)
    root = 10.9 - math.log(1.32 / 0.33 - 1) / 0.286
    assert one.breakpoints[0] * 13350 == pytest.approx(root, rel=1e-12)
    x = np.array([root - 0.01, root + 0.01, 30.0, 60.0, 60.1])
    expected = 1.32 / (1 + np.exp(-0.286 * (x - 10.9))) - 0.33
    expected[[0, -1]] = 0
    assert one(x / 13350) == pytest.approx(expected, abs=1e-12)
    up = replace(one, amplitude=0.5, offset=0.3)
    assert up(x / 13350)[0] == pytest.approx(0.3 + 0.5 / (1 + math.exp(-0.286 * (x[0] - 10.9))))


class Window(Efficiency):
    """A reader's own, below the library's class, under the public name."""

    axis = "measured"
    breakpoints = (4e-4, 8e-4)

    def __call__(self, E):
        return np.where((E >= 4e-4) & (E <= 8e-4), 0.5, 0.0)


class Same:
    """The same, of no class of the library's."""

    axis = "nuclear-recoil"
    breakpoints = (4e-4, 8e-4)

    def __call__(self, E):
        return np.where((E >= 4e-4) & (E <= 8e-4), 0.5, 0.0)


@pytest.mark.parametrize("resolution", [None, Resolution(5e-5)])
def test_an_efficiency_of_ones_own(resolution):
    table = TabulatedEfficiency((4e-4, 8e-4), (0.5, 0.5))
    same: Any = Same()
    window: Any = Window
    assert events(efficiency=window(), resolution=resolution) == pytest.approx(
        events(efficiency=table, resolution=resolution), rel=1e-12
    )
    assert events(efficiency=same, resolution=resolution) == pytest.approx(
        events(efficiency=replace(table, axis="nuclear-recoil"), resolution=resolution), rel=1e-12
    )


@pytest.mark.parametrize("chance", [math.nan, -0.1, 1.1, math.inf])
@pytest.mark.parametrize("resolution", [None, Resolution(5e-5)])
def test_answers_are_checked(chance, resolution):
    class Below(Window):
        def _call(self, E):
            return np.full(np.shape(E), chance)

    class Beside:
        breakpoints = (4e-4, 8e-4)

        def __call__(self, E):
            return np.full(np.shape(E), chance)

    beside: Any = Beside()
    for one in (Below(), beside):
        with pytest.raises(DomainError, match=r"efficiency: got .*; allowed: finite, at least 0"):
            events(efficiency=one, resolution=resolution)


@pytest.mark.parametrize(
    "breakpoints", [(), (1e-3,), (8e-4, 4e-4), (math.nan, 1e-3), ("a", "b"), 3, None, (1e-3, 1e-3)]
)
def test_breakpoints_are_checked(breakpoints: Any):
    """At the door, as panels end there: a wrong order would lose counts unseen."""
    below: Any = type("Below", (Window,), {"breakpoints": breakpoints})
    beside: Any = type("Beside", (Same,), {"breakpoints": breakpoints})
    for kind in (below, beside):
        with pytest.raises(DomainError, match=r"breakpoints of the efficiency: got .*; allowed: "):
            Detector(GE, 1.0, efficiency=kind())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ConstantEfficiency(math.nan), "efficiency: got nan"),
        (lambda: TabulatedEfficiency((1.0,), (0.1,)), "efficiency: got"),
        (lambda: TabulatedEfficiency((2.0, 1.0), (0.1, 0.1)), "energies of the efficiency: got"),
        (
            lambda: TabulatedEfficiency((1.0, 1.0, 1.0), (0.1, 0.2, 0.3)),
            "energies of the efficiency: got",
        ),
        (lambda: TabulatedEfficiency((1.0, 2.0), (0.1, 1.1)), "efficiency: got"),
        (lambda: TabulatedEfficiency((1.0, 2.0), (0.1, 0.2, 0.3)), "efficiency: got"),
        (lambda: TabulatedEfficiency((1.0, 2.0), (0.1, 0.2), "keVee"), "unknown axis 'keVee'"),
        (lambda: Detector(GE, 1.0, efficiency=Elsewhere()), "unknown axis 'keVee'"),  # type: ignore[arg-type]
        (
            lambda: PhotoelectronAcceptance(0.8, 0.5, 10, 1.17, offset=0.3),
            "amplitude and offset together: got 1.1",
        ),
        (
            lambda: PhotoelectronAcceptance(0.3, 0.5, 10, 1.17, offset=-0.4),
            "amplitude and offset together: got -0.1",
        ),
        (
            lambda: Detector(
                GE,
                1.0,
                efficiency=TabulatedEfficiency((1e-3, 2e-3), (1, 1), "nuclear-recoil"),
                quenching=Lindhard(),
            ),
            "electrons: got 'shells' with an efficiency of the nuclear-recoil energy",
        ),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(CevnsError) as refused:
        make()
    assert str(refused.value).startswith(words)


class Elsewhere(Same):
    axis = "keVee"


def test_what_is_no_efficiency():
    others: list[Any] = [0.5, None, ConstantEfficiency, lambda E: E, "half", Same]
    for one in others:
        with pytest.raises(KindError, match=r"efficiency: got .*; allowed: a cevnslib"):
            Detector(GE, 1.0, efficiency=one)
