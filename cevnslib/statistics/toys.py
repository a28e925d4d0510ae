r"""Fits that are repeated: coverage and critical values of any likelihood, by pseudo-experiments.

Each repetition has data of its own, as ``Likelihood.drawn`` draws them: nuisances and constrained
parameters from their Gaussians, then counts from their laws. It is fitted as the real data are, and
:math:`\Delta\chi^2` is -2 ln L at the truth above the least, all else profiled.
`cevnslib.statistics.coverage.study` counts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_choice, checked_kind, keep, owned
from ..errors import DomainError, quoted
from .coverage import Repeatable
from .fit import Fit, Parameter
from .likelihood import Likelihood

__all__ = ["FitEnsemble"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FitEnsemble(Repeatable):
    """A fit that can be repeated, and the parameter whose limits are asked for.

    Where all data are Gaussian, no nuisance is bounded and there is one parameter, all repetitions
    are fitted at once. Else each takes some milliseconds, or iminuit's time for other parameters:
    some thousands of repetitions are enough for a percent.

    Parameters
    ----------
    fit : Fit
        What is repeated.
    name : str
        The parameter, of no constraint of its own.
    values : array_like
        Its rising values, at least three, among which each repetition's best fit is sought, from
        boundary to boundary or from below all best fits to beyond. Between them -2 ln L is a
        parabola, so that several should lie within its error.
    others : mapping of str to float, optional
        True values of other parameters; by default, and where constrained before they are drawn,
        their starts.

    Examples
    --------
    >>> from cevnslib.statistics.counts import GaussianCounts
    >>> from cevnslib.statistics.coverage import study
    >>> data = Likelihood([GaussianCounts("two bins", [7, 4], variance=[9, 9])])
    >>> fit = Fit(data, lambda s: s * np.array([3.0, 1.0]), [Parameter("s", 1.0, at_least=0)])
    >>> toys = study(FitEnsemble(fit, "s", np.linspace(0, 10, 41)), [0.0, 2.0], 20_000)
    >>> toys.interval_coverage()[0].round(2)
    array([0.95, 0.9 ])
    """

    _chunk: ClassVar[int] = 1000

    fit: Fit
    name: str
    values: Any
    others: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be repeated."""
        fit = checked_kind("fit", self.fit, Fit)
        checked_choice("parameter", self.name, fit._starts)
        if self._parameter.sigma < np.inf:
            raise DomainError(
                f"parameter {self.name}: got a constraint of width {self._parameter.sigma:g}; "
                "allowed: none, as its truth is given (a constraint can be a data set of one bin)"
            )
        values = self._checked_truths(self.values)
        if values.ndim != 1 or len(values) < 3 or np.any(np.diff(values) <= 0):
            raise DomainError(
                f"values of {self.name}: got {quoted(self.values)}; allowed: rising numbers, at "
                "least three"
            )
        others = {name: float(x) for name, x in fit._grid(self.others, 0).items()}
        if self.name in others:
            raise DomainError(f"others: got {self.name}; allowed: the other parameters")
        keep(self, values=owned(values), others=others)

    @property
    def _parameter(self) -> Parameter:
        return next(one for one in self.fit.parameters if one.name == self.name)

    def _checked_truths(self, truths: ArrayLike) -> Floats:
        low, high = self._parameter.at_least, self._parameter.at_most
        return checked(f"values of {self.name}", truths, at_least=low, at_most=high)

    def _repetitions(
        self, truth: float, size: int, level: float, rng: np.random.Generator
    ) -> tuple[Floats, NDArray[np.bool_]]:
        likelihood = self.fit.likelihood
        if len(self.fit.parameters) > 1:
            fit = replace(self.fit, prediction=lru_cache(4096)(self.fit.prediction))
            chi2 = np.stack([self._again(fit, truth, rng) for _ in range(size)])
        else:
            predicted = np.stack(
                [self.fit._predicted({self.name: x}) for x in (truth, *self.values)]
            )
            if likelihood._model.quadratic:
                observed = likelihood._model.drawn(predicted[0], size, rng)
                chi2 = likelihood._model.covariance_form(observed, predicted)
            else:
                again = (likelihood._drawn(predicted[0], rng) for _ in range(size))
                chi2 = np.stack([one._minimum(predicted)[0] for one in again])
        rise, best = self._rise(chi2)
        allowed = chi2 - chi2[:, :1] + rise[:, np.newaxis] <= level  # the truth comes first
        above = np.append(True, self.values > truth)
        return rise, (best > truth) | np.any(allowed & above, axis=1)

    def _again(self, fit: Fit, truth: float, rng: np.random.Generator) -> Floats:
        """Return -2 ln L of a repetition at the truth and at all values."""
        point = {**fit._starts, **self.others, self.name: truth}
        for parameter in fit.parameters:
            if parameter.sigma < np.inf:
                point[parameter.name] = _drawn(parameter, rng)
        likelihood = fit.likelihood._drawn(fit._predicted(point), rng)
        return self._at(replace(fit, likelihood=likelihood), np.array([truth]))

    def _at(self, fit: Fit, truths: Floats) -> Floats:
        return fit._profile((self.name,), np.append(truths, self.values)[:, np.newaxis])

    def _rise(self, chi2: Floats) -> tuple[Floats, Floats]:
        """Return chi2 of the first column above the least of all, and where that is."""
        x, rows, grid = self.values, np.arange(len(chi2)), chi2[:, 1:]
        i = np.clip(np.argmin(grid, axis=1), 1, len(x) - 2)
        low, middle, high = (grid[rows, i + k] for k in (-1, 0, 1))
        left, right = x[i] - x[i - 1], x[i + 1] - x[i]
        with np.errstate(invalid="ignore", divide="ignore"):
            first, last = (middle - low) / left, (high - middle) / right
            bend = (last - first) / (left + right)
            slope = (first * right + last * left) / (left + right)
            step = np.where(bend > 0, np.clip(-slope / (2 * bend), -left, right), 0.0)
            vertex = middle + slope * step + bend * step**2
        places = np.stack([x[i] + step, x[i - 1], x[i], x[i + 1]], axis=1)
        heights = np.stack([vertex, low, middle, high], axis=1)
        heights = np.where(np.isnan(heights), np.inf, heights)
        lowest = np.argmin(heights, axis=1)
        return np.maximum(chi2[:, 0] - heights[rows, lowest], 0.0), places[rows, lowest]

    def _rise_of_seen(self, seen: Any, truths: Floats) -> Floats:
        likelihood = self.fit.likelihood
        if seen is not None:
            likelihood = checked_kind("seen", seen, Likelihood)
        chi2 = self._at(replace(self.fit, likelihood=likelihood), truths)
        number = len(truths)
        every = np.column_stack([chi2[:number], np.tile(chi2[number:], (number, 1))])
        return self._rise(every)[0]


def _drawn(parameter: Parameter, rng: np.random.Generator) -> float:
    """Draw a parameter from its constraint, within its boundaries."""
    low = -np.inf if parameter.at_least is None else parameter.at_least
    high = np.inf if parameter.at_most is None else parameter.at_most
    while True:
        value = float(rng.normal(parameter.start, parameter.sigma))
        if low <= value <= high:
            return value
