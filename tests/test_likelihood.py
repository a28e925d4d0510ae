"""The likelihood against closed forms, the conditions of a minimum, and plain minimisation."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar, nnls
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm, poisson

from cevnslib.errors import BadFitWarning, DomainError, FitError, KindError
from cevnslib.statistics.chi2 import BinnedChi2, CountChi2
from cevnslib.statistics.counts import (
    Counts,
    GaussianCounts,
    OnOffCounts,
    PoissonCounts,
)
from cevnslib.statistics.goodness import goodness_of_fit
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance, Template

#: Of a few roundings in sums of some hundred terms.
ROUNDING = 1e-12
#: What the last barrier leaves where a mean or a nuisance is at its boundary, 1e-10 for each.
BARRIER = 1e-8


def covariance_form(residual, V, columns, sigmas):
    """r^T (V + sum s^2 t t^T)^-1 r, by numpy's solver."""
    C = np.diag(V) + sum(s**2 * np.outer(t, t) for s, t in zip(sigmas, columns, strict=True))
    return residual @ np.linalg.solve(C, residual)


def test_the_chi2_of_counts_are_special_cases():
    """Two thousand random cases, one bin and several."""
    rng = np.random.default_rng(1)
    for case in range(2000):
        bins = 1 if case % 2 else int(rng.integers(2, 8))
        D, V, B = rng.uniform(-50, 150, bins), rng.uniform(1, 300, bins), rng.uniform(0, 40, bins)
        N = rng.uniform(0, 200, (3, bins))
        sigma_a, sigma_b = rng.uniform(0, 0.6, 2) * rng.integers(0, 2, 2)
        a, b = Nuisance("signal", sigma_a), Nuisance("background", sigma_b)
        background = Template("background", B, {b: 1})
        data = GaussianCounts("mine", D, [background], {a: 1}, variance=V)
        value, x = Likelihood([data]).minimum(N)
        closed = BinnedChi2(D, V, B, sigma_a, sigma_b)(N)
        # The closed form of BinnedChi2 subtracts a gain from the sum of squares.
        scale = ROUNDING * np.sum((D - N - B) ** 2 / V, axis=-1)
        assert np.all(np.abs(value - closed) <= scale + ROUNDING * closed)
        if bins == 1:
            count = CountChi2(D[0], V[0], B[0], sigma_a, sigma_b)
            assert value == pytest.approx(count(N[:, 0]), rel=ROUNDING)
            pulls = np.stack([x["signal"], x["background"]])
            assert pulls == pytest.approx(count.nuisances(N[:, 0]), rel=1e-10, abs=1e-13)


def test_many_nuisances_are_the_covariance_form():
    rng = np.random.default_rng(2)
    for _ in range(200):
        bins, number = int(rng.integers(1, 30)), int(rng.integers(1, 8))
        D, V, N = rng.normal(0, 30, bins), rng.uniform(1, 50, bins), rng.uniform(0, 50, bins)
        sigmas = 10 ** rng.uniform(-3, 2, number)
        columns = rng.normal(0, 5, (number, bins))
        relative = rng.normal(0, 0.3, bins)
        nuisances = [Nuisance(f"x{k}", s) for k, s in enumerate(sigmas)]
        shapes = dict(zip(nuisances, columns, strict=True))
        template = Template("shapes", np.zeros(bins), {key: t.copy() for key, t in shapes.items()})
        data = GaussianCounts("mine", D, [template], {nuisances[0]: relative}, variance=V)
        columns[0] += relative * N
        expected = covariance_form(D - N, V, columns, sigmas)
        # numpy's solver has lost as many digits as the covariance's condition number has.
        assert Likelihood([data])(N) == pytest.approx(expected, rel=1e-8)


def test_free_nuisances_remove_their_directions():
    """Generalised least squares: what is left is orthogonal to the free templates."""
    rng = np.random.default_rng(3)
    bins = 12
    D, V, N = rng.normal(0, 30, bins), rng.uniform(1, 50, bins), rng.uniform(0, 50, bins)
    shapes = rng.normal(0, 5, (2, bins))
    for columns in (shapes, [shapes[0], 3 * shapes[0]], [shapes[0], 0 * shapes[0]]):
        free = {Nuisance(f"x{k}", math.inf): t for k, t in enumerate(columns)}
        data = GaussianCounts("x", D, [Template("t", np.zeros(bins), free)], variance=V)
        weighted = np.array(columns).T / np.sqrt(V)[:, None]
        residual = (D - N) / np.sqrt(V)
        left = residual - weighted @ np.linalg.pinv(weighted) @ residual
        assert Likelihood([data])(N) == pytest.approx(left @ left, rel=1e-11)
        wide = {Nuisance(f"x{k}", 1e6): t for k, t in enumerate(columns)}
        data = GaussianCounts("x", D, [Template("t", np.zeros(bins), wide)], variance=V)
        assert Likelihood([data])(N) == pytest.approx(left @ left, rel=1e-9)


def random_poisson(rng):
    bins = int(rng.integers(1, 6))
    a, c = Nuisance("a", float(rng.choice([0.1, 1.0]))), Nuisance("c", 1.0)
    b = Nuisance("b", float(rng.choice([0.3, math.inf])), rng.choice([None, -1.0]))
    B = rng.uniform(0, 5, bins) * (rng.random(bins) < 0.8)
    shift = rng.normal(size=bins) * rng.choice([0.3, 2.0]) * B.mean()
    seen = rng.poisson(rng.uniform(0, 3, bins))
    data = PoissonCounts("p", seen, [Template("B", B, {b: 1, c: shift})], {a: 1})
    return data, rng.uniform(0, 5, bins), (a, b, c), np.array([0 * B, B, shift])


def test_poisson_minima_meet_the_conditions_of_a_minimum():
    """Karush, Kuhn and Tucker: the slope is borne by boundaries alone, with the right sign.

    The problem is convex, so that these conditions are enough.
    """
    rng = np.random.default_rng(5)
    at_boundary = 0
    for _ in range(300):
        data, N, nuisances, shifts = random_poisson(rng)
        _, x = Likelihood([data]).minimum(N)
        place = np.array([x[one.name] for one in nuisances])
        columns = shifts + np.outer([1, 0, 0], N)
        n, mean = data.observed, N + data.templates[0].counts + place @ columns
        assert np.all(mean > -1e-9)
        least = [-1.0 if one.at_least is not None else -math.inf for one in nuisances]
        assert np.all(place >= least)
        slope = 2 * (1 - np.where(n > 0, n / np.where(n > 0, mean, 1), 0)) @ columns.T
        slope += [2 * z / one.sigma**2 for z, one in zip(place, nuisances, strict=True)]
        borne = [columns[:, j] for j in range(len(n)) if n[j] == 0 and mean[j] < 1e-6]
        borne += [np.eye(3)[k] for k in range(3) if place[k] - least[k] < 1e-6]
        at_boundary += bool(borne)
        left = nnls(np.array(borne).T, slope)[1] if borne else np.linalg.norm(slope)
        # Multipliers of size 1 at barriers of 1e-10 leave slopes of 1e-5 at the very most.
        assert left < 1e-6 * (1 + np.abs(columns).max())
    assert at_boundary > 60


def two_ln_l(n, mean):
    """By scipy's probabilities, with respect to a model that predicts each count."""
    return 2 * np.sum(poisson.logpmf(n, np.maximum(n, 1e-300)) - poisson.logpmf(n, mean))


def test_poisson_against_plain_minimisation():
    """A background and a flux, shared by two data sets, by scipy's BFGS on its own formulas."""
    flux, background = Nuisance("flux", 0.1), Nuisance("background", 0.3)
    first = PoissonCounts("a", [7, 0, 12], [Template("B", [3, 1, 9], {background: 1})], {flux: 1})
    second = PoissonCounts("b", [40], [Template("B", [20], {background: 0.5})], {flux: 2})
    both = Likelihood([first, second])
    rng = np.random.default_rng(6)
    for _ in range(20):
        s, t = rng.uniform(0, 8, 3), rng.uniform(0, 30)

        def value(x, s=s, t=t):
            pulls = (x[0] / 0.1) ** 2 + (x[1] / 0.3) ** 2
            one = s * (1 + x[0]) + np.array([3, 1, 9]) * (1 + x[1])
            other = t * (1 + 2 * x[0]) + 20 * (1 + 0.5 * x[1])
            return two_ln_l([7, 0, 12], one) + two_ln_l(40, other) + pulls

        plain = minimize(value, [0, 0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 0})
        found, x = both.minimum({"a": s, "b": [t]})
        assert found == pytest.approx(plain.fun, abs=1e-9)  # gammaln keeps that many digits
        assert [x["flux"], x["background"]] == pytest.approx(plain.x, abs=1e-6)


def test_on_off_is_the_minimum_over_the_background():
    rng = np.random.default_rng(7)
    for _ in range(200):
        on, off, a = int(rng.poisson(2)), int(rng.poisson(3)), float(rng.uniform(0.1, 4))
        N = rng.uniform(0.01, 6)
        data = OnOffCounts("x", on, off=off, ratio=a)

        def value(log_b, on=on, off=off, a=a, N=N):
            means = N + a * math.exp(log_b), math.exp(log_b)
            pairs = zip((on, off), means, strict=True)
            return sum(2 * (m - n + (n * math.log(n / m) if n else 0)) for n, m in pairs)

        plain = min(
            (minimize_scalar(value, bounds=b, method="bounded") for b in ((-40, 0), (-3, 6))),
            key=lambda one: one.fun,
        )
        assert Likelihood([data])(N) == pytest.approx(plain.fun, abs=1e-8)


def test_on_off_with_nuisances_is_a_template_with_free_bins():
    """The counts without the source as a second data set, each bin's mean a nuisance."""
    on, off, a = [5, 0, 9], [12, 1, 7], 0.4
    flux = Nuisance("flux", 0.2)
    closed = Likelihood([OnOffCounts("on", on, (), {flux: 1}, off=off, ratio=a)])
    start = [6.0, 1.0, 7.0]
    free = [Nuisance(f"b{j}", math.inf, -1) for j in range(3)]
    shape = {b: start[j] * np.eye(3)[j] for j, b in enumerate(free)}
    inside = {b: a * t for b, t in shape.items()}
    with_source = PoissonCounts("on", on, [Template("b", a * np.array(start), inside)], {flux: 1})
    both = Likelihood([with_source, PoissonCounts("off", off, [Template("b", start, shape)])])
    N = np.array([[1.0, 1.0, 2.0], [4.0, 2.0, 20.0], [0.0, 0.0, 0.0]])
    value, x = closed.minimum(N)
    other, y = both.minimum({"on": N, "off": np.zeros((3, 3))})
    assert value == pytest.approx(other, abs=BARRIER)
    assert x["flux"] == pytest.approx(y["flux"], abs=1e-6)
    counted = GaussianCounts.on_off("on", on, off, a)
    assert counted.variance == pytest.approx([5 + 0.16 * 12, 0.16, 9 + 0.16 * 7])


def test_many_counts_are_gaussian():
    """With n counts the two differ by terms of relative size 1/sqrt(n)."""
    flux, norm_ = Nuisance("flux", 0.02), Nuisance("norm", 0.01)
    n, N, B = 1e8 + np.array([0.0, 2e4]), np.array([5e7, 5.001e7]), np.array([5e7, 5e7])
    templates, variations = [Template("B", B, {norm_: 1})], {flux: 1}
    few = Likelihood([PoissonCounts("x", n, templates, variations)])
    many = Likelihood([GaussianCounts("x", n, templates, variations, variance=n)])
    assert few(N) == pytest.approx(many(N), rel=10 / np.sqrt(1e8))


DATA: list[Counts] = [
    PoissonCounts("x", [3, 0, 8, 2], [Template("B", [1, 1, 4, 2])], {Nuisance("flux", 0.3): 1}),
    GaussianCounts("x", [3, -2, 8, 2], (), {Nuisance("flux", 0.3): 1}, variance=[3, 1, 4, 2]),
    OnOffCounts("x", [3, 0, 8, 2], (), {Nuisance("flux", 0.3): 1}, off=[2, 1, 0, 4], ratio=0.5),
]
N4 = np.array([2.0, 1.0, 3.0, 0.5])


def part_of(data, which, name="x"):
    """Return some bins of a data set, in some order."""
    which = list(which)
    fields = {key: value for key, value in vars(data).items() if key in ("variance", "off")}
    fields = {key: value[which] for key, value in fields.items()}
    if isinstance(data, OnOffCounts):
        fields["ratio"] = data.ratio
    templates = [Template(one.name, one.counts[which]) for one in data.templates]
    return type(data)(name, data.observed[which], templates, data.variations, **fields)


@pytest.mark.parametrize("data", DATA)
def test_the_order_of_bins_is_irrelevant(data):
    order = [2, 0, 3, 1]
    turned = Likelihood([part_of(data, order)])
    assert turned(N4[order]) == pytest.approx(float(Likelihood([data])(N4)), rel=ROUNDING)


@pytest.mark.parametrize("data", DATA)
def test_two_halves_are_the_whole(data):
    """The nuisance is shared, as its name is the same."""
    halves = Likelihood([part_of(data, [0, 1], "a"), part_of(data, [2, 3], "b")])
    whole = float(Likelihood([data])(N4))
    assert halves({"b": N4[2:], "a": N4[:2]}) == pytest.approx(whole, rel=ROUNDING)
    apart = sum(float(Likelihood([part_of(data, i)])(N4[i])) for i in ([0, 1], [2, 3]))
    assert apart < whole


@pytest.mark.parametrize("data", DATA)
def test_a_nuisance_without_an_error_is_fixed(data):
    def with_sigma(sigma):
        changed = part_of(data, range(4))
        fields = {**vars(changed), "variations": {Nuisance("flux", sigma): 1}}
        return float(Likelihood([type(data)(**fields)])(N4))

    fixed = with_sigma(0)
    assert with_sigma(1e-9) == pytest.approx(fixed, rel=1e-12)
    assert with_sigma(1e-3) < fixed
    costs = data._cost(N4 + data._fixed())[0]
    assert fixed == pytest.approx(costs.sum(), rel=ROUNDING)


def test_an_amplitude_is_kept_at_or_above_zero():
    """A background whose shape alone is known, where fewer were seen than the signal brings."""
    amplitude = Nuisance("amplitude", math.inf, at_least=0)
    shape = Template("B", [0, 0, 0], {amplitude: [1.0, 2.0, 1.0]})
    for seen, N in (([1, 0, 2], [3.0, 3.0, 3.0]), ([4, 9, 3], [1.0, 1.0, 1.0])):
        data = PoissonCounts("x", seen, [shape])
        value, x = Likelihood([data]).minimum(N)

        def slope(size, seen=seen, N=N):
            mean = np.array(N) + size * np.array([1.0, 2.0, 1.0])
            return float(np.sum([1, 2, 1] * (1 - np.array(seen) / mean)))

        best = brentq(slope, 0, 50) if slope(0) < 0 else 0.0
        assert x["amplitude"] == pytest.approx(best, abs=1e-8)
        mean = np.array(N) + best * np.array([1.0, 2.0, 1.0])
        assert value == pytest.approx(two_ln_l(seen, mean), abs=BARRIER)


def test_where_nothing_can_be_expected():
    """An empty bin asks for nothing; a count where no event is possible is impossible."""
    free = Likelihood([PoissonCounts("x", [0, 3], (), {Nuisance("flux", 0.1): 1})])
    assert free([[0.0, 3.0], [0.0, 0.0], [1.0, 3.0]]).round(3).tolist() == [0.0, math.inf, 1.99]
    rising = Template("B", [0.0, 0.0], {Nuisance("shape", 1.0): [1.0, -1.0]})
    with pytest.raises(FitError, match=r"got no events in bins \[0, 1\].*allowed: templates"):
        Likelihood([PoissonCounts("x", [1, 1], [rising])])([0.0, 0.0])


def test_a_published_limit():
    """chi2 rises at the limit by the value of its level, from the centre."""
    for level, z in ((0.90, norm.ppf(0.95)), (0.95, norm.ppf(0.975))):
        data = GaussianCounts.published_limit("theirs", 3.0, level, centre=1.0)
        assert np.sqrt(data.variance) == pytest.approx(2.0 / z, rel=1e-12)
        assert Likelihood([data])([[1.0], [3.0]]) == pytest.approx([0, z**2])


def test_goodness_of_fit():
    fit = goodness_of_fit(12.0, bins=9, fitted=2)
    assert (fit.degrees_of_freedom, fit.bad) == (7, False)
    assert fit.p == pytest.approx(chi2_distribution.sf(12.0, 7), rel=1e-12)
    assert goodness_of_fit(220.0, bins=1, fitted=1).degrees_of_freedom == 1
    with pytest.warns(BadFitWarning, match=r"chi2 = 220.4 for 1 degrees of freedom \(p = 7e-50\)"):
        goodness_of_fit(220.4, bins=1).warn()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit.warn()
    free = Nuisance("b", math.inf, -1)
    data = PoissonCounts("x", [5, 9, 2], [Template("B", [1, 1, 1], {free: 1})])
    inside = Likelihood([data]).goodness_of_fit([1.0, 1.0, 1.0])
    outside = Likelihood([data]).goodness_of_fit([30.0, 30.0, 30.0])
    assert (inside.degrees_of_freedom, outside.degrees_of_freedom) == (2, 3)
    assert outside.bad


def test_p_values_are_uniform():
    """Of many data sets drawn from the model; 1.63 is Kolmogorov's bound at 1%."""
    rng = np.random.default_rng(11)
    flux = Nuisance("flux", 0.1)
    mean = np.array([400.0, 300.0, 500.0, 900.0])
    number, p = 1000, []
    for _ in range(number):
        seen = rng.poisson(mean * (1 + 0.1 * rng.normal()))
        one = Likelihood([PoissonCounts("x", seen, (), {flux: 1})]).goodness_of_fit(mean)
        assert one.degrees_of_freedom == 4
        p.append(one.p)
    steps = (np.arange(number) + 0.5) / number
    assert np.abs(np.sort(p) - steps).max() < 1.63 / np.sqrt(number)


@pytest.mark.parametrize("mean", [0.05, 1.5, 6.0])
def test_p_values_of_few_events(mean):
    """Of a thousand bins: good fits are not called bad, and a shift of a half is seen."""
    rng = np.random.default_rng(12)
    number, bins = 200, 1000
    p, shifted = [], []
    for _ in range(number):
        one = Likelihood([PoissonCounts("x", rng.poisson(mean, bins))])
        p.append(one.goodness_of_fit(np.full(bins, mean)).p)
        shifted.append(one.goodness_of_fit(np.full(bins, 1.5 * mean)).p)
    steps = (np.arange(number) + 0.5) / number
    assert np.abs(np.sort(p) - steps).max() < 1.63 / np.sqrt(number)
    if mean > 1:  # rare events tell their number only through the means
        assert np.median(shifted) < 0.1


def test_the_moments_of_poisson_costs():
    """By a million draws, to five of their errors."""
    rng = np.random.default_rng(13)
    for mean in (0.02, 0.7, 1.5, 4.0, 30.0, 400.0):
        drawn = PoissonCounts("x", rng.poisson(mean, 1_000_000))
        costs = drawn._cost(np.full(1_000_000, mean))[0]
        first, second = PoissonCounts("x", [1.0])._spread(np.array([mean]))
        assert costs.mean() == pytest.approx(first[0], abs=5 * costs.std() / 1e3 + 4e-3)
        spread = 5 * np.sqrt(np.mean((costs - costs.mean()) ** 4)) / 1e3
        assert costs.var() == pytest.approx(second[0], abs=spread + 0.02)


def test_what_is_drawn():
    """Means and variances of counts, with those of the nuisances, to five of their errors."""
    flux, free = Nuisance("flux", 0.2, -1), Nuisance("free", math.inf)
    data: list[Counts] = [
        PoissonCounts("few", [50], [Template("B", [5], {free: 1})], {flux: 1}),
        GaussianCounts("many", -3.0, (), {flux: 1}, variance=4.0),
        OnOffCounts("on", 30, off=40, ratio=0.5),
    ]
    both = Likelihood(data)
    prediction = {"few": 40.0, "many": 10.0, "on": 10.0}
    rng = np.random.default_rng(14)
    drawn = [both.drawn(prediction, rng).data for _ in range(4000)]
    seen = np.array([[float(one.observed[0]) for one in sets] for sets in drawn])
    _, x = both.minimum(prediction)
    level = 5 * (1 + float(x["free"]))
    background = 20.0  # 30 and 40 are seen where 10 + 20 and 40 are expected
    means = [40 + level, 10.0, 10 + background]
    variances = [40 + level + 8.0**2, 4 + 2.0**2, 10 + background]
    assert seen.mean(axis=0) == pytest.approx(means, abs=5 * np.sqrt(max(variances) / 4000))
    assert seen.var(axis=0) == pytest.approx(variances, rel=5 * np.sqrt(3 / 4000))
    together = np.corrcoef(seen.T)
    assert together[0, 1] == pytest.approx(8 * 2 / np.sqrt(variances[0] * variances[1]), abs=0.07)
    assert abs(together[0, 2]) < 0.07


def test_intervals_cover():
    """Of 60 events in ten bins, with a shared error: 90% of experiments are below 2.71."""
    flux = Nuisance("flux", 0.15)
    shape = np.linspace(2.0, 10.0, 10)
    data = PoissonCounts("x", shape, [Template("B", np.full(10, 3.0))], {flux: 1})
    rng = np.random.default_rng(15)
    factors = np.linspace(0, 3, 301)[:, np.newaxis]
    number, inside = 400, 0
    for _ in range(number):
        value = Likelihood([data]).drawn(shape, rng)(factors * shape)
        inside += value[100] - value.min() <= chi2_distribution.ppf(0.90, 1)
    assert inside / number == pytest.approx(0.90, abs=4.5 * np.sqrt(0.09 / number))


X: Any = "x"
FLUX = Nuisance("flux", 0.1)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Nuisance("", 0.1), DomainError, "name of the nuisance: got ''; allowed"),
        (lambda: Nuisance("flux", -0.1), DomainError, "sigma of flux: got -0.1; allowed"),
        (lambda: Nuisance("flux", math.nan), DomainError, "sigma of flux: got nan"),
        (lambda: Nuisance("flux", 0.1, 0.5), DomainError, "least flux: got 0.5.*at most 0"),
        (lambda: Template("B", [1.0, math.nan]), DomainError, "counts of B: got nan at index 1"),
        (lambda: Template("B", np.ones((2, 2))), DomainError, r"counts of B: got the shape \(2, 2"),
        (lambda: Template("B", [1], {X: 1}), KindError, "a key in the variations of B: got 'x'"),
        (lambda: Template("B", [1], X), KindError, "variations of B: got 'x'; allowed: a mapping"),
        (
            lambda: Template("B", [1.0, 2.0], {FLUX: [1.0, 2.0, 3.0]}),
            DomainError,
            r"variation of B with flux: got the shape \(3,\); allowed: one number, or one for each",
        ),
        (
            lambda: PoissonCounts("x", [1, 2], [Template("B", [1, 2, 3])]),
            DomainError,
            "template B of x: got 3 bins; allowed: 2, as many as were observed",
        ),
        (lambda: PoissonCounts("x", [1, -2]), DomainError, "x, observed: got -2 at index 1"),
        (lambda: PoissonCounts("x", [1], [Template("B", [-1])]), DomainError, "B of x: got -1"),
        (lambda: PoissonCounts("x", [1], [X]), KindError, "a template of x: got 'x'"),
        (
            lambda: PoissonCounts(
                "x", [1], [Template("B", [1], {Nuisance("flux", 0.2): 1})], {FLUX: 1}
            ),
            DomainError,
            "nuisance flux: got .*sigma=0.1.* and .*sigma=0.2.*; allowed: one meaning",
        ),
        (lambda: GaussianCounts("x", [1], variance=[0]), DomainError, "variance of x: got 0 at"),
        (lambda: GaussianCounts("x", [1, 2], variance=[1]), DomainError, "each of 2 bins"),
        (lambda: GaussianCounts.on_off("x", 0, 0, 1), DomainError, "variance of x: got 0"),
        (lambda: GaussianCounts.on_off("x", 1, [1, 2], 1), DomainError, "got 1 bins on and 2 off"),
        (lambda: OnOffCounts("x", 1, off=1, ratio=0), DomainError, "x, ratio of on to off: got 0"),
        (
            lambda: GaussianCounts.published_limit("x", 1.0, centre=2.0),
            DomainError,
            "limit less its centre: got -1; allowed: finite, above 0",
        ),
        (lambda: Likelihood([]), DomainError, "data: got none; allowed: at least one"),
        (lambda: Likelihood([DATA[0], DATA[0]]), DomainError, "data: got the names .*each name"),
        (
            lambda: Likelihood(
                [DATA[0], PoissonCounts("y", 1, variations={Nuisance("flux", 0.2): 1})]
            ),
            DomainError,
            "nuisance flux: got .*sigma=0.3.*sigma=0.2",
        ),
        (lambda: Likelihood([DATA[0]])([1.0, 2.0]), DomainError, r"for x: got the shape \(2,\)"),
        (lambda: Likelihood([DATA[0]])(-N4), DomainError, "prediction for x: got -2 at index 0"),
        (lambda: Likelihood([DATA[0]])(N4 * math.nan), DomainError, "prediction for x: got nan"),
        (lambda: Likelihood([DATA[0]])({"y": N4}), DomainError, r"got \['y'\]; allowed: one each"),
        (
            lambda: Likelihood([DATA[0], PoissonCounts("y", 1)])(N4),
            DomainError,
            "prediction: got one array; allowed: one each for x, y",
        ),
        (
            lambda: Likelihood([DATA[0], PoissonCounts("y", 1)])(
                {"x": np.ones((2, 4)), "y": np.ones((3, 1))}
            ),
            DomainError,
            "prediction: got the shapes .*allowed: shapes that broadcast",
        ),
        (
            lambda: Likelihood([DATA[0]]).goodness_of_fit(np.ones((2, 4))),
            DomainError,
            "predictions: got 2; allowed: one",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_prediction_far_beyond_what_was_seen():
    """A nuisance of 10% can take away all but 1e4 of 2.8e16 events, for a chi2 of 100."""
    data = PoissonCounts("far", [1e4], variations={Nuisance("norm", 0.1): 1})
    for events in (1e8, 1e12, 2.8e16):
        # A mean of n + d for x = (n + d)/events - 1, where chi2 = 100 x^2 + d^2/n is least for
        # d = 100 n/events: all but nothing. The mean has the last digit of the events, some times.
        expected = 100 * (1 - 1e4 / events) ** 2
        digits = (4 * np.spacing(events)) ** 2 / 1e4
        found = Likelihood([data])({"far": [events]})
        assert found == pytest.approx(expected, abs=1e-6 + digits)


@pytest.mark.parametrize("signal", [1e3, 1e5, 1e7, 1e9])
def test_nothing_counted_where_much_is_expected(signal):
    """The minimum lies where the mean is 0, next to a signal whose rounding is far above 1e-10.

    There (x^2 + b^2)/0.1^2 is least with signal x + 1000 b = -(signal + 1000): by hand.
    """
    flux, background = Nuisance("flux", 0.1), Nuisance("background", 0.1, -1.0)
    data = PoissonCounts("x", [0], [Template("B", [1000], {background: 1})], {flux: 1})
    value, x = Likelihood([data]).minimum([signal])
    whole, norm2 = signal + 1000, signal**2 + 1000**2
    assert value == pytest.approx(whole**2 / norm2 / 0.1**2, rel=1e-5)
    assert x["flux"] == pytest.approx(-signal * whole / norm2, rel=1e-5)
