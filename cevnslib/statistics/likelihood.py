r"""The likelihood of data sets that share nuisances, minimised over these.

.. math:: -2\ln L = \sum_j c_j\big(m_j(x)\big) + \sum_k x_k^2/\sigma_k^2

with the means of `cevnslib.statistics.counts`, which are linear in the nuisances x. If all data are
Gaussian and no nuisance is bounded, the result is that of the covariance form
:math:`r^T (V + \sum_k \sigma_k^2 t_k t_k^T)^{-1} r`, in which a free nuisance removes its
direction; `cevnslib.statistics.minima` says how the least value is reached.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_integer, checked_kind, checked_tuple, keep
from ..errors import DomainError
from .counts import Counts, GaussianCounts
from .goodness import Goodness, goodness_of_fit
from .minima import ConvexProblem, pairs_of
from .templates import Floats, Nuisance, together

__all__ = ["Likelihood"]
#: Products in one matrix multiplication of a part of the predictions. A part stays in a processor's
#: cache, and with more products numpy's library would start threads, which wait for each other
#: where others work too.
TOGETHER = 250_000


@dataclass(frozen=True, eq=False)
class Likelihood:
    """-2 ln L of one or several data sets, minimised over their nuisances.

    A nuisance that appears in several data sets is one and the same there.

    Parameters
    ----------
    data : sequence of Counts
        The data sets, of different names.

    Examples
    --------
    >>> from cevnslib.statistics.counts import PoissonCounts
    >>> from cevnslib.statistics.templates import Nuisance, Template
    >>> flux, neutrons = Nuisance("flux", 0.1), Nuisance("neutrons", 0.25)
    >>> near = PoissonCounts("near", [12, 5], [Template("n", [3, 1], {neutrons: 1})], {flux: 1})
    >>> far = PoissonCounts("far", [4], variations={flux: 1})
    >>> both = Likelihood([near, far])
    >>> both({"near": [[8, 3], [16, 6]], "far": [[4], [8]]}).round(3)
    array([0.287, 4.83 ])
    """

    data: Sequence[Counts]

    def __post_init__(self) -> None:
        """Refuse what cannot be put together."""
        data = checked_tuple("data", self.data, Counts)
        names = [one.name for one in data]
        if len(set(names)) < len(names):
            raise DomainError(f"data: got the names {names}; allowed: each name once")
        keep(self, data=data)
        self._model  # noqa: B018, it refuses nuisances of one name that differ

    @property
    def nuisances(self) -> tuple[str, ...]:
        """The names of all nuisances."""
        return tuple(one.name for one in self._model.nuisances)

    @property
    def bins(self) -> int:
        """The number of bins of all data sets."""
        return sum(len(one.observed) for one in self.data)

    @property
    def _model(self) -> "_Model":
        return _Model.of(self.data)

    def __call__(self, prediction: Mapping[str, ArrayLike] | ArrayLike) -> Floats:
        """Return -2 ln L, minimised over the nuisances.

        It is 0 where each mean equals its count and each nuisance 0, and infinite where something
        was counted and nothing can be expected.

        Parameters
        ----------
        prediction : mapping of str to array_like, or array_like
            Predicted counts of shape (..., bins), by the names of the data sets; of one data set
            the array alone. Where counts follow Poisson's law they are at least 0.

        Returns
        -------
        ndarray, shape (...)

        Raises
        ------
        FitError
            If no minimum is reached.
        """
        return self.minimum(prediction)[0]

    def minimum(
        self, prediction: Mapping[str, ArrayLike] | ArrayLike
    ) -> tuple[Floats, dict[str, Floats]]:
        """Return -2 ln L as a call does, and the nuisances at which it is least, by their names."""
        return self._minimum(self._checked(prediction))

    def _minimum(self, signal: Floats) -> tuple[Floats, dict[str, Floats]]:
        """Return what `minimum` does, for predictions that are checked."""
        value, x = self._model.minimise(signal.reshape(-1, signal.shape[-1]))
        shape = signal.shape[:-1]
        found = {name: x[:, k].reshape(shape) for k, name in enumerate(self.nuisances)}
        return value.reshape(shape), found

    def goodness_of_fit(
        self, prediction: Mapping[str, ArrayLike] | ArrayLike, fitted: int = 0
    ) -> Goodness:
        """Return how well a prediction describes the data.

        Parameters
        ----------
        prediction : mapping of str to array_like, or array_like
            Counts in bins; one prediction.
        fitted : int, optional
            The number of its parameters that were fitted and are not at a boundary.
        """
        fitted = checked_integer("number of fitted parameters", fitted, at_least=0, at_most=10**9)
        signal = self._one(prediction)
        value, x = self._minimum(signal)
        return self._goodness(signal, x, float(value), fitted)

    def drawn(
        self, prediction: Mapping[str, ArrayLike] | ArrayLike, rng: np.random.Generator
    ) -> "Likelihood":
        """Return the likelihood of another experiment, of which a prediction is the truth.

        Constrained nuisances are drawn too, from their Gaussians above their least values; free
        ones, and backgrounds that were counted without a source, are those of the best fit here.

        Parameters
        ----------
        prediction : mapping of str to array_like, or array_like
            Counts in bins; one prediction.
        rng : numpy.random.Generator
            What draws.
        """
        checked_kind("rng", rng, np.random.Generator)
        return self._drawn(self._one(prediction), rng)

    def _drawn(self, signal: Floats, rng: np.random.Generator) -> "Likelihood":
        _, x = self._minimum(signal)
        model = self._model
        for one in model.nuisances:
            if one.sigma < np.inf:
                least = -np.inf if one.at_least is None else one.at_least
                x[one.name] = np.asarray(one.sigma * rng.normal())
                while x[one.name] < least:
                    x[one.name] = np.asarray(one.sigma * rng.normal())
        parts = model.parts(signal, np.array([x[one.name] for one in model.nuisances]))
        return Likelihood([one._drawn(mean, rng) for one, mean in parts])

    def _one(self, prediction: Mapping[str, ArrayLike] | ArrayLike) -> Floats:
        signal = self._checked(prediction)
        if signal.ndim > 1:
            raise DomainError(f"predictions: got {len(signal)}; allowed: one")
        return signal

    def _goodness(
        self, signal: Floats, nuisances: Mapping[str, Floats], chi2: float, fitted: int
    ) -> Goodness:
        """Return how well means describe the data, with free nuisances fitted, too."""
        model = self._model
        x = np.array([nuisances[one.name] for one in model.nuisances], dtype=np.float64)
        bounds = [one.at_least for one in model.nuisances]
        least = np.array([-np.inf if bound is None else bound for bound in bounds])
        free = np.sum(model.free & (x > least + 1e-6 * (1 + np.abs(x))))
        first, second = model.spread(signal, x)
        return goodness_of_fit(chi2, self.bins, fitted + int(free), first, second)

    def _checked(self, prediction: Mapping[str, ArrayLike] | ArrayLike) -> Floats:
        """Return predictions with the bins of all data sets along the last axis, or refuse them."""
        if not isinstance(prediction, Mapping):
            if len(self.data) > 1:
                names = ", ".join(one.name for one in self.data)
                raise DomainError(f"prediction: got one array; allowed: one each for {names}")
            prediction = {self.data[0].name: prediction}
        if set(prediction) != {one.name for one in self.data}:
            raise DomainError(
                f"prediction: got {list(prediction)}; allowed: one each for "
                f"{[one.name for one in self.data]}"
            )
        parts = []
        for one in self.data:
            counts = checked(
                f"prediction for {one.name}", prediction[one.name], at_least=one._least
            )
            if len(one.observed) == 1 and not counts.ndim:
                counts = counts[np.newaxis]
            if counts.shape[-1:] != one.observed.shape:
                raise DomainError(
                    f"prediction for {one.name}: got the shape {counts.shape}; allowed: "
                    f"{len(one.observed)} bins along the last axis"
                )
            parts.append(counts)
        try:
            shape = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
        except ValueError:
            shapes = [part.shape for part in parts]
            raise DomainError(
                f"prediction: got the shapes {shapes}; allowed: shapes that broadcast, but for "
                "the bins"
            ) from None
        return np.concatenate(
            [np.broadcast_to(part, (*shape, part.shape[-1])) for part in parts], axis=-1
        )


@dataclass(frozen=True, eq=False)
class _Model:
    """Data sets side by side, as arrays over bins and nuisances, each in units of ``unit``."""

    data: tuple[Counts, ...]
    ends: NDArray[np.int64]
    nuisances: tuple[Nuisance, ...]
    unit: Floats
    least: Floats
    fixed: Floats
    shifts: Floats
    relative: Floats
    pairs: tuple[Floats, Floats, Floats]
    needed: NDArray[np.bool_]
    counting: NDArray[np.bool_]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, data: tuple[Counts, ...]) -> "_Model":
        nuisances = tuple(together([one for part in data for one in part.nuisances]).values())
        sizes = [len(part.observed) for part in data]
        ends = np.cumsum(sizes)
        shifts, relative = np.zeros((2, ends[-1], len(nuisances)))
        for part, start, end in zip(data, ends - sizes, ends, strict=True):
            for k, nuisance in enumerate(nuisances):
                shifts[start:end, k] = sum(one._shift(nuisance) for one in part.templates)
                relative[start:end, k] = part.variations.get(nuisance, 0.0)
        # A constrained nuisance is measured in its error; one without any error stays at 0.
        unit = np.array([one.sigma if one.sigma < np.inf else 1.0 for one in nuisances])
        least = [
            -np.inf if one.at_least is None or one.sigma == 0 else one.at_least / size
            for one, size in zip(nuisances, unit, strict=True)
        ]
        return cls(
            data,
            ends,
            nuisances,
            unit,
            np.array(least, dtype=np.float64),
            np.concatenate([part._fixed() for part in data]),
            shifts * unit,
            relative * unit,
            pairs_of(shifts * unit, relative * unit),
            np.concatenate([part._needed for part in data]),
            np.repeat([part.counting for part in data], sizes),
        )

    @property
    def free(self) -> NDArray[np.bool_]:
        return np.array([one.sigma == np.inf for one in self.nuisances], dtype=bool)

    def minimise(self, signal: Floats) -> tuple[Floats, Floats]:
        """Return -2 ln L and nuisances for predictions of shape (number, bins)."""
        size = max(16, TOGETHER // (signal.shape[1] * max(len(self.unit), 3) ** 2))
        parts = [
            self._problem(signal[start : start + size]).solve()
            for start in range(0, max(len(signal), 1), size)
        ]
        value, z = (np.concatenate(each) for each in zip(*parts, strict=True))
        return value, z * self.unit

    def _problem(self, signal: Floats) -> ConvexProblem:
        # A free nuisance on which nothing depends stays at 0.
        depends = (self.shifts != 0).any(axis=0) | (np.abs(signal) @ (self.relative != 0) > 0)
        return ConvexProblem(
            self._cost,
            signal + self.fixed,
            signal,
            self.shifts,
            self.relative,
            (~self.free | ~depends).astype(np.float64),
            self.pairs,
            self.least,
            self.needed,
            self.counting,
        )

    @property
    def quadratic(self) -> bool:
        """Whether -2 ln L is the covariance form, whatever is predicted."""
        gaussian = all(isinstance(one, GaussianCounts) for one in self.data)
        return gaussian and bool(np.all(self.least == -np.inf))

    def drawn(self, signal: Floats, size: int, rng: np.random.Generator) -> Floats:
        """Return what many experiments with a prediction see, of shape (size, bins)."""
        _, x = self.minimise(signal[np.newaxis])
        z = np.divide(x, self.unit, out=np.zeros_like(x), where=self.unit > 0)
        z = np.where(self.free, z, rng.normal(size=(size, len(self.unit))))
        directions = self.shifts + signal[:, np.newaxis] * self.relative
        noise = rng.normal(size=(size, len(signal))) * np.sqrt(self._variance)
        return np.asarray(signal + self.fixed + z @ directions.T + noise)

    def covariance_form(self, observed: Floats, signals: Floats) -> Floats:
        """Return chi2 of many experiments for predictions, of shape (experiments, predictions).

        The inverse of V + sum s_k^2 t_k t_k^T in Woodbury's form, in which free nuisances are those
        without a datum.
        """
        error, weight = np.sqrt(self._variance), np.diag(np.where(self.free, 0.0, 1.0))
        chi2 = np.empty((len(observed), len(signals)))
        for column, signal in zip(chi2.T, signals, strict=True):
            residual = (observed - signal - self.fixed) / error
            directions = (self.shifts + signal[:, np.newaxis] * self.relative) / error[
                :, np.newaxis
            ]
            along = residual @ directions
            inverse = np.linalg.pinv(directions.T @ directions + weight, hermitian=True)
            column[:] = (residual**2).sum(axis=1) - (along @ inverse * along).sum(axis=1)
        return chi2

    @property
    def _variance(self) -> Floats:
        return np.concatenate(
            [one.variance for one in self.data if isinstance(one, GaussianCounts)]
        )

    def parts(self, signal: Floats, x: Floats) -> Iterator[tuple[Counts, Floats]]:
        """Yield data sets with the means of their bins at nuisances x."""
        z = np.divide(x, self.unit, out=np.zeros(len(x)), where=self.unit > 0)
        (mean,) = self._problem(signal[np.newaxis]).mean(z[np.newaxis])
        for one, part in zip(self.data, np.split(mean, self.ends[:-1]), strict=True):
            yield one, np.maximum(part, 0.0) if one.counting else part

    def spread(self, signal: Floats, x: Floats) -> tuple[float, float]:
        """Return mean and variance of a bin's cost if its mean is right, averaged over bins."""
        spreads = [one._spread(mean) for one, mean in self.parts(signal, x)]
        first, second = (np.concatenate(each).mean() for each in zip(*spreads, strict=True))
        return max(float(first), 1e-9), max(float(second), 1e-9)

    def _cost(self, mean: Floats) -> tuple[Floats, Floats, Floats]:
        if len(self.data) == 1:
            return self.data[0]._cost(mean)
        parts = np.split(mean, self.ends[:-1], axis=-1)
        costs = [one._cost(part) for one, part in zip(self.data, parts, strict=True)]
        value, slope, curvature = (
            np.concatenate(each, axis=-1) for each in zip(*costs, strict=True)
        )
        return value, slope, curvature
