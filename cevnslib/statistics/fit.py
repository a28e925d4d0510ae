"""Fits of any prediction to any data: best fit, profile, scan, intervals, limits and regions.

A prediction is a function from named parameters to counts in bins. Nuisances in which the counts
are linear belong to the data sets and are minimised over in `cevnslib.statistics.likelihood`, for
all points of a scan at once; other parameters, among them nuisances that are not linear, are
minimised over by iminuit at each point.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_choice, checked_kind, checked_number, checked_tuple, keep
from ..errors import ConfigurationError, DomainError, FitError, NoLimitError, quoted
from .chi2 import delta_chi2
from .goodness import Goodness
from .likelihood import Likelihood
from .searches import lowest, root, turning_points

__all__ = ["BestFit", "Fit", "Parameter", "Scan"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a prediction.

    Parameters
    ----------
    name : str
        The name of the prediction's argument.
    start : float
        Where a fit starts; with a finite ``sigma`` also the centre of its constraint.
    at_least, at_most : float, optional
        Its boundaries, such as 0 for a squared coupling.
    sigma : float, optional
        The width of a Gaussian constraint; infinite, the default, for none.
    step : float, optional
        A first step for the fit, above 0; by default sigma, or a tenth of the start, or 0.1.

    Examples
    --------
    >>> Parameter("k", 0.157, at_least=0.1, sigma=0.03).sigma
    0.03
    """

    name: str
    start: float
    at_least: float | None = None
    at_most: float | None = None
    sigma: float = np.inf
    step: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no parameter."""
        if not checked_kind("name of the parameter", self.name, str).isidentifier():
            raise DomainError(
                f"name of the parameter: got {self.name!r}; allowed: a name in Python"
            )
        for bound in ("at_least", "at_most", "step"):
            value = getattr(self, bound)
            if value is not None:
                least = 0 if bound == "step" else None
                label = f"{bound} of {self.name}"
                keep(self, **{bound: checked_number(label, value, above=least)})
        low, high = self.at_least, self.at_most
        if low is not None and high is not None and not low < high:
            raise DomainError(
                f"boundaries of {self.name}: got {low:g} and {high:g}; allowed: rising"
            )
        start = checked_number(f"start of {self.name}", self.start, at_least=low, at_most=high)
        sigma = checked_number(f"sigma of {self.name}", self.sigma, above=0, at_most=np.inf)
        keep(self, start=start, sigma=sigma)

    def _at_boundary(self, value: float) -> bool:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        near = 1e-6 * max(abs(self.start), self.step or 0.0, *map(abs, bounds), 0.0)
        return any(abs(value - bound) <= near for bound in bounds)


@dataclass(frozen=True)
class BestFit:
    """Where -2 ln L is least; made by a `Fit`.

    Parameters
    ----------
    values : mapping of str to float
        The parameters.
    chi2 : float
        -2 ln L there.
    nuisances : mapping of str to float
        The nuisances of the data sets.
    goodness : Goodness
        How well the data are described.

    Examples
    --------
    >>> from cevnslib.statistics.counts import GaussianCounts
    >>> data = GaussianCounts("mine", [9.0, 12.0], variance=[4.0, 4.0])
    >>> fit = Fit(Likelihood([data]), lambda level: [level, level], [Parameter("level", 1.0)])
    >>> best = fit.best_fit()
    >>> round(best.values["level"], 2), round(best.chi2, 3), round(best.goodness.p, 2)
    (10.5, 1.125, 0.29)
    """

    values: Mapping[str, float]
    chi2: float
    nuisances: Mapping[str, float]
    goodness: Goodness


@dataclass(frozen=True, eq=False)
class Scan:
    """-2 ln L on a grid of one or two parameters, the others profiled; made by a `Fit`.

    Parameters
    ----------
    values : mapping of str to ndarray
        The values of each parameter, by name.
    chi2 : ndarray
        -2 ln L, one axis for each parameter.
    best : BestFit
        The best fit within the grid, between its points.

    Examples
    --------
    >>> from cevnslib.statistics.counts import PoissonCounts
    >>> fit = Fit(Likelihood([PoissonCounts("mine", 4)]), lambda s: s, [Parameter("s", 1.0)])
    >>> scan = fit.scan({"s": [1.0, 3.0, 5.0, 7.0, 9.0]})
    >>> scan.rise.round(2), scan.allowed()
    (array([5.09, 0.3 , 0.21, 1.52, 3.51]), array([False,  True,  True,  True, False]))
    """

    values: Mapping[str, Floats]
    chi2: Floats
    best: BestFit

    @property
    def rise(self) -> Floats:
        """-2 ln L above that of the best fit."""
        return np.maximum(self.chi2 - self.best.chi2, 0.0)

    def allowed(self, confidence: float = 0.90) -> NDArray[np.bool_]:
        """Return at which points the parameters are allowed together (Wilks' theorem)."""
        return np.asarray(self.rise <= delta_chi2(confidence, len(self.values)))


@dataclass(frozen=True, eq=False)
class Fit:
    """A prediction, the data that it meets, and what is asked of them.

    Parameters
    ----------
    likelihood : Likelihood
        The data sets, with their nuisances.
    prediction : callable
        Called with a number for each parameter, by name; returns counts in bins: an array where
        there is one data set, or a mapping by the names of the data sets.
    parameters : sequence of Parameter
        All arguments of the prediction.

    Examples
    --------
    >>> from cevnslib.statistics.counts import PoissonCounts
    >>> from cevnslib.statistics.templates import Template
    >>> paired = PoissonCounts("paired", 3, [Template("background", 2.8)])
    >>> fit = Fit(Likelihood([paired]), lambda signal: signal, [Parameter("signal", 1, at_least=0)])
    >>> round(fit.upper_limit("signal", np.linspace(0, 20, 41)), 3)
    4.014
    """

    likelihood: Likelihood
    prediction: Callable[..., Any]
    parameters: Sequence[Parameter]

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted."""
        checked_kind("likelihood", self.likelihood, Likelihood)
        checked_kind("prediction", self.prediction, Callable)
        parameters = checked_tuple("parameters", self.parameters, Parameter)
        names = [one.name for one in parameters]
        if len(set(names)) < len(names):
            raise DomainError(f"parameters: got the names {names}; allowed: each name once")
        keep(self, parameters=parameters)

    def best_fit(self, fixed: Mapping[str, float] | None = None) -> BestFit:
        """Return the best fit, by iminuit, from the parameters' starts.

        Parameters
        ----------
        fixed : mapping of str to float, optional
            Parameters that are held.

        Raises
        ------
        FitError
            If no minimum is reached.
        """
        held = {
            name: checked_number(name, value) for name, value in self._grid(fixed or {}, 0).items()
        }
        return self._summary(self._minimum(held, self._starts)[1])

    def profile(self, values: Mapping[str, ArrayLike]) -> Floats:
        """Return -2 ln L at values of some parameters, minimised over all others.

        Parameters
        ----------
        values : mapping of str to array_like
            Values by the names of parameters; arrays are broadcast.

        Returns
        -------
        ndarray
            The shape to which the values broadcast.
        """
        arrays = self._grid(values, 1)
        try:
            points = np.broadcast_arrays(*arrays.values())
        except ValueError:
            shapes = {name: array.shape for name, array in arrays.items()}
            raise DomainError(
                f"values: got the shapes {shapes}; allowed: shapes that broadcast"
            ) from None
        table = np.stack([point.ravel() for point in points], axis=-1)
        return self._profile(tuple(arrays), table).reshape(points[0].shape)

    def scan(self, values: Mapping[str, ArrayLike]) -> Scan:
        """Return -2 ln L on the grid of one or two parameters, and its least value there.

        Parameters
        ----------
        values : mapping of str to array_like
            For each of one or two parameters rising values, at least two.
        """
        grid = self._grid(values, 1)
        if len(grid) > 2:
            raise DomainError(f"values: got those of {len(grid)} parameters; allowed: one or two")
        for name, numbers in grid.items():
            if numbers.ndim != 1 or len(numbers) < 2 or np.any(np.diff(numbers) <= 0):
                raise DomainError(
                    f"values of {name}: got {quoted(values[name])}; allowed: rising numbers, at "
                    "least two"
                )
        table = np.stack(np.meshgrid(*grid.values(), indexing="ij"), axis=-1)
        names = tuple(grid)
        chi2 = self._profile(names, table.reshape(-1, len(names))).reshape(table.shape[:-1])
        if not np.any(np.isfinite(chi2)):
            raise NoLimitError(
                "-2 ln L: got infinity at all values; allowed: some at which what was counted is "
                "possible"
            )
        return Scan(grid, chi2, self._refined(grid, chi2))

    def interval(
        self, name: str, values: ArrayLike, confidence: float = 0.90
    ) -> tuple[tuple[float, float], ...]:
        """Return all pieces in which a parameter is allowed, the others profiled.

        A best fit that is bad is told by `cevnslib.errors.BadFitWarning`.

        Parameters
        ----------
        name : str
            The parameter.
        values : array_like
            Rising values, from one boundary or from below all pieces to beyond the last, close
            enough to see each minimum; ends are sought between them.
        confidence : float, optional
            Confidence level, between 0 and 1.

        Raises
        ------
        NoLimitError
            If a piece reaches beyond the values where no boundary of the parameter is.
        """
        level = delta_chi2(confidence)
        checked_choice("parameter", name, self._starts)
        scan = self.scan({name: values})
        scan.best.goodness.warn()
        (x,) = scan.values.values()
        (parameter,) = (one for one in self.parameters if one.name == name)

        most = scan.best.chi2 + level

        def margin(place: float) -> float:
            return float(self._profile((name,), np.array([[place]]))[0]) - most

        places = dict(zip(x.tolist(), (scan.chi2 - most).tolist(), strict=True))
        places[scan.best.values[name]] = -level
        places |= turning_points(places, margin)
        lower = min(min(places.values()) + level, 0.0)  # another minimum may be the least
        most += lower
        x = np.array(sorted(places))
        height = np.array([places[place] for place in x]) - lower
        inside = height <= 0
        for end, bound, step in ((0, parameter.at_least, -1), (-1, parameter.at_most, 1)):
            if inside[end] and x[end] != bound:
                raise NoLimitError(
                    f"values of {name}: got an end at {x[end]:g}, which is allowed at "
                    f"{confidence:g}; allowed: values that reach "
                    f"{'above' if step > 0 else 'below'} all that is, or a boundary"
                )
        turns = np.flatnonzero(inside[1:] != inside[:-1])
        edges = [root(margin, x[i], x[i + 1], height[i], height[i + 1]) for i in turns]
        edges = [float(x[0])] * int(inside[0]) + edges + [float(x[-1])] * int(inside[-1])
        return tuple(zip(edges[::2], edges[1::2], strict=True))

    def upper_limit(self, name: str, values: ArrayLike, confidence: float = 0.90) -> float:
        """Return the largest allowed value of a parameter; see `interval`."""
        return self.interval(name, values, confidence)[-1][1]

    def region(
        self, values: Mapping[str, ArrayLike], confidence: float = 0.90
    ) -> NDArray[np.bool_]:
        """Return where on a grid of two parameters both are allowed; see `scan`.

        A best fit that is bad is told by `cevnslib.errors.BadFitWarning`.
        """
        scan = self.scan(values)
        scan.best.goodness.warn()
        return scan.allowed(confidence)

    # Behind the doors.

    @property
    def _starts(self) -> dict[str, float]:
        return {one.name: one.start for one in self.parameters}

    def _grid(self, values: Mapping[str, ArrayLike], fewest: int) -> dict[str, Floats]:
        """Return values of parameters that are known, within their boundaries."""
        checked_kind("values", values, Mapping)
        if len(values) < fewest:
            raise DomainError(f"values: got none; allowed: those of {', '.join(self._starts)}")
        known = {one.name: one for one in self.parameters}
        grid = {}
        for name, numbers in values.items():
            one = known[checked_choice("parameter", name, known)]
            grid[name] = checked(name, numbers, at_least=one.at_least, at_most=one.at_most)
        return grid

    def _predicted(self, point: Mapping[str, float]) -> Floats:
        return self.likelihood._checked(self.prediction(**point))

    def _constraint(self, point: Mapping[str, float]) -> float:
        return sum(((point[one.name] - one.start) / one.sigma) ** 2 for one in self.parameters)

    def _profile(self, names: tuple[str, ...], table: Floats) -> Floats:
        """Return -2 ln L at points, the rows of a table."""
        rows = [dict(zip(names, row, strict=True)) for row in table.tolist()]
        if len(names) < len(self.parameters):
            return np.array([self._minimum(row, self._starts)[0] for row in rows])
        if not rows:
            return np.zeros(0)
        bare = self.likelihood._minimum(np.stack([self._predicted(row) for row in rows]))[0]
        chi2: Floats = bare + np.array([self._constraint(row) for row in rows])
        return chi2

    def _minimum(
        self,
        held: Mapping[str, float],
        start: Mapping[str, float],
        box: Mapping[str, tuple[float, float]] | None = None,
    ) -> tuple[float, dict[str, float]]:
        """Return the least -2 ln L with some parameters held, others in a box, and the point."""
        free = [one for one in self.parameters if one.name not in held]

        def chi2(numbers: Sequence[float]) -> float:
            if not np.all(np.isfinite(numbers)):
                return np.inf
            point = {**held, **dict(zip((one.name for one in free), numbers, strict=True))}
            point = {one.name: float(point[one.name]) for one in self.parameters}
            bare = self.likelihood._minimum(self._predicted(point))[0]
            return float(bare) + self._constraint(point)

        if not free:
            return chi2([]), dict(held)
        try:
            from iminuit import Minuit
        except ImportError:
            raise ConfigurationError(
                "iminuit: got none; allowed: a fit of parameters that are not scanned needs it "
                "(pip install 'cevnslib[fit]')"
            ) from None
        names, begin, limits, steps = [one.name for one in free], [], [], []
        for one in free:
            low, high = (box or {}).get(one.name, (one.at_least, one.at_most))
            step = one.step or (one.sigma if one.sigma < np.inf else abs(one.start) / 10 or 0.1)
            if low is not None and high is not None:
                step = min(step, (high - low) / 4)
            # Minuit moves on a sine between boundaries, and not at all if it starts at one.
            value = start[one.name] if low is None else max(start[one.name], low + step)
            begin.append(value if high is None else min(value, high - step))
            limits.append((low, high))
            steps.append(step)
        minuit = Minuit(chi2, begin, name=names)
        minuit.errordef, minuit.tol = 1, 1e-4
        minuit.limits, minuit.errors = limits, steps
        # The plainest strategy takes a parameter on which nothing depends where it is.
        minuit.strategy = 0
        minuit.migrad(ncall=10_000, use_simplex=False)
        if not minuit.valid:
            minuit.strategy = 2
            minuit.migrad(ncall=10_000)
        if not minuit.valid:
            state = minuit.fmin
            point = ", ".join(f"{name} = {minuit.values[name]:g}" for name in names)
            raise FitError(
                f"fit: got no minimum after {state.nfcn} calls, at {point} with chi2 = "
                f"{state.fval:g} and a distance of {state.edm:.2g} from it (at a limit: "
                f"{state.has_parameters_at_limit}, calls used up: {state.has_reached_call_limit}); "
                "allowed: starts, steps and boundaries from which it is reached"
            )
        return float(minuit.fval), {**held, **{name: minuit.values[name] for name in names}}

    def _refined(self, grid: dict[str, Floats], chi2: Floats) -> BestFit:
        """Return the best fit between a grid's points, near the best of these."""
        names = tuple(grid)
        index = [int(i) for i in np.unravel_index(np.argmin(chi2), chi2.shape)]
        centre = {name: float(grid[name][i]) for name, i in zip(names, index, strict=True)}
        box = {
            name: (float(x[max(i - 1, 0)]), float(x[min(i + 1, x.size - 1)]))
            for (name, x), i in zip(grid.items(), index, strict=True)
        }
        value, point = self._minimum(centre, self._starts)
        if len(names) < len(self.parameters):
            better, where = self._minimum({}, point, box)
        else:
            better, where = lowest(
                lambda at: float(self._profile(names, at[np.newaxis])[0]), centre, box
            )
        return self._summary(where if better < value else point)

    def _summary(self, point: Mapping[str, float]) -> BestFit:
        values = {one.name: point[one.name] for one in self.parameters}
        predicted = self._predicted(values)
        bare, nuisances = self.likelihood._minimum(predicted)
        chi2 = float(bare) + self._constraint(values)
        fitted = sum(
            one.sigma == np.inf and not one._at_boundary(values[one.name])
            for one in self.parameters
        )
        goodness = self.likelihood._goodness(predicted, nuisances, chi2, fitted)
        return BestFit(values, chi2, {k: float(x) for k, x in nuisances.items()}, goodness)
