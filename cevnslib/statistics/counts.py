r"""Data sets: counts in bins, what is expected there, and by which nuisances it varies.

In each bin j of a data set the mean is

.. math:: m_j = N_j \Big(1 + \sum_k x_k r_{jk}\Big) + \sum_t \Big(B_{tj} + \sum_k x_k b_{tjk}\Big)

for a prediction N, templates B, and nuisances :math:`x_k` of width :math:`\sigma_k` about 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, checked_number, keep, owned
from ..errors import DomainError
from .chi2 import delta_chi2
from .templates import Bins, Floats, Nuisance, Template, bins_of, named, together, variations_of

__all__ = [
    "Counts",
    "GaussianCounts",
    "OnOffCounts",
    "PoissonCounts",
]
#: A count above which the moments of its cost are taken for those of this count.
FEW = 50.0


@dataclass(frozen=True, eq=False)
class Counts(ABC):
    """What every data set offers: what was counted in bins, and what is expected there.

    Parameters
    ----------
    name : str
        What the data set is called.
    observed : array_like, shape (bins,)
        What was counted.
    templates : sequence of Template, optional
        What is expected beside the prediction.
    variations : mapping of Nuisance to float or array_like, optional
        By which share of itself one unit of a nuisance changes the prediction: one number, or one
        for each bin.
    """

    #: Whether means are rates, which are not negative, and the bins that need one above 0.
    counting: ClassVar[bool] = True

    name: str
    observed: Bins
    templates: Sequence[Template] = ()
    variations: Mapping[Nuisance, Bins] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no data set."""
        named("data set", self.name)
        observed = bins_of(f"{self.name}, observed", self.observed, at_least=self._least)
        bins = len(observed)
        templates = tuple(checked_kind(f"templates of {self.name}", self.templates, Sequence))
        for template in templates:
            checked_kind(f"a template of {self.name}", template, Template)
            if template.counts.shape != observed.shape:
                raise DomainError(
                    f"template {template.name} of {self.name}: got {len(template.counts)} bins; "
                    f"allowed: {bins}, as many as were observed"
                )
            checked(
                f"template {template.name} of {self.name}", template.counts, at_least=self._least
            )
        variations = variations_of(self.name, self.variations, bins)
        keep(self, observed=observed, templates=templates, variations=variations)
        together(self.nuisances)

    @property
    def _least(self) -> float | None:
        return 0.0 if self.counting else None

    @property
    def nuisances(self) -> tuple[Nuisance, ...]:
        """The nuisances of its templates and of its prediction, each once."""
        every = [*self.variations]
        for template in self.templates:
            every += template.variations
        return tuple(dict.fromkeys(every))

    @abstractmethod
    def _cost(self, mean: Floats) -> tuple[Floats, Floats, Floats]:
        """Return -2 ln L of each bin, and its first two derivatives, for means (..., bins)."""

    @abstractmethod
    def _drawn(self, mean: Floats, rng: np.random.Generator) -> "Counts":
        """Return what another experiment with these means sees."""

    def _spread(self, mean: Floats) -> tuple[Floats, Floats]:
        """Return mean and variance of the cost of each bin if its mean is right."""
        return np.ones(mean.shape), np.full(mean.shape, 2.0)

    def _fixed(self) -> Floats:
        """Return what is expected without a prediction, where all nuisances are 0."""
        return sum((one.counts for one in self.templates), np.zeros(len(self.observed)))

    @property
    def _needed(self) -> NDArray[np.bool_]:
        """The bins in which a mean of 0 is impossible."""
        return np.zeros(len(self.observed), dtype=bool)


@dataclass(frozen=True, eq=False)
class PoissonCounts(Counts):
    r"""Counts that follow Poisson's law, with :math:`2[m - n + n\ln(n/m)]` in each bin.

    What was counted is at least 0, and need not be whole: with what is expected in its place the
    data set is that of Asimov. A bin may be empty.

    Examples
    --------
    >>> PoissonCounts("paired data", 3, [Template("background", 2.8)]).observed
    array([3.])
    """

    def _cost(self, mean: Floats) -> tuple[Floats, Floats, Floats]:
        n = self.observed
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = 2 * (1 - np.where(n > 0, n / mean, 0.0))
            curvature = np.where(n > 0, 2 * n / mean**2, 0.0)
        return _poisson(n, mean), slope, curvature

    def _drawn(self, mean: Floats, rng: np.random.Generator) -> "PoissonCounts":
        return replace(self, observed=rng.poisson(mean))

    def _spread(self, mean: Floats) -> tuple[Floats, Floats]:
        """Sum over all counts where they are few; they approach 1 and 2 where they are many."""
        from scipy.special import gammaln, xlogy

        n = np.arange(0.0, FEW + 12 * np.sqrt(FEW) + 20)
        few = np.minimum(mean, FEW)[:, np.newaxis]
        chance = np.exp(xlogy(n, few) - few - gammaln(n + 1))
        cost = 2 * (few - n + xlogy(n, n) - xlogy(n, np.maximum(few, 1e-300)))
        first = np.sum(chance * cost, axis=1)
        return first, np.sum(chance * (cost - first[:, np.newaxis]) ** 2, axis=1)

    @property
    def _needed(self) -> NDArray[np.bool_]:
        return np.asarray(self.observed > 0)


@dataclass(frozen=True, eq=False)
class GaussianCounts(Counts):
    """Numbers with Gaussian errors: many counts, or differences, which may be negative.

    Parameters
    ----------
    name, observed, templates, variations
        As for all data sets; here numbers may be negative.
    variance : array_like, shape (bins,)
        The squared errors, above 0.

    Examples
    --------
    >>> net = GaussianCounts.on_off("reactor", 1000, 230, 248.7 / 58.8)
    >>> net.observed.round(1), np.sqrt(net.variance).round(1)
    (array([27.2]), array([71.5]))
    """

    counting: ClassVar[bool] = False

    variance: Bins = field(kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no data set."""
        super().__post_init__()
        variance = np.atleast_1d(checked(f"variance of {self.name}", self.variance, above=0))
        if variance.shape != self.observed.shape:
            raise DomainError(
                f"variance of {self.name}: got the shape {variance.shape}; allowed: one for each "
                f"of {len(self.observed)} bins"
            )
        keep(self, variance=owned(variance))

    @classmethod
    def on_off(
        cls,
        name: str,
        on: ArrayLike,
        off: ArrayLike,
        ratio: float,
        templates: Sequence[Template] = (),
        variations: Mapping[Nuisance, ArrayLike] | None = None,
    ) -> "GaussianCounts":
        """Return the difference of counts with and without a source: n_on - a n_off.

        Parameters
        ----------
        name, templates, variations
            As for all data sets.
        on, off : array_like, shape (bins,)
            Counts with and without the source, at least 0 and not both 0: their difference has the
            variance n_on + a^2 n_off. For few counts see `OnOffCounts`.
        ratio : float
            a, the time (or exposure) with the source over that without, above 0.
        """
        named("data set", name)
        counted = bins_of(f"{name}, on", on, at_least=0), bins_of(f"{name}, off", off, at_least=0)
        a = _ratio(name, ratio, *counted)
        return cls(
            name,
            counted[0] - a * counted[1],
            templates,
            variations or {},
            variance=counted[0] + a**2 * counted[1],
        )

    @classmethod
    def published_limit(
        cls, name: str, limit: float, confidence: float = 0.90, centre: float = 0.0
    ) -> "GaussianCounts":
        r"""Return a published upper limit as a datum of one bin.

        Parameters
        ----------
        name : str
            What the data set is called.
        limit : float
            The upper limit on the number that is predicted, above the centre.
        confidence : float, optional
            Its confidence level. The datum is ``centre`` with the error that makes chi2 rise at the
            limit by ``delta_chi2`` of that level: (limit - centre)/1.645 at 90%.
        centre : float, optional
            The best fit, 0 where none was published.
        """
        middle = checked_number("centre", centre)
        distance = checked_number("limit", limit) - middle
        distance = checked_number("limit less its centre", distance, above=0)
        return cls(
            name, np.array([middle]), variance=np.array([distance**2 / delta_chi2(confidence)])
        )

    def _cost(self, mean: Floats) -> tuple[Floats, Floats, Floats]:
        residual = mean - self.observed
        curvature = np.broadcast_to(2 / self.variance, mean.shape)
        return residual**2 / self.variance, residual * curvature, curvature

    def _drawn(self, mean: Floats, rng: np.random.Generator) -> "GaussianCounts":
        return replace(self, observed=rng.normal(mean, np.sqrt(self.variance)))


def _ratio(name: str, ratio: float, on: Floats, off: Floats) -> float:
    if on.shape != off.shape:
        raise DomainError(
            f"{name}: got {len(on)} bins on and {len(off)} off; allowed: as many of one as of the "
            "other"
        )
    return checked_number(f"{name}, ratio of on to off", ratio, above=0)


@dataclass(frozen=True, eq=False)
class OnOffCounts(Counts):
    r"""Poisson counts with a source, beside those without, whose mean is free in each bin.

    The mean of what was observed is :math:`m_j + a b_j`, that of the counts without the source
    :math:`b_j`, at least 0; -2 ln L is minimised over each :math:`b_j` in closed form.

    Parameters
    ----------
    name, observed, templates, variations
        As for all data sets; observed are the counts with the source.
    off : array_like, shape (bins,)
        Counts without the source, at least 0.
    ratio : float
        a, the time (or exposure) with the source over that without, above 0.

    Examples
    --------
    >>> OnOffCounts("reactor", [3, 0], off=[10, 2], ratio=0.25).ratio
    0.25
    """

    off: Bins = field(kw_only=True)
    ratio: float = field(kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what is no data set."""
        super().__post_init__()
        off = bins_of(f"{self.name}, off", self.off, at_least=0)
        keep(self, off=off, ratio=_ratio(self.name, self.ratio, self.observed, off))

    def _background(self, mean: Floats) -> Floats:
        """Return the best mean of the background with the source, a b."""
        on, off, share = self.observed, self.off, 1 + 1 / self.ratio
        # B = a b is best where share B^2 - linear B - n_off m = 0.
        linear = on + off - share * mean
        root = np.sqrt(linear**2 + 4 * share * off * mean)
        # Of the two forms of one root, the one in which nothing cancels.
        with np.errstate(invalid="ignore", divide="ignore"):
            background: Floats = np.where(
                linear >= 0, (linear + root) / (2 * share), 2 * off * mean / (root - linear)
            )
        return background

    def _drawn(self, mean: Floats, rng: np.random.Generator) -> "OnOffCounts":
        background = self._background(mean)
        off = rng.poisson(background / self.ratio)
        return replace(self, observed=rng.poisson(mean + background), off=off)

    def _cost(self, mean: Floats) -> tuple[Floats, Floats, Floats]:
        on, off, background = self.observed, self.off, self._background(mean)
        with np.errstate(invalid="ignore", divide="ignore"):
            total, without = mean + background, background / self.ratio
            value = _poisson(on, total) + _poisson(off, without)
            slope = 2 * (1 - np.where(on > 0, on / total, 0.0))
            first = np.where(on > 0, on / total**2, 0.0)
            # Where nothing was seen without the source, B follows m until it is 0.
            second = np.where(off > 0, off / background**2, np.where(background > 0, 0.0, np.inf))
            curvature = 2 * first / (1 + first / second)
        return value, slope, np.where(first > 0, curvature, 0.0)


def _poisson(n: Floats, mean: Floats) -> Floats:
    """Return 2[m - n + n ln(n/m)], whose last digits are kept where m is close to n."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(n > 0, (mean - n) / np.where(n > 0, n, 1.0), 0.0)
        value: Floats = np.where(n > 0, 2 * n * (ratio - np.log1p(ratio)), 2 * mean)
    return value
